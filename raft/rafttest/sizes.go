package rafttest

import (
	"time"

	"6.824/labrpc/labtest"
)

// sizes are scenarios for clusters that don't have three or five servers.
func sizes() []scenario {
	return []scenario{
		{Name: "TestOneServer", Doc: "a cluster of one elects itself, commits, and survives crashes", Paper: "§5.2", Servers: 1, Run: oneServer},
		{Name: "TestFourServers", Doc: "half of an even number of servers is no majority", Paper: "§5.2", Servers: 4, Run: fourServers},
		{Name: "TestSevenServers", Doc: "three of seven servers fail, again and again, under load", Paper: "§5", Servers: 7, Run: minorityFails},
		{Name: "TestNineServers", Doc: "four of nine servers fail, again and again, under load", Paper: "§5", Servers: 9, Run: minorityFails},
		{Name: "TestManyCandidates", Doc: "nine servers that start at the same moment settle on a leader", Paper: "§5.2", Servers: 9, Run: manyCandidates},
	}
}

func oneServer(c *Cluster) {
	c.AtLeast("agreed", 10)
	c.AtLeast("crash", 3)
	for round := range 3 {
		for i := range 3 {
			c.expectIndex(c.One(c.command(), 1, true), 3*round+i+1)
		}
		c.Reboot(0)
	}
	c.expectIndex(c.One(c.command(), 1, true), 10)
}

func fourServers(c *Cluster) {
	c.AtLeast("hit:partition", 100)
	c.One(c.command(), c.N, true)
	for range 3 {
		leader := c.Leader()
		friend := (leader + 1 + c.rand.IntN(3)) % c.N
		c.Inject(labtest.Fault{Kind: "partition", For: 2 * time.Second, Groups: [][]string{c.Names(leader, friend), c.Names(c.Others(leader, friend)...)}})
		c.Sleep(20 * time.Millisecond)
		last := c.LastApplied()
		c.flood(leader, 3)
		for i := 0; i < 18; i++ {
			c.Sleep(100 * time.Millisecond)
			c.offerAll()
			c.expectNobody(last+1, "two of four servers are no majority")
		}
		c.Sleep(300 * time.Millisecond)
		c.One(c.command(), c.N, true)
	}
	c.Recover(electionBound)
}

// LastApplied is the highest index that any server has applied.
func (c *Cluster) LastApplied() (index int) {
	for i := range c.N {
		if s := c.service(i); s != nil {
			index = max(index, s.upTo())
		}
	}
	return index
}

func minorityFails(c *Cluster) {
	const rounds = 4
	c.AtLeast("operations", 15)
	c.AtLeast("crash", 2)
	c.AtLeastOverall("terms", c.overall(15))
	c.Leader()
	l := c.Load(Load{Clients: 2, Gap: 80 * time.Millisecond, Reads: 0.3})
	for range rounds {
		for k, i := range c.rand.Perm(c.N)[:c.N/2] {
			long := time.Duration(800+c.rand.IntN(400)) * time.Millisecond
			f := labtest.Fault{For: long, Nodes: c.Names(i), Kind: "crash", Mode: labtest.Lose}
			if k%2 == 1 {
				f.Kind = "isolate"
			}
			c.Inject(f)
		}
		c.Sleep(1500 * time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}

func manyCandidates(c *Cluster) {
	c.AtLeast("terms", 4)
	for range 4 {
		c.Leader()
		c.Sleep(300 * time.Millisecond) // for others who were just about to stand for election
		leader, term, _ := c.LeaderNow()
		c.Sleep(electionPause)
		if now, t, ok := c.LeaderNow(); !ok || now != leader || t != term {
			c.Violate("no election without need", "Raft extended, §5.2",
				"%s led in term %d, and nothing has failed, but now the leader is number %d (%v) in term %d. Who stood for election and hears of a leader of its term must follow it.", c.names[leader], term, now, ok, t)
		}
		c.One(c.command(), c.N, true)
		c.Reboot(c.All()...)
	}
	c.One(c.command(), c.N, true)
}
