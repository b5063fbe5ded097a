// Package rafttest stands in for a conformance suite.
package rafttest

import (
	"errors"

	"6.824/labrpc/labtest"
)

// Suite tries the two functions.
func Suite(quorum func(int) int, voteFor func(theirs, ours int) bool) labtest.Suite {
	return labtest.Suite{Name: "raft", Scenarios: []labtest.Scenario{
		{Name: "TestQuorum2A", Doc: "two quorums share a member", Paper: "Raft extended §5.2", Run: func(seed int64) error {
			if n := int(seed); 2*quorum(n) <= n {
				return errors.New("election safety")
			}
			return nil
		}},
		{Name: "TestVotes", Doc: "a stale candidate gets no vote", Paper: "Raft extended §5.4.1", Run: func(seed int64) error {
			if seed%3 == 0 && voteFor(1, 2) {
				return errors.New("leader completeness")
			}
			return nil
		}},
		{Name: "TestReads", Doc: "reads are linearizable", Skip: "there is no ReadIndex"},
	}}
}
