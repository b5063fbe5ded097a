package rafttest

import "6.824/labrpc/labtest"

// persistence are the first scenarios of the course's part 2C.
func persistence() []scenario {
	return []scenario{
		{
			Name: "TestPersist12C", Doc: "servers crash and restart, all at once and one by one", Paper: "§5.1, Figure 2",
			Course: true, Run: persistAllAndOne,
		}, {
			Name: "TestPersist22C", Doc: "the servers that are up change, so that those with entries have to bring them back", Paper: "§5.1, Figure 2",
			Course: true, Servers: 5, Run: persistChangingMajorities,
		}, {
			Name: "TestPersist32C", Doc: "the leader and a follower crash, and another follower is behind", Paper: "§5.1, Figure 2",
			Course: true, Run: persistPartitioned,
		},
	}
}

// Reboot crashes servers and starts them again.
func (c *Cluster) Reboot(servers ...int) {
	for _, i := range servers {
		c.Crash(i)
	}
	for _, i := range servers {
		c.Restart(i)
	}
}

func persistAllAndOne(c *Cluster) {
	c.AtLeast("agreed", 6)
	c.AtLeast("crash", 6)
	c.One(11, c.N, true)
	c.Reboot(c.All()...)
	c.One(12, c.N, true)

	c.Reboot(c.Leader())
	c.One(13, c.N, true)

	second := c.Leader()
	c.Crash(second)
	c.One(14, c.N-1, true)
	c.Restart(second)
	c.WaitApplied(4, c.N, 1<<30) // or else the next leader may not have it

	follower := (c.Leader() + 1) % c.N
	c.Crash(follower)
	c.One(15, c.N-1, true)
	c.Restart(follower)
	c.One(16, c.N, true)
}

func persistChangingMajorities(c *Cluster) {
	c.AtLeast("agreed", 16)
	c.AtLeast("crash", 15)
	for range 5 {
		c.One(c.command(), c.N, true)
		a := c.Leader()
		b, d, e, f := (a+1)%c.N, (a+2)%c.N, (a+3)%c.N, (a+4)%c.N
		c.Disconnect(b, d)
		c.One(c.command(), c.N-2, true)

		c.Disconnect(a, e, f)
		c.Reboot(b, d)
		c.Connect(b, d) // two without what was agreed on
		c.Sleep(electionPause)
		c.Reboot(e)
		c.Connect(e) // who has it
		c.One(c.command(), c.N-2, true)
		c.Connect(a, f)
	}
	c.One(c.command(), c.N, true)
}

func persistPartitioned(c *Cluster) {
	c.AtLeast("agreed", 4)
	c.AtLeast("crash", 2)
	c.One(101, c.N, true)
	leader := c.Leader()
	one, two := (leader+1)%c.N, (leader+2)%c.N
	c.Disconnect(two)
	c.One(102, 2, true)
	c.nodes[leader].Crash(labtest.Keep)
	c.nodes[one].Crash(labtest.Lose)
	c.Connect(two)
	c.Restart(leader)
	c.One(103, 2, true)
	c.Restart(one)
	c.One(104, c.N, true)
}
