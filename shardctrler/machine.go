package shardctrler

import (
	"maps"
	"reflect"
	"slices"

	"6.824/labgob"
)

// machine is the controller itself: all configurations so far. It is the state machine that raft/rsm
// replicates.
type machine struct {
	configs []Config // configs[i] has the number i; neither they nor their maps are ever changed
}

func newMachine() *machine { return &machine{[]Config{{Groups: map[int][]string{}}}} }

// at is the configuration of a number, or the latest.
func (m *machine) at(num int) Config {
	if num < 0 || num >= len(m.configs) {
		num = len(m.configs) - 1
	}
	return m.configs[num]
}

// Apply executes a request.
func (m *machine) Apply(o op) result {
	next := m.at(-1)
	next.Num++
	var r result
	switch o.Kind {
	case join:
		r = next.join(o.Groups)
	case leave:
		r = next.leave(o.GIDs)
	case move:
		r = next.move(o.Shard, o.GID)
	default:
		r = result{Err: "ErrBadOp"}
	}
	if r.Err == "" {
		m.configs = append(m.configs, next)
		r.Num = next.Num
	}
	return r
}

func (c *Config) join(groups map[int][]string) result {
	if len(groups) == 0 {
		return result{Err: "ErrBadGroup"}
	}
	for _, gid := range slices.Sorted(maps.Keys(groups)) {
		switch {
		case gid <= 0 || len(groups[gid]) == 0:
			return result{Err: "ErrBadGroup", About: gid}
		case c.Groups[gid] != nil:
			return result{Err: "ErrGroupExists", About: gid}
		}
	}
	c.Groups = maps.Clone(c.Groups)
	maps.Copy(c.Groups, groups)
	c.rebalance()
	return result{}
}

func (c *Config) leave(gids []int) result {
	if len(gids) == 0 {
		return result{Err: "ErrBadGroup"}
	}
	for _, gid := range gids {
		if c.Groups[gid] == nil {
			return result{Err: "ErrNoGroup", About: gid}
		}
	}
	c.Groups = maps.Clone(c.Groups)
	for _, gid := range gids {
		delete(c.Groups, gid)
	}
	c.rebalance()
	return result{}
}

func (c *Config) move(shard, gid int) result {
	switch {
	case shard < 0 || shard >= NShards:
		return result{Err: "ErrBadShard", About: shard}
	case c.Groups[gid] == nil:
		return result{Err: "ErrNoGroup", About: gid}
	}
	c.Shards[shard] = gid
	return result{}
}

func (c *Config) rebalance() { copy(c.Shards[:], balance(c.Shards[:], c.GIDs())) }

var configsCodec, _ = labgob.CodecFor(reflect.TypeFor[[]Config]())

// Capture keeps the configurations that there are.
func (m *machine) Capture() func() ([]byte, error) {
	configs := slices.Clip(m.configs)
	return func() ([]byte, error) { return configsCodec.Append(nil, configs) }
}

// Restore replaces all configurations.
func (m *machine) Restore(b []byte) error {
	var configs []Config
	if err := configsCodec.Decode(b, &configs); err != nil {
		return err
	}
	m.configs = configs
	for i := range m.configs {
		if m.configs[i].Groups == nil { // gob does not tell an empty map from none
			m.configs[i].Groups = map[int][]string{}
		}
	}
	return nil
}
