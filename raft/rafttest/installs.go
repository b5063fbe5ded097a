package rafttest

import (
	"math"
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// installs are scenarios of snapshots that are sent.
func installs() []scenario {
	big := setup{Snapshots: true, Pad: 30 << 10} // several chunks, for one that sends such
	return []scenario{
		{
			Name: "TestCrashDuringInstall", Doc: "a follower crashes at every step of taking a snapshot from the leader", Paper: "§7, Figure 13",
			Setup: big, Run: func(c *Cluster) { crashDuringInstall(c, false) },
		}, {
			Name: "TestLeaderCrashDuringInstall", Doc: "the leader crashes at every step of sending a snapshot", Paper: "§7, Figure 13",
			Setup: big, Run: func(c *Cluster) { crashDuringInstall(c, true) },
		}, {
			Name: "TestLateSnapshots", Doc: "snapshots arrive twice, and long after newer ones", Paper: "§7, Figure 13",
			Setup: setup{Snapshots: true, Staggered: true}, Run: lateSnapshots,
		}, {
			Name: "TestSnapshotOverConflicts", Doc: "a snapshot goes to a server whose own entries conflict with it", Paper: "§7, Figure 13, 6–7",
			Setup: setup{Snapshots: true}, Run: snapshotOverConflicts,
		},
	}
}

func isInstall(method string) bool { return strings.Contains(method, "Snapshot") }

func crashDuringInstall(c *Cluster, leaderToo bool) {
	c.AtLeast("crashed in an install", 3)
	c.AtLeastOverall("snapshots installed", c.overall(10))
	// Strike at the given step of the next install: the delivery or the reply of the n-th message about it. How many messages an install
	// takes is the implementation's affair: the first one is left alone, and counted.
	const untouched = math.MaxInt
	steps, victim, messages := -1, -1, 0
	c.OnEvent(func(e labtest.Event) {
		if steps < 0 || !isInstall(e.Method) || e.Kind != "delivered" && e.Kind != "returned" {
			return
		}
		if steps--; steps < 0 {
			c.Count("crashed in an install")
			c.Inject(labtest.Fault{Kind: "crash", For: 300 * time.Millisecond, Nodes: c.Names(victim), Mode: labtest.Torn})
		}
	})
	c.One(c.command(), c.N, true)
	for round := range 13 {
		leader := c.Leader()
		away := (leader + 1) % c.N
		c.Disconnect(away)
		c.agreeOften(SnapshotInterval+2, c.N-1)
		if victim = away; leaderToo {
			victim = leader
		} else if round%4 == 3 { // in the middle of writing it
			c.crashAtWrite(away, 1, c.anyCrash())
		}
		if round == 0 {
			steps = untouched
		} else {
			steps = (round - 1) % max(messages, 1)
		}
		c.Connect(away)
		c.Sleep(500 * time.Millisecond)
		if round == 0 {
			messages = untouched - steps
		}
		steps = -1
		c.crashAtWrite(away, 0, labtest.Keep)
		c.Restart(away)
		c.Sleep(300 * time.Millisecond)
		c.One(c.command(), c.N, true)
	}
	c.Recover(electionBound)
}

func lateSnapshots(c *Cluster) {
	c.AtLeastOverall("late snapshots", c.overall(30))
	c.AtLeastOverall("snapshots installed", c.overall(20))
	r := c.Rand("late")
	c.Net().Hook(func(m *labrpc.Message) (v labrpc.Verdict) {
		if !isInstall(m.Method) || m.Reply {
			return v
		}
		if v.Duplicates = r.IntN(2); r.IntN(2) == 0 {
			v.Delay = time.Duration(r.IntN(2500)) * time.Millisecond
			c.Count("late snapshots")
		}
		return v
	})
	l := c.Load(Load{Gap: 30 * time.Millisecond})
	for range 10 {
		away := c.rand.IntN(c.N)
		c.Inject(labtest.Fault{Kind: "isolate", For: 500 * time.Millisecond, Nodes: c.Names(away)})
		c.Sleep(time.Duration(600+c.rand.IntN(400)) * time.Millisecond)
	}
	l.Stop()
	c.Sleep(2500 * time.Millisecond)
	c.Recover(electionBound)
}

func snapshotOverConflicts(c *Cluster) {
	c.AtLeast("snapshots installed", 2)
	c.One(c.command(), c.N, true)
	for range 4 {
		// A leader has entries that nobody else will ever have, as many as the others commit, or more, or less.
		leader := c.Leader()
		c.Disconnect(leader)
		c.flood(leader, 5+c.rand.IntN(40))
		c.agreeOften(15+c.rand.IntN(30), c.N-1)
		c.Connect(leader)
		c.One(c.command(), c.N, true)
	}
	c.Recover(electionBound)
}
