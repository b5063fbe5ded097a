package rafttest

import (
	"time"

	"6.824/labrpc/labtest"
)

// churn are the last scenarios of the course's part 2C.
func churn() []scenario {
	return []scenario{
		{
			Name: "TestUnreliableAgree2C", Doc: "many clients agree on commands over a network that loses messages", Paper: "§5.3, §5.5",
			Course: true, Servers: 5, Setup: setup{Unreliable: true}, Run: unreliableAgree,
		}, {
			Name: "TestReliableChurn2C", Doc: "servers are cut off, crash and come back all the time", Paper: "§5.5",
			Course: true, Servers: 5, Run: churnServers,
		}, {
			Name: "TestUnreliableChurn2C", Doc: "the same over a network that loses messages", Paper: "§5.5",
			Course: true, Servers: 5, Setup: setup{Unreliable: true}, Run: churnServers,
		}, {
			Name: "TestLongChurn", Doc: "for twenty seconds servers crash and come back all the time, under a steady, light load", Paper: "§5",
			Servers: 5, Setup: setup{Snapshots: true}, Run: longChurn,
		},
	}
}

func unreliableAgree(c *Cluster) {
	c.AtLeast("agreed", 245)
	c.AtLeast("dropped", 20)
	const rounds, clients = 49, 4
	c.together(clients, func(me int) {
		for round := range rounds {
			c.One(1000*(me+1)+round, 1, true)
		}
	})
	for round := range rounds {
		c.One(round, 1, true)
	}
	c.Unreliable(false)
	c.One(c.command(), c.N, true)
}

func churnServers(c *Cluster) {
	c.AtLeast("client saw its command", 5)
	c.AtLeastOverall("crash", c.overall(10))
	c.AtLeastOverall("terms", c.overall(12))
	stop := false
	seen := make([][]int, 3)
	c.Go("churn", func() {
		for range 20 {
			c.churnOnce()
			c.Sleep(700 * time.Millisecond)
		}
		c.Unreliable(false)
		for i := range c.N {
			c.Restart(i)
		}
		c.Connect(c.All()...)
		c.mu.Lock()
		stop = true
		c.mu.Unlock()
	})
	c.together(len(seen), func(me int) {
		r := c.Rand("client " + string(rune('0'+me)))
		for {
			c.mu.Lock()
			done := stop
			c.mu.Unlock()
			if done {
				return
			}
			if command := r.IntN(1 << 40); c.sawCommand(command) {
				seen[me] = append(seen[me], command)
				c.Count("client saw its command")
				c.Sleep(time.Duration(49+me*7) * time.Millisecond)
			} else {
				c.Sleep(time.Duration(79+me*17) * time.Millisecond)
			}
		}
	})

	last := c.One(c.command(), c.N, true)
	survived := map[any]bool{}
	for index := 1; index <= last; index++ {
		_, command := c.Applied(index)
		survived[command] = true
	}
	for me := range seen {
		for _, command := range seen[me] {
			if !survived[command] {
				c.Violate("acknowledged entries survive", "Raft extended, §5.4.3", "Client %d saw its command %d applied, and it is not among the %d that everyone has agreed on.", me, command, last)
			}
		}
	}
}

// churnOnce lets something happen to some of the servers.
func (c *Cluster) churnOnce() {
	if c.rand.IntN(5) == 0 {
		c.Disconnect(c.rand.IntN(c.N))
	}
	if c.rand.IntN(2) == 0 {
		i := c.rand.IntN(c.N)
		c.Restart(i)
		c.Connect(i)
	}
	if c.rand.IntN(5) == 0 {
		c.Crash(c.rand.IntN(c.N))
	}
}

// sawCommand offers a command to all servers, and looks for a while whether it is applied where one of them said.
func (c *Cluster) sawCommand(command int) bool {
	index := -1
	for i := range c.N {
		if at, _, ok := c.Start(i, command); ok {
			index = at
		}
	}
	if index < 0 {
		return false
	}
	for _, wait := range []time.Duration{10, 20, 50, 100, 200} {
		if n, got := c.Applied(index); n > 0 {
			return got == any(command)
		}
		c.Sleep(wait * time.Millisecond)
	}
	return false
}

func longChurn(c *Cluster) {
	const span = 20 * time.Second
	c.AtLeastOverall("crash", c.overall(100))
	c.AtLeastOverall("operations", c.overall(700))
	c.AtLeastOverall("terms", c.overall(16))
	l := c.Load(Load{Clients: 2, Gap: 250 * time.Millisecond, Reads: 0.3})
	c.World.Inject(labtest.Churn(c.Rand("churn"), c.Names(), span))
	c.Sleep(span)
	l.Stop()
	c.Recover(electionBound)
}
