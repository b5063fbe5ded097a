package rafttest

import (
	"fmt"
	"slices"
	"time"
)

// agreement are the scenarios of the course's part 2B.
func agreement() []scenario {
	return []scenario{
		{
			Name: "TestBasicAgree2B", Doc: "commands are agreed on, one after the other, from index 1", Paper: "§5.3",
			Course: true, Run: basicAgree,
		}, {
			Name: "TestRPCBytes2B", Doc: "each command is sent to each server once", Paper: "§5.3",
			Course: true, Run: rpcBytes,
		}, {
			Name: "TestFollowerFailure2B", Doc: "followers fail one after the other, until there is no majority", Paper: "§5.3",
			Course: true, Run: followerFailure,
		}, {
			Name: "TestLeaderFailure2B", Doc: "leaders fail one after the other, until there is no majority", Paper: "§5.3",
			Course: true, Run: leaderFailure,
		}, {
			Name: "TestFailAgree2B", Doc: "a follower that was away catches up", Paper: "§5.3",
			Course: true, Run: failAgree,
		}, {
			Name: "TestFailNoAgree2B", Doc: "no agreement while most followers are away, and no harm after it", Paper: "§5.3",
			Course: true, Servers: 5, Run: failNoAgree,
		}, {
			Name: "TestConcurrentStarts2B", Doc: "commands given to the leader at the same time all get in, once", Paper: "§5.3",
			Course: true, Run: concurrentStarts,
		}, {
			Name: "TestRejoin2B", Doc: "a leader that was away comes back with entries that nobody else has", Paper: "§5.3",
			Course: true, Run: rejoin,
		}, {
			Name: "TestBackup2B", Doc: "a leader backs up quickly over long logs that don't match", Paper: "§5.3",
			Course: true, Servers: 5, Run: backup,
		}, {
			Name: "TestCount2B", Doc: "elections, agreement and idling take no more calls than they should", Paper: "§5.2",
			Course: true, Run: countCalls,
		},
	}
}

// expectIndex makes sure that an index is what it must be.
func (c *Cluster) expectIndex(got, want int) {
	if got != want {
		c.Violate("indices count commands", "Raft extended, §5.3 and Figure 2", "A command got index %d, but it is number %d of those that were given to a leader of this log.", got, want)
	}
}

// expectNobody makes sure that nobody has applied index.
func (c *Cluster) expectNobody(index int, why string) {
	if n, command := c.Applied(index); n > 0 {
		c.Violate("no commitment without a majority", "Raft extended, §5.3", "%d servers have applied %v at index %d, though %s.", n, command, index, why)
	}
}

func basicAgree(c *Cluster) {
	c.AtLeast("agreed", 3)
	for index := 1; index <= 3; index++ {
		c.expectNobody(index, "no command was given to a leader yet")
		c.expectIndex(c.One(index*100, c.N, false), index)
	}
}

func rpcBytes(c *Cluster) {
	c.AtLeast("agreed", 11)
	c.One(99, c.N, false)
	before, sent := c.Net().GetTotalBytes(), 0
	for i := range 10 {
		command := c.text(5000)
		c.expectIndex(c.One(command, c.N, false), 2+i)
		sent += len(command)
	}
	took := c.Net().GetTotalBytes() - before
	if bound := int64(c.N*sent + 50000); took > bound {
		c.Violate("each command is sent to each server once", "the course's bound on bytes", "%d bytes of commands took %d bytes on the network, more than %d.", sent, took, bound)
	}
}

func followerFailure(c *Cluster) {
	c.AtLeast("agreed", 3)
	c.One(101, c.N, false)
	first := c.Leader()
	c.Disconnect((first + 1) % c.N)
	c.One(102, c.N-1, false)
	c.Sleep(electionPause)
	c.One(103, c.N-1, false)

	second := c.Leader()
	c.Disconnect(c.Others(second)...)
	index, _, ok := c.Start(second, 104)
	if !ok {
		c.Violate("a leader takes commands", "Raft extended, §5.3", "%s led a moment ago and takes no command.", c.names[second])
	}
	c.expectIndex(index, 4)
	c.Sleep(2 * electionPause)
	c.expectNobody(index, "its leader had reached nobody")
}

func leaderFailure(c *Cluster) {
	c.AtLeast("agreed", 3)
	c.AtLeast("terms", 2)
	c.One(101, c.N, false)
	c.Disconnect(c.Leader())
	c.One(102, c.N-1, false)
	c.Sleep(electionPause)
	c.One(103, c.N-1, false)

	c.Disconnect(c.Leader())
	for i := range c.N {
		c.Start(i, 104)
	}
	c.Sleep(2 * electionPause)
	c.expectNobody(4, "two of three servers were away")
}

func failAgree(c *Cluster) {
	c.AtLeast("agreed", 7)
	c.One(101, c.N, false)
	away := (c.Leader() + 1) % c.N
	c.Disconnect(away)
	c.One(102, c.N-1, false)
	c.One(103, c.N-1, false)
	c.Sleep(electionPause)
	c.One(104, c.N-1, false)
	c.One(105, c.N-1, false)

	c.Connect(away)
	c.One(106, c.N, true)
	c.Sleep(electionPause)
	c.One(107, c.N, true)
}

func failNoAgree(c *Cluster) {
	c.AtLeast("agreed", 2)
	c.One(10, c.N, false)
	first := c.Leader()
	away := []int{(first + 1) % c.N, (first + 2) % c.N, (first + 3) % c.N}
	c.Disconnect(away...)
	index, _, ok := c.Start(first, 20)
	if !ok {
		c.Violate("a leader takes commands", "Raft extended, §5.3", "%s led a moment ago and takes no command.", c.names[first])
	}
	c.expectIndex(index, 2)
	c.Sleep(2 * electionPause)
	c.expectNobody(index, "three of five servers were away")

	c.Connect(away...)
	second := c.Leader() // the three may have elected one of their own, and forgotten index 2
	index, _, ok = c.Start(second, 30)
	if !ok || index < 2 || index > 3 {
		c.Violate("indices count commands", "Raft extended, §5.3", "The second or third command was taken: %v, and got index %d.", ok, index)
	}
	c.One(1000, c.N, true)
}

// together runs f for 0 to n-1, each on an actor of its own, and waits for all.
func (c *Cluster) together(n int, f func(i int)) {
	running := n
	for i := range n {
		c.Go(fmt.Sprintf("actor %d", i), func() {
			defer func() {
				c.mu.Lock()
				running--
				c.mu.Unlock()
			}()
			f(i)
		})
	}
	for {
		c.Sleep(agreementPoll)
		c.mu.Lock()
		left := running
		c.mu.Unlock()
		if left == 0 {
			return
		}
	}
}

func concurrentStarts(c *Cluster) {
	c.AtLeast("checked", 1)
	for range 5 {
		leader := c.Leader()
		_, term, ok := c.Start(leader, 1)
		if !ok {
			continue // it has just lost the lead
		}
		const n = 5
		var indices [n]int
		moved := false
		c.together(n, func(i int) {
			index, t, ok := c.Start(leader, 100+i)
			c.mu.Lock()
			defer c.mu.Unlock()
			indices[i], moved = index, moved || !ok || t != term
		})
		if moved {
			continue
		}
		var commands []any
		for _, index := range indices {
			command := c.WaitApplied(index, c.N, term)
			if command == nil {
				moved = true
			}
			commands = append(commands, command)
		}
		if moved {
			continue // an entry of an earlier term may be replaced
		}
		for i := range n {
			if !slices.Contains(commands, any(100+i)) {
				c.Violate("every command gets in", "Raft extended, §5.3", "The leader took commands 100 to 104 in one term, and %v are what was applied at their indices %v.", commands, indices)
			}
		}
		c.Count("checked")
		return
	}
	c.Violate("terms hold", "Raft extended, §5.2", "Nothing has failed, but the leader changed too often.")
}

func rejoin(c *Cluster) {
	c.AtLeast("agreed", 4)
	c.AtLeast("terms", 2)
	c.One(101, c.N, true)
	first := c.Leader()
	c.Disconnect(first)
	for _, command := range []int{102, 103, 104} { // which nobody will hear of
		c.Start(first, command)
	}
	c.One(103, 2, true)

	second := c.Leader()
	c.Disconnect(second)
	c.Connect(first)
	c.One(104, 2, true)
	c.Connect(second)
	c.One(105, c.N, true)
}

func backup(c *Cluster) {
	c.AtLeast("agreed", 102)
	c.AtLeast("terms", 3)
	c.One(c.command(), c.N, true)

	// A leader with one follower has entries that won't be committed.
	first := c.Leader()
	pair, three := []int{first, (first + 1) % c.N}, []int{(first + 2) % c.N, (first + 3) % c.N, (first + 4) % c.N}
	c.Disconnect(three...)
	c.flood(first, 50)
	c.Sleep(electionPause / 2)
	c.Disconnect(pair...)
	c.Connect(three...)
	c.agreeOften(50, 3)

	// So does the leader of the others, without one of them.
	second := c.Leader()
	other := three[0]
	if other == second {
		other = three[1]
	}
	c.Disconnect(other)
	c.flood(second, 50)
	c.Sleep(electionPause / 2)

	// The first two and the one without such entries find a common log.
	c.Disconnect(c.All()...)
	c.Connect(append(pair, other)...)
	c.agreeOften(50, 3)
	c.Connect(c.All()...)
	c.One(c.command(), c.N, true)
}

// flood hands a server commands without waiting for anything.
func (c *Cluster) flood(server, n int) {
	for range n {
		c.Start(server, c.command())
	}
}

func (c *Cluster) agreeOften(times, expected int) {
	for range times {
		c.One(c.command(), expected, true)
	}
}

func countCalls(c *Cluster) {
	c.AtLeast("checked", 1)
	calls := func() (n int) {
		for i := range c.N {
			n += c.Calls(i)
		}
		return n
	}
	c.Leader()
	if n := calls(); n < 1 || n > 30 {
		c.Violate("calls for an election", "the course's bound", "The first election took %d calls, not 1 to 30.", n)
	}
	if !c.countAgreement(calls) {
		c.Violate("terms hold", "Raft extended, §5.2", "Nothing has failed, but the leader changed too often.")
	}
	before := calls()
	c.Sleep(time.Second)
	if n := calls() - before; n > 3*20 {
		c.Violate("calls while idle", "the course's bound", "A second with nothing to do took %d calls, more than %d.", n, 3*20)
	}
}

// countAgreement counts the calls that agreement on several commands takes. It returns false if terms change all the time.
func (c *Cluster) countAgreement(calls func() int) bool {
	const n = 10
tries:
	for range 5 {
		leader, before := c.Leader(), calls()
		first, term, ok := c.Start(leader, 1)
		if !ok {
			continue
		}
		var commands []int
		for i := 1; i <= n; i++ {
			command := c.command()
			index, t, ok := c.Start(leader, command)
			if !ok || t != term {
				continue tries
			}
			c.expectIndex(index, first+i)
			commands = append(commands, command)
		}
		for i, command := range commands {
			switch got := c.WaitApplied(first+1+i, c.N, term); got {
			case nil:
				continue tries
			case command:
			default:
				c.Violate("State Machine Safety", "Raft extended, §5.4.3", "Command %d was given index %d and %v was applied there, in the same term.", command, first+1+i, got)
			}
		}
		for _, s := range c.States() {
			if s.term != term {
				continue tries
			}
		}
		if took := calls() - before; took > (n+1+3)*3 {
			c.Violate("calls for agreement", "the course's bound", "Agreement on %d commands that were given at once took %d calls, more than %d.", n+1, took, (n+1+3)*3)
		}
		c.Count("checked")
		return true
	}
	return false
}
