package raft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"6.824/raft/consensus"
)

// A CorruptError says that a persisted state is damaged in a place where a crash can't have done it, so that
// what is missing may have been promised to others. A Raft made with such a state does not run.
type CorruptError struct {
	Record int   // which record of the state is damaged, from 0
	Offset int   // where in the state it begins, in bytes
	Size   int   // of the state, in bytes
	Err    error // what is wrong
}

func (e *CorruptError) Error() string {
	return fmt.Sprintf("raft: the persisted state is corrupt: record %d, at byte %d of %d: %v",
		e.Record, e.Offset, e.Size, e.Err)
}

func (e *CorruptError) Unwrap() error { return e.Err }

// recovered is what was read back from a disk.
type recovered struct {
	consensus.Restored
	base base
	torn bool // the last record was incomplete and is not in here; it must not stay on disk
	size int  // of the state without it
}

// recoverState reads back what was persisted. A last record that is torn is left out. Any other damage gives
// a *CorruptError.
//
// A record is torn if it is bad, and is the last. Only that one can belong to a write that never was
// acknowledged, since nothing is written before the write ahead of it was. (It may also be one that was, and
// that rotted; nobody can tell, and to refuse would stop every machine that lost power at a bad time.) A bad
// length may make a record in the middle look like the last, so no bytes behind it may form a record. Should
// those of a torn record's data do so by chance, we refuse without need, which is safe.
func recoverState(state, snapshot []byte) (recovered, error) {
	var got recovered
	got.VotedFor = -1
	offset := 0
	for n := 0; offset < len(state); n++ {
		rec, size, err := readRecord(state[offset:])
		if n > 0 && isTorn(state[offset:], size, err) {
			got.torn = true
			break
		}
		if err == nil {
			err = got.add(n, rec)
		}
		if err == nil && n == 0 {
			err = got.base.check(snapshot)
		}
		if err != nil {
			return recovered{}, &CorruptError{Record: n, Offset: offset, Size: len(state), Err: err}
		}
		offset += size
	}
	if len(state) == 0 && len(snapshot) > 0 {
		return recovered{}, &CorruptError{Err: fmt.Errorf("it is empty, but there is a snapshot of %d bytes", len(snapshot))}
	}
	got.size = offset
	if got.base.index > 0 {
		got.Snapshot = snapshot
	}
	return got, nil
}

// isTorn says whether the record that b begins with, and that was read with this result, is a torn one.
func isTorn(b []byte, size int, err error) bool {
	if !errors.Is(err, errIncomplete) && !(errors.Is(err, errChecksum) && size == len(b)) {
		return false
	}
	for i := 1; i+headerSize < len(b); i++ {
		n := int64(binary.LittleEndian.Uint32(b[i:]))
		if n > int64(len(b)-i-headerSize) || b[i+headerSize] != kindAppend {
			continue // saves the checksum
		}
		if _, _, err := readRecord(b[i:]); err == nil {
			return false
		}
	}
	return true
}

// add takes in the n-th record. What it says must fit what the ones before it said.
func (got *recovered) add(n int, rec record) error {
	if (n == 0) != (rec.kind == kindBase) {
		return fmt.Errorf("a record of kind %q in this place", rec.kind)
	}
	if n == 0 {
		got.base = rec.base
		got.SnapshotIndex, got.SnapshotTerm = rec.base.index, rec.base.term
	}
	if rec.hard != nil {
		if rec.hard.Term < got.Term {
			return fmt.Errorf("term %d after term %d", rec.hard.Term, got.Term)
		}
		got.HardState = *rec.hard
	}
	if rec.first == 0 {
		return nil
	}
	last := got.SnapshotIndex + len(got.Entries)
	if rec.first <= got.SnapshotIndex || rec.first > last+1 {
		return fmt.Errorf("entries from index %d, but the log spans %d to %d", rec.first, got.SnapshotIndex+1, last)
	}
	kept := got.Entries[:rec.first-got.SnapshotIndex-1]
	term := got.SnapshotTerm
	if len(kept) > 0 {
		term = kept[len(kept)-1].Term
	}
	for i, e := range rec.entries {
		if e.Term < term || e.Term > got.Term {
			return fmt.Errorf("entry %d has term %d, between term %d and the current term %d", rec.first+i, e.Term, term, got.Term)
		}
		term = e.Term
	}
	if len(kept) == 0 {
		got.Entries = rec.entries
	} else {
		got.Entries = append(kept, rec.entries...)
	}
	return nil
}

// check says what is wrong with the snapshot on disk.
func (b base) check(snapshot []byte) error {
	if len(snapshot) != b.size {
		return fmt.Errorf("the snapshot up to index %d has %d bytes, not %d", b.index, len(snapshot), b.size)
	}
	if crc32.Checksum(snapshot, castagnoli) != b.sum {
		return fmt.Errorf("the snapshot up to index %d: %w", b.index, errChecksum)
	}
	return nil
}
