package mine_test

import (
	"testing"

	"6.824/raft/rafttest"
)

// This implementation has a bug.
var suite = rafttest.Suite(func(n int) int { return (n + 1) / 2 }, func(theirs, ours int) bool { return theirs >= ours })

func TestQuorum2A(t *testing.T) { suite.Test(t) }
func TestVotes(t *testing.T)    { suite.Test(t) }
