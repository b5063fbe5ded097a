package kvtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"6.824/labrpc/labtest"
)

// crashes are scenarios of servers that lose their memory.
func crashes() []scenario {
	small := setup{MaxRaftState: 600}
	return []scenario{
		{
			Name: "TestCrashAtEveryWrite", Doc: "servers crash in the middle of their k-th write, for each k: between an entry and its answer, between apply and snapshot", Paper: "§7, §8",
			Setup: small, Run: crashAtEveryWrite,
		}, {
			Name: "TestPowerFailures", Doc: "the power fails for all servers at once, again and again, under load", Paper: "§5.1, §8",
			Setup: setup{Servers: 5, MaxRaftState: 600}, Run: powerFailures,
		}, {
			Name: "TestFarBehindFollower", Doc: "a server that was away is sent a snapshot under load, and then is needed for a majority", Paper: "§7, Figure 13",
			Setup: small, Run: farBehindFollower,
		}, {
			Name: "TestSnapshotReplaces", Doc: "what was deleted while a server was away does not come back when it is sent a snapshot", Paper: "§7, Figure 13",
			Needs: []Ability{Clients}, Setup: small, Run: snapshotReplaces,
		},
	}
}

// anyCrash draws what becomes of unsynced writes.
func (c *Cluster) anyCrash() labtest.CrashMode {
	return []labtest.CrashMode{labtest.Keep, labtest.Lose, labtest.Torn}[c.rand.IntN(3)]
}

// countInstalls counts the snapshots that servers send each other, by the names of the methods.
func (c *Cluster) countInstalls() {
	c.OnEvent(func(e labtest.Event) {
		if e.Kind == "delivered" && strings.Contains(e.Method, "Snapshot") {
			c.Count("snapshots sent")
		}
	})
}

func crashAtEveryWrite(c *Cluster) {
	c.AtLeast("crashed in a write", 10)
	c.AtLeast("operations", 50)
	l := c.Load(Load{Gap: 20 * time.Millisecond, Reads: 0.3, Rich: 0.4})
	for k := 1; k <= 6; k++ {
		for _, i := range c.rand.Perm(c.N) {
			node := c.nodes[i]
			c.crashAtWrite(i, k, c.anyCrash())
			if c.Eventually(time.Second, func() bool { return !node.Up() }) {
				c.Count("crashed in a write")
			}
			c.Sleep(time.Duration(c.rand.IntN(300)) * time.Millisecond)
			c.crashAtWrite(i, 0, labtest.Keep)
			c.Restart(i)
			c.Sleep(time.Duration(c.rand.IntN(100)) * time.Millisecond)
		}
	}
	c.Recover(l)
	c.checkSizes()
}

func powerFailures(c *Cluster) {
	c.AtLeast("crash", 30)
	c.AtLeast("operations", 60)
	l := c.Load(Load{Gap: 15 * time.Millisecond, Reads: 0.3, Rich: 0.4})
	for range 6 {
		c.Leader()
		c.Sleep(time.Duration(200+c.rand.IntN(300)) * time.Millisecond)
		c.Inject(labtest.Fault{Kind: "crash", For: time.Duration(1+c.rand.IntN(200)) * time.Millisecond, Nodes: c.Names(), Mode: c.anyCrash()})
		c.Sleep(250 * time.Millisecond)
	}
	c.Recover(l)
	c.checkSizes()
}

func farBehindFollower(c *Cluster) {
	c.AtLeast("operations", 150)
	c.AtLeast("snapshots sent", 3)
	c.countInstalls()
	l := c.Load(Load{Clients: 4, Gap: 30 * time.Millisecond, Reads: 0.3, Rich: 0.5})
	for range 4 {
		away := c.rand.IntN(c.N)
		c.Inject(labtest.Fault{Kind: "isolate", For: 1500 * time.Millisecond, Nodes: c.Names(away)})
		c.Sleep(1550 * time.Millisecond)
		// It is back, and another goes: now it is needed. If it is the leader who goes, it may lead.
		gone := (away + 1 + c.rand.IntN(c.N-1)) % c.N
		c.Inject(labtest.Fault{Kind: "crash", For: 700 * time.Millisecond, Nodes: c.Names(gone), Mode: labtest.Lose})
		c.Sleep(time.Second)
	}
	c.Recover(l)
	c.checkSizes()
}

func snapshotReplaces(c *Cluster) {
	const keys = 10
	c.AtLeast("snapshots sent", 1)
	c.AtLeast("operations", 2*keys)
	c.countInstalls()
	k := c.Rich()
	each := func(kind string) {
		k.within(livenessBound, "a majority is up", func() {
			for i := range keys {
				key := fmt.Sprintf("gone%d", i)
				op := Op{Kind: kind, Key: key, Version: -1}
				if kind == "put" {
					op.Value, op.Version = k.value(), 0
				}
				k.do(context.Background(), op)
			}
		})
	}
	each("put")
	away := (c.Leader() + 1) % c.N
	c.Partition([]int{away}, c.Others(away))
	each("delete")
	filler := c.Clerk()
	filler.within(livenessBound, "two of three servers hear each other", func() {
		for range 40 {
			filler.Put("filler", filler.value())
		}
	})
	c.Net().Heal()
	c.Sleep(electionTimeout)
	for _, other := range c.Others(away) { // whoever leads, the one that was away is in the majority, half of the time it leads
		c.Crash(other)
		each("get")
		c.Restart(other)
		c.Sleep(electionTimeout / 2)
	}
	c.Recover(nil)
}
