package kvraft

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/tidwall/btree"

	"6.824/labgob"
)

// machine is the store itself: keys in order, with their values and versions. It is the state
// machine that raft/rsm replicates.
type machine struct {
	pairs btree.Map[string, versioned]
}

type versioned struct {
	value   string
	version int64
}

// Apply executes an operation that changes something.
func (m *machine) Apply(o op) result {
	if len(o.Key) > MaxKey {
		return result{Err: errTooLarge}
	}
	old, exists := m.pairs.Get(o.Key)
	switch o.Kind {
	case put:
		return m.set(o.Key, o.Value, old.version)
	case appendTo:
		return m.set(o.Key, old.value+o.Value, old.version)
	case putIf:
		if old.version != o.Version {
			return conflict(old, exists)
		}
		return m.set(o.Key, o.Value, old.version)
	case remove:
		if !exists {
			return result{Err: ErrNoKey}
		}
		if o.Version >= 0 && old.version != o.Version {
			return conflict(old, exists)
		}
		m.pairs.Delete(o.Key)
		return result{Err: OK}
	}
	return result{Err: errBadOp}
}

func (m *machine) set(key, value string, version int64) result {
	if len(value) > MaxValue {
		return result{Err: errTooLarge}
	}
	m.pairs.Set(key, versioned{value, version + 1})
	return result{Err: OK, Version: version + 1}
}

func conflict(old versioned, exists bool) result {
	if !exists {
		return result{Err: ErrNoKey}
	}
	return result{Err: errVersion, Version: old.version}
}

// look executes an operation that changes nothing.
func (m *machine) look(o op) result {
	switch o.Kind {
	case get:
		v, ok := m.pairs.Get(o.Key)
		if !ok {
			return result{Err: ErrNoKey}
		}
		return result{Err: OK, Value: v.value, Version: v.version}
	case scan:
		r := result{Err: OK}
		size := 0
		m.pairs.Ascend(max(o.Key, o.From), func(key string, v versioned) bool {
			size += len(key) + len(v.value)
			if !strings.HasPrefix(key, o.Key) || o.Limit > 0 && len(r.Pairs) == o.Limit || len(r.Pairs) > 0 && size > MaxValue {
				return false
			}
			r.Pairs = append(r.Pairs, Pair{key, v.value, v.version})
			return true
		})
		return r
	}
	return result{Err: errBadOp}
}

// stored is the store in a snapshot.
type stored struct{ Pairs []Pair }

var storedCodec, _ = labgob.CodecFor(reflect.TypeFor[stored]())

// pairOverhead is about what gob adds to the bytes of a pair.
const pairOverhead = 12

// Capture copies the tree, which shares its nodes until either side changes them.
func (m *machine) Capture() func() ([]byte, error) {
	pairs := m.pairs.Copy()
	return func() ([]byte, error) {
		s, size := stored{make([]Pair, 0, pairs.Len())}, 0
		pairs.Scan(func(key string, v versioned) bool {
			s.Pairs = append(s.Pairs, Pair{key, v.value, v.version})
			size += len(key) + len(v.value) + pairOverhead
			return true
		})
		return storedCodec.Append(make([]byte, 0, size+pairOverhead), s)
	}
}

// Restore replaces the store.
func (m *machine) Restore(b []byte) error {
	var s stored
	if err := storedCodec.Decode(b, &s); err != nil {
		return err
	}
	m.pairs.Clear()
	for i, p := range s.Pairs {
		if i > 0 && p.Key <= s.Pairs[i-1].Key || p.Version <= 0 {
			return fmt.Errorf("kvraft: pair %d of the snapshot, %.100q, is out of order, or has the version %d", i, p.Key, p.Version)
		}
		m.pairs.Load(p.Key, versioned{p.Value, p.Version})
	}
	return nil
}
