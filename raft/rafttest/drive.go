package rafttest

import (
	"reflect"
	"slices"
	"time"

	"6.824/labrpc/labtest"
)

// What the course's tests do all the time, with the course's bounds.
const (
	electionBound  = 5 * time.Second  // a leader is there after this long, at the latest
	agreementBound = 10 * time.Second // a command is applied after this long, at the latest
	retryAfter     = 2 * time.Second  // a leader that has not brought a command through by then has probably lost its lead
	electionPause  = time.Second      // more than an election takes when all is well
)

const (
	electionPoll  = 20 * time.Millisecond
	agreementPoll = 5 * time.Millisecond
)

// command is a command that no other test has.
func (c *Cluster) command() int { return c.rand.IntN(1 << 40) }

// text is a command of n bytes.
func (c *Cluster) text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + c.rand.IntN(26))
	}
	return string(b)
}

// LeaderNow returns the server that leads in the highest term, among those that can be reached.
func (c *Cluster) LeaderNow() (server, term int, ok bool) {
	reachable := c.Reachable()
	for _, s := range c.States() {
		if s.leads && slices.Contains(reachable, s.server) && s.term >= term {
			server, term, ok = s.server, s.term, true
		}
	}
	return server, term, ok
}

// Leader waits for a leader among the servers that can be reached, and returns it.
func (c *Cluster) Leader() int {
	end := c.Now() + electionBound
	for {
		leader, _, ok := c.LeaderNow()
		if ok {
			return leader
		}
		if c.Now() >= end {
			c.Violate("a leader is elected", "Raft extended, §5.2", "No leader was elected within %v among %v, which can talk to each other.", electionBound, c.Names(c.Reachable()...))
		}
		c.Sleep(electionPoll)
	}
}

// NoLeader makes sure that none of the servers that can be reached leads.
func (c *Cluster) NoLeader() {
	if leader, term, ok := c.LeaderNow(); ok {
		c.Violate("no leader without a majority", "Raft extended, §5.2", "%s leads in term %d, but it can't have the votes of a majority.", c.names[leader], term)
	}
}

// Term is the term of all servers that can be reached, which must agree on it.
func (c *Cluster) Term() int {
	term := -1
	reachable := c.Reachable()
	for _, s := range c.States() {
		switch {
		case !slices.Contains(reachable, s.server):
		case term == -1:
			term = s.term
		case term != s.term:
			c.Violate("servers agree on the term", "Raft extended, §5.1", "%s is in term %d, another server is in term %d, and there was time for them to hear of each other.", c.names[s.server], s.term, term)
		}
	}
	return term
}

// Applied counts the servers that are up and have applied the entry at index, and returns its command.
func (c *Cluster) Applied(index int) (servers int, command any) {
	for i := range c.N {
		if s := c.service(i); s != nil && s.upTo() >= index {
			servers++
		}
	}
	return servers, c.checks.Command(index)
}

// One has a command agreed on: it finds a leader, hands it the command, and waits until as many servers as expected (at least) have applied it. It
// returns the index. If retry is set and the leader does not get the command through, it tries again, until 10 s have gone by.
func (c *Cluster) One(command any, expected int, retry bool) int {
	index, ok := c.try(command, expected, retry, agreementBound)
	if !ok {
		c.Violate("agreement", "Raft extended, §5.3 and §5.4", "The command %v was not applied by %d servers within %v.", command, expected, agreementBound)
		c.Sleep(0)
	}
	c.Count("agreed")
	c.checks.Acknowledge(index)
	return index
}

func (c *Cluster) try(command any, expected int, retry bool, bound time.Duration) (index int, ok bool) {
	for end := c.Now() + bound; c.Now() < end; c.Sleep(electionPoll) {
		index, ok := c.offer(command)
		if !ok {
			continue
		}
		lost := false
		applied := func() bool {
			n, got := c.Applied(index)
			if n > 0 && !reflect.DeepEqual(got, command) {
				lost = true
			}
			return n >= expected || lost
		}
		if c.until(retryAfter, applied) && !lost {
			return index, true
		}
		if !retry {
			c.Violate("agreement", "Raft extended, §5.3", "A leader took the command %v for index %d, and %v later it was not applied by %d servers, though nothing was wrong.", command, index, retryAfter, expected)
		}
	}
	return 0, false
}

// offer hands a command to whoever takes it, beginning with the server that has last.
func (c *Cluster) offer(command any) (index int, ok bool) {
	reachable := c.Reachable()
	c.mu.Lock()
	first := c.likely
	c.mu.Unlock()
	for k := range c.N {
		i := (first + k) % c.N
		if !slices.Contains(reachable, i) {
			continue
		}
		if index, _, ok := c.Start(i, command); ok {
			c.mu.Lock()
			c.likely = i
			c.mu.Unlock()
			return index, true
		}
	}
	return 0, false
}

// until waits until cond holds, at most for d.
func (c *Cluster) until(d time.Duration, cond func() bool) bool {
	for end := c.Now() + d; ; c.Sleep(agreementPoll) {
		if cond() {
			return true
		}
		if c.Now() >= end {
			return false
		}
	}
}

// WaitApplied waits until a number of servers have applied the entry at index, and returns its command. It gives up, and returns nil, when a server is in
// a later term than the given one, since the entry may never be committed then.
func (c *Cluster) WaitApplied(index, servers, term int) any {
	moved := false
	done := c.until(agreementBound, func() bool {
		if n, _ := c.Applied(index); n >= servers {
			return true
		}
		moved = slices.ContainsFunc(c.States(), func(s state) bool { return s.term > term })
		return moved
	})
	if moved {
		return nil
	}
	n, command := c.Applied(index)
	if !done {
		c.Violate("agreement", "Raft extended, §5.3", "Index %d was applied by %d servers within %v, %d were expected.", index, n, agreementBound, servers)
	}
	return command
}

// LogSize is the size of the largest state of all servers, in bytes.
func (c *Cluster) LogSize() (size int) {
	for i := range c.N {
		if s := c.service(i); s != nil {
			size = max(size, s.disk.StateSize())
		}
	}
	return size
}

// Calls is how many calls a server was given.
func (c *Cluster) Calls(i int) int { return c.Net().GetCount(c.names[i]) }

// Recover ends all faults, and makes sure that the cluster gets something done within d and that all servers catch up.
func (c *Cluster) Recover(within time.Duration) {
	c.Asks("recover", "", within.String())()
	c.Connect(c.All()...)
	c.Unreliable(false)
	c.longReordering(false)
	c.Heal()
	c.replaceFailed()
	began := c.Now()
	command := c.command()
	_, ok := c.try(command, c.N, true, within)
	if !ok {
		c.Violate("liveness after the faults", "Raft extended, §5.6 (and Ongaro's dissertation, §10)", "All faults are over since %v, and the servers have not agreed on a command.", within)
		c.Sleep(0)
	}
	c.Logf("agreed on a command %v after the faults were over", c.Now()-began)
	c.Count("recovered")
	c.checks.CheckAcknowledged(c.names...)
}

// replaceFailed restarts the servers whose disks have failed, as an operator would.
func (c *Cluster) replaceFailed() {
	for i := range c.N {
		if s := c.service(i); s != nil {
			if f, ok := s.rf.(Failer); ok && f.Err() != nil {
				c.Reboot(i)
			}
		}
	}
}

// Inject is World.Inject for one fault or several.
func (c *Cluster) Inject(faults ...labtest.Fault) { c.World.Inject(faults) }
