package raft

import (
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// A cluster is some peers on a network of their own, and services that keep what they are sent.
type cluster struct {
	t     testing.TB
	net   *labrpc.Network
	seed  uint64 // 0: the peers draw their own
	nodes []*testNode
	notes sync.Mutex // guards what a test's observers note
}

// note runs f under the lock for notes.
func (c *cluster) note(f func()) {
	c.notes.Lock()
	defer c.notes.Unlock()
	f()
}

type testNode struct {
	*Raft
	c         *cluster
	id        int
	ps        *Persister
	opts      []Option
	serveWith func(chan ApplyMsg, chan struct{}) // the service; nil for one that keeps what it is sent
	stop      chan struct{}                      // ends the service; nil if the node is down

	mu      sync.Mutex
	applied []ApplyMsg     // what this incarnation's service was sent
	onApply func(ApplyMsg) // called by the service; nil for nothing
}

var quiet = WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))

// inBubble runs f with a cluster of n peers, not started yet, in virtual time.
func inBubble(t *testing.T, n int, f func(t *testing.T, c *cluster)) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, n, labrpc.NewNetwork(labrpc.Options{Seed: 1, Settle: synctest.Wait}), 1)
		c.net.SetDefault(labrpc.Conditions{Delay: labrpc.Uniform(time.Millisecond, 5*time.Millisecond)})
		defer c.cleanup()
		f(t, c)
	})
}

func newCluster(t testing.TB, n int, net *labrpc.Network, seed uint64) *cluster {
	c := &cluster{t: t, net: net, seed: seed}
	for i := range n {
		c.nodes = append(c.nodes, &testNode{c: c, id: i, ps: MakePersister()})
	}
	return c
}

func (c *cluster) startAll() {
	for _, n := range c.nodes {
		n.start()
	}
}

func (c *cluster) cleanup() {
	for _, n := range c.nodes {
		n.crash()
	}
	c.net.Cleanup()
}

// start boots the node on what its persister has.
func (n *testNode) start() {
	ends := make([]*labrpc.ClientEnd, len(n.c.nodes))
	for i := range ends {
		ends[i] = n.c.net.Dial(n.id, i)
	}
	applyCh := make(chan ApplyMsg)
	n.stop, n.applied = make(chan struct{}), nil
	opts := []Option{quiet}
	if n.c.seed > 0 {
		opts = append(opts, WithRand(rand.New(rand.NewPCG(n.c.seed, uint64(n.id)))))
	}
	n.Raft = Make(ends, n.id, n.ps, applyCh, append(opts, n.opts...)...)
	srv := labrpc.MakeServer()
	srv.AddService(labrpc.MakeService(n.Raft))
	n.c.net.AddServer(n.id, srv)
	serve := n.serveWith
	if serve == nil {
		serve = n.serve
	}
	go serve(applyCh, n.stop)
}

func (n *testNode) serve(applyCh chan ApplyMsg, stop chan struct{}) {
	for {
		select {
		case m := <-applyCh:
			n.mu.Lock()
			n.applied = append(n.applied, m)
			f := n.onApply
			n.mu.Unlock()
			if f != nil {
				f(m)
			}
		case <-stop:
			return
		}
	}
}

// crash stops the node; its persister keeps what was written.
func (n *testNode) crash() {
	if n.stop == nil {
		return
	}
	n.c.net.DeleteServer(n.id)
	n.Kill()
	close(n.stop)
	n.stop = nil
}

func (n *testNode) up() bool { return n.stop != nil }

// messages returns what the service was sent so far.
func (n *testNode) messages() []ApplyMsg {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.applied)
}

func (n *testNode) commands() (list []any) {
	for _, m := range n.messages() {
		list = append(list, m.Command)
	}
	return list
}

// cut cuts the node off from all others, or connects it again.
func (n *testNode) cut(off bool) {
	for _, other := range n.c.nodes {
		for _, link := range [][2]int{{n.id, other.id}, {other.id, n.id}} {
			cond := n.c.net.Conditions(link[0], link[1])
			cond.Cut = off
			n.c.net.SetLink(link[0], link[1], cond)
		}
	}
}

// eventually waits until cond holds, and fails if that takes longer than a time that is given.
func (c *cluster) eventually(within time.Duration, cond func() bool, format string, args ...any) {
	c.t.Helper()
	for deadline := time.Now().Add(within); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			c.t.Fatalf("not within %v: %s", within, fmt.Sprintf(format, args...))
		}
	}
}

// leader waits for a leader that a majority follows, and that is not one of those excluded.
func (c *cluster) leader(but ...*testNode) (leader *testNode) {
	c.t.Helper()
	c.eventually(5*time.Second, func() bool {
		for _, n := range c.nodes {
			if !n.up() || slices.Contains(but, n) || n.Status().Role != Leader {
				continue
			}
			followers := 0
			for _, m := range c.nodes {
				if s := m.Status(); m.up() && s.Term == n.Status().Term && s.Leader == n.id {
					followers++
				}
			}
			if followers > len(c.nodes)/2 {
				leader = n
				return true
			}
		}
		return false
	}, "a leader")
	return leader
}

// commit has a command committed, and applied by all nodes that are up and not excluded.
func (c *cluster) commit(command any, but ...*testNode) (index int) {
	c.t.Helper()
	c.eventually(time.Minute, func() bool {
		var ok bool
		if index, _, ok = c.leader(but...).Start(command); !ok {
			return false
		}
		for range 500 {
			if c.appliedBy(index, command, but...) {
				return true
			}
			time.Sleep(2 * time.Millisecond)
		}
		return false
	}, "%v committed", command)
	return index
}

// appliedBy says whether all nodes that are up and not excluded have applied the command at index.
func (c *cluster) appliedBy(index int, command any, but ...*testNode) bool {
	for _, n := range c.nodes {
		if n.up() && !slices.Contains(but, n) && !slices.ContainsFunc(n.messages(), func(m ApplyMsg) bool {
			return m.CommandValid && m.CommandIndex == index && m.Command == command
		}) {
			return false
		}
	}
	return true
}

// requireInOrder demands that the messages are a snapshot or the first entry, then one entry after the other,
// or a later snapshot.
func requireInOrder(t testing.TB, messages []ApplyMsg) {
	t.Helper()
	last := 0
	for i, m := range messages {
		switch {
		case m.SnapshotValid:
			require.False(t, m.CommandValid)
			require.Greater(t, m.SnapshotIndex, last, "message %d", i)
			last = m.SnapshotIndex
		default:
			require.True(t, m.CommandValid)
			require.Equal(t, last+1, m.CommandIndex, "message %d", i)
			last = m.CommandIndex
		}
	}
}
