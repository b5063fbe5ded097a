package raft

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// A testHost is a machine that can be paused, and whose clock can be wrong.
type testHost struct {
	pace float64
	mu   sync.Mutex
	gate chan struct{} // nil: open
}

func (h *testHost) Pace() float64 { return h.pace }

func (h *testHost) Gate() {
	h.mu.Lock()
	gate := h.gate
	h.mu.Unlock()
	if gate != nil {
		<-gate
	}
}

func (h *testHost) pause() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gate = make(chan struct{})
}

func (h *testHost) resume() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.gate)
	h.gate = nil
}

// A leader that is paused is replaced. When it goes on, it finds out, and nothing it was asked meanwhile is
// committed twice or half.
func TestPausedLeader(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		hosts := make([]*testHost, 3)
		for i, n := range c.nodes {
			hosts[i] = &testHost{pace: 1}
			n.opts = []Option{WithHost(hosts[i])}
		}
		c.startAll()
		c.commit("x")
		old := c.leader()
		hosts[old.id].pause()
		started := make(chan bool)
		go func() {
			_, _, ok := old.Start("by the old leader")
			started <- ok
		}()
		next := c.leader(old)
		c.commit("y", old)
		require.Equal(t, Leader, old.Status().Role, "it does not know")
		require.Greater(t, next.Status().Term, old.Status().Term)

		hosts[old.id].resume()
		<-started
		c.commit("z")
		require.Equal(t, Follower, old.Status().Role)
		require.Equal(t, []any{"x", "y", "z"}, old.commands())
	})
}

// A paused follower that goes on reads its mail before it takes the leader for dead: there is no election.
func TestPausedFollower(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		hosts := make([]*testHost, 3)
		for i, n := range c.nodes {
			hosts[i] = &testHost{pace: 1}
			n.opts = []Option{WithHost(hosts[i])}
		}
		c.startAll()
		leader := c.leader()
		n := c.nodes[(leader.id+1)%3]
		var stood atomic.Bool
		c.net.Observe(func(e labrpc.Event) {
			if e.Method == "Raft.RequestVote" {
				stood.Store(true)
			}
		})
		for range 10 {
			hosts[n.id].pause()
			time.Sleep(3 * time.Second)
			hosts[n.id].resume()
			time.Sleep(300 * time.Millisecond)
		}
		require.False(t, stood.Load())
		require.Equal(t, leader, c.leader())
	})
}

// A fast clock makes a peer stand for election early, a slow one late.
func TestPace(t *testing.T) {
	for _, pace := range []float64{0.5, 1, 4} {
		inBubble(t, 3, func(t *testing.T, c *cluster) {
			for _, n := range c.nodes {
				n.opts = []Option{WithHost(&testHost{pace: pace}), WithTiming(300*time.Millisecond, 100*time.Millisecond)}
				n.Raft = &Raft{}
			}
			n := c.nodes[0]
			n.start()
			start := time.Now()
			c.eventually(5*time.Second, func() bool { return n.Status().Role == PreCandidate }, "stood")
			took := float64(time.Since(start)) * pace
			require.GreaterOrEqual(t, took, float64(300*time.Millisecond))
			require.Less(t, took, float64(600*time.Millisecond)+pace*float64(3*time.Millisecond))
		})
	}
}

// Clocks that differ by a tenth change nothing about agreement.
func TestSkewedClocks(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		for i, n := range c.nodes {
			n.opts = []Option{WithHost(&testHost{pace: 0.9 + 0.1*float64(i)})}
		}
		c.startAll()
		c.commit("x")
		leader := c.leader()
		term := leader.Status().Term
		time.Sleep(time.Minute)
		require.Equal(t, leader, c.leader())
		require.Equal(t, term, leader.Status().Term, "nobody ran out of patience")
		c.commit("y")
	})
}

// The clock adds up what it ran at each pace, and its timer goes off in time though it is set lazily.
func TestClock(t *testing.T) {
	inBubble(t, 0, func(t *testing.T, _ *cluster) {
		h := &testHost{pace: 1}
		k := newClock(h)
		defer k.stop()
		time.Sleep(time.Second)
		require.Equal(t, time.Second, k.now())
		h.pace = 2
		time.Sleep(time.Second)
		require.Equal(t, 3*time.Second, k.now())
		h.pace = 0.5
		time.Sleep(time.Second)
		require.Equal(t, 3500*time.Millisecond, k.now())

		fired := make(chan bool, 10)
		f := func() { fired <- true }
		shows := func(want time.Duration) {
			<-fired
			require.Equal(t, want, k.now())
		}
		k.wakeAt(5*time.Second, f)
		k.wakeAt(6*time.Second, f) // does not set it back
		shows(5 * time.Second)
		k.wakeAt(8*time.Second, f)
		k.wakeAt(6*time.Second, f) // sets it forward
		shows(6 * time.Second)
		k.wakeAt(1*time.Second, f) // is over already
		shows(6 * time.Second)
	})
}
