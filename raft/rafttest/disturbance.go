package rafttest

import (
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// disturbances are scenarios in which someone could keep a cluster from having a stable leader, without anything being wrong with the
// others.
func disturbances() []scenario {
	return []scenario{
		{
			Name: "TestFlappingLink", Doc: "a server that hears the others only now and then does not depose their leader", Paper: "Ongaro's dissertation, §9.6",
			Servers: 5, Needs: []Ability{PreVotes}, Run: flappingLink,
		}, {
			Name: "TestBridge", Doc: "two halves that hear each other over one server only keep their leader", Paper: "Ongaro's dissertation, §9.6",
			Servers: 5, Needs: []Ability{PreVotes}, Run: bridge,
		}, {
			Name: "TestStar", Doc: "servers that hear each other only over the leader follow it again after they have stood for election in vain", Paper: "§5.2",
			Servers: 5, Run: star,
		}, {
			Name: "TestDeafLeader", Doc: "a leader that is heard by all, and hears nobody, makes room for another", Paper: "Ongaro's dissertation, §6.2",
			Servers: 5, Needs: []Ability{PreVotes}, Run: deafLeader,
		}, {
			Name: "TestLeaderWithoutMajority", Doc: "a leader that is cut off notices", Paper: "Ongaro's dissertation, §6.2",
			Servers: 5, Needs: []Ability{PreVotes}, Run: leaderWithoutMajority,
		}, {
			Name: "TestHopelessCandidate", Doc: "a server that can't win, with a fast clock, does not keep others from winning", Paper: "§5.2, §5.4.1",
			Needs: []Ability{Machines}, Run: hopelessCandidate,
		}, {
			Name: "TestDeposedLeadersAppends", Doc: "late messages of a deposed leader don't pass for signs of life of the present one", Paper: "§5.1, §5.2",
			Servers: 5, Run: deposedLeadersAppends,
		}, {
			Name: "TestLeaderWithoutClients", Doc: "a leader that clients can't reach goes on leading, and loses nothing", Paper: "§8",
			Run: leaderWithoutClients,
		},
	}
}

// onEvents counts events that match, under a name.
func (c *Cluster) onEvents(counter string, match func(labtest.Event) bool) {
	c.OnEvent(func(e labtest.Event) {
		if match(e) {
			c.Count(counter)
		}
	})
}

// expectTerm makes sure that there is no other leader, and was none, since a look before.
func (c *Cluster) expectTerm(leader, term int, why string) {
	now, t, ok := c.LeaderNow()
	if !ok || now != leader || t != term {
		c.Violate("no election without need", "Ongaro's dissertation, §9.6", "%s led in term %d, and should still: %s. Now the leader is %s, in term %d.",
			c.names[leader], term, why, map[bool]string{true: c.names[now], false: "nobody"}[ok], t)
	}
}

func flappingLink(c *Cluster) {
	c.AtLeast("hit:cut", 20)
	c.AtLeast("asked for votes", 5)
	c.One(c.command(), c.N, true)
	leader, term, _ := c.LeaderNow()
	deaf := (leader + 1 + c.rand.IntN(c.N-1)) % c.N
	c.onEvents("asked for votes", func(e labtest.Event) bool {
		return e.Kind == "sent" && e.Node == c.names[deaf] && strings.Contains(e.Method, "Vote")
	})
	for range 6 {
		long := time.Duration(700+c.rand.IntN(800)) * time.Millisecond
		from := c.Others(deaf)
		if c.rand.IntN(2) == 0 {
			from = []int{leader}
		}
		c.Inject(labtest.Fault{Kind: "cut", For: long, From: c.Names(from...), To: c.Names(deaf)})
		c.Sleep(long + time.Duration(c.rand.IntN(400))*time.Millisecond)
		c.One(c.command(), c.N-1, true)
		c.expectTerm(leader, term, "it was only one follower that did not hear the others all the time")
	}
	c.Recover(electionBound)
}

func bridge(c *Cluster) {
	c.AtLeast("hit:partition", 50)
	c.One(c.command(), c.N, true)
	leader, term, _ := c.LeaderNow()
	for range 3 {
		rest := c.rand.Perm(c.N)
		for i, s := range rest { // the leader among the first two
			if s == leader {
				rest[0], rest[i] = rest[i], rest[0]
			}
		}
		c.Inject(labtest.Fault{Kind: "partition", For: 2 * time.Second, Groups: [][]string{c.Names(rest[:2]...), c.Names(rest[2:4]...)}})
		for range 4 {
			c.Sleep(550 * time.Millisecond)
			c.One(c.command(), 3, true)
		}
		c.expectTerm(leader, term, "it reached a majority all the time, and the others should hear of it from the server between them")
	}
	c.Recover(electionBound)
}

// star: nobody but the leader can deny a vote, so that it takes the leader's appends to end a candidacy.
func star(c *Cluster) {
	c.AtLeast("hit:isolate", 6)
	const long = 2 * electionBound
	for range 3 {
		leader := c.Leader()
		others := c.Others(leader)
		var s labtest.Schedule
		for i, a := range others {
			for _, b := range others[i+1:] {
				s = append(s, labtest.Fault{Kind: "cut", For: long, From: c.Names(a), To: c.Names(b)}, labtest.Fault{Kind: "cut", For: long, From: c.Names(b), To: c.Names(a)})
			}
		}
		lost := others[c.rand.IntN(len(others))]
		began := c.Now()
		c.Inject(append(s, labtest.Fault{Kind: "isolate", For: electionPause, Nodes: c.Names(lost)})...)
		c.Sleep(electionPause + 100*time.Millisecond)
		if _, ok := c.try(c.command(), c.N, true, electionBound); !ok {
			c.Violate("a candidate follows the leader that it hears", "Raft extended, §5.2",
				"%s was cut off for %v. Since then it can talk to %s, the leader, and to nobody else, and so can the others; but after %v not all of them have a command.",
				c.names[lost], electionPause, c.names[leader], electionBound)
		}
		c.Sleep(long - (c.Now() - began))
	}
	c.Recover(electionBound)
}

func deafLeader(c *Cluster) {
	c.AtLeast("hit:cut", 20)
	c.AtLeast("terms", 3)
	for range 3 {
		leader := c.Leader()
		c.One(c.command(), c.N, true)
		c.Inject(labtest.Fault{Kind: "cut", For: 6 * time.Second, From: c.Names(c.Others(leader)...), To: c.Names(leader)})
		began := c.Now()
		if _, ok := c.try(c.command(), c.N-1, true, electionBound); !ok {
			c.Violate("a leader without a majority steps down", "Ongaro's dissertation, §6.2",
				"%s hears nobody, so it can't commit anything; but all hear its heartbeats, so nobody else stands for election. After %v there is still no progress.", c.names[leader], electionBound)
		}
		c.Sleep(6*time.Second - (c.Now() - began))
	}
	c.Recover(electionBound)
}

func leaderWithoutMajority(c *Cluster) {
	c.AtLeast("hit:partition", 10)
	for range 3 {
		c.One(c.command(), c.N, true)
		leader := c.Leader()
		friend := (leader + 1 + c.rand.IntN(c.N-1)) % c.N
		c.Inject(labtest.Fault{Kind: "partition", For: 3 * time.Second, Groups: [][]string{c.Names(leader, friend), c.Names(c.Others(leader, friend)...)}})
		c.Sleep(2 * electionPause)
		for _, s := range c.States() {
			if s.server == leader && s.leads {
				c.Violate("a leader without a majority steps down", "Ongaro's dissertation, §6.2", "%s has reached only one other server for %v, and believes that it leads.", c.names[leader], 2*electionPause)
			}
		}
		c.One(c.command(), c.N-2, true)
		c.Sleep(electionPause)
	}
	c.Recover(electionBound)
}

func hopelessCandidate(c *Cluster) {
	c.AtLeast("asked for votes", 4)
	c.One(c.command(), c.N, true)
	stale := -1
	c.onEvents("asked for votes", func(e labtest.Event) bool {
		return stale >= 0 && e.Kind == "sent" && e.Node == c.names[stale] && strings.Contains(e.Method, "Vote")
	})
	for range 3 {
		leader := c.Leader()
		heir := (leader + 2) % c.N
		stale = (leader + 1) % c.N
		c.Disconnect(stale)
		c.One(c.command(), c.N-1, true)
		c.Inject(labtest.Fault{Kind: "skew", For: 5 * time.Second, Nodes: c.Names(stale), Pace: 3})
		c.Crash(leader)
		c.Connect(stale)
		began := c.Now()
		if _, ok := c.try(c.command(), 2, true, electionBound); !ok {
			c.Violate("a leader is elected", "Raft extended, §5.2 and §5.4.1",
				"Only %s has a log that can win an election. %s asks for votes all the time, and is refused; that must not put off %s's own election timeout, which a vote does only when it is granted.",
				c.names[heir], c.names[stale], c.names[heir])
		}
		c.Restart(leader)
		c.Sleep(max(0, electionBound-(c.Now()-began)))
		c.One(c.command(), c.N, true)
	}
	c.Recover(electionBound)
}

func deposedLeadersAppends(c *Cluster) {
	c.AtLeast("late messages", 10)
	c.AtLeastOverall("late messages", c.overall(400))
	c.One(c.command(), c.N, true)
	old := c.Leader()

	// Every other request of the leader will be there long after, when it leads no more, and one each few milliseconds then.
	const leads, late = 5 * time.Second, 4 * time.Second
	r, ends := c.Rand("late"), c.Now()+leads
	remove := c.Net().Hook(func(m *labrpc.Message) (v labrpc.Verdict) {
		if m.From == c.names[old] && !m.Reply && r.IntN(2) == 0 {
			v.Delay = ends - c.Now() + time.Duration(r.Int64N(int64(late)))
		}
		return v
	})
	for c.Now() < ends-20*time.Millisecond {
		c.Start(old, c.command())
		c.Sleep(20 * time.Millisecond)
	}
	remove()
	var crashed time.Duration
	c.onEvents("late messages", func(e labtest.Event) bool {
		return crashed > 0 && e.Kind == "delivered" && e.Node == c.names[old]
	})

	// Another one takes over for a moment.
	c.Disconnect(old)
	second := c.Leader()
	c.One(c.command(), c.N-1, true)
	c.Crash(old)
	c.Crash(second)
	crashed = c.Now()
	c.Connect(old)
	if _, ok := c.try(c.command(), c.N-2, true, 2500*time.Millisecond); !ok {
		c.Violate("a leader is elected", "Raft extended, §5.1 and §5.2",
			"The leader is dead, and three of five servers have elected no other within 2.5 s. What arrives from a leader of an earlier term must be refused, and must not put off an election timeout.")
	}
	c.Sleep(max(0, 3*time.Second-(c.Now()-crashed)))
	c.Recover(electionBound)
}

func leaderWithoutClients(c *Cluster) {
	c.AtLeast("operations", 30)
	c.AtLeast("refused clients", 10)
	c.One(c.command(), c.N, true)
	leader, term, _ := c.LeaderNow()
	reachable := true
	l := c.Load(Load{Reads: 0.5, Reach: func(server int) bool {
		if server == leader && !reachable {
			c.Count("refused clients")
			return false
		}
		return true
	}})
	c.Sleep(time.Second)
	reachable = false
	c.Sleep(2 * electionPause)
	c.expectTerm(leader, term, "that its clients can't reach it is nothing to the other servers")
	if c.im.can[Transfers] { // what an operator would do
		c.transfer(leader, (leader+1)%c.N)
		before := c.Counter("operations")
		c.Sleep(electionPause)
		if c.Counter("operations") == before {
			c.Violate("clients find the new leader", "Ongaro's dissertation, §3.10", "The lead was handed to a server that clients reach, and for %v none had an answer.", electionPause)
		}
	}
	reachable = true
	c.Sleep(time.Second)
	l.Stop()
	c.Recover(electionBound)
}
