package rafttest

import (
	"errors"
	"fmt"

	"6.824/labrpc/labtest"
	"6.824/raft"
)

// NewStorage returns what a [raft.Persister] of a node keeps its state in: files on the node's disk, with all the faults that one has.
func NewStorage(v *labtest.Volume) raft.Storage { return storage{v} }

type storage struct{ v *labtest.Volume }

const stateFile, snapshotFile = "raft-state", "snapshot"

func (s storage) Append(b []byte) error { return ofTheDead(s.v.Append(stateFile, b)) }
func (s storage) Sync() error           { return ofTheDead(s.v.Sync()) }

func (s storage) Replace(state, snapshot []byte) error {
	files := map[string][]byte{stateFile: orEmpty(state)}
	if snapshot != nil {
		files[snapshotFile] = snapshot
	}
	return ofTheDead(s.v.Replace(files))
}

// ofTheDead marks the errors of a server that has crashed.
func ofTheDead(err error) error {
	if errors.Is(err, labtest.ErrCrashed) || errors.Is(err, labtest.ErrFenced) {
		return fmt.Errorf("%w: %w", raft.ErrDead, err)
	}
	return err
}

// orEmpty makes nil empty: for a Volume nil means that the file goes.
func orEmpty(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (s storage) read(name string) []byte {
	b, _ := s.v.Read(name)
	return b
}

func (s storage) State() []byte     { return s.read(stateFile) }
func (s storage) Snapshot() []byte  { return s.read(snapshotFile) }
func (s storage) StateSize() int    { return s.v.Size(stateFile) }
func (s storage) SnapshotSize() int { return s.v.Size(snapshotFile) }
