package tinyraft_test

import (
	"testing"

	"6.824/raft/rafttest"
	"6.824/raft/rafttest/tinyraft"
)

func TestTinyRaft(t *testing.T) {
	rafttest.Run(t, func(p rafttest.Peer) *tinyraft.Raft {
		return tinyraft.Make(p.Ends, p.Me, p.Persister, p.ApplyCh, p.Rand())
	})
}
