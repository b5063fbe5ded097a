package consensus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestReadDuringInstall: a read that comes together with the acknowledgement of a chunk does not wait for the next
// heartbeat, though the only other peer that lives is still being sent the snapshot.
func TestReadDuringInstall(t *testing.T) {
	c := newCluster(3, Config{SnapshotChunk: 1})
	c.boot()
	c.timeout(0)
	c.settle()
	c.cut[2] = true
	c.step(0, Propose{[]byte("a")})
	c.settle()
	c.step(0, Compact{1, []byte("a long one")})
	c.cut[1], c.cut[2] = true, false
	isAck := func(p packet) bool { _, ok := p.msg.(*InstallSnapshotReply); return ok }
	c.now += 100 * time.Millisecond
	c.step(0, Tick{})
	var acks []packet
	for range 20 { // messages go to and fro, until a chunk is acknowledged
		if acks = c.pick(isAck); len(acks) > 0 {
			break
		}
		for _, p := range c.pick(func(packet) bool { return true }) {
			c.deliver(p)
		}
	}
	require.Len(t, acks, 1)
	answered := false
	c.seen = func(id int, _ Status, out *Output) {
		answered = answered || id == 0 && len(out.Reads) == 1 && out.Reads[0].OK
	}
	c.step(0, Receive{From: 2, Msg: acks[0].msg}, Read{7})
	for range 2 { // to the peer and back, and not more
		for _, p := range c.pick(func(packet) bool { return true }) {
			c.deliver(p)
		}
	}
	require.True(t, answered)
}

// TestReadInATransfer: a read that would need an entry of the new term does not put it into the log behind the back of the target of a
// transfer, which would not be elected without it.
func TestReadInATransfer(t *testing.T) {
	c := newCluster(3, Config{})
	c.boot()
	c.timeout(0)
	c.settle()
	c.step(0, Propose{[]byte("a")})
	c.settle()
	c.timeout(1) // leads in a term of which nothing is committed
	c.settle()
	require.Equal(t, Leader, c.hosts[1].node.Status().Role)
	refused := false
	c.seen = func(id int, _ Status, out *Output) {
		refused = refused || id == 1 && len(out.Reads) == 1 && !out.Reads[0].OK
	}
	c.step(1, Transfer{2}, Read{7})
	require.True(t, refused)
	c.settle()
	require.Equal(t, Leader, c.hosts[2].node.Status().Role)
}
