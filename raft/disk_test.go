package raft

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft/consensus"
)

// A peer whose state was cut off or changed at any byte either runs, on a state that it had once, or is dead
// and says why. It never panics, and never makes something up.
func TestMakeOnDamagedState(t *testing.T) {
	ps, _, starts := aState(t)
	state, snapshot := ps.ReadRaftState(), ps.ReadSnapshot()
	check := func(name string, state []byte, alive bool) {
		t.Helper()
		var out bytes.Buffer
		damaged := MakePersister()
		damaged.Save(state, snapshot)
		rf := Make(make([]*labrpc.ClientEnd, 3), 0, damaged, make(chan ApplyMsg), WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
		defer rf.Kill()
		if alive {
			require.NoError(t, rf.Err(), name)
			require.Contains(t, []int{1, 2, 3}, rf.Status().Term)
			return
		}
		var corrupt *CorruptError
		require.ErrorAs(t, rf.Err(), &corrupt, name)
		require.Contains(t, out.String(), "the persisted state is corrupt: record ")
		_, _, ok := rf.Start("x")
		require.False(t, ok)
		var reply consensus.RequestVoteReply
		rf.RequestVote(&consensus.RequestVoteArgs{Term: 99, CandidateID: 1}, &reply)
		require.Zero(t, reply, "it says nothing")
		_, err := rf.ReadIndex(t.Context())
		require.ErrorIs(t, err, rf.Err())
		require.Equal(t, state, damaged.ReadRaftState(), "the evidence is left alone")
	}
	tail := starts[len(starts)-2] // where the last record begins
	for at := range state {
		if at > 0 {
			check(fmt.Sprint("cut off at byte ", at), state[:at], at >= starts[1])
		}
		bad := bytes.Clone(state)
		bad[at] ^= 0xff
		check(fmt.Sprint("byte ", at, " changed"), bad, at >= tail)
	}
}

// After a torn write the peer goes on, and what it writes then can be read back.
func TestGoingOnAfterTornWrite(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		for round := range 10 {
			c.commit(round)
			n := c.nodes[round%3]
			n.crash()
			state := n.ps.ReadRaftState()
			n.ps.SaveRaftState(append(state, state[len(state)-9:len(state)-1-round%7]...)) // the beginning of something
			n.start()
			require.NoError(t, n.Err())
			c.commit(-round)
			n.crash()
			requireWholeState(t, n.ps)
			n.start()
		}
		c.commit("x")
		require.Len(t, c.nodes[0].messages(), 21)
	})
}

// brokenStorage fails from a given write on.
type brokenStorage struct {
	memory
	left int // writes that succeed
}

var errBroken = errors.New("input/output error")

func (s *brokenStorage) use() error {
	if s.left--; s.left < 0 {
		return errBroken
	}
	return nil
}

func (s *brokenStorage) Append(b []byte) error {
	if err := s.use(); err != nil {
		return err
	}
	return s.memory.Append(b)
}
func (s *brokenStorage) Sync() error { return s.use() }
func (s *brokenStorage) Replace(state, snapshot []byte) error {
	if err := s.use(); err != nil {
		return err
	}
	return s.memory.Replace(state, snapshot)
}

// Whichever write fails, that is the end of the peer, and nobody ever hears of what it could not write. The
// others go on.
func TestDiskError(t *testing.T) {
	for writes := range 12 {
		t.Run(fmt.Sprint(writes, " writes"), func(t *testing.T) {
			inBubble(t, 3, func(t *testing.T, c *cluster) {
				bad := c.nodes[0]
				disk := &brokenStorage{left: writes}
				bad.ps = NewPersister(disk)
				var roles []bool
				bad.opts = []Option{WithTiming(150*time.Millisecond, 50*time.Millisecond), // it will lead at first
					WithRoleObserver(func(_ int, leads bool) { c.note(func() { roles = append(roles, leads) }) })}
				var last Transition
				bad.opts = append(bad.opts, WithObserver(func(tr Transition) { c.note(func() { last = tr }) }))
				c.startAll()
				c.eventually(10*time.Second, func() bool {
					for _, n := range c.nodes {
						n.Start(0)
					}
					return bad.Err() != nil
				}, "an error")
				require.ErrorIs(t, bad.Err(), errBroken)
				for i := range 5 {
					c.commit(i, bad)
				}
				index, _, ok := bad.Start("x")
				require.False(t, ok)
				require.Equal(t, -1, index)
				_, err := bad.ReadIndex(t.Context())
				require.ErrorIs(t, err, errBroken)
				_, leads := bad.GetState()
				require.False(t, leads)
				c.notes.Lock()
				defer c.notes.Unlock()
				if len(roles) > 0 {
					require.False(t, roles[len(roles)-1], "it was said that it does not lead any more")
				}
				got, err := recoverState(disk.State(), disk.Snapshot())
				require.NoError(t, err)
				require.LessOrEqual(t, last.Term, got.Term, "only what is on disk was shown")
				require.LessOrEqual(t, last.LastIndex, len(got.Entries))
			})
		})
	}
}

// With a majority of broken disks nothing is committed: the silence of the dead is not taken for consent.
func TestDiskErrorOfMajority(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit("x")
		leader := c.leader()
		for _, n := range c.nodes {
			if n != leader {
				n.fail(errBroken)
			}
		}
		index, _, ok := leader.Start("y")
		require.True(t, ok)
		time.Sleep(2 * time.Second)
		require.Less(t, leader.Status().CommitIndex, index)
		require.NotEqual(t, Leader, leader.Status().Role, "it knows that nobody follows")
	})
}

// Nothing leaves a peer while its disk is writing: neither a request, nor a reply, nor what it shows.
func TestNothingLeavesBeforeItIsDurable(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		disks := make([]*slowStorage, 3)
		var sent atomic.Int32
		for i, n := range c.nodes {
			disks[i] = &slowStorage{latency: 7 * time.Millisecond}
			n.ps = NewPersister(disks[i])
			n.opts = []Option{WithObserver(func(tr Transition) {
				require.False(c.t, disks[i].writing.Load())
				got := requireWholeState(c.t, n.ps)
				require.Equal(c.t, tr.Term, got.Term)
				require.Equal(c.t, tr.VotedFor, got.VotedFor)
				require.Equal(c.t, tr.LastIndex, got.SnapshotIndex+len(got.Entries))
			})}
		}
		c.net.Observe(func(e labrpc.Event) {
			if e.Kind == labrpc.Sent {
				sent.Add(1)
				require.False(c.t, disks[e.From[0]-'0'].writing.Load(), "%v from %s", e.Method, e.From)
			}
		})
		c.startAll()
		for i := range 20 {
			c.commit(i)
		}
		require.Greater(t, sent.Load(), int32(80))
	})
}

// All that comes in during a write is the next one: the number of writes does not grow with that of commands.
func TestGroupCommit(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		disks, hosts := make([]*countingStorage, 3), make([]*testHost, 3)
		for i, n := range c.nodes {
			disks[i], hosts[i] = &countingStorage{}, &testHost{pace: 1}
			n.ps = NewPersister(disks[i])
			n.opts = []Option{WithHost(hosts[i])}
		}
		c.startAll()
		leader := c.leader()
		c.commit("first")
		disk := disks[leader.id]
		appends, syncs := disk.appends.Load(), disk.syncs.Load()
		const count = 200
		indices := make([]int, count)
		hosts[leader.id].pause() // so that all come in before the first is handled
		for i := range count {
			go func() {
				index, _, _ := leader.Start(i)
				c.note(func() { indices[i] = index })
			}()
		}
		time.Sleep(time.Millisecond)
		hosts[leader.id].resume()
		c.eventually(time.Second, func() bool { return len(leader.messages()) == count+1 }, "applied")
		c.note(func() {
			for i, index := range indices {
				require.Equal(t, i, leader.messages()[index-1].Command, "each was told its own index")
			}
		})
		require.LessOrEqual(t, disk.appends.Load()-appends, int32(5))
		require.Equal(t, disk.appends.Load()-appends, disk.syncs.Load()-syncs)
	})
}
