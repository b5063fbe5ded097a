package shardtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"6.824/labrpc/labtest"
	"6.824/shardctrler"
	"6.824/shardkv"
)

// monitor follows the shards from group to group, if the servers report their transitions (a shardkv.Transition, by
// labtest's Node.Report). What a group's log says is what the server says that has applied most of it.
type monitor struct {
	w *labtest.World

	mu     sync.Mutex
	latest map[int]shardkv.Transition      // by gid
	before map[[2]int64]shardkv.Transition // by gid and number
	owners map[[2]int]int                  // who has served a shard under a configuration
}

func newMonitor(w *labtest.World) *monitor {
	m := &monitor{w: w, latest: map[int]shardkv.Transition{}, before: map[[2]int64]shardkv.Transition{}, owners: map[[2]int]int{}}
	w.OnEvent(m.observe)
	return m
}

func (m *monitor) observe(e labtest.Event) {
	t, ok := e.State.(shardkv.Transition)
	if !ok {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	key := [2]int64{int64(t.GID), t.Moves}
	if was, seen := m.before[key]; seen && was != t {
		m.w.Violate("all servers of a group go through the same states", "", "%s says %s, another server said %s", e.Node, describe(t), describe(was))
	}
	m.before[key] = t
	old := m.latest[t.GID]
	if t.Moves <= old.Moves {
		return
	}
	m.latest[t.GID] = t
	switch {
	case t.Moves == old.Moves+1 && t.Num > old.Num+1:
		m.w.Violate("configurations are taken one at a time", "", "%s: %s follows %s", e.Node, describe(t), describe(old))
	case t.Num < old.Num:
		m.w.Violate("configurations are taken in order", "", "%s: %s follows %s", e.Node, describe(t), describe(old))
	}
	m.serves(e.Node, t)
	for i, state := range t.States {
		if old.States[i] == shardkv.Awaiting && state == shardkv.Serving {
			m.w.Count("shards moved")
		}
	}
}

// serves checks that no two groups serve one shard: not at once, and not under one configuration.
func (m *monitor) serves(node string, t shardkv.Transition) {
	for i, state := range t.States {
		if state != shardkv.Serving {
			continue
		}
		span := [2]int{t.Num, i}
		if gid, served := m.owners[span]; served && gid != t.GID {
			m.w.Violate("one group serves a shard under a configuration", "", "%s serves shard %d under configuration %d, and group %d has served it", node, i, t.Num, gid)
		}
		m.owners[span] = t.GID
		for gid, other := range m.latest {
			if gid != t.GID && other.States[i] == shardkv.Serving {
				m.w.Violate("no two groups serve one shard", "", "shard %d: %s says %s, and of group %d the last was %s", i, node, describe(t), gid, describe(other))
			}
		}
	}
}

func describe(t shardkv.Transition) string {
	var b strings.Builder
	fmt.Fprintf(&b, "group %d, transition %d, configuration %d:", t.GID, t.Moves, t.Num)
	for i, s := range t.States {
		if s != shardkv.Absent {
			fmt.Fprintf(&b, " %d %v", i, s)
		}
	}
	return b.String()
}

// settled says whether all groups, as far as they report anything, have taken a configuration and serve what it gives them, and have nothing
// on its way.
func (m *monitor) settled(config shardctrler.Config) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for gid, t := range m.latest {
		if t.Num < config.Num {
			return false
		}
		for i, state := range t.States {
			if state == shardkv.Awaiting || state == shardkv.Leaving || state == shardkv.Serving != (config.Shards[i] == gid) {
				return false
			}
		}
	}
	return true
}

// allAt says whether all groups that a configuration is about have reported that they have taken it.
func (m *monitor) allAt(config shardctrler.Config) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, t := range m.latest {
		if t.Num < config.Num {
			return false
		}
	}
	return len(m.latest) > 0
}

// String is what the groups have reported last.
func (m *monitor) String() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var lines []string
	for _, gid := range slices.Sorted(maps.Keys(m.latest)) {
		lines = append(lines, describe(m.latest[gid]))
	}
	return strings.Join(lines, "; ")
}
