package shardkv

import (
	"reflect"

	"6.824/labgob"
	"6.824/shardctrler"
)

// machine is a group's part of the store: its configuration and its shards. It is the state machine that
// raft/rsm replicates.
type machine struct {
	gid     int
	most    int // how many clients a shard remembers
	config  shardctrler.Config
	holders [nShards]int   // the last group that a shard was given to, 0 if it never was to any
	states  [nShards]State // of the shards at this group
	shards  [nShards]*shard
	moves   int64 // how many entries have changed anything of the above
	changed func(view)
}

func newMachine(gid, most int, changed func(view)) *machine {
	return &machine{gid: gid, most: most, changed: changed}
}

// Apply executes an entry.
func (m *machine) Apply(o op) result {
	var moved bool
	switch o.Kind {
	case configure:
		moved = m.configure(o.Config)
	case install:
		moved = m.install(o.Shard, o.Num, o.Content)
	case forget:
		moved = m.forget(o.Shard, o.Num)
	default:
		i := key2shard(o.Key)
		if err := m.states[i].refusal(); err != OK {
			return result{Err: err, Num: m.config.Num}
		}
		return m.shards[i].once(o, m.most)
	}
	if moved {
		m.moves++
		m.changed(m.view())
	}
	return result{Err: OK, Num: m.config.Num}
}

// look reads a key.
func (m *machine) look(key string) result {
	i := key2shard(key)
	if err := m.states[i].refusal(); err != OK {
		return result{Err: err, Num: m.config.Num}
	}
	return m.shards[i].look(key)
}

// stored is the machine in a snapshot.
type stored struct {
	Config  shardctrler.Config
	Holders [nShards]int
	States  [nShards]State
	Moves   int64
	Shards  [nShards]content // of an Absent or Awaiting one, nothing
}

var storedCodec, _ = labgob.CodecFor(reflect.TypeFor[stored]())

// Capture copies the shards, which takes no time.
func (m *machine) Capture() func() ([]byte, error) {
	s := stored{Config: m.config, Holders: m.holders, States: m.states, Moves: m.moves}
	var shards [nShards]*shard
	for i := range shards {
		shards[i] = m.shards[i].copy()
	}
	return func() ([]byte, error) {
		for i, sh := range shards {
			if sh != nil {
				s.Shards[i] = sh.content()
			}
		}
		return storedCodec.Append(nil, s)
	}
}

// Restore replaces everything.
func (m *machine) Restore(b []byte) error {
	var s stored
	if err := storedCodec.Decode(b, &s); err != nil {
		return err
	}
	m.config, m.holders, m.states, m.moves = s.Config, s.Holders, s.States, s.Moves
	for i := range m.shards {
		m.shards[i] = nil
		if m.states[i].has() {
			m.shards[i] = shardOf(s.Shards[i])
		}
	}
	m.changed(m.view())
	return nil
}
