package raft

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// The same code in real time, on the course's own unreliable network, with the course's way of restarting a
// peer. It is not parallel, since it looks for goroutines that are left behind.
func TestRealTime(t *testing.T) {
	c := newCluster(t, 3, labrpc.MakeNetwork(), 0)
	c.net.Reliable(false)
	c.startAll()
	for _, n := range c.nodes {
		n.mu.Lock()
		n.onApply = func(m ApplyMsg) {
			if m.CommandValid && m.CommandIndex%5 == 0 {
				n.Snapshot(m.CommandIndex, fmt.Append(nil, m.CommandIndex))
			}
		}
		n.mu.Unlock()
	}
	for i := range 3 {
		c.commit(fmt.Sprint("a", i))
		n := c.nodes[i%3]
		saved := n.ps.Copy()
		n.crash()
		n.ps = &Persister{}
		n.ps.SaveStateAndSnapshot(saved.ReadRaftState(), saved.ReadSnapshot())
		c.commit(fmt.Sprint("b", i))
		n.start()
	}
	c.commit("end")
	for _, n := range c.nodes {
		requireInOrder(t, n.messages())
	}
	c.cleanup()
	require.Eventually(t, func() bool {
		buf := make([]byte, 1<<20)
		stacks := string(buf[:runtime.Stack(buf, true)])
		return !strings.Contains(stacks, "raft.(*loop)") && !strings.Contains(stacks, "raft.(*applier)")
	}, 5*time.Second, 10*time.Millisecond, "no goroutine is left")
}
