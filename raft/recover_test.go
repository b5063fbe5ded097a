package raft

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/raft/consensus"
)

// aState returns a state with a snapshot, what is in it, and where each of its records begins; the last of
// these is its size.
func aState(t *testing.T) (ps *Persister, steps []consensus.Restored, starts []int) {
	ps = MakePersister()
	d := openDisk(t, ps)
	entry := func(term int, s string) consensus.Entry { return consensus.Entry{Term: term, Data: []byte(s)} }
	starts = []int{0}
	for _, out := range []consensus.Output{
		{HardState: &consensus.HardState{Term: 1, VotedFor: 0}},
		{First: 1, Entries: []consensus.Entry{entry(1, "one"), entry(1, "two"), entry(1, "three")}},
		{Snapshot: &consensus.Snapshot{Index: 2, Term: 1, Data: []byte("one and two")}},
		{HardState: &consensus.HardState{Term: 2, VotedFor: -1}, First: 3, Entries: []consensus.Entry{entry(2, "drei"), {Term: 2, NoOp: true}}},
		{HardState: &consensus.HardState{Term: 3, VotedFor: 2}},
		{First: 5, Entries: []consensus.Entry{entry(3, "five")}},
	} {
		require.NoError(t, d.change(out))
		if out.Snapshot != nil {
			starts, steps = []int{0}, nil
		}
		starts = append(starts, ps.RaftStateSize())
		steps = append(steps, d.Restored)
	}
	return ps, steps, starts
}

// Of a state that ends at any byte, all whole records are read back. If it ends in one, that is torn; but the
// first is not written in a way that can tear.
func TestRecoverTruncatedAtEveryByte(t *testing.T) {
	ps, steps, starts := aState(t)
	state, snapshot := ps.ReadRaftState(), ps.ReadSnapshot()
	for size := 1; size <= len(state); size++ {
		whole := 0
		for whole < len(steps) && starts[whole+1] <= size {
			whole++
		}
		got, err := recoverState(state[:size], snapshot)
		if whole == 0 {
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt, "%d bytes", size)
			require.ErrorIs(t, err, errIncomplete)
			continue
		}
		require.NoError(t, err, "%d bytes", size)
		require.Equal(t, starts[whole] != size, got.torn, "%d bytes", size)
		require.Equal(t, starts[whole], got.size)
		requireRestored(t, steps[whole-1], got.Restored)
	}
}

// A flipped bit in any record but the last is refused, with its place. In the last it is taken for a torn
// write.
func TestRecoverFlippedAtEveryByte(t *testing.T) {
	ps, steps, starts := aState(t)
	state, snapshot := ps.ReadRaftState(), ps.ReadSnapshot()
	for at := range state {
		for bit := range 8 {
			bad := bytes.Clone(state)
			bad[at] ^= 1 << bit
			in := 0
			for starts[in+1] <= at {
				in++
			}
			got, err := recoverState(bad, snapshot)
			if in == len(steps)-1 {
				// A length that is too short leaves bytes behind that no torn write would.
				var corrupt *CorruptError
				if err != nil {
					require.ErrorAs(t, err, &corrupt)
					require.Less(t, at, starts[in]+4, "bit %d of byte %d: %v", bit, at, err)
					continue
				}
				require.True(t, got.torn, "bit %d of byte %d", bit, at)
				requireRestored(t, steps[in-1], got.Restored)
				continue
			}
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt, "bit %d of byte %d", bit, at)
			require.Equal(t, []int{in, starts[in], len(state)}, []int{corrupt.Record, corrupt.Offset, corrupt.Size})
			require.Contains(t, err.Error(), fmt.Sprintf("record %d, at byte %d of %d: ", in, starts[in], len(state)))
		}
	}
}

// Two damaged records can't be one torn write.
func TestRecoverTwoBadRecords(t *testing.T) {
	ps, _, starts := aState(t)
	state := ps.ReadRaftState()
	n := len(starts)
	state[starts[n-1]-1] ^= 1
	state[starts[n-2]-1] ^= 1
	_, err := recoverState(state, ps.ReadSnapshot())
	var corrupt *CorruptError
	require.ErrorAs(t, err, &corrupt)
	require.ErrorIs(t, err, errChecksum)
	require.Equal(t, starts[n-3], corrupt.Offset)
}

// Records that are missing from the middle, doubled or swapped are refused, or leave a state that was there
// once.
func TestRecoverRecordsOutOfPlace(t *testing.T) {
	ps, _, starts := aState(t)
	state, snapshot := ps.ReadRaftState(), ps.ReadSnapshot()
	rec := func(i int) []byte { return state[starts[i]:starts[i+1]] }
	later := MakePersister()
	d := openDisk(t, later)
	require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: 9, VotedFor: 0}}))
	for name, c := range map[string]struct {
		records  [][]byte
		snapshot []byte
		want     string
	}{
		"no base":                 {[][]byte{rec(1)}, snapshot, `record 0, at byte 0 of 21: a record of kind 'A' in this place`},
		"two bases":               {[][]byte{rec(0), rec(0)}, snapshot, "a record of kind 'B' in this place"},
		"a term that goes back":   {[][]byte{rec(0), rec(2), rec(1)}, snapshot, "term 2 after term 3"},
		"entries beyond the end":  {[][]byte{rec(0), rec(2), rec(3)}, snapshot, "entries from index 5, but the log spans 3 to 3"},
		"entries of a later term": {[][]byte{rec(0), rec(1), rec(3)}, snapshot, "entry 5 has term 3, between term 2 and the current term 2"},
		"no snapshot":             {[][]byte{state}, nil, "the snapshot up to index 2 has 0 bytes, not 11"},
		"a rotten snapshot":       {[][]byte{state}, []byte("one and twO"), "the snapshot up to index 2: the checksum does not match"},
		"a snapshot of nothing":   {[][]byte{later.ReadRaftState()}, snapshot, "the snapshot up to index 0 has 11 bytes, not 0"},
		"no state":                {nil, snapshot, "it is empty, but there is a snapshot of 11 bytes"},
		"not a state":             {[][]byte{[]byte("the bytes of somebody else's Raft")}, nil, "record 0, at byte 0 of 33: the state ends in the middle of the record"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := recoverState(bytes.Join(c.records, nil), c.snapshot)
			var corrupt *CorruptError
			require.ErrorAs(t, err, &corrupt)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestRecoverNothing(t *testing.T) {
	got, err := recoverState(nil, nil)
	require.NoError(t, err)
	require.Equal(t, consensus.Restored{HardState: consensus.HardState{VotedFor: -1}}, got.Restored)
}

// A torn record does not stay on disk once something is written behind it.
func TestTornRecordIsCut(t *testing.T) {
	ps, steps, _ := aState(t)
	state := ps.ReadRaftState()
	ps.SaveRaftState(state[:len(state)-1])
	d := openDisk(t, ps)
	require.True(t, d.torn)
	requireRestored(t, steps[len(steps)-2], d.Restored)
	require.NoError(t, d.change(consensus.Output{First: 5, Entries: []consensus.Entry{{Term: 3, Data: []byte("another five")}}}))
	requireSame(t, d.Restored, ps)
	require.NoError(t, d.change(consensus.Output{HardState: &consensus.HardState{Term: 4, VotedFor: 1}}))
	requireSame(t, d.Restored, ps)
}

// No bytes make recovery panic, hang, or allocate out of proportion.
func FuzzRecover(f *testing.F) {
	ps := MakePersister()
	d := openDisk(f, ps)
	for i := range 4 {
		if err := d.change(consensus.Output{HardState: &consensus.HardState{Term: i, VotedFor: i}, First: i + 1,
			Entries: []consensus.Entry{{Term: i, Data: []byte("data")}}}); err != nil {
			f.Fatal(err)
		}
	}
	f.Add(ps.ReadRaftState())
	f.Add([]byte{3, 0, 0, 0, 0, 0, 0, 0, 'A', 0, 0})
	f.Fuzz(func(t *testing.T, state []byte) {
		for _, fix := range []bool{false, true} {
			if fix && len(state) >= headerSize { // get past the checksum
				state = bytes.Clone(state)
				if _, err := closeRecord(state); err != nil {
					t.Fatal(err)
				}
			}
			got, err := recoverState(state, nil)
			if err == nil && (got.size > len(state) || len(got.Entries) > len(state)) {
				t.Fatalf("%d entries of %d bytes", len(got.Entries), len(state))
			}
		}
	})
}
