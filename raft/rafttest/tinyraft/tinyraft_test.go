package tinyraft_test

import (
	"testing"

	"6.824/raft/rafttest"
	"6.824/raft/rafttest/tinyraft"
)

func TestTinyRaft(t *testing.T) {
	// Fewer seeds than the reference has: it keeps its whole log in every write, and with the race detector a seed of Figure 8 takes seconds.
	rafttest.Run(t, func(p rafttest.Peer) *tinyraft.Raft {
		return tinyraft.Make(p.Ends, p.Me, p.Persister, p.ApplyCh, p.Rand())
	}, rafttest.Seeds(4))
}
