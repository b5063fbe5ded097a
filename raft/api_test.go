package raft

import (
	"bytes"
	"log/slog"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft/consensus"
)

func TestStartOnlyOnLeader(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		_, term, ok := c.nodes[0].Start("nobody leads")
		require.False(t, ok)
		require.Zero(t, term)

		leader := c.leader()
		for _, n := range c.nodes {
			index, term, ok := n.Start("x")
			require.Equal(t, n == leader, ok)
			require.Equal(t, leader.Status().Term, term)
			if ok {
				require.Equal(t, 1, index)
			} else {
				require.Equal(t, -1, index)
			}
		}
	})
}

// Start replicates at once: what it takes is the way to the others and back, not a heartbeat.
func TestStartReplicatesAtOnce(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.net.SetDefault(labrpc.Conditions{Delay: labrpc.Constant(3 * time.Millisecond)})
		c.startAll()
		leader := c.leader()
		time.Sleep(7 * time.Millisecond)
		for i := range 5 {
			index, _, _ := leader.Start(i)
			time.Sleep(7 * time.Millisecond)
			require.Equal(t, index, leader.Status().CommitIndex)
		}
	})
}

// A command that can't be encoded is not taken, and the log says why.
func TestStartWithBadCommand(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		var out bytes.Buffer
		for _, n := range c.nodes {
			n.opts = []Option{WithLogger(slog.New(slog.NewTextHandler(&out, nil)))}
		}
		c.startAll()
		leader := c.leader()
		type unregistered struct{ X int }
		for _, bad := range []any{make(chan int), func() {}, unregistered{1}, (*int)(nil)} {
			out.Reset()
			index, term, ok := leader.Start(bad)
			require.False(t, ok)
			require.Equal(t, -1, index)
			require.Equal(t, leader.Status().Term, term)
			require.Contains(t, out.String(), "can't be replicated")
		}
		require.Contains(t, out.String(), "*int")
		require.Equal(t, 1, c.commit("good"))
	})
}

func TestAfterKill(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit("x")
		leader := c.leader()
		term := leader.Status().Term
		leader.Kill()
		leader.Kill()
		start := time.Now()

		index, gotTerm, ok := leader.Start("y")
		require.Equal(t, []any{-1, term, false}, []any{index, gotTerm, ok})
		gotTerm, ok = leader.GetState()
		require.Equal(t, []any{term, false}, []any{gotTerm, ok})
		leader.Snapshot(1, []byte("snap"))
		require.Zero(t, leader.ps.SnapshotSize())
		_, err := leader.ReadIndex(t.Context())
		require.ErrorIs(t, err, ErrKilled)
		require.ErrorIs(t, leader.TransferLeadership(t.Context(), 0), ErrKilled)
		require.NoError(t, leader.Err())
		var reply consensus.AppendEntriesReply
		leader.AppendEntries(&consensus.AppendEntriesArgs{Term: 99, LeaderID: (leader.id + 1) % 3}, &reply)
		require.Zero(t, reply, "a killed peer says nothing")
		require.Equal(t, term, leader.Status().Term)
		require.Zero(t, time.Since(start))
	})
}

// A killed peer sends nothing, writes nothing, and applies nothing any more, even if it was in the middle of
// a write.
func TestKillIsTheEnd(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		for _, n := range c.nodes {
			n.ps = NewPersister(&slowStorage{latency: 10 * time.Millisecond})
		}
		c.startAll()
		c.commit("x")
		leader := c.leader()
		time.Sleep(50 * time.Millisecond)
		sent := 0
		c.net.Observe(func(e labrpc.Event) {
			if e.Kind == labrpc.Sent && e.From == strconv.Itoa(leader.id) {
				c.note(func() { sent++ })
			}
		})
		leader.Start("y")
		time.Sleep(time.Millisecond)
		leader.Kill()
		time.Sleep(20 * time.Millisecond)
		size := leader.ps.RaftStateSize()
		c.note(func() { require.Zero(t, sent) })
		other := c.leader(leader)
		c.commit("z", leader)
		require.NotEqual(t, leader, other)
		require.Len(t, leader.messages(), 1)
		require.Equal(t, size, leader.ps.RaftStateSize())
	})
}

// Kill ends every goroutine, whoever waits for what: a bubble does not end well otherwise. Nobody reads
// applyCh here.
func TestKillLeavesNothingRunning(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		for _, n := range c.nodes {
			n.serveWith = func(_ chan ApplyMsg, stop chan struct{}) { <-stop }
		}
		c.startAll()
		leader := c.leader()
		leader.Start("x")
		time.Sleep(50 * time.Millisecond)
		require.Equal(t, 1, leader.Status().CommitIndex, "so its applier waits")

		leader.cut(true) // so that a read, and a transfer, wait too
		errs := make(chan error)
		go func() {
			_, err := leader.ReadIndex(t.Context())
			errs <- err
		}()
		leader.Start("y")
		go func() { errs <- leader.TransferLeadership(t.Context(), (leader.id+1)%3) }()
		time.Sleep(time.Millisecond)
		start := time.Now()
		for _, n := range c.nodes {
			n.crash()
		}
		require.ErrorIs(t, <-errs, ErrKilled)
		require.ErrorIs(t, <-errs, ErrKilled)
		require.Zero(t, time.Since(start))
	})
}

// Kill returns at once, also while the disk is busy; whoever waits for that disk is let go.
func TestKillWhileDiskIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &slowStorage{latency: time.Hour}
		rf := Make(make([]*labrpc.ClientEnd, 3), 0, NewPersister(disk), make(chan ApplyMsg), quiet)
		start := time.Now()
		returned := make(chan consensus.RequestVoteReply)
		go func() {
			var reply consensus.RequestVoteReply
			rf.RequestVote(&consensus.RequestVoteArgs{Term: 7, CandidateID: 1}, &reply)
			returned <- reply
		}()
		time.Sleep(time.Minute)
		rf.Kill()
		require.Zero(t, <-returned, "the vote is not on disk")
		require.Equal(t, time.Minute, time.Since(start))
		time.Sleep(2 * time.Hour) // let the write come to its end
		require.Zero(t, rf.Status().Term)
	})
}

// A peer that is made with the persister of a killed one goes on where that came to, even if it is still
// writing.
func TestMakeWhileOldPeerWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		disk := &slowStorage{latency: time.Second}
		ps := NewPersister(disk)
		vote := func(rf *Raft, term int) {
			var reply consensus.RequestVoteReply
			rf.RequestVote(&consensus.RequestVoteArgs{Term: term, CandidateID: 1}, &reply)
		}
		first := Make(make([]*labrpc.ClientEnd, 3), 0, ps, make(chan ApplyMsg), quiet)
		go vote(first, 7)
		time.Sleep(100 * time.Millisecond)
		first.Kill()
		second := Make(make([]*labrpc.ClientEnd, 3), 0, ps, make(chan ApplyMsg), quiet)
		require.Equal(t, 7, second.Status().Term)
		require.Equal(t, 1, second.Status().VotedFor)
		second.Kill()
	})
}

func TestMakeOfNobody(t *testing.T) {
	for _, me := range []int{-1, 3} {
		rf := Make(make([]*labrpc.ClientEnd, 3), me, MakePersister(), make(chan ApplyMsg), quiet)
		require.ErrorContains(t, rf.Err(), "of 3 peers")
		_, _, ok := rf.Start("x")
		require.False(t, ok)
		rf.Kill()
	}
}

// A request from nobody is not answered, and does not keep its handler for ever.
func TestRequestFromNobody(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		for _, from := range []int{-1, 0, 3} {
			var reply consensus.RequestVoteReply
			c.nodes[0].RequestVote(&consensus.RequestVoteArgs{Term: 5, CandidateID: from}, &reply)
			require.Zero(t, reply)
		}
		require.Zero(t, c.nodes[0].Status().Term)
	})
}

func TestCondInstallSnapshot(t *testing.T) {
	require.True(t, (&Raft{}).CondInstallSnapshot(1, 2, nil))
}

// A slowStorage takes its time to write.
type slowStorage struct {
	memory
	latency time.Duration
	writing atomic.Bool
}

func (s *slowStorage) Sync() error {
	s.writing.Store(true)
	time.Sleep(s.latency)
	s.writing.Store(false)
	return nil
}

func (s *slowStorage) Replace(state, snapshot []byte) error {
	s.writing.Store(true)
	time.Sleep(s.latency)
	s.writing.Store(false)
	return s.memory.Replace(state, snapshot)
}
