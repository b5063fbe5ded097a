package raft_test

import (
	"testing"
	"time"

	"6.824/raft"
	"6.824/raft/rafttest"
)

var suite = rafttest.Suite(raft.Quorum, raft.VoteFor)

func TestQuorum2A(t *testing.T) { suite.Test(t) }
func TestVotes(t *testing.T)    { suite.Test(t) }
func TestReads(t *testing.T)    { suite.Test(t) }

func TestOrdinary(t *testing.T) { time.Sleep(time.Hour) }
