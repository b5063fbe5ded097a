package rafttest

import (
	"fmt"
	"time"
)

// figure8 are the scenarios of the course's part 2C that provoke Figure 8: leaders of old terms with entries that most servers have,
// but that are not committed.
func figure8() []scenario {
	return []scenario{
		{
			Name: "TestFigure82C", Doc: "leaders crash soon after they got a command", Paper: "§5.4.2, Figure 8",
			Course: true, Servers: 5, Run: figure8Crashes,
		}, {
			Name: "TestFigure8Unreliable2C", Doc: "leaders are cut off soon after they got a command, and replies come late", Paper: "§5.4.2, Figure 8",
			Course: true, Servers: 5, Setup: setup{Unreliable: true}, Run: figure8Unreliable,
		}, {
			Name: "TestFigure8Exactly", Doc: "Figure 8 of the paper, step by step", Paper: "§5.4.2, Figure 8",
			Servers: 5, Run: exactFigure8,
		},
	}
}

// stumble lets some time pass: mostly no more than a message takes, now and then half of what an election may take.
func (c *Cluster) stumble() {
	d := 13 * time.Millisecond
	if c.rand.IntN(10) == 0 {
		d = electionPause / 2
	}
	c.Sleep(time.Duration(c.rand.Int64N(int64(d))))
}

// offerAll hands a command to every server, and returns the last that took it, -1 if none did.
func (c *Cluster) offerAll() (leader int) {
	leader = -1
	for i := range c.N {
		if _, _, ok := c.Start(i, c.command()); ok {
			leader = i
		}
	}
	return leader
}

func figure8Crashes(c *Cluster) {
	c.AtLeast("crash", 4)
	c.AtLeastOverall("crash", c.overall(80))
	c.AtLeast("terms", 4)
	c.One(c.command(), 1, true)
	up := c.N
	for range 1000 {
		leader := c.offerAll()
		c.stumble()
		if leader >= 0 {
			c.Crash(leader)
			up--
		}
		if up < c.N/2+1 {
			if i := c.rand.IntN(c.N); !c.nodes[i].Up() {
				c.Restart(i)
				up++
			}
		}
	}
	for i := range c.N {
		c.Restart(i)
	}
	c.One(c.command(), c.N, true)
}

func figure8Unreliable(c *Cluster) {
	c.AtLeast("terms", 2)
	c.AtLeastOverall("terms", c.overall(20))
	c.AtLeast("dropped", 100)
	c.One(c.command(), 1, true)
	reachable := c.N
	for i := range 1000 {
		if i == 200 {
			c.longReordering(true)
		}
		leader := c.offerAll()
		c.stumble()
		if leader >= 0 && c.rand.IntN(2) == 0 && c.connectedTo(leader) {
			c.Disconnect(leader)
			reachable--
		}
		if reachable < c.N/2+1 {
			if i := c.rand.IntN(c.N); !c.connectedTo(i) {
				c.Connect(i)
				reachable++
			}
		}
	}
	c.Connect(c.All()...)
	c.One(c.command(), c.N, true)
}

// connectedTo says whether a server is not disconnected.
func (c *Cluster) connectedTo(i int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.connected[i]
}

// exactFigure8 plays Figure 8 of the paper, (a) to (e), with the parts given to those who happen to be elected.
func exactFigure8(c *Cluster) {
	c.AtLeast("played", 1)
	c.One(c.command(), c.N, true)
	for range 10 {
		if c.playFigure8() {
			c.Count("played")
			break
		}
		c.Connect(c.All()...)
		c.One(c.command(), c.N, true)
	}
	c.Recover(electionBound)
}

// only lets some servers talk to each other, and nobody else.
func (c *Cluster) only(servers ...int) {
	c.Disconnect(c.Others(servers...)...)
	c.Connect(servers...)
}

func (c *Cluster) playFigure8() bool {
	// (a) s1 leads, and brings its entry at index x to s2 only.
	s1 := c.Leader()
	s2, s3, s4, s5 := (s1+1)%c.N, (s1+2)%c.N, (s1+3)%c.N, (s1+4)%c.N
	c.only(s1, s2)
	x, term1, ok := c.Start(s1, fmt.Sprintf("s1's, of its first term %d", c.Now()))
	if !ok {
		return false
	}
	c.Sleep(250 * time.Millisecond)

	// (b) One of the others, call it s5, is elected by them, and gets another entry at x, which it can't send to anybody.
	c.only(s3, s4, s5)
	s5 = c.Leader()
	at, term2, ok := c.Start(s5, fmt.Sprintf("s5's %d", c.Now()))
	c.only()
	if !ok || at != x || term2 <= term1 {
		return false
	}
	rest := c.Others(s1, s2, s5)
	s3, s4 = rest[0], rest[1]

	// (c) s1 or s2 is elected by s3 also. It brings the entry of the first term to s3, but has none of its own term. Now a majority has
	// it, but it must not be committed.
	c.only(s1, s2, s3)
	if !c.until(electionBound, func() bool { _, term, ok := c.LeaderNow(); return ok && term > term2 }) {
		return false
	}
	c.Sleep(electionPause / 2)
	if n, _ := c.Applied(x); n > 0 {
		c.Violate("leaders commit by their own term's entries", "Raft extended, §5.4.2 and Figure 8",
			"At (c) of Figure 8 the entry of the first term is on a majority, and %d servers have applied it. At (d) a server without it can be elected.", n)
	}

	// (d) s5 can be elected by those who have never heard of s1's entry, or have only entries of the first term. Its own gets committed.
	c.only(s5, s3, s4)
	c.Leader()
	c.One(c.command(), 3, true)
	return true
}
