package kvtest

import (
	"slices"
	"time"

	"6.824/labrpc/labtest"
)

// swarms are scenarios that do everything at once.
func swarms() []scenario {
	return []scenario{{
		Name: "TestSwarm", Doc: "a random mix of all faults, with clients that come and go and snapshots, in stores of three, five or seven servers", Paper: "§5, §7, §8",
		Setup: setup{Servers: anySize, MaxRaftState: 800}, Run: swarm,
	}}
}

const swarmSpan = 5 * time.Second

func swarm(c *Cluster) {
	c.AtLeastOverall("operations", c.overall(300))
	c.AtLeastOverall("crash", c.overall(10))
	c.AtLeastOverall("snapshots sent", c.overall(3))
	c.countInstalls()
	r := c.Rand("swarm")
	l := c.Load(Load{Clients: 1 + r.IntN(5), Keys: 1 + r.IntN(8), Reads: 0.1 + 0.8*r.Float64(), Rich: r.Float64(), Crash: 0.1 * r.Float64(),
		Gap: time.Duration(5+r.IntN(60)) * time.Millisecond})
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
	c.Sleep(swarmSpan)
	c.Recover(l)
	c.checkSizes()
}

// generators names the kit's fault generators that an implementation can be tried with.
func (c *Cluster) generators() []string {
	return slices.DeleteFunc(labtest.GeneratorNames(), func(name string) bool {
		switch name {
		case "disk-faults", "pauses", "clock-skew":
			return !c.im.can[Machines]
		}
		return false
	})
}
