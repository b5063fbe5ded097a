package consensus

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLateAcknowledgementHearsOfTheCommit: who acknowledges an entry when the others have been told that it is committed is told, too, and
// not only by the next heartbeat.
func TestLateAcknowledgementHearsOfTheCommit(t *testing.T) {
	c := newCluster(3, Config{})
	c.boot()
	c.timeout(0)
	c.settle()
	c.step(0, Propose{[]byte("a")})
	late := c.pick(func(p packet) bool { return p.to == 2 })
	require.Len(t, late, 1)
	c.settle()
	c.now += DefaultCommitDelay
	c.step(0, Tick{})
	c.settle()
	require.Equal(t, 1, c.hosts[1].node.Status().CommitIndex)
	require.Equal(t, 0, c.hosts[2].node.Status().CommitIndex)
	c.deliver(late[0])
	c.settle()
	c.now += DefaultCommitDelay
	c.step(0, Tick{})
	c.settle()
	require.Equal(t, 1, c.hosts[2].node.Status().CommitIndex)
}
