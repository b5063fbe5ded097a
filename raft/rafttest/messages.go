package rafttest

import (
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// messages are scenarios of a network that does everything to messages that a network may do.
func messages() []scenario {
	return []scenario{
		{
			Name: "TestDuplicatesAndReordering", Doc: "messages of every kind come twice, and late messages after later ones", Paper: "§5.5",
			Servers: 5, Setup: setup{Snapshots: true}, Run: duplicatesAndReordering,
		}, {
			Name: "TestLateMessages", Doc: "a third of all messages takes longer than an election", Paper: "§5.1, §5.6",
			Servers: 5, Run: lateMessages,
		}, {
			Name: "TestLateVotes", Doc: "votes, and requests for them, are late enough to meet those of other elections", Paper: "§5.2, §5.4.1",
			Servers: 5, Run: lateVotes,
		}, {
			Name: "TestLostReplies", Doc: "requests arrive, most of their replies don't", Paper: "§5.5",
			Servers: 5, Setup: setup{Snapshots: true}, Run: lostReplies,
		}, {
			Name: "TestOneWayCuts", Doc: "links fail in one direction only", Paper: "§5.6",
			Servers: 5, Run: oneWayCuts,
		}, {
			Name: "TestDeadPeers", Doc: "calls to dead servers hang for seconds, and that holds nobody up", Paper: "§5.5",
			Servers: 5, Run: deadPeers,
		},
	}
}

// countKinds counts, per kind of message, how many came twice and how many were overtaken, and has each kind that there is be hit,
// over all seeds.
func (c *Cluster) countKinds() {
	type way struct{ from, to, method string }
	last, sent := map[way]uint64{}, map[string]int{}
	c.OnEvent(func(e labtest.Event) {
		switch e.Kind {
		case "sent":
			c.AtLeastOverall("doubled "+e.Method, 1)
			if sent[e.Method]++; sent[e.Method] == 300 { // rare ones may never be close to each other; for votes there is TestLateVotes
				c.AtLeastOverall("overtaken "+e.Method, 1)
			}
		case "duplicated":
			c.Count("doubled " + e.Method)
		case "delivered":
			w := way{e.Node, e.To, e.Method}
			if e.N < last[w] {
				c.Count("overtaken " + e.Method)
			}
			last[w] = max(last[w], e.N)
		}
	})
}

func duplicatesAndReordering(c *Cluster) {
	c.AtLeast("duplicated", 200)
	c.AtLeastOverall("operations", c.overall(500))
	c.AtLeastOverall("snapshots installed", c.overall(5))
	c.countKinds()
	c.Inject(labtest.Fault{Kind: "link", From: c.Names(), To: c.Names(), Link: &labrpc.Conditions{
		Duplicate: 0.3, Reorder: 0.3,
		// The late ones are later than an election: votes are rare, and would not meet otherwise.
		ReorderBy: labrpc.Bimodal(labrpc.Uniform(0, 200*time.Millisecond), labrpc.Uniform(300*time.Millisecond, 1500*time.Millisecond), 0.1),
	}})
	l := c.Load(Load{Gap: 80 * time.Millisecond, Reads: 0.3})
	for range 6 {
		c.Sleep(500 * time.Millisecond)
		away := c.rand.IntN(c.N)
		c.Inject(labtest.Fault{Kind: "isolate", For: 900 * time.Millisecond, Nodes: c.Names(away)})
		if leader, _, ok := c.LeaderNow(); ok && c.im.can[Transfers] {
			c.transfer(leader, (leader+1)%c.N)
		}
		c.Sleep(900 * time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}

func lateMessages(c *Cluster) {
	c.AtLeast("hit:link", 200)
	c.AtLeastOverall("terms", c.overall(30))
	c.AtLeastOverall("operations", c.overall(300))
	c.Inject(labtest.Fault{Kind: "link", From: c.Names(), To: c.Names(), Link: &labrpc.Conditions{
		Delay: labrpc.Bimodal(labrpc.Uniform(0, 5*time.Millisecond), labrpc.Uniform(200*time.Millisecond, 1500*time.Millisecond), 0.33),
	}})
	l := c.Load(Load{Reads: 0.5, Anyone: true})
	for range 6 {
		c.Sleep(800 * time.Millisecond)
		if leader, _, ok := c.LeaderNow(); ok {
			c.Inject(labtest.Fault{Kind: "isolate", For: 800 * time.Millisecond, Nodes: c.Names(leader)})
		}
		c.Sleep(800 * time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}

// lateVotes has candidates of one term, who did not hear of each other, ask for votes while one of them already leads, and be given votes
// that they asked for in an earlier term.
func lateVotes(c *Cluster) {
	c.AtLeast("late votes", 60)
	c.AtLeastOverall("terms", c.overall(60))
	r := c.Rand("late")
	remove := c.Net().Hook(func(m *labrpc.Message) (v labrpc.Verdict) {
		if !strings.Contains(m.Method, "Vote") {
			return v
		}
		c.Count("late votes")
		v.Delay = time.Duration(r.IntN(400)) * time.Millisecond
		if v.Duplicates = r.IntN(2); r.IntN(3) == 0 {
			v.Delay *= 3
		}
		return v
	})
	for range 12 {
		c.Reboot(c.All()...) // so that nobody has heard of a leader
		c.Sleep(time.Duration(1000+c.rand.IntN(2000)) * time.Millisecond)
	}
	remove()
	c.Recover(agreementBound)
}

func lostReplies(c *Cluster) {
	c.AtLeast("reply-dropped", 100)
	c.AtLeastOverall("operations", c.overall(250))
	c.Inject(labtest.Fault{Kind: "link", From: c.Names(), To: c.Names(), Link: &labrpc.Conditions{DropReply: 0.6}})
	l := c.Load(Load{Reads: 0.3})
	for range 5 {
		c.Sleep(time.Second)
		c.Inject(labtest.Fault{Kind: "isolate", For: 700 * time.Millisecond, Nodes: c.Names(c.rand.IntN(c.N))})
	}
	l.Stop()
	c.Recover(electionBound)
}

func oneWayCuts(c *Cluster) {
	c.AtLeastOverall("hit:cut", c.overall(500))
	c.AtLeastOverall("operations", c.overall(200))
	l := c.Load(Load{Gap: 80 * time.Millisecond, Reads: 0.5, Anyone: true})
	c.World.Inject(labtest.OneWayCuts(c.Rand("faults"), c.Names(), 8*time.Second))
	c.World.Inject(labtest.OneWayCuts(c.Rand("faults"), c.Names(), 8*time.Second))
	c.Sleep(9 * time.Second)
	l.Stop()
	c.Recover(electionBound)
}

func deadPeers(c *Cluster) {
	c.AtLeast("dropped", 80)
	c.One(c.command(), c.N, true)
	leader := c.Leader()
	dead := []int{(leader + 1) % c.N, (leader + 2) % c.N}
	c.Net().LongDelays(true)
	c.Disconnect(dead...)
	c.One(c.command(), c.N-2, true)
	before, slowest := c.Now(), time.Duration(0)
	for range 40 {
		began := c.Now()
		c.One(c.command(), c.N-2, true)
		slowest = max(slowest, c.Now()-began)
		c.Sleep(50 * time.Millisecond)
	}
	if slowest > time.Second {
		c.Violate("dead servers hold nobody up", "Raft extended, §5.5",
			"With two of five servers dead, and calls to them hanging for up to 7 s, one of 40 commands took %v, others took no time. A leader sends to all servers in parallel.", slowest)
	}
	c.Logf("40 commands in %v", c.Now()-before)
	c.Net().LongDelays(false)
	c.Recover(electionBound)
}
