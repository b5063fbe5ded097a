package raft

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/raft/consensus"
)

// A disk is a journal with what consensus would keep in memory.
type disk struct {
	*journal
	consensus.Restored
	torn bool
}

func openDisk(t testing.TB, ps *Persister) *disk {
	t.Helper()
	j, got, err := openJournal(ps)
	require.NoError(t, err)
	return &disk{j, got.Restored, got.torn}
}

// change does to memory what out says, then saves it.
func (d *disk) change(out consensus.Output) error {
	if out.HardState != nil {
		d.HardState = *out.HardState
	}
	if len(out.Entries) > 0 {
		d.Entries = append(slices.Clip(d.Entries[:out.First-d.SnapshotIndex-1]), out.Entries...)
	}
	if s := out.Snapshot; s != nil {
		d.Entries = d.Entries[min(s.Index-d.SnapshotIndex, len(d.Entries)):]
		d.SnapshotIndex, d.SnapshotTerm, d.Snapshot = s.Index, s.Term, s.Data
	}
	return d.save(&out, d.SnapshotIndex+len(d.Entries), func(i int) consensus.Entry { return d.Entries[i-d.SnapshotIndex-1] })
}

// requireSame demands that what can be read back from ps is what was saved.
func requireSame(t testing.TB, want consensus.Restored, ps *Persister) {
	t.Helper()
	got, err := recoverState(ps.ReadRaftState(), ps.ReadSnapshot())
	require.NoError(t, err)
	require.False(t, got.torn)
	requireRestored(t, want, got.Restored)
}

func requireRestored(t testing.TB, want, got consensus.Restored) {
	t.Helper()
	require.Equal(t, len(want.Entries), len(got.Entries))
	for i := range want.Entries {
		w, g := want.Entries[i], got.Entries[i]
		if w.Term != g.Term || w.NoOp != g.NoOp || !bytes.Equal(w.Data, g.Data) {
			t.Fatalf("entry %d behind the snapshot: want %v, got %v", i, w, g)
		}
	}
	require.True(t, bytes.Equal(want.Snapshot, got.Snapshot))
	want.Entries, got.Entries, want.Snapshot, got.Snapshot = nil, nil, nil, nil
	require.Equal(t, want, got)
}

// After any sequence of changes the disk holds what memory does, however often it is opened anew in between,
// and no more than about half of it is garbage.
func TestJournalRandomly(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		ps := MakePersister()
		d := openDisk(t, ps)
		for range 150 {
			var out consensus.Output
			last := d.SnapshotIndex + len(d.Entries)
			if r.IntN(3) == 0 {
				out.HardState = &consensus.HardState{Term: d.Term + 1 + r.IntN(2), VotedFor: r.IntN(4) - 1}
			}
			term := d.Term
			if out.HardState != nil {
				term = out.HardState.Term
			}
			if r.IntN(3) > 0 {
				out.First = last + 1
				if r.IntN(4) == 0 && last > d.SnapshotIndex {
					out.First -= r.IntN(min(5, last-d.SnapshotIndex) + 1)
				}
				for range 1 + r.IntN(4) {
					out.Entries = append(out.Entries, consensus.Entry{Term: term, Data: make([]byte, r.IntN(1<<r.IntN(9))), NoOp: r.IntN(9) == 0})
				}
			}
			if r.IntN(20) == 0 { // compaction, or an install from far ahead
				last = d.SnapshotIndex + len(d.Entries)
				out.First, out.Entries = 0, nil
				index := d.SnapshotIndex + 1 + r.IntN(last-d.SnapshotIndex+5)
				if index <= last {
					term = d.Entries[index-d.SnapshotIndex-1].Term
				}
				out.Snapshot = &consensus.Snapshot{Index: index, Term: term, Data: fmt.Append(nil, "snapshot ", index)}
			}
			require.NoError(t, d.change(out))
			require.Equal(t, ps.RaftStateSize(), d.size)
			require.LessOrEqual(t, d.size-d.sizes.total, max(d.size/2, minGarbage)+2048, "garbage")
			if r.IntN(10) == 0 {
				requireSame(t, d.Restored, ps)
				d = openDisk(t, ps)
			}
		}
		requireSame(t, d.Restored, ps)
	}
}

// A term, a vote and entries that were changed by one batch are one write.
func TestJournalWritesBatchAtOnce(t *testing.T) {
	s := &countingStorage{}
	d := openDisk(t, NewPersister(s))
	require.NoError(t, d.change(consensus.Output{}))
	require.Equal(t, []int32{0, 0, 0}, s.counts(), "nothing changed, nothing written")
	require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: 1, VotedFor: 2}}))
	require.Equal(t, []int32{0, 0, 1}, s.counts(), "the first write is a base")
	entries := []consensus.Entry{{Term: 2, Data: []byte("a")}, {Term: 2, Data: []byte("b")}}
	require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: 2, VotedFor: -1}, First: 1, Entries: entries}))
	require.Equal(t, []int32{1, 1, 1}, s.counts())
	require.NoError(t, d.change(consensus.Output{Snapshot: &consensus.Snapshot{Index: 1, Term: 2}}))
	require.Equal(t, []int32{1, 1, 2}, s.counts())
	requireSame(t, d.Restored, d.ps)
}

func TestJournalReportsWriteErrors(t *testing.T) {
	full := errors.New("disk full")
	s := &countingStorage{}
	d := openDisk(t, NewPersister(s))
	s.fail = full
	hard := consensus.Output{HardState: &consensus.HardState{Term: 1, VotedFor: 2}}
	require.ErrorIs(t, d.change(hard), full, "of Replace")
	s.fail = nil
	require.NoError(t, d.change(hard))
	s.fail = full
	require.ErrorIs(t, d.change(consensus.Output{First: 1, Entries: make([]consensus.Entry, 1)}), full, "of Append")
}

// What is overwritten again and again does not pile up: neither entries, nor terms.
func TestJournalCollectsGarbage(t *testing.T) {
	s := &countingStorage{}
	d := openDisk(t, NewPersister(s))
	entries := func(n, term int) (list []consensus.Entry) {
		for range n {
			list = append(list, consensus.Entry{Term: term, Data: make([]byte, 100)})
		}
		return list
	}
	require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: 1}, First: 1, Entries: entries(50, 1)}))
	live := d.size
	for i := range 2000 {
		out := consensus.Output{HardState: &consensus.HardState{Term: i + 2}, First: 41, Entries: entries(10, i+2)}
		require.NoError(t, d.change(out))
		require.LessOrEqual(t, d.ps.RaftStateSize(), 2*live+2000)
		require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: i + 2, VotedFor: 1}}))
	}
	requireSame(t, d.Restored, d.ps)
	require.Less(t, s.replaces.Load(), int32(600), "and what is alive is not copied every time")
}

// What a state of a few entries takes is what the course's bounds on its size leave room for.
func TestStateIsCompact(t *testing.T) {
	ps := MakePersister()
	d := openDisk(t, ps)
	require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: 3, VotedFor: 1}}))
	const n = 100
	for i := range n {
		require.NoError(t, d.change(consensus.Output{First: i + 1, Entries: []consensus.Entry{{Term: 3, Data: make([]byte, 20)}}}))
	}
	require.LessOrEqual(t, ps.RaftStateSize(), 40+n*(20+16))
}

// A countingStorage counts writes, and fails them on demand.
type countingStorage struct {
	memory
	appends, syncs, replaces atomic.Int32
	fail                     error
}

func (s *countingStorage) counts() []int32 {
	return []int32{s.appends.Load(), s.syncs.Load(), s.replaces.Load()}
}

func (s *countingStorage) Append(b []byte) error {
	s.appends.Add(1)
	return errors.Join(s.fail, s.memory.Append(b))
}

func (s *countingStorage) Sync() error {
	s.syncs.Add(1)
	return s.fail
}

func (s *countingStorage) Replace(state, snapshot []byte) error {
	s.replaces.Add(1)
	return errors.Join(s.fail, s.memory.Replace(state, snapshot))
}
