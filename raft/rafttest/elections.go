package rafttest

import "time"

// elections are the scenarios of the course's part 2A.
func elections() []scenario {
	return []scenario{
		{
			Name: "TestInitialElection2A", Doc: "a leader is elected, and stays while nothing fails", Paper: "§5.2",
			Course: true, Run: initialElection,
		}, {
			Name: "TestReElection2A", Doc: "the leader is cut off, comes back; a majority is cut off, comes back", Paper: "§5.2",
			Course: true, Run: reElection,
		}, {
			Name: "TestManyElections2A", Doc: "of seven servers three are cut off, again and again", Paper: "§5.2",
			Course: true, Servers: 7, Run: manyElections,
		},
	}
}

func initialElection(c *Cluster) {
	c.AtLeast("terms", 1)
	c.Leader()
	c.Sleep(300 * time.Millisecond) // for others who were just about to stand for election
	leader, term := c.Leader(), c.Term()
	if term < 1 {
		c.Violate("terms count from 1", "Raft extended, §5.1 and Figure 2", "A leader was elected in term %d.", term)
	}
	c.Sleep(2 * electionPause)
	if c.Term() != term || c.Leader() != leader {
		c.Violate("no election without need", "Raft extended, §5.2",
			"Nothing has failed, but the term went from %d to %d. Heartbeats must keep the others from standing for election, and a candidate gives up when it hears of a leader of its term.", term, c.Term())
	}
}

func reElection(c *Cluster) {
	c.AtLeast("terms", 2)
	first := c.Leader()
	c.Disconnect(first)
	c.Leader()
	c.Connect(first) // which must not disturb the new one
	c.Sleep(electionPause / 2)
	second := c.Leader()
	if second == first {
		c.Logf("%s leads again", c.names[first])
	}

	friend := (second + 1) % c.N
	c.Disconnect(second, friend)
	c.Sleep(2 * electionPause)
	c.NoLeader()
	c.Connect(friend)
	c.Leader()
	c.Connect(second)
	c.Leader()
}

func manyElections(c *Cluster) {
	c.AtLeastOverall("terms", c.overall(20))
	c.Leader()
	for range 10 {
		away := c.rand.Perm(c.N)[:3]
		c.Disconnect(away...)
		c.Leader() // there was one among the four already, or they elect one
		c.Connect(away...)
	}
	c.Leader()
}
