package kvtest

import (
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// reads are scenarios of servers that don't know what has become of them, and are asked for values.
func reads() []scenario {
	const paper = "§8; Ongaro's dissertation, §6.4"
	return []scenario{
		{
			Name: "TestReadAtDeposedLeader", Doc: "a leader that is cut off from the others, but not from clients, answers no reads when they have gone on", Paper: paper,
			Run: readAtDeposedLeader,
		}, {
			Name: "TestReadAtPausedLeader", Doc: "a leader that has stood still does not answer the reads that it finds then, before it has asked around", Paper: paper,
			Needs: []Ability{Machines}, Run: readAtPausedLeader,
		}, {
			Name: "TestReadAtNewLeader", Doc: "a new leader finds out what is committed before it answers reads", Paper: paper,
			Setup: setup{Servers: 5}, Run: readAtNewLeader,
		}, {
			Name: "TestReadWithLateAcks", Doc: "what followers have said before a read, and the leader hears after it, does not vouch for it", Paper: paper,
			Run: readWithLateAcks,
		},
	}
}

// readers have a number of clients read a key at one server over and over, as others write it elsewhere.
func (c *Cluster) readers(n, server int, key string) *group {
	return c.group(n, []int{server}, func(k *clerk) {
		k.Get(key)
		k.c.Count("reads at one server")
		k.c.Sleep(3 * time.Millisecond)
	})
}

// writers have a number of clients write a key by way of some servers.
func (c *Cluster) writers(n int, servers []int, key string) *group {
	return c.group(n, servers, func(k *clerk) {
		k.Put(key, k.value())
		k.c.Sleep(5 * time.Millisecond)
	})
}

// group is clients that do the same thing over and over.
type group struct {
	c       *Cluster
	clerks  []*clerk
	stopped bool
	running int
}

func (c *Cluster) group(n int, servers []int, do func(*clerk)) *group {
	g := &group{c: c, running: n}
	for range n {
		k := c.clerkOf(servers)
		g.clerks = append(g.clerks, k)
		c.Go(k.name, func() {
			for g.goOn() {
				do(k)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			g.running--
		})
	}
	return g
}

func (g *group) goOn() bool {
	g.c.mu.Lock()
	defer g.c.mu.Unlock()
	return !g.stopped
}

// stop has the clients stop. Those that wait for an answer have it to come when all faults are over.
func (g *group) stop() {
	g.c.mu.Lock()
	defer g.c.mu.Unlock()
	g.stopped = true
}

// end ends all faults, and waits until the groups have stopped.
func (c *Cluster) end(groups ...*group) {
	c.HealAll()
	for _, g := range groups {
		g.stop()
	}
	for _, g := range groups {
		over := c.Eventually(livenessBound, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return g.running == 0
		})
		if !over {
			c.Violate("liveness after the faults", "Ongaro's dissertation, §10", "All faults are over since %v, and clients still wait: %v.",
				livenessBound, (&Load{c: c, clerks: g.clerks}).waiting())
			c.Sleep(0)
		}
	}
}

func readAtDeposedLeader(c *Cluster) {
	c.AtLeast("reads at one server", 8)
	c.AtLeast("operations", 100)
	for range 3 {
		old := c.Leader()
		r, w := c.readers(3, old, "k"), c.writers(1, c.All(), "k")
		c.Sleep(50 * time.Millisecond)
		c.Partition([]int{old}, c.Others(old))
		w.stop()
		others := c.writers(2, c.Others(old), "k")
		c.Sleep(1200 * time.Millisecond)
		c.end(r, w, others)
	}
	c.Recover(nil)
}

func readAtPausedLeader(c *Cluster) {
	c.AtLeast("pause", 3)
	c.AtLeast("operations", 100)
	for range 3 {
		old := c.Leader()
		r := c.readers(3, old, "k")
		c.Sleep(50 * time.Millisecond)
		c.Inject(labtest.Fault{Kind: "pause", For: time.Second, Nodes: c.Names(old)})
		others := c.writers(2, c.Others(old), "k")
		c.Sleep(1300 * time.Millisecond)
		c.end(r, others)
	}
	c.Recover(nil)
}

func readAtNewLeader(c *Cluster) {
	c.AtLeast("crash", 5)
	c.AtLeast("operations", 22)
	k, other := c.Clerk(), c.Clerk()
	for range 5 {
		// The put is answered, and at once the leader is gone, before it has told anybody that the entry is committed.
		k.within(livenessBound, "nothing is wrong", func() { k.Put("k", k.value()) })
		leader := c.Leader()
		k.within(livenessBound, "nothing is wrong", func() {
			k.Put("k", k.value())
			c.Inject(labtest.Fault{Kind: "crash", Nodes: c.Names(leader), Mode: labtest.Lose})
		})
		for range 2 {
			other.within(livenessBound, "four of five servers are up", func() { other.Get("k") })
		}
		c.Heal()
	}
	c.Recover(nil)
}

func readWithLateAcks(c *Cluster) {
	c.AtLeastOverall("reads at one server", c.overall(20))
	c.AtLeastOverall("late acknowledgements", c.overall(5))
	for range 2 {
		k := c.Clerk()
		k.within(livenessBound, "nothing is wrong", func() { k.Put("k", k.value()) })
		old := c.Leader()
		others := c.Names(c.Others(old)...)
		// What the others say to the leader takes longer and longer, at last most of a second...
		for step := range 8 {
			late := &labrpc.Conditions{Delay: labrpc.Constant(time.Duration(step+1) * 110 * time.Millisecond)}
			c.Inject(labtest.Fault{Kind: "link", For: 4 * time.Second, From: others, To: c.Names(old), Link: late})
			c.Sleep(250 * time.Millisecond)
		}
		if leader, ok := c.LeaderNow(); !ok || leader != old {
			c.end() // it has taken that for their death
			continue
		}
		c.Count("late acknowledgements")
		// ...and so it goes on to hear of them when they don't hear it any more, and have elected another.
		c.Inject(labtest.Fault{Kind: "cut", For: 3 * time.Second, From: c.Names(old), To: others})
		w, r := c.writers(1, c.Others(old), "k"), c.readers(3, old, "k")
		c.Sleep(1500 * time.Millisecond)
		c.end(w, r)
	}
	c.Recover(nil)
}
