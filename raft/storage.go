package raft

import (
	"bytes"
	"errors"
	"sync"
)

// ErrDead is what a Storage's error wraps when whoever writes is dead already: in a simulated world the code of a crashed server may go on
// for a moment. There is nobody to be told of it.
var ErrDead = errors.New("the server is dead")

// Storage is what a [Persister] keeps its bytes on: one append-only file, the state, and beside it one blob,
// the service's snapshot. Raft alone knows what is in the state.
//
// The methods that write are called by one goroutine at a time, the others by any at any time. None may keep
// or change a slice it was given after it returned, and a slice that it returned belongs to the caller.
type Storage interface {
	// Append adds b to the state. After a crash all of b is there, or none, or any prefix of it, until a Sync
	// has returned.
	Append(b []byte) error
	// Sync returns when everything that was appended will survive a crash.
	Sync() error
	// Replace puts state in place of the present state, and snapshot in place of the present snapshot. It is
	// atomic and durable: a crash leaves all of the old or all of the new. A nil snapshot keeps the present
	// one; an empty one does not.
	Replace(state, snapshot []byte) error

	State() []byte
	Snapshot() []byte
	StateSize() int    // in bytes
	SnapshotSize() int // in bytes
}

// memory is a Storage that lasts as long as the process. Its zero value is empty.
//
// The state is kept in chunks, so that an append costs what its own bytes cost, however much there is
// already, and so that a copy can share all bytes written so far: those never change.
type memory struct {
	mu       sync.Mutex
	chunks   [][]byte // only the last has room
	size     int      // of all chunks together
	snapshot []byte   // never changed in place
}

// Chunks grow with the state, so that a small one is not mostly air.
const minChunk, maxChunk = 512, 64 << 10

func (m *memory) Append(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.append(b)
	return nil
}

func (m *memory) append(b []byte) {
	m.size += len(b)
	if n := len(m.chunks); n > 0 {
		last := m.chunks[n-1]
		room := min(cap(last)-len(last), len(b))
		m.chunks[n-1] = append(last, b[:room]...)
		b = b[room:]
	}
	if len(b) > 0 {
		c := make([]byte, 0, max(len(b), min(max(m.size, minChunk), maxChunk)))
		m.chunks = append(m.chunks, append(c, b...))
	}
}

func (m *memory) Sync() error { return nil }

func (m *memory) Replace(state, snapshot []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.chunks, m.size = nil, 0
	m.append(state)
	if snapshot != nil {
		m.snapshot = bytes.Clone(snapshot)
	}
	return nil
}

func (m *memory) State() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Join(m.chunks, nil)
}

func (m *memory) Snapshot() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return bytes.Clone(m.snapshot)
}

func (m *memory) StateSize() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.size
}

func (m *memory) SnapshotSize() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.snapshot)
}

// copyTo makes to, which is empty, an independent copy.
func (m *memory) copyTo(to *memory) {
	m.mu.Lock()
	defer m.mu.Unlock()
	to.chunks = append([][]byte(nil), m.chunks...)
	if n := len(to.chunks); n > 0 {
		last := to.chunks[n-1]
		to.chunks[n-1] = last[:len(last):len(last)] // the room behind it is m's
	}
	to.size, to.snapshot = m.size, m.snapshot
}
