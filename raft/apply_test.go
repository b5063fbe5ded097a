package raft

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft/consensus"
)

// A service that does not read its applyCh keeps nobody waiting: its leader commits, and answers, and sends
// what it has missed later.
func TestSlowServiceDoesNotBlockConsensus(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		unblock := make(chan bool)
		for _, n := range c.nodes {
			n.onApply = func(ApplyMsg) {
				if n.Status().Role == Leader {
					<-unblock
				}
			}
		}
		c.startAll()
		leader := c.leader()
		const count = 100
		for i := range count {
			start := time.Now()
			index, _, ok := leader.Start(i)
			require.True(t, ok)
			require.Equal(t, i+1, index)
			require.Zero(t, time.Since(start))
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		require.Equal(t, count, leader.Status().CommitIndex)
		require.Equal(t, count, leader.Status().Applied)
		require.Len(t, leader.messages(), 1)
		for _, n := range c.nodes {
			require.True(t, n == leader || len(n.messages()) == count)
		}
		close(unblock)
		c.eventually(time.Second, func() bool { return len(leader.messages()) == count }, "caught up")
		requireInOrder(t, leader.messages())
	})
}

// The log is compacted while commands are applied, by the reader of applyCh, and peers that lag get the
// snapshot.
func TestSnapshots(t *testing.T) {
	const every, count = 10, 205
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		for _, n := range c.nodes {
			n.onApply = func(m ApplyMsg) {
				if m.CommandValid && m.CommandIndex%every == 0 {
					n.Snapshot(m.CommandIndex, []byte(strconv.Itoa(m.CommandIndex)))
					require.Equal(c.t, m.CommandIndex, n.Status().SnapshotIndex, "done when Snapshot returns")
					require.Equal(c.t, strconv.Itoa(m.CommandIndex), string(n.ps.ReadSnapshot()))
				}
			}
		}
		leader := c.leader()
		away := c.nodes[(leader.id+1)%3]
		away.cut(true)
		largest := 0
		for i := range count - 1 {
			require.Equal(t, i+1, c.commit(i, away))
			largest = max(largest, leader.ps.RaftStateSize())
		}
		require.Less(t, largest, 1000, "bytes of at most 20 entries")
		require.Zero(t, away.Status().LastIndex)

		away.cut(false)
		require.Equal(t, count, c.commit(count-1))
		requireInOrder(t, away.messages())
		require.True(t, away.messages()[0].SnapshotValid)
		require.Equal(t, strconv.Itoa(away.messages()[0].SnapshotIndex), string(away.messages()[0].Snapshot))

		// After a restart the service gets the snapshot first, and then what comes behind it.
		for _, n := range c.nodes {
			n.crash()
			n.start()
		}
		c.commit("x")
		for _, n := range c.nodes {
			messages := n.messages()
			requireInOrder(t, messages)
			require.Equal(t, 200, messages[0].SnapshotIndex)
			require.Equal(t, "200", string(messages[0].Snapshot))
			require.Greater(t, messages[0].SnapshotTerm, 0)
			require.Len(t, messages, 1+5+1)
		}
	})
}

// A big snapshot travels in pieces, and through a bad network.
func TestBigSnapshot(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		leader := c.leader()
		away := c.nodes[(leader.id+1)%3]
		away.cut(true)
		index := c.commit("x", away)
		snapshot := make([]byte, 5<<20)
		for i := range snapshot {
			snapshot[i] = byte(i >> 8)
		}
		for _, n := range c.nodes {
			n.Snapshot(index, snapshot)
		}
		c.net.SetDefault(labrpc.Conditions{DropRequest: 0.1, DropReply: 0.1, Duplicate: 0.1, Delay: labrpc.Uniform(0, 26*time.Millisecond)})
		for i := range 3 {
			for j := range 3 {
				c.net.ClearLink(i, j)
			}
		}
		c.eventually(10*time.Second, func() bool { return away.Status().SnapshotIndex == index }, "installed")
		c.eventually(time.Second, func() bool { return len(away.messages()) > 0 }, "applied")
		require.Equal(t, snapshot, away.messages()[0].Snapshot)
		require.Equal(t, snapshot, away.ps.ReadSnapshot())
	})
}

// A snapshot that is too old, or of what was not applied yet, is not one.
func TestSnapshotThatMakesNoSense(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		for i := range 5 {
			c.commit(i)
		}
		n := c.leader()
		for _, index := range []int{-1, 0, 6, 1000} {
			n.Snapshot(index, []byte("no"))
			require.Zero(t, n.Status().SnapshotIndex)
		}
		n.Snapshot(3, []byte("three"))
		for _, index := range []int{3, 2, 1, 0} {
			n.Snapshot(index, []byte("older"))
			require.Equal(t, 3, n.Status().SnapshotIndex)
			require.Equal(t, "three", string(n.ps.ReadSnapshot()))
		}
		c.commit("more")
	})
}

// What is committed but stuck in front of a service that doesn't read can't be in a snapshot of that service.
func TestSnapshotOfWhatWasNotSent(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, c *cluster) {
		n := c.nodes[0]
		n.serveWith = func(ch chan ApplyMsg, stop chan struct{}) {
			<-ch
			<-stop
		}
		c.startAll()
		c.leader()
		for i := range 5 {
			n.Start(i)
		}
		time.Sleep(10 * time.Millisecond)
		require.Equal(t, 5, n.Status().CommitIndex)
		n.Snapshot(3, []byte("no"))
		require.Zero(t, n.Status().SnapshotIndex)
		n.Snapshot(1, []byte("one"))
		require.Equal(t, 1, n.Status().SnapshotIndex)
	})
}

// The bytes of a snapshot are nobody else's: what the service does to those that it gave, or got, does not
// reach others.
func TestSnapshotsAreCopies(t *testing.T) {
	for _, restart := range []bool{false, true} {
		inBubble(t, 3, func(t *testing.T, c *cluster) {
			c.startAll()
			away := c.nodes[(c.leader().id+1)%3]
			away.cut(true)
			index := c.commit("x", away)
			for _, n := range c.nodes {
				if n == away {
					continue
				}
				mine := []byte("snapshot")
				n.Snapshot(index, mine)
				copy(mine, "XXXXXXXX")
				require.Equal(t, "snapshot", string(n.ps.ReadSnapshot()))
				if restart {
					n.crash()
					n.start()
					c.eventually(time.Second, func() bool { return len(n.messages()) == 1 }, "the snapshot applied")
					got := n.messages()[0].Snapshot
					require.Equal(t, "snapshot", string(got))
					copy(got, "XXXXXXXX")
				}
			}
			away.cut(false)
			c.commit("y")
			require.Equal(t, "snapshot", string(away.messages()[0].Snapshot))
		})
	}
}

// Whoever has received a message can take a snapshot at its index at once, though its sender may not know yet
// that it was received.
func TestSentIsKnownToTheReceiver(t *testing.T) {
	a := newApplier(&Raft{dead: make(chan struct{})}, make(chan ApplyMsg))
	const count = 5000
	go func() {
		for i := range count {
			a.deliver(consensus.Apply{Index: i + 1, Term: 1, NoOp: true})
		}
	}()
	for range count {
		m := <-a.ch
		require.GreaterOrEqual(t, a.sent(), m.CommandIndex)
	}
}

// Everybody takes snapshots all the time, from wherever they like.
func TestSnapshotsFromManyGoroutines(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		for _, n := range c.nodes {
			n.onApply = func(m ApplyMsg) {
				if m.CommandValid {
					for range 3 {
						go n.Snapshot(m.CommandIndex-1, fmt.Append(nil, m.CommandIndex-1))
					}
					n.Snapshot(m.CommandIndex, fmt.Append(nil, m.CommandIndex))
				}
			}
		}
		for i := range 50 {
			c.commit(i)
		}
		for _, n := range c.nodes {
			requireInOrder(t, n.messages())
			require.Equal(t, fmt.Sprint(n.Status().SnapshotIndex), string(n.ps.ReadSnapshot()))
			requireWholeState(t, n.ps)
		}
	})
}

// requireWholeState demands that what is on the disk can be read back.
func requireWholeState(t testing.TB, ps *Persister) recovered {
	t.Helper()
	got, err := recoverState(ps.ReadRaftState(), ps.ReadSnapshot())
	require.NoError(t, err)
	require.False(t, got.torn)
	return got
}

// A committed command that can't be decoded stops the peer: it must neither be skipped nor made up.
func TestCommandThatCannotBeDecoded(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, c *cluster) {
		n := c.nodes[0]
		d := openDisk(t, n.ps)
		bad := consensus.Entry{Term: 1, Data: []byte("no command")}
		hard := consensus.HardState{Term: 1, VotedFor: 0}
		require.NoError(t, d.change(consensus.Output{HardState: &hard, First: 1, Entries: []consensus.Entry{bad}}))
		roles := []bool{}
		n.opts = []Option{WithRoleObserver(func(_ int, leads bool) { c.note(func() { roles = append(roles, leads) }) })}
		c.startAll()
		c.leader()
		n.Start("x") // commits the one before, too
		c.eventually(time.Second, func() bool { return n.Err() != nil }, "failed")
		require.ErrorContains(t, n.Err(), "raft: entry 1 of term 1: ")
		time.Sleep(time.Millisecond)
		require.Empty(t, n.messages())
		_, _, ok := n.Start("y")
		require.False(t, ok)
		c.note(func() { require.Equal(t, []bool{false, true, false}, roles) })
	})
}
