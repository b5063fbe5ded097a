package consensus

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestSnapshotDropsWhatWasNotWritten: an append and a snapshot that makes it void, in one batch.
func TestSnapshotDropsWhatWasNotWritten(t *testing.T) {
	n, err := New(Config{ID: 0, Peers: 3, Rand: rand.New(rand.NewPCG(1, 1))}, Restored{HardState: HardState{VotedFor: nobody}})
	require.NoError(t, err)
	n.Step(0, Receive{From: 1, Msg: &AppendEntriesArgs{Term: 1, LeaderID: 1, Entries: []Entry{{Term: 1}, {Term: 1}, {Term: 1}}}})
	n.Step(0, Receive{From: 2, Msg: &InstallSnapshotArgs{Term: 2, LeaderID: 2, LastIncludedIndex: 2, LastIncludedTerm: 2, Data: []byte("s"), Done: true}})
	out := n.Take()
	require.Equal(t, &Snapshot{2, 2, []byte("s")}, out.Snapshot)
	require.Empty(t, out.Entries)
	require.Zero(t, out.First)
	require.Equal(t, 2, n.Status().LastIndex)
}
