package labrpc

import (
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Options of a network.
type Options struct {
	// Seed decides the fates of all messages.
	Seed int64

	// Settle makes the network a deterministic simulation. It must return when all goroutines but the caller's have come to rest: it is
	// testing/synctest.Wait, and the network must be made, used and cleaned up inside of the bubble. The network calls it,
	// from its engine, before each event; nobody else may call synctest.Wait meanwhile. If Settle is nil, the network runs in real time.
	Settle func()

	// Closed is called by Call and Do when they find the network closed, on the caller's goroutine, before they return. It may end that:
	// a client that tries until it succeeds would else try for ever. May be nil.
	Closed func()
}

// A Network connects client ends with servers. Its methods can be called from any goroutine.
type Network struct {
	seed   int64
	settle func()
	gone   func()    // Options.Closed
	base   time.Time // the instant 0

	policy   atomic.Pointer[policy]
	closed   atomic.Bool
	calls    atomic.Int64
	bytes    atomic.Int64
	workers  workers
	outbox   outbox
	observed relay

	mu         sync.Mutex // guards what follows; never held while anything blocks or foreign code runs
	links      map[linkName]*link
	hosts      map[string]*host
	ends       map[*ClientEnd]struct{}
	named      map[string]*ClientEnd // those of MakeEnd, by name
	made       int                   // calls of MakeEnd
	dialled    int                   // calls of Dial
	complaints map[string]bool

	engine engine
}

// MakeNetwork returns a network in real time, with a random seed.
func MakeNetwork() *Network { return NewNetwork(Options{Seed: rand.Int64()}) }

// NewNetwork returns a network with no ends and no servers, where every message arrives at once.
func NewNetwork(o Options) *Network {
	n := &Network{
		seed: o.Seed, settle: o.Settle, gone: o.Closed, base: time.Now(),
		links: map[linkName]*link{}, hosts: map[string]*host{}, ends: map[*ClientEnd]struct{}{}, named: map[string]*ClientEnd{},
		complaints: map[string]bool{},
	}
	n.policy.Store(&policy{defaults: &Conditions{}, ideal: true})
	n.setPolicy(func(*policy) {})
	n.engine.bell = make(chan struct{}, 1)
	if n.simulated() { // in real time it starts when there is something to be late
		n.engine.running = true
		go n.run()
	}
	return n
}

// simulated reports whether the network is a deterministic simulation.
func (n *Network) simulated() bool { return n.settle != nil }

// Seed returns the seed that decides the fates.
func (n *Network) Seed() int64 { return n.seed }

// Cleanup ends the network: all calls that are under way fail with ErrClosed, and so do later ones, at once; callbacks of At that
// are not due yet never run; and the network's goroutines end, except for those of handlers that have not returned. It does not wait
// for them. It can be called more than once, from anywhere.
func (n *Network) Cleanup() {
	if n.closed.Swap(true) {
		return
	}
	n.workers.stop()
	if n.simulated() {
		n.engine.ring() // which fails the calls, in order
		return
	}
	n.engine.stop()
	n.failAll()
}

// MakeEnd returns a new client end, to be connected and enabled by its name. It replaces an end of the same name, if there is one.
func (n *Network) MakeEnd(endname any) *ClientEnd {
	e := &ClientEnd{net: n, name: fmt.Sprint(endname)}
	n.mu.Lock()
	e.from = fmt.Sprintf("end#%d", n.made)
	e.ordinal = n.made
	n.made++
	old := n.named[e.name]
	n.named[e.name] = e
	n.ends[e] = struct{}{}
	n.mu.Unlock()
	if old != nil {
		slog.Warn("labrpc: MakeEnd: there was an end of this name, which is deleted now", "end", e.name)
		n.Hangup(old)
	}
	e.route.Store(&route{link: n.newLink(e.from, "")}) // to nobody, so nobody else needs to find it
	return e
}

// DeleteEnd deletes the end. Calls through it fail, also those that are under way.
func (n *Network) DeleteEnd(endname any) {
	if e := n.end(endname); e != nil {
		n.Hangup(e)
	}
}

// Connect connects the end to the server of that name, which need not exist yet. An end must also be enabled.
func (n *Network) Connect(endname, servername any) {
	if e := n.end(endname); e != nil {
		e.connect(fmt.Sprint(servername))
	}
}

// Enable enables or disables an end; ends are disabled at first. Calls through a disabled end get no reply, nor do those whose
// handlers are running when it is disabled.
func (n *Network) Enable(endname any, enabled bool) {
	e := n.end(endname)
	if e == nil {
		return
	}
	e.enabled.Store(enabled)
	if !enabled {
		n.doom(e.condemn(func(c *call) bool { return c.handlers > 0 }))
	}
}

// end returns the end that MakeEnd made under the name, or nil.
func (n *Network) end(name any) *ClientEnd {
	key := fmt.Sprint(name)
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.named[key]
}

// AddServer puts a server into the network under the name. If there was another one, that is deleted.
func (n *Network) AddServer(servername any, s *Server) { n.replace(fmt.Sprint(servername), s) }

// DeleteServer removes the server. Calls to it get no reply, nor do those whose handlers are running.
func (n *Network) DeleteServer(servername any) { n.replace(fmt.Sprint(servername), nil) }

func (n *Network) replace(name string, s *Server) {
	h := n.host(name)
	old := h.server.Swap(s)
	if old == nil || old == s {
		return
	}
	var doomed []*call
	for _, e := range n.endsOf(h) {
		doomed = append(doomed, e.condemn(func(c *call) bool { return c.handlers > 0 && c.at == old })...)
	}
	n.doom(doomed)
}

// A host is a name that a server can have.
type host struct {
	name   string
	server atomic.Pointer[Server]
	ends   map[*ClientEnd]struct{} // that have ever been connected to it; guarded by the network's mutex
}

func (n *Network) host(name string) *host {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := n.hosts[name]
	if h == nil {
		h = &host{name: name, ends: map[*ClientEnd]struct{}{}}
		n.hosts[name] = h
	}
	return h
}

func (n *Network) allEnds() []*ClientEnd {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(n.ends))
}

// endsOf returns the ends whose calls can have got to h. They are not all ends: a network of thousands of nodes loses one in no time.
func (n *Network) endsOf(h *host) []*ClientEnd {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Collect(maps.Keys(h.ends))
}

// GetCount returns how many requests the server of that name has been given, 0 if there is none.
func (n *Network) GetCount(servername any) int {
	if s := n.host(fmt.Sprint(servername)).server.Load(); s != nil {
		return s.GetCount()
	}
	return 0
}

// GetTotalCount returns how many calls have been made, lost ones included.
func (n *Network) GetTotalCount() int { return int(n.calls.Load()) }

// GetTotalBytes returns how many bytes of arguments have been sent and of replies have been delivered.
func (n *Network) GetTotalBytes() int64 { return n.bytes.Load() }
