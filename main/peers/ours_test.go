package peers

import (
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"6.824/labrpc"
	"6.824/raft"
)

// ours is our Raft over our labrpc in real time. Unlike the others' transports, which
// hand values over as they are, labrpc encodes every message.
type ours struct {
	net     *labrpc.Network
	nodes   []*raft.Raft
	leader  *raft.Raft
	leads   atomic.Int64 // the leader's number
	waiting *waiting
	stop    chan struct{}
	readers sync.WaitGroup
}

func startOurs(t testing.TB) cluster {
	const n = 3
	c := &ours{net: labrpc.MakeNetwork(), waiting: newWaiting(), stop: make(chan struct{})}
	quiet := raft.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil)))
	for i := range n {
		ends := make([]*labrpc.ClientEnd, n)
		for j := range ends {
			ends[j] = c.net.Dial(i, j)
		}
		applyCh := make(chan raft.ApplyMsg)
		node := raft.Make(ends, i, raft.MakePersister(), applyCh, quiet)
		c.nodes = append(c.nodes, node)
		server := labrpc.MakeServer()
		server.AddService(labrpc.MakeService(node))
		c.net.AddServer(i, server)
		c.readers.Go(func() { c.read(i, applyCh) })
	}
	for deadline := time.Now().Add(10 * time.Second); c.leader == nil; time.Sleep(10 * time.Millisecond) {
		for i, node := range c.nodes {
			if _, leads := node.GetState(); leads {
				c.leader = node
				c.leads.Store(int64(i))
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("ours: no leader in 10 s")
		}
	}
	return c
}

// read is a node's service. The leader's tells the clients what is applied.
func (c *ours) read(i int, applyCh chan raft.ApplyMsg) {
	for {
		select {
		case m := <-applyCh:
			if command, ok := m.Command.([]byte); ok && c.leads.Load() == int64(i) {
				c.waiting.applied(command)
			}
		case <-c.stop:
			return
		}
	}
}

func (c *ours) propose(command []byte) error {
	command, done := c.waiting.tag(command)
	if _, _, ok := c.leader.Start(command); !ok {
		return errors.New("ours: the leader has changed")
	}
	<-done
	return nil
}

func (c *ours) close() {
	for _, node := range c.nodes {
		node.Kill()
	}
	close(c.stop)
	c.readers.Wait()
	c.net.Cleanup()
}
