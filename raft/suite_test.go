package raft_test

import (
	"6.824/raft"
	"6.824/raft/rafttest"
)

// suite tries the reference. It can do everything that the suite knows of.
var suite = rafttest.Suite(
	func(p rafttest.Peer) *raft.Raft {
		return raft.Make(p.Ends, p.Me, p.Persister, p.ApplyCh, append(p.Options(), raft.WithSnapshotChunk(8<<10))...)
	},
	rafttest.Can(rafttest.Machines, rafttest.PreVotes),
)
