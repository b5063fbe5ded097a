package shardkv

import "6.824/shardctrler"

// State is what a shard is at one group. See the package's documentation.
type State uint8

// The states.
const (
	Absent   State = iota // not here, and not to be
	Awaiting              // it is this group's, and on its way here
	Serving
	Leaving // another group's, which does not have it for certain
	Kept    // nobody's; this group had it last
)

func (s State) String() string {
	return [...]string{"absent", "awaiting", "serving", "leaving", "kept"}[s]
}

// has says whether the group has the shard's content.
func (s State) has() bool { return s >= Serving }

// refusal is what clients are told of a shard: OK if it is served.
func (s State) refusal() Err {
	switch s {
	case Serving:
		return OK
	case Awaiting:
		return errNotYet
	}
	return ErrWrongGroup
}

// configure takes the next configuration. It does nothing if it is not the next, or if the last one is not
// settled.
func (m *machine) configure(next shardctrler.Config) bool {
	if next.Num != m.config.Num+1 || !settled(m.states) {
		return false
	}
	for i, owner := range next.Shards {
		holder := m.holders[i]
		switch {
		case owner == m.gid && holder == 0:
			m.states[i], m.shards[i] = Serving, &shard{}
		case owner == m.gid && holder == m.gid:
			m.states[i] = Serving
		case owner == m.gid:
			m.states[i] = Awaiting
		case holder == m.gid && owner == 0:
			m.states[i] = Kept
		case holder == m.gid:
			m.states[i] = Leaving
		}
		if owner != 0 {
			m.holders[i] = owner
		}
	}
	m.config = next
	return true
}

// install takes a shard that configuration num has given to this group. It does nothing if that is not the
// present configuration, or if the shard is there.
func (m *machine) install(i, num int, content []byte) bool {
	if m.config.Num != num || m.states[i] != Awaiting {
		return false
	}
	s, err := decodeShard(content)
	if err != nil { // no leader puts such a thing into the log
		panic(err)
	}
	m.states[i], m.shards[i] = Serving, s
	return true
}

// forget drops a shard that its new owner has, by configuration num.
func (m *machine) forget(i, num int) bool {
	if m.config.Num != num || m.states[i] != Leaving {
		return false
	}
	m.states[i], m.shards[i] = Absent, nil
	return true
}

// view is what a group's server knows of it without asking the others: the state as of the last entry that it has applied.
type view struct {
	config  shardctrler.Config
	states  [nShards]State
	moves   int64
	leaving [nShards]*shard // copies of those
}

func (m *machine) view() view {
	v := view{config: m.config, states: m.states, moves: m.moves}
	for i, state := range m.states {
		if state == Leaving {
			v.leaving[i] = m.shards[i].copy()
		}
	}
	return v
}

// settled says whether all shards have come and gone, so that the next configuration may be taken.
func settled(states [nShards]State) bool {
	for _, s := range states {
		if s == Awaiting || s == Leaving {
			return false
		}
	}
	return true
}
