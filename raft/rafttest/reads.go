package rafttest

import (
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// reads are scenarios of reads that do without a log entry.
func reads() []scenario {
	return []scenario{
		{
			Name: "TestReadsUnderLeaderChange", Doc: "reads at any server are linearizable while leaders change", Paper: "Ongaro's dissertation, §6.4",
			Servers: 5, Needs: []Ability{Reads}, Run: readsUnderLeaderChange,
		}, {
			Name: "TestReadAtDeposedLeader", Doc: "a leader that was replaced and does not know it answers no reads", Paper: "Ongaro's dissertation, §6.4",
			Needs: []Ability{Reads}, Run: readAtDeposedLeader,
		}, {
			Name: "TestReadWithLateAcks", Doc: "acknowledgements that were sent before a read do not vouch for it", Paper: "Ongaro's dissertation, §6.4",
			Needs: []Ability{Reads}, Run: readWithLateAcks,
		}, {
			Name: "TestReadAtNewLeader", Doc: "a new leader finds out what is committed before it answers reads", Paper: "Ongaro's dissertation, §6.4",
			Needs: []Ability{Reads}, Run: readAtNewLeader,
		},
	}
}

func readsUnderLeaderChange(c *Cluster) {
	c.AtLeastOverall("reads without the log", c.overall(500))
	c.AtLeast("terms", 2)
	c.Leader()
	l := c.Load(Load{Clients: 4, Gap: 50 * time.Millisecond, Reads: 0.8, Anyone: true})
	for range 6 {
		leader := c.Leader()
		c.Sleep(time.Duration(c.rand.IntN(200)) * time.Millisecond)
		f := labtest.Fault{For: time.Duration(500+c.rand.IntN(500)) * time.Millisecond, Nodes: c.Names(leader), Kind: "isolate"}
		switch c.rand.IntN(4) {
		case 0:
			f.Kind, f.Mode = "crash", labtest.Lose
		case 1: // it hears nobody
			f = labtest.Fault{For: f.For, Kind: "cut", From: c.Names(c.Others(leader)...), To: f.Nodes}
		case 2: // nobody hears it
			f = labtest.Fault{For: f.For, Kind: "cut", From: f.Nodes, To: c.Names(c.Others(leader)...)}
		}
		c.Inject(f)
		c.Sleep(f.For + 100*time.Millisecond)
	}
	l.Stop()
	c.Recover(electionBound)
}

// put sets a register through the log, by way of the present leader, and returns when that has applied it.
func (c *Cluster) put(key, value int) (leader int) {
	for end := c.Now() + agreementBound; c.Now() < end; c.Sleep(electionPoll) {
		leader := c.Leader()
		s, op := c.service(leader), Op{ID: c.nextOp(), Put: true, Key: key, Value: value}
		index, _, ok := c.Start(leader, op)
		if !ok {
			continue
		}
		if _, ok := s.wait(index, key, answerBound); ok {
			if r, _ := s.result(index); r.id == op.ID {
				c.checks.Acknowledge(index)
				return leader
			}
		}
	}
	c.Violate("agreement", "Raft extended, §5.3", "No leader could put a register within %v.", agreementBound)
	c.Sleep(0)
	return 0
}

// get reads a register without the log at a server; ok is false if that does not vouch for it.
func (c *Cluster) get(server, key int, within time.Duration) (value int, ok bool) {
	s := c.service(server)
	if s == nil {
		return 0, false
	}
	index, err := s.readIndex(within)
	if err == nil {
		value, ok = s.wait(index, key, within)
	}
	c.Sleep(0) // from whatever has woken us to an event of our own
	return value, ok
}

// expectRead makes sure that a read sees a put that was over before it began.
func (c *Cluster) expectRead(server, got, want int) {
	if got != want {
		c.Violate("reads are linearizable", "Ongaro's dissertation, §6.4",
			"A register was put to %d, and the put was answered; a read at %s that began after that has returned %d.", want, c.names[server], got)
	}
}

func readAtDeposedLeader(c *Cluster) {
	c.AtLeast("read", 3)
	value := 0
	for range 4 {
		value++
		old := c.put(0, value)
		if got, ok := c.get(old, 0, time.Second); ok {
			c.Count("read")
			c.expectRead(old, got, value)
		}
		c.Disconnect(old)
		value++
		heir := c.put(0, value)
		c.Connect(old) // from where the clients are all can be reached
		c.Inject(labtest.Fault{Kind: "isolate", For: time.Second, Nodes: c.Names(old)})
		for range 2 {
			if got, ok := c.get(old, 0, 400*time.Millisecond); ok {
				c.expectRead(old, got, value)
			}
		}
		if got, ok := c.get(heir, 0, time.Second); ok {
			c.Count("read")
			c.expectRead(heir, got, value)
		}
		c.Sleep(time.Second)
	}
	c.Recover(electionBound)
}

func readWithLateAcks(c *Cluster) {
	c.AtLeast("reads tried", 6)
	value := 0
	for range 4 {
		value++
		old := c.put(0, value)
		if got, ok := c.get(old, 0, answerBound); ok { // whose acknowledgements are not to be taken for those of later reads
			c.expectRead(old, got, value)
		}
		// What the others say to the leader takes longer and longer, at last most of a second...
		for step := range 8 {
			late := &labrpc.Conditions{Delay: labrpc.Constant(time.Duration(step+1) * 110 * time.Millisecond)}
			c.Inject(labtest.Fault{Kind: "link", For: 4 * time.Second, From: c.Names(c.Others(old)...), To: c.Names(old), Link: late})
			c.Sleep(250 * time.Millisecond)
		}
		if leader, _, ok := c.LeaderNow(); !ok || leader != old {
			c.Sleep(4 * time.Second)
			continue // it has taken that for their death
		}
		// ...and so it goes on to hear of them when they don't hear it any more, and have elected another.
		c.Inject(labtest.Fault{Kind: "cut", For: 3 * time.Second, From: c.Names(old), To: c.Names(c.Others(old)...)})
		value++
		if c.putAtOthers(old, value) {
			for range 5 {
				c.Count("reads tried")
				if got, ok := c.get(old, 0, 100*time.Millisecond); ok {
					c.expectRead(old, got, value)
				}
			}
		}
		c.Sleep(4 * time.Second)
	}
	c.Recover(electionBound)
}

// putAtOthers puts a register at a leader other than a certain server, if there is one soon.
func (c *Cluster) putAtOthers(not, value int) bool {
	ok := false
	c.until(2*time.Second, func() bool {
		for _, s := range c.States() {
			if !s.leads || s.server == not {
				continue
			}
			sv, op := c.service(s.server), Op{ID: c.nextOp(), Put: true, Value: value}
			index, _, started := c.Start(s.server, op)
			if !started {
				continue
			}
			if _, applied := sv.wait(index, 0, answerBound); applied {
				r, _ := sv.result(index)
				ok = r.id == op.ID
			}
			c.Sleep(0)
			return true
		}
		return false
	})
	return ok
}

func readAtNewLeader(c *Cluster) {
	c.AtLeast("read at a new leader", 6)
	for value := 1; value <= 10; value++ {
		// The put is answered, and at once the leader is gone, before it has told anybody that the entry is committed.
		old := c.put(0, value)
		c.Crash(old)
		heir := -1
		c.until(electionBound, func() bool {
			leader, _, ok := c.LeaderNow()
			if ok {
				heir = leader
			}
			return ok
		})
		if heir < 0 {
			c.Violate("a leader is elected", "Raft extended, §5.2", "The leader is dead, and two of three servers have elected no other within %v.", electionBound)
		}
		if got, ok := c.get(heir, 0, time.Second); ok {
			c.Count("read at a new leader")
			c.expectRead(heir, got, value)
		}
		c.Restart(old)
	}
	c.Recover(electionBound)
}
