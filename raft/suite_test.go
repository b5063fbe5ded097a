package raft_test

import (
	"testing"

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

// BenchmarkSuite is the speed of the simulator: five peers under the course's churn, and under everything. For figures per core, run it
// with -cpu 1.
func BenchmarkSuite(b *testing.B) {
	for _, scenario := range []string{"TestLongChurn", "TestReliableChurn2C", "TestUnreliableChurn2C", "TestSwarm"} {
		b.Run(scenario, func(b *testing.B) { suite.Bench(b, scenario) })
	}
}

// BenchmarkRecording is what a trace costs.
func BenchmarkRecording(b *testing.B) {
	for _, scenario := range []string{"TestSwarm", "TestLongChurn"} {
		b.Run(scenario, func(b *testing.B) { suite.BenchRecording(b, scenario) })
	}
}
