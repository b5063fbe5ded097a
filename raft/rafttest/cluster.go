package rafttest

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft"
	"6.824/raft/rafttest/invariant"
)

// SnapshotInterval is how many commands a service applies between two snapshots, as in the course.
const SnapshotInterval = 10

// MaxLogSize is what the state of a Raft may take in bytes while snapshots are taken that often, as in the course.
const MaxLogSize = 2000

// Cluster is a cluster of Rafts in a world, which it also is: a scenario acts on both. Servers go by their numbers, from 0; their
// nodes are called "raft/0" and so on. Unless it says otherwise, a method is called by the scenario or by an actor of the world.
type Cluster struct {
	*labtest.World
	N      int
	names  []string
	nodes  []*labtest.Node
	im     implementation
	setup  setup
	checks *invariant.Monitor
	rand   *rand.Rand // of the scenario

	mu        sync.Mutex
	services  []*service // of the servers that are up; nil for the others
	connected []bool
	likely    int // the server that led when somebody looked
	lastOp    int
	starts    starts
}

// newCluster starts a cluster of n servers.
func newCluster(w *labtest.World, im implementation, n int, s setup) *Cluster {
	c := &Cluster{
		World: w, N: n, im: im, setup: s, rand: w.Rand("scenario"),
		services: make([]*service, n), connected: make([]bool, n), starts: starts{},
	}
	for i := range n {
		c.names = append(c.names, fmt.Sprintf("raft/%d", i))
		c.connected[i] = true
	}
	c.checks = invariant.Watch(w, c.names...)
	if s.Unreliable {
		c.Unreliable(true)
	}
	for i, name := range c.names {
		c.nodes = append(c.nodes, w.AddNode(name, func(node *labtest.Node) func() { return c.boot(i, node) }))
	}
	for i := range n {
		c.Restart(i)
	}
	if !c.checks.Reports() {
		w.Go("onlooker", c.look)
	}
	return c
}

// boot starts an incarnation of a server.
func (c *Cluster) boot(i int, node *labtest.Node) (stop func()) {
	ends := make([]*labrpc.ClientEnd, c.N)
	for j, to := range c.names {
		ends[j] = node.Dial(to)
	}
	s := newService(c, node)
	if s.phase = 1; c.setup.Staggered {
		s.phase += 3 * i
	}
	s.disk = storage{node.Disk().Open()}
	if b := s.disk.Snapshot(); len(b) > 0 {
		s.load(b, -1)
	}
	applyCh := make(chan raft.ApplyMsg)
	s.rf = c.im.make(Peer{Ends: ends, Me: i, Persister: raft.NewPersister(s.disk), ApplyCh: applyCh, Node: node})
	node.Serve(labrpc.MakeService(s.rf))
	c.mu.Lock()
	c.services[i] = s
	c.mu.Unlock()
	go s.read(applyCh)
	return func() {
		c.mu.Lock()
		if c.services[i] == s {
			c.services[i] = nil
		}
		c.mu.Unlock()
		s.stop()
		s.rf.Kill()
	}
}

// service returns what runs on a server, nil if it is down.
func (c *Cluster) service(i int) *service {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.nodes[i].Up() {
		return nil
	}
	return c.services[i]
}

// Crash crashes a server; what it has not synced is lost.
func (c *Cluster) Crash(i int) { c.nodes[i].Crash(labtest.Lose) }

// Restart starts a server that is down.
func (c *Cluster) Restart(i int) { c.nodes[i].Start() }

// Disconnect cuts servers off from all others.
func (c *Cluster) Disconnect(servers ...int) { c.connect(false, servers) }

// Connect brings back servers that were cut off.
func (c *Cluster) Connect(servers ...int) { c.connect(true, servers) }

func (c *Cluster) connect(yes bool, servers []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, i := range servers {
		c.connected[i] = yes
		c.NoteFault(!yes, labtest.Fault{Kind: "isolate", Nodes: c.Names(i)})
	}
	c.Logf("connected: %v", c.connected)
	together := []any{}
	groups := [][]any{}
	for i, name := range c.names {
		if c.connected[i] {
			together = append(together, name)
		} else {
			groups = append(groups, []any{name})
		}
	}
	c.Net().Partition(append(groups, together)...)
}

// longReordering lets replies come late, as the course's network does it, or ends that.
func (c *Cluster) longReordering(yes bool) {
	c.Net().LongReordering(yes)
	c.NoteFault(yes, labtest.Fault{Kind: "long-reordering"})
}

// Reachable lists the servers that are up and not disconnected.
func (c *Cluster) Reachable() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.DeleteFunc(c.All(), func(i int) bool { return !c.connected[i] || !c.nodes[i].Up() })
}

// All lists all servers.
func (c *Cluster) All() []int {
	all := make([]int, c.N)
	for i := range all {
		all[i] = i
	}
	return all
}

// Others lists all servers but some.
func (c *Cluster) Others(but ...int) []int {
	return slices.DeleteFunc(c.All(), func(i int) bool { return slices.Contains(but, i) })
}

// Names are the names of servers, or of all, if none is given.
func (c *Cluster) Names(servers ...int) []string {
	if len(servers) == 0 {
		return c.names
	}
	names := make([]string, len(servers))
	for k, i := range servers {
		names[k] = c.names[i]
	}
	return names
}

// ask calls a method of a Raft. One that is paused, or that waits for its disk, may not answer; that must not hold up whoever
// asks, so the answer counts only if it comes without time going by.
func (c *Cluster) ask(f func()) (answered bool) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				c.Violate("no panic", "", "a method of Raft panicked: %v\n%s", p, debug.Stack())
			}
		}()
		f()
	}()
	c.Sleep(0)
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Start hands a command to a server. ok is false if the server does not lead, is down, or does not answer; in the last case
// it may take the command later.
func (c *Cluster) Start(i int, command any) (index, term int, ok bool) {
	s := c.service(i)
	if s == nil {
		return 0, 0, false
	}
	taken := c.Asks("start", c.names[i], command)
	if !c.ask(func() {
		if index, term, ok = s.rf.Start(command); ok { // perhaps long after nobody waits for it any more
			c.sawStart(i, index, term)
			taken()
		}
	}) || !ok {
		return 0, 0, false
	}
	c.Count("started")
	return index, term, true
}

// state is what a GetState has returned.
type state struct {
	server, term int
	leads        bool
}

// States asks all servers that are up for their states; those that don't answer are left out.
func (c *Cluster) States() []state {
	answers := make([]*state, c.N)
	var mu sync.Mutex
	for i := range c.N {
		s := c.service(i)
		if s == nil {
			continue
		}
		go func() {
			term, leads := s.rf.GetState()
			c.checks.State(s.name, s.incarnation, term, leads)
			mu.Lock()
			defer mu.Unlock()
			answers[i] = &state{i, term, leads}
		}()
	}
	c.Sleep(0)
	mu.Lock()
	defer mu.Unlock()
	var states []state
	for _, a := range answers {
		if a != nil {
			states = append(states, *a)
		}
	}
	return states
}

// look looks at all servers now and then, for the checks of what GetState returns. Of a Raft that reports its transitions everything
// is seen anyway.
func (c *Cluster) look() {
	for {
		c.States()
		c.Sleep(25 * time.Millisecond)
	}
}

// finish is the end of every scenario.
func (c *Cluster) finish() {
	c.Add("terms", int64(c.checks.Terms()))
}

// overall is how often something must have happened over all seeds that run by default, if it must n times in ten.
func (c *Cluster) overall(n int) int64 { return int64(n * c.im.seeds(10) / 10) }
