package rafttest

import (
	"time"

	"6.824/labrpc/labtest"
)

// disks are scenarios of writes that are lost, torn or refused.
func disks() []scenario {
	return []scenario{
		{
			Name: "TestCrashAtEveryWrite", Doc: "servers crash in the middle of their k-th write, for each k; unsynced writes are kept, lost or torn", Paper: "§5.1, Figure 2",
			Setup: setup{Snapshots: true}, Run: crashAtEveryWrite,
		}, {
			Name: "TestPowerFailures", Doc: "the power fails for all servers at once, again and again, under load", Paper: "§5.1, Figure 2",
			Servers: 5, Setup: setup{Snapshots: true}, Run: powerFailures,
		}, {
			Name: "TestVotesAreOnDisk", Doc: "servers crash while they vote, and are asked again", Paper: "§5.2, Figure 2",
			Servers: 3, Run: votesAreOnDisk,
		}, {
			Name: "TestFailingDisk", Doc: "a disk fails a write, and its server is as good as dead; nothing is lost", Paper: "§5.1, Figure 2",
			Needs: []Ability{FailingDisks}, Setup: setup{Snapshots: true}, Run: failingDisk,
		},
	}
}

// anyCrash draws what becomes of unsynced writes.
func (c *Cluster) anyCrash() labtest.CrashMode {
	return []labtest.CrashMode{labtest.Keep, labtest.Lose, labtest.Torn}[c.rand.IntN(3)]
}

// crashAtWrite has a server crash in the middle of its k-th write from now, or no more, if k is 0.
func (c *Cluster) crashAtWrite(i, k int, mode labtest.CrashMode) {
	c.NoteFault(k > 0, labtest.Fault{Kind: "crashatwrite", Nodes: c.Names(i), N: k, Mode: mode})
	c.nodes[i].Disk().CrashAtWrite(k, mode)
}

func crashAtEveryWrite(c *Cluster) {
	c.AtLeast("crashed in a write", 15)
	c.AtLeast("operations", 30)
	l := c.Load(Load{Gap: 30 * time.Millisecond})
	// The k-th write of each server in turn, for k up to 8, from a point where all is well. Over the seeds that is a write of each sort
	// in each state.
	for k := 1; k <= 8; k++ {
		for _, i := range c.rand.Perm(c.N) {
			node := c.nodes[i]
			c.crashAtWrite(i, k, c.anyCrash())
			if c.until(2*time.Second, func() bool { return !node.Up() }) {
				c.Count("crashed in a write")
			}
			c.Sleep(time.Duration(c.rand.IntN(400)) * time.Millisecond)
			c.crashAtWrite(i, 0, labtest.Keep)
			c.Restart(i)
			c.Sleep(time.Duration(c.rand.IntN(200)) * time.Millisecond)
		}
	}
	l.Stop()
	c.Recover(electionBound)
}

func powerFailures(c *Cluster) {
	c.AtLeast("crash", 25)
	c.AtLeast("operations", 30)
	l := c.Load(Load{Gap: 40 * time.Millisecond, Reads: 0.2})
	for range 6 {
		c.Leader()
		c.Sleep(time.Duration(200+c.rand.IntN(300)) * time.Millisecond)
		c.Inject(labtest.Fault{Kind: "crash", For: time.Duration(1+c.rand.IntN(200)) * time.Millisecond, Nodes: c.Names(), Mode: c.anyCrash()})
		c.Sleep(250 * time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}

// votesAreOnDisk has servers crash right after they have given a vote, and come back while the other candidate of the term
// still asks.
func votesAreOnDisk(c *Cluster) {
	c.AtLeast("crash", 8)
	c.AtLeastOverall("terms", c.overall(40))
	// A restart takes no time, and requests and replies take some: so the one that comes back is asked by the other candidates
	// of the same election.
	for range 12 {
		c.Disconnect(c.All()...)
		c.Sleep(time.Duration(700+c.rand.IntN(600)) * time.Millisecond)
		c.Connect(c.All()...)
		for end := c.Now() + electionPause; c.Now() < end; c.Sleep(2 * time.Millisecond) {
			if c.rand.IntN(100) == 0 {
				c.nodes[c.rand.IntN(c.N)].Crash(c.anyCrash())
			}
			for i := range c.N {
				c.Restart(i)
			}
			if _, _, ok := c.LeaderNow(); ok {
				c.Crash(c.rand.IntN(c.N))
				break
			}
		}
		for i := range c.N {
			c.Restart(i)
		}
	}
	c.Recover(electionBound)
}

func failingDisk(c *Cluster) {
	c.AtLeast("fault:failwrites", 6)
	c.AtLeast("operations", 60)
	c.Leader()
	l := c.Load(Load{Gap: 50 * time.Millisecond})
	for round := range 6 {
		victim := c.rand.IntN(c.N)
		if round%2 == 0 {
			victim = c.Leader()
		}
		before := c.Counter("operations")
		c.Inject(labtest.Fault{Kind: "failwrites", For: 1200 * time.Millisecond, Nodes: c.Names(victim), N: 1 + c.rand.IntN(3)})
		c.Sleep(1200 * time.Millisecond)
		if c.Counter("operations") == before {
			c.Violate("two of three servers go on", "Raft extended, §5", "The disk of %s fails writes, and for 1.2 s no client had an answer. Who can't write must be silent, so that the others replace it.", c.names[victim])
		}
		c.nodes[victim].Crash(labtest.Lose)
		c.Restart(victim)
		c.Sleep(300 * time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}
