package kvtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft"
	"6.824/raft/rafttest"
	"6.824/raft/rsm/rsmtest"
)

// Cluster is a store in a world, which it also is: a scenario acts on both. Servers go by their numbers, from 0; their nodes are called
// "kv/0" and so on, those of clients "client/0" and so on.
type Cluster struct {
	*labtest.World
	N     int
	names []string
	nodes []*labtest.Node
	im    implementation
	setup setup
	rand  *rand.Rand // of the scenario

	history   *labtest.History
	sequences rsmtest.Sequences
	clients   int // that were made by the scenario

	mu    sync.Mutex
	hosts []*host       // of the servers that are up; nil for the others
	done  time.Duration // when an operation was last answered
	worst time.Duration // the longest time without an answer
}

// host is an incarnation of a server.
type host struct {
	server    Server
	raft      stater // nil if nobody has shown it
	persister *raft.Persister
}

func newCluster(w *labtest.World, im implementation, s setup) *Cluster {
	c := &Cluster{
		World: w, N: s.Servers, im: im, setup: s, rand: w.Rand("scenario"), hosts: make([]*host, s.Servers),
		history: labtest.NewHistory(w, model),
	}
	c.Unreliable(s.Unreliable)
	for i := range c.N {
		c.names = append(c.names, fmt.Sprintf("kv/%d", i))
	}
	for i, name := range c.names {
		c.nodes = append(c.nodes, w.AddNode(name, func(n *labtest.Node) func() { return c.boot(i, n) }))
	}
	for i := range c.N {
		c.Restart(i)
	}
	return c
}

// boot starts an incarnation of a server.
func (c *Cluster) boot(i int, node *labtest.Node) (stop func()) {
	ends := make([]*labrpc.ClientEnd, c.N)
	for j, to := range c.names {
		ends[j] = node.Dial(to)
	}
	h := &host{persister: raft.NewPersister(rafttest.NewStorage(node.Disk().Open()))}
	h.server = c.im.server(Peer{
		Ends: ends, Me: i, Persister: h.persister, MaxRaftState: c.setup.MaxRaftState, MaxSessions: c.setup.MaxSessions,
		Node: node, host: h,
	})
	c.mu.Lock()
	c.hosts[i] = h
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		if c.hosts[i] == h {
			c.hosts[i] = nil
		}
		c.mu.Unlock()
		h.server.Kill()
	}
}

// host returns what runs on a server, nil if it is down.
func (c *Cluster) host(i int) *host {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.nodes[i].Up() {
		return nil
	}
	return c.hosts[i]
}

// Crash crashes servers; what they have not synced is lost.
func (c *Cluster) Crash(servers ...int) {
	for _, i := range servers {
		c.nodes[i].Crash(labtest.Lose)
	}
}

// crashAtWrite has a server crash in the middle of its k-th write from now, or no more, if k is 0.
func (c *Cluster) crashAtWrite(i, k int, mode labtest.CrashMode) {
	c.NoteFault(k > 0, labtest.Fault{Kind: "crashatwrite", Nodes: c.Names(i), N: k, Mode: mode})
	c.nodes[i].Disk().CrashAtWrite(k, mode)
}

// Restart starts servers that are down.
func (c *Cluster) Restart(servers ...int) {
	for _, i := range servers {
		c.nodes[i].Start()
	}
}

// Partition lets the servers hear each other only within each group; clients hear all.
func (c *Cluster) Partition(groups ...[]int) {
	c.Logf("partition: %v", groups)
	names := make([][]any, len(groups))
	fault := labtest.Fault{Kind: "partition"}
	for k, g := range groups {
		for _, i := range g {
			names[k] = append(names[k], c.names[i])
		}
		fault.Groups = append(fault.Groups, c.Names(g...))
	}
	c.NoteFault(false, labtest.Fault{Kind: "partition"}) // an earlier one
	if len(groups) > 1 {
		c.NoteFault(true, fault)
	}
	c.Net().Partition(names...)
}

// All lists all servers.
func (c *Cluster) All() []int { return c.Others() }

// Others lists all servers but some.
func (c *Cluster) Others(but ...int) (others []int) {
	for i := range c.N {
		if !slices.Contains(but, i) {
			others = append(others, i)
		}
	}
	return others
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

// Inject is World.Inject for one fault or several.
func (c *Cluster) Inject(faults ...labtest.Fault) { c.World.Inject(faults) }

// overall is how often something must have happened over all seeds that run by default, if it must n times in ten.
func (c *Cluster) overall(n int) int64 { return int64(n * c.im.seeds(defaultSeeds) / 10) }

// LeaderNow is the server that leads in the latest term, if one does.
func (c *Cluster) LeaderNow() (leader int, ok bool) {
	type answer struct {
		term  int
		leads bool
	}
	answers := make([]answer, c.N)
	var mu sync.Mutex
	for i := range c.N {
		h := c.host(i)
		if h == nil || h.raft == nil {
			continue
		}
		go func() { // one that waits for its disk may not answer
			term, leads := h.raft.GetState()
			mu.Lock()
			defer mu.Unlock()
			answers[i] = answer{term, leads}
		}()
	}
	c.Sleep(0)
	mu.Lock()
	defer mu.Unlock()
	latest := 0
	for i, a := range answers {
		if a.leads && a.term > latest {
			leader, latest, ok = i, a.term, true
		}
	}
	return leader, ok
}

// How long things may take.
const (
	electionTimeout = time.Second      // within which a leader is elected, as in the course
	livenessBound   = 10 * time.Second // within which a healthy cluster must answer
	poll            = 10 * time.Millisecond
)

// Leader is the server that leads. It waits for one to be elected.
func (c *Cluster) Leader() int {
	leader, found := 0, false
	c.Eventually(livenessBound, func() bool {
		leader, found = c.LeaderNow()
		return found
	})
	if !found {
		c.Violate("a leader is elected", "Raft extended, §5.2", "No server says within %v that it leads. (The suite asks the GetState of what was given to Peer.Serve.)", livenessBound)
		c.Sleep(0)
	}
	return leader
}

// hunted is the leader, for a hunter.
func (c *Cluster) hunted() (node string, found bool) {
	leader, ok := c.LeaderNow()
	if !ok {
		return "", false
	}
	return c.names[leader], true
}

// HealAll ends all faults.
func (c *Cluster) HealAll() {
	c.Net().Heal()
	c.NoteFault(false, labtest.Fault{Kind: "partition"})
	c.Unreliable(false)
	c.Net().LongReordering(false)
	c.Heal()
	for _, n := range c.nodes {
		n.Disk().CrashAtWrite(0, labtest.Keep)
	}
	c.replaceFailed()
}

// replaceFailed restarts the servers whose disks have failed, as an operator would.
func (c *Cluster) replaceFailed() {
	for i := range c.N {
		if h := c.host(i); h != nil {
			if f, ok := h.raft.(interface{ Err() error }); ok && f.Err() != nil {
				c.Crash(i)
				c.Restart(i)
			}
		}
	}
}

// Recover ends all faults, and makes sure that every client comes to an end of its operation, and that a new one gets an answer.
func (c *Cluster) Recover(l *Load) {
	c.HealAll()
	began := c.Now()
	if l != nil {
		l.Stop()
		if !l.wait(livenessBound) {
			c.Violate("liveness after the faults", "Ongaro's dissertation, §10", "All faults are over since %v, and these clients still wait for an answer: %v.", livenessBound, l.waiting())
			c.Sleep(0)
		}
	}
	k := c.Clerk()
	k.within(livenessBound, "all faults are over", func() {
		k.Put("recovered", "yes")
		k.Get("recovered")
	})
	c.Logf("recovered %v after the faults were over", c.Now()-began)
	c.Count("recovered")
}

// RaftState is the size of the largest Raft state of all servers that are up, in bytes.
func (c *Cluster) RaftState() (size int) {
	return c.largest((*raft.Persister).RaftStateSize)
}

// SnapshotSize is the size of the largest snapshot of all servers that are up, in bytes.
func (c *Cluster) SnapshotSize() (size int) {
	return c.largest((*raft.Persister).SnapshotSize)
}

func (c *Cluster) largest(of func(*raft.Persister) int) (size int) {
	for i := range c.N {
		if h := c.host(i); h != nil {
			size = max(size, of(h.persister))
		}
	}
	return size
}

// checkSizes makes sure that the Raft state is as small as snapshots should keep it, or that there are none, if there should be none.
func (c *Cluster) checkSizes() {
	limit := c.setup.MaxRaftState
	if limit < 0 {
		if size := c.SnapshotSize(); size > 0 {
			c.Violate("no snapshots when there should be none", "", "maxraftstate is -1, and there is a snapshot of %d bytes.", size)
		}
		return
	}
	if size := c.RaftState(); size > 8*limit {
		c.Violate("snapshots keep the Raft state small", "Raft extended, §7", "The Raft state is of %d bytes, more than 8 times maxraftstate, which is %d.", size, limit)
	}
}
