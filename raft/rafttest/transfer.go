package rafttest

import (
	"context"
	"time"

	"6.824/labrpc/labtest"
)

// transfers are scenarios in which the lead is handed over.
func transfers() []scenario {
	return []scenario{
		{
			Name: "TestTransferUnderLoad", Doc: "the lead goes round, and clients hardly notice", Paper: "Ongaro's dissertation, §3.10",
			Servers: 5, Needs: []Ability{Transfers}, Run: transferUnderLoad,
		}, {
			Name: "TestTransferToLaggard", Doc: "the lead is handed to servers that are behind, dead or cut off", Paper: "Ongaro's dissertation, §3.10",
			Needs: []Ability{Transfers}, Setup: setup{Snapshots: true}, Run: transferToLaggard,
		},
	}
}

// transferBound is how long a transfer may take.
const transferBound = 2 * time.Second

// transfer has a server hand its lead to another, and returns whether that happened, by what the server says.
func (c *Cluster) transfer(from, to int) bool {
	s := c.service(from)
	if s == nil {
		return false
	}
	c.Asks("transfer", c.names[from], to)()
	ctx, cancel := context.WithTimeout(context.Background(), transferBound)
	defer cancel()
	var err error
	over := false
	go func() {
		e := s.rf.(Transferrer).TransferLeadership(ctx, to)
		c.mu.Lock()
		defer c.mu.Unlock()
		err, over = e, true
	}()
	returned := c.until(transferBound+100*time.Millisecond, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return over
	})
	if !returned {
		c.Violate("a transfer ends", "Ongaro's dissertation, §3.10", "TransferLeadership of %s has not returned within %v, when its context was done.", s.name, transferBound+100*time.Millisecond)
	}
	if err != nil {
		return false
	}
	c.Count("transferred")
	return true
}

func transferUnderLoad(c *Cluster) {
	c.AtLeast("transferred", 15)
	c.AtLeast("operations", 50)
	c.Leader()
	l := c.Load(Load{Gap: 30 * time.Millisecond, Reads: 0.3})
	c.Sleep(200 * time.Millisecond)
	for range 20 {
		leader := c.Leader()
		heir := (leader + 1 + c.rand.IntN(c.N-1)) % c.N
		if !c.transfer(leader, heir) {
			c.Violate("a transfer succeeds when all is well", "Ongaro's dissertation, §3.10", "%s could not hand its lead to %s, though nothing is wrong with either.", c.names[leader], c.names[heir])
		}
		if now := c.Leader(); now != heir {
			c.Violate("a transfer is one to the server that was named", "Ongaro's dissertation, §3.10", "%s has said that it handed its lead to %s, and %s leads.", c.names[leader], c.names[heir], c.names[now])
		}
		c.Sleep(time.Duration(c.rand.IntN(150)) * time.Millisecond)
	}
	if worst := l.Worst(); worst > 250*time.Millisecond {
		c.Violate("a transfer is no outage", "Ongaro's dissertation, §3.10", "While the lead was handed around, no client had an answer for %v. That is as long as an election takes, which a transfer saves.", worst)
	}
	l.Stop()
	c.Recover(electionBound)
}

func transferToLaggard(c *Cluster) {
	c.AtLeast("snapshots installed", 3)
	c.AtLeastOverall("transferred", c.overall(10))
	c.One(c.command(), c.N, true)
	for range 3 {
		// To one that is so far behind that it needs a snapshot first.
		leader := c.Leader()
		heir := (leader + 1) % c.N
		c.Disconnect(heir)
		c.agreeOften(25, c.N-1)
		c.Connect(heir)
		c.tryTransfer(leader, heir)

		// To one that can't be reached: the leader must lead on. What it is given meanwhile it takes or refuses, but it promises no index
		// that another command has.
		leader = c.Leader()
		heir = (leader + 1) % c.N
		c.Disconnect(heir)
		c.Go("client", func() {
			for range 50 {
				c.Start(leader, c.command())
				c.Sleep(10 * time.Millisecond)
			}
		})
		if c.tryTransfer(leader, heir) {
			c.Violate("a transfer is not made up", "Ongaro's dissertation, §3.10", "%s has said that it handed its lead to %s, which is cut off.", c.names[leader], c.names[heir])
		}
		c.One(c.command(), c.N-1, true)
		c.Connect(heir)

		// To one that is cut off in the middle of it.
		leader = c.Leader()
		heir = (leader + 1) % c.N
		c.Inject(labtest.Fault{At: time.Duration(c.rand.IntN(3000)) * time.Microsecond, For: 700 * time.Millisecond, Kind: "isolate", Nodes: c.Names(heir)})
		c.tryTransfer(leader, heir)
		c.One(c.command(), c.N-1, true)
		c.Sleep(700 * time.Millisecond)
		c.One(c.command(), c.N, true)
	}
	c.Recover(electionBound)
}

func (c *Cluster) tryTransfer(from, to int) bool {
	ok := c.transfer(from, to)
	c.One(c.command(), c.N-1, true)
	return ok
}
