package raft

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labgob"
	"6.824/labrpc"
)

func TestAgreement(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		want := []any{}
		for i := range 10 {
			want = append(want, fmt.Sprint("x", i))
			require.Equal(t, i+1, c.commit(want[i]))
		}
		for _, n := range c.nodes {
			require.Equal(t, want, n.commands())
			requireInOrder(t, n.messages())
		}
	})
}

// One peer is a group too.
func TestAgreementWithOneself(t *testing.T) {
	inBubble(t, 1, func(t *testing.T, c *cluster) {
		c.startAll()
		for i := range 3 {
			require.Equal(t, i+1, c.commit(i))
		}
	})
}

type testCommand struct {
	Key string
	N   map[string]int
}

// Commands arrive as copies, whatever their types, and a nil one as nil.
func TestCommandsOfAllTypes(t *testing.T) {
	labgob.Register(testCommand{})
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		leader := c.leader()
		shared := testCommand{Key: "k", N: map[string]int{"a": 1}}
		commands := []any{1, "s", []byte("bytes"), 1.5, nil, shared, &shared, []string{"x", "y"}}
		for i, command := range commands {
			index, _, ok := leader.Start(command)
			require.True(t, ok)
			require.Equal(t, i+1, index)
		}
		shared.N["a"] = 2 // encoded before Start returned
		want := append([]any(nil), commands...)
		want[5] = testCommand{Key: "k", N: map[string]int{"a": 1}}
		want[6] = want[5] // as gob has it: pointers are flattened
		c.eventually(time.Second, func() bool {
			for _, n := range c.nodes {
				if len(n.messages()) < len(want) {
					return false
				}
			}
			return true
		}, "all applied")
		for _, n := range c.nodes {
			require.Equal(t, want, n.commands())
		}
	})
}

// What was committed outlives crashes of the leader, of a follower, and of all.
func TestCrashAndRestart(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		want := []any{}
		commit := func(but ...*testNode) {
			want = append(want, fmt.Sprint("x", len(want)))
			require.Equal(t, len(want), c.commit(want[len(want)-1], but...))
		}
		for range 5 {
			commit()
			leader := c.leader()
			leader.crash()
			commit() // by the other two
			leader.start()
			commit()
		}
		for _, n := range c.nodes {
			n.crash()
		}
		for _, n := range c.nodes {
			n.start()
			require.Equal(t, len(want), n.Status().LastIndex)
			require.Empty(t, n.messages())
		}
		commit()
		for _, n := range c.nodes {
			require.Equal(t, want, n.commands(), "applied again from the beginning, as there is no snapshot")
		}
	})
}

// A vote outlives a crash: a peer that voted does not vote again in the same term.
func TestTermAndVoteSurvive(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit("x")
		for _, n := range c.nodes {
			before := n.Status()
			n.crash()
			n.start()
			after := n.Status()
			require.Equal(t, []int{before.Term, before.VotedFor, before.LastIndex}, []int{after.Term, after.VotedFor, after.LastIndex})
			require.GreaterOrEqual(t, after.Term, 1)
		}
	})
}

// Agreement goes on when a tenth of all messages is lost, doubled, late or out of order.
func TestAgreementOnBadNetwork(t *testing.T) {
	inBubble(t, 5, func(t *testing.T, c *cluster) {
		c.net.SetDefault(labrpc.Conditions{
			DropRequest: 0.1, DropReply: 0.1, Duplicate: 0.1, Reorder: 0.2, ReorderBy: labrpc.Uniform(0, 300*time.Millisecond),
			Delay: labrpc.Uniform(0, 26*time.Millisecond),
		})
		c.startAll()
		for i := range 30 {
			c.commit(i)
		}
		for _, n := range c.nodes {
			requireInOrder(t, n.messages())
		}
	})
}

// A peer that was cut off catches up.
func TestCatchUp(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		c.startAll()
		c.commit(-1)
		away := c.nodes[(c.leader().id+1)%3]
		away.cut(true)
		for i := range 50 {
			c.commit(i, away)
		}
		require.Equal(t, 1, away.Status().LastIndex)
		away.cut(false)
		c.commit("back")
		require.Len(t, away.messages(), 52)
		requireInOrder(t, away.messages())
	})
}

// The same seed gives the same history.
func TestSameSeedSameHistory(t *testing.T) {
	run := func() (history []Transition) {
		inBubble(t, 3, func(t *testing.T, c *cluster) {
			c.net.SetDefault(labrpc.Conditions{DropRequest: 0.1, DropReply: 0.1, Delay: labrpc.Uniform(0, 26*time.Millisecond)})
			perNode := make([][]Transition, 3)
			for i, n := range c.nodes {
				n.opts = []Option{WithObserver(func(tr Transition) { c.note(func() { perNode[i] = append(perNode[i], tr) }) })}
				n.onApply = func(m ApplyMsg) {
					if m.CommandIndex%7 == 0 {
						n.Snapshot(m.CommandIndex, fmt.Append(nil, m.CommandIndex))
					}
				}
			}
			c.startAll()
			for i := range 20 {
				c.commit(i)
				if i%5 == 4 {
					n := c.leader()
					n.crash()
					c.commit(-i)
					n.start()
				}
			}
			time.Sleep(time.Second)
			c.note(func() { history = slices.Concat(perNode...) })
		})
		return history
	}
	first := run()
	require.Greater(t, len(first), 100)
	second := run()
	for i := range min(len(first), len(second)) {
		require.Equal(t, first[i], second[i], "transition %d", i)
	}
	require.Equal(t, len(first), len(second))
}
