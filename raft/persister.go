package raft

import (
	"errors"
	"log/slog"
	"sync"
)

// A Persister is the disk of one Raft peer: its state (term, vote and log) and the service's latest snapshot.
// The zero value is an empty one in memory, which outlives the Raft that uses it but not the process; see
// [NewPersister] for others.
//
// Raft appends to the state what has changed, as records (see record.go), and replaces it when the log is
// compacted. To everyone else the state is opaque bytes, which can be read, kept, and put back.
//
// All methods are safe for concurrent use.
type Persister struct {
	disk Storage // nil: mem
	mem  memory

	// Of the peers that were made with this Persister only the last may write. One that was killed may be in
	// the middle of a write still; the next waits for it.
	mu    sync.Mutex
	owner int // how many peers there were
	busy  bool
	idle  sync.Cond // not busy; a mutex held across a slow write would stop a simulated world's clock
}

// MakePersister returns an empty Persister in memory.
func MakePersister() *Persister { return &Persister{} }

// NewPersister returns a Persister on s, with what is there already.
func NewPersister(s Storage) *Persister { return &Persister{disk: s} }

// Copy returns an independent Persister with the same content, in memory. It is cheap if ps is in memory too,
// since the two share what was written so far.
func (ps *Persister) Copy() *Persister {
	c := &Persister{}
	if ps.disk == nil {
		ps.mem.copyTo(&c.mem)
	} else {
		c.SaveStateAndSnapshot(ps.disk.State(), ps.disk.Snapshot())
	}
	return c
}

// ReadRaftState returns a copy of the state.
func (ps *Persister) ReadRaftState() []byte { return ps.storage().State() }

// RaftStateSize is the number of bytes that the state holds at present. That includes records which later
// ones made void: up to about half of it, until the next compaction. A service compares it with its bound to
// decide when to take a snapshot.
func (ps *Persister) RaftStateSize() int { return ps.storage().StateSize() }

// ReadSnapshot returns a copy of the snapshot, which is empty if there is none.
func (ps *Persister) ReadSnapshot() []byte { return ps.storage().Snapshot() }

// SnapshotSize is the length of the snapshot in bytes.
func (ps *Persister) SnapshotSize() int { return ps.storage().SnapshotSize() }

// SaveRaftState replaces the state by a copy of state, which should be what ReadRaftState returned. It is not
// for use while a Raft runs on ps.
func (ps *Persister) SaveRaftState(state []byte) { ps.save(state, nil) }

// SaveStateAndSnapshot replaces both, atomically, by copies of state and snapshot. It is not for use while a
// Raft runs on ps.
func (ps *Persister) SaveStateAndSnapshot(state, snapshot []byte) {
	if snapshot == nil {
		snapshot = []byte{}
	}
	ps.save(state, snapshot)
}

// Save is SaveStateAndSnapshot; the course renamed it.
func (ps *Persister) Save(state, snapshot []byte) { ps.SaveStateAndSnapshot(state, snapshot) }

func (ps *Persister) save(state, snapshot []byte) {
	if err := ps.storage().Replace(state, snapshot); err != nil && !errors.Is(err, ErrDead) {
		slog.Error("raft: state not saved", "err", err) // the course's API returns nothing
	}
}

func (ps *Persister) storage() Storage {
	if ps.disk == nil {
		return &ps.mem
	}
	return ps.disk
}

// own makes the caller the owner: the only one to write from now on. It waits until a write of the last owner
// is over.
func (ps *Persister) own() (owner int) {
	ps.acquire()
	defer ps.release()
	ps.owner++
	return ps.owner
}

// errDisowned is the fate of a write by a killed peer whose Persister has gone to the next.
var errDisowned = errors.New("another Raft was made with this Persister")

// write has f write to the storage, if owner still owns ps.
func (ps *Persister) write(owner int, f func(Storage) error) error {
	ps.acquire()
	defer ps.release()
	if ps.owner != owner {
		return errDisowned
	}
	return f(ps.storage())
}

func (ps *Persister) acquire() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.idle.L = &ps.mu
	for ps.busy {
		ps.idle.Wait()
	}
	ps.busy = true
}

func (ps *Persister) release() {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.busy = false
	ps.idle.Signal()
}
