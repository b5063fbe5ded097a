package rafttest

import (
	"slices"
	"time"

	"6.824/labrpc/labtest"
)

// swarms are scenarios that do everything at once.
func swarms() []scenario {
	return []scenario{{
		Name: "TestSwarm", Doc: "a random mix of all faults, with clients, reads, transfers and snapshots, in clusters of three, five or seven", Paper: "§5, §7, §8",
		Servers: anySize, Setup: setup{Snapshots: true}, Run: swarm,
	}}
}

const swarmSpan = 6 * time.Second

func swarm(c *Cluster) {
	c.AtLeastOverall("operations", c.overall(500))
	c.AtLeastOverall("terms", c.overall(20))
	c.AtLeastOverall("crash", c.overall(10))
	c.AtLeastOverall("snapshots installed", c.overall(3))
	r := c.Rand("swarm")
	l := c.Load(Load{Clients: 1 + r.IntN(4), Reads: r.Float64(), Anyone: r.IntN(2) == 0})
	// The generators spread a number of faults over a span: over how long a one decides how many happen at a time.
	schedule := labtest.Swarm(r, c.Names(), time.Duration(1+r.IntN(8))*swarmSpan, c.generators()...)
	schedule = slices.DeleteFunc(schedule, func(f labtest.Fault) bool { return f.At >= swarmSpan })
	c.Add("faults", int64(len(schedule)))
	c.World.Inject(schedule)
	if r.IntN(3) == 0 {
		c.Go("hunter", func() {
			labtest.Hunter{Nodes: c.Names(), Leader: c.hunted}.Hunt(c.World, swarmSpan)
		})
	}
	for end := c.Now() + swarmSpan; c.Now() < end; {
		c.Sleep(time.Duration(r.Int64N(int64(swarmSpan / 4))))
		if leader, _, ok := c.LeaderNow(); ok && c.im.can[Transfers] && r.IntN(2) == 0 {
			c.transfer(leader, r.IntN(c.N))
		}
	}
	l.Stop()
	c.Recover(agreementBound)
}

// generators names the kit's fault generators that an implementation can be tried with.
func (c *Cluster) generators() []string {
	return slices.DeleteFunc(labtest.GeneratorNames(), func(name string) bool {
		switch name {
		case "disk-faults":
			return !c.im.can[FailingDisks] || !c.im.can[Machines]
		case "pauses", "clock-skew":
			return !c.im.can[Machines]
		}
		return false
	})
}

// hunted is the leader, for a hunter.
func (c *Cluster) hunted() (node string, found bool) {
	leader, _, ok := c.LeaderNow()
	if !ok {
		return "", false
	}
	return c.names[leader], true
}
