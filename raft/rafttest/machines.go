package rafttest

import (
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// machines are scenarios of machines that stand still, or have bad clocks, slow disks or slow services.
func machines() []scenario {
	return []scenario{
		{
			Name: "TestClockSkew", Doc: "clocks run up to a quarter too fast or too slow", Paper: "§5.6",
			Servers: 5, Needs: []Ability{Machines}, Run: clockSkew,
		}, {
			Name: "TestPauses", Doc: "leaders stand still for longer than an election takes, and go on as if nothing had happened", Paper: "§5.1, §8",
			Servers: 5, Needs: []Ability{Machines}, Run: pauses,
		}, {
			Name: "TestSlowService", Doc: "a service that takes seconds over a command holds up nobody else", Paper: "§5.3",
			Run: slowService,
		}, {
			Name: "TestSlowDisk", Doc: "disks take their time: a slow follower holds up nobody, a slow leader still leads", Paper: "§5.3, Figure 2",
			Servers: 5, Needs: []Ability{Machines}, Run: slowDisk,
		},
	}
}

func clockSkew(c *Cluster) {
	c.AtLeast("hit:skew", 3)
	c.AtLeastOverall("operations", c.overall(500))
	l := c.Load(Load{Reads: 0.5, Anyone: true})
	for _, i := range c.rand.Perm(c.N)[:3] {
		c.Inject(labtest.Fault{Kind: "skew", Nodes: c.Names(i), Pace: 0.75 + 0.5*c.rand.Float64()})
	}
	for range 5 {
		c.Sleep(time.Second)
		if leader, _, ok := c.LeaderNow(); ok {
			c.Inject(labtest.Fault{Kind: "isolate", For: 700 * time.Millisecond, Nodes: c.Names(leader)})
		}
	}
	l.Stop()
	if _, ok := c.try(c.command(), c.N, true, electionBound); !ok {
		c.Violate("liveness with bad clocks", "Raft extended, §5.6", "Clocks that run a quarter too fast or slow keep the cluster from agreeing on a command for %v.", electionBound)
	}
	c.Recover(electionBound)
}

func pauses(c *Cluster) {
	c.AtLeast("hit:pause", 5)
	c.AtLeastOverall("operations", c.overall(500))
	c.AtLeast("terms", 3)
	l := c.Load(Load{Reads: 0.5, Anyone: true})
	for range 5 {
		leader := c.Leader()
		long := time.Duration(1000+c.rand.IntN(2000)) * time.Millisecond
		c.Inject(labtest.Fault{Kind: "pause", For: long, Nodes: c.Names(leader)})
		if c.rand.IntN(2) == 0 {
			c.Inject(labtest.Fault{Kind: "pause", For: long / 2, Nodes: c.Names((leader + 1) % c.N)})
		}
		c.Sleep(long + 200*time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}

func slowService(c *Cluster) {
	c.AtLeast("the slow service was behind", 8)
	c.One(c.command(), c.N, true)
	leader := c.Leader()
	_, term, _ := c.LeaderNow()
	s := c.service(leader)
	s.setStall(time.Second)
	for range 10 {
		began := c.Now()
		index := c.One(c.command(), c.N-1, true)
		if s.behind(index) {
			c.Count("the slow service was behind")
		}
		if took := c.Now() - began; took > time.Second/2 {
			c.Violate("a slow service holds up nobody else", "Raft extended, §5.3", "The leader's service takes a second over each command, and so did the agreement of the others: %v. Nothing may wait for applyCh with a lock held.", took)
		}
	}
	c.expectTerm(leader, term, "its service was slow, but heartbeats don't depend on that")
	s.setStall(0)
	c.Recover(electionBound)
}

func slowDisk(c *Cluster) {
	c.AtLeast("hit:slowdisk", 2)
	c.AtLeast("agreed", 20)
	c.One(c.command(), c.N, true)
	leader := c.Leader()
	slow := (leader + 1) % c.N
	c.Inject(labtest.Fault{Kind: "slowdisk", For: 2 * time.Second, Nodes: c.Names(slow), Latency: labrpc.Constant(150 * time.Millisecond)})
	for range 10 {
		began := c.Now()
		c.One(c.command(), c.N-1, true)
		if took := c.Now() - began; took > 100*time.Millisecond {
			c.Violate("a slow follower holds up nobody", "Raft extended, §5.3", "Agreement took %v because one of five disks is slow.", took)
		}
	}
	c.Sleep(2 * time.Second)
	c.Inject(labtest.Fault{Kind: "slowdisk", For: 3 * time.Second, Nodes: c.Names(c.Leader()), Latency: labrpc.Exponential(20 * time.Millisecond)})
	l := c.Load(Load{Reads: 0.3})
	c.agreeOften(10, c.N)
	c.Sleep(3 * time.Second)
	l.Stop()
	c.Recover(electionBound)
}

func (s *service) behind(index int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied < index
}

// setStall makes the service take so long over each message.
func (s *service) setStall(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stall = d
}
