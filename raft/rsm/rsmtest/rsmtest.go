// Package rsmtest puts replicated services into a simulated world: what the suites of the services
// on raft have in common.
package rsmtest

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft"
	"6.824/raft/rafttest"
	"6.824/raft/rsm"
)

// Server is a server of a service. Its RPC handlers, and those of its Raft, are given to [Peer.Serve].
type Server interface {
	// Kill stops the server, its Raft, and all their goroutines.
	Kill()
}

// Peer is what a server is made from.
type Peer struct {
	Ends      []*labrpc.ClientEnd // of the calls to each server of the service; this one's own is unused
	Me        int                 // this server's place among them
	Persister *raft.Persister     // what an earlier incarnation of this server has saved
	Node      *labtest.Node       // the machine that it runs on
}

// Serve has the receivers' methods answer calls.
func (p Peer) Serve(receivers ...any) {
	for _, r := range receivers {
		p.Node.Serve(labrpc.MakeService(r))
	}
}

// Rand is the server's own source of random numbers. A server that draws from elsewhere has other
// histories each time.
func (p Peer) Rand() *rand.Rand { return p.Node.Rand("raft") }

// Dial is what the course calls make_end.
func (p Peer) Dial(server string) *labrpc.ClientEnd { return p.Node.Dial(server) }

// Gate is what a service passes before it applies anything: it stands still there while its machine is paused.
func (p Peer) Gate() { p.Node.GateOf("service") }

// Simulated makes a service on raft/rsm live in a simulated world: it draws its random numbers from the
// node, lives by its clock, stands still while it is paused, and reports who leads.
func (p Peer) Simulated(c *rsm.Config) {
	c.Rand = p.Node.Rand("rsm")
	c.Gate = p.Gate
	c.Logger = slog.New(slog.DiscardHandler)
	last := Role{Leader: -1}
	c.Raft = append(c.Raft, raft.WithRand(p.Rand()), raft.WithHost(p.Node), raft.WithLogger(c.Logger), raft.WithObserver(func(t raft.Transition) {
		if p.Node.Traced() {
			p.Node.Show(t.Event, t)
		}
		if now := (Role{t.Term, t.Leader}); now != last {
			last = now
			p.Node.Report("role", now)
		}
	}))
}

// Role is what a server reports of its Raft when that changes.
type Role struct{ Term, Leader int }

// Replicas are the servers of one service in a world. Servers go by their numbers, from 0.
type Replicas struct {
	Name  string
	Names []string // of the nodes: Name/0 and so on
	World *labtest.World
	nodes []*labtest.Node

	mu         sync.Mutex
	role       Role              // of the highest term that a server has reported
	persisters []*raft.Persister // of each server's last incarnation
}

// NewReplicas adds n servers to a world. They are not started yet.
func NewReplicas(w *labtest.World, name string, n int, start func(Peer) Server) *Replicas {
	rs := &Replicas{Name: name, World: w, role: Role{Leader: -1}, persisters: make([]*raft.Persister, n)}
	for i := range n {
		rs.Names = append(rs.Names, fmt.Sprintf("%s/%d", name, i))
	}
	for i, name := range rs.Names {
		rs.nodes = append(rs.nodes, w.AddNode(name, func(node *labtest.Node) func() {
			p := Peer{Me: i, Persister: raft.NewPersister(rafttest.NewStorage(node.Disk().Open())), Node: node}
			for _, to := range rs.Names {
				p.Ends = append(p.Ends, node.Dial(to))
			}
			rs.mu.Lock()
			rs.persisters[i] = p.Persister
			rs.mu.Unlock()
			return start(p).Kill
		}))
	}
	w.OnEvent(rs.observe)
	return rs
}

// observe follows who leads.
func (rs *Replicas) observe(e labtest.Event) {
	role, ok := e.State.(Role)
	if !ok || !slices.Contains(rs.Names, e.Node) {
		return
	}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if role.Term > rs.role.Term || role.Term == rs.role.Term && role.Leader >= 0 {
		rs.role = role
	}
}

// Leader is the node that leads, as the servers last reported; false if none does, or they don't report.
func (rs *Replicas) Leader() (node string, found bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if rs.role.Leader < 0 {
		return "", false
	}
	return rs.Names[rs.role.Leader], true
}

// Start starts servers that are down, or all, if none is given.
func (rs *Replicas) Start(servers ...int) {
	for _, i := range rs.these(servers) {
		rs.nodes[i].Start()
	}
}

// Crash crashes servers, or all, if none is given: what they have not synced is lost.
func (rs *Replicas) Crash(servers ...int) {
	for _, i := range rs.these(servers) {
		rs.nodes[i].Crash(labtest.Lose)
	}
}

func (rs *Replicas) these(servers []int) []int {
	if len(servers) > 0 {
		return servers
	}
	all := make([]int, len(rs.nodes))
	for i := range all {
		all[i] = i
	}
	return all
}

// Stored is what all servers together have on their disks, in bytes.
func (rs *Replicas) Stored() (total int) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, p := range rs.persisters {
		if p != nil {
			total += p.RaftStateSize() + p.SnapshotSize()
		}
	}
	return total
}

// StateSizes are the sizes of each server's Raft's state, in bytes.
func (rs *Replicas) StateSizes() (sizes []int) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for _, p := range rs.persisters {
		if p != nil {
			sizes = append(sizes, p.RaftStateSize())
		}
	}
	return sizes
}

// Ends dials the servers for a client, whose name begins with "client", in an order of its own.
func (rs *Replicas) Ends(client string) []*labrpc.ClientEnd {
	ends := make([]*labrpc.ClientEnd, len(rs.Names))
	for i, k := range rs.World.Rand("ends of " + client + " to " + rs.Name).Perm(len(ends)) {
		ends[i] = rs.World.Dial(client, rs.Names[k])
	}
	return ends
}
