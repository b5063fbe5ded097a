package raft

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A read index covers everything that was committed before, costs no log entry once the leader has committed
// one in its term, and one empty entry before.
func TestReadIndex(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		leader := c.leader()
		index, err := leader.ReadIndex(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, index, "the empty entry that makes the commit index known")
		c.eventually(time.Second, func() bool { return len(leader.messages()) == 1 }, "applied")
		require.Equal(t, ApplyMsg{CommandValid: true, CommandIndex: 1}, leader.messages()[0])

		for i := range 5 {
			want := c.commit(i)
			index, err := leader.ReadIndex(t.Context())
			require.NoError(t, err)
			require.Equal(t, want, index)
		}
		require.Equal(t, 6, leader.Status().LastIndex)
		for _, n := range c.nodes {
			if n != leader {
				_, err := n.ReadIndex(t.Context())
				require.ErrorIs(t, err, ErrNotLeader)
			}
		}
	})
}

// A leader that is cut off must not answer a read: others may have gone on without it.
func TestReadIndexOfDeposedLeader(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit("x")
		old := c.leader()
		old.cut(true)
		start := time.Now()
		_, err := old.ReadIndex(t.Context())
		require.ErrorIs(t, err, ErrNotLeader)
		require.Less(t, time.Since(start), time.Second)
		c.commit("y", old)
		old.cut(false)
		c.leader()
		c.eventually(5*time.Second, func() bool { return old.Status().LastIndex == 2 }, "old leader is back")
		index, err := c.leader().ReadIndex(t.Context())
		require.NoError(t, err)
		require.GreaterOrEqual(t, index, 2)
	})
}

func TestReadIndexGivesUp(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit("x")
		leader := c.leader()
		leader.cut(true)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := leader.ReadIndex(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, 50*time.Millisecond, time.Since(start))
		_, err = leader.ReadIndex(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded, "nothing is begun when ctx is over")
	})
}

// Many reads at a time share their round.
func TestReadsShareRounds(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		hosts := make([]*testHost, 3)
		for i, n := range c.nodes {
			hosts[i] = &testHost{pace: 1}
			n.opts = []Option{WithHost(hosts[i])}
		}
		c.startAll()
		want := c.commit("x")
		leader := c.leader()
		time.Sleep(50 * time.Millisecond)
		hosts[leader.id].pause()
		before := c.net.GetTotalCount()
		results := make(chan int)
		for range 100 {
			go func() {
				index, err := leader.ReadIndex(t.Context())
				require.NoError(c.t, err)
				results <- index
			}()
		}
		time.Sleep(time.Millisecond) // all ask
		hosts[leader.id].resume()
		for range 100 {
			require.Equal(t, want, <-results)
		}
		require.LessOrEqual(t, c.net.GetTotalCount()-before, 4, "two peers, and perhaps a heartbeat")
	})
}

func TestTransferLeadership(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		for i := range 6 {
			c.commit(i)
			leader := c.leader()
			to := (leader.id + 1) % 3
			start := time.Now()
			require.NoError(t, leader.TransferLeadership(t.Context(), to))
			require.Less(t, time.Since(start), 50*time.Millisecond, "no election timeout was waited for")
			require.Equal(t, to, c.leader().id)
		}
		leader := c.leader()
		require.NoError(t, leader.TransferLeadership(t.Context(), leader.id))
		require.Equal(t, leader, c.leader())
	})
}

func TestTransferLeadershipErrors(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit("x")
		leader := c.leader()
		other, third := c.nodes[(leader.id+1)%3], c.nodes[(leader.id+2)%3]
		require.ErrorIs(t, leader.TransferLeadership(t.Context(), 3), ErrNoPeer)
		require.ErrorIs(t, leader.TransferLeadership(t.Context(), -1), ErrNoPeer)
		require.ErrorIs(t, other.TransferLeadership(t.Context(), third.id), ErrNotLeader)

		other.crash()
		first := make(chan error)
		start := time.Now()
		go func() { first <- leader.TransferLeadership(t.Context(), other.id) }()
		time.Sleep(time.Millisecond)
		require.ErrorIs(t, leader.TransferLeadership(t.Context(), third.id), ErrTransferring)
		_, _, ok := leader.Start("in the middle")
		require.False(t, ok)
		require.ErrorIs(t, <-first, ErrTransferTimeout)
		require.Equal(t, 300*time.Millisecond, time.Since(start))

		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		require.ErrorIs(t, leader.TransferLeadership(ctx, other.id), context.Canceled)
		require.ErrorIs(t, leader.TransferLeadership(t.Context(), third.id), ErrTransferring, "it goes on")
		time.Sleep(300 * time.Millisecond)
		c.commit("y")
		require.NoError(t, leader.TransferLeadership(t.Context(), third.id))
	})
}
