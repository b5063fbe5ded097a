package labrpc

import (
	"fmt"
	"sync"
	"sync/atomic"
)

// A ClientEnd is the client's half of a connection to one server. It can be used by many goroutines at a time.
type ClientEnd struct {
	net     *Network
	name    string
	from    string // the name that its link starts from
	ordinal int    // orders the ends of one link
	route   atomic.Pointer[route]
	enabled atomic.Bool
	deleted atomic.Bool
	async   atomic.Uint64 // calls of Go

	hosts []*host // that it has ever been connected to; guarded by the network's mutex

	mu   sync.Mutex // guards the list, and the fields of its calls that say so; nothing else is locked under it
	open *call      // the calls that are under way, doubly linked
}

// A route is where an end leads.
type route struct {
	link *link
	host *host // nil if not connected
}

// Dial returns a new end on the link from→to, connected and enabled. Names are what fmt.Sprint makes of them. The server need not exist yet.
func (n *Network) Dial(from, to any) *ClientEnd {
	e := &ClientEnd{net: n, from: fmt.Sprint(from)}
	e.name = e.from
	e.connect(fmt.Sprint(to))
	e.enabled.Store(true)
	n.mu.Lock()
	e.ordinal = n.dialled
	n.dialled++
	n.ends[e] = struct{}{}
	n.mu.Unlock()
	return e
}

// Hangup deletes an end. Calls through it fail, also those that are under way: what they have sent still arrives, but nobody waits
// for the reply.
func (n *Network) Hangup(e *ClientEnd) {
	e.deleted.Store(true)
	n.mu.Lock()
	if n.named[e.name] == e {
		delete(n.named, e.name)
	}
	for _, h := range e.hosts {
		delete(h.ends, e)
	}
	n.mu.Unlock()
	doomed := e.condemn(func(*call) bool { return true })
	n.forget(e)
	n.doom(doomed)
}

// forget takes a deleted end off the network's list, unless calls are still under way, which Cleanup must find.
func (n *Network) forget(e *ClientEnd) {
	n.mu.Lock()
	defer n.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open == nil {
		delete(n.ends, e)
	}
}

func (e *ClientEnd) connect(to string) {
	n := e.net
	h := n.host(to)
	n.mu.Lock()
	if _, ok := h.ends[e]; !ok {
		h.ends[e] = struct{}{}
		e.hosts = append(e.hosts, h)
	}
	n.mu.Unlock()
	e.route.Store(&route{link: n.link(e.from, to), host: h})
}

// Call calls the method "Service.Method" of the server with args, and stores what it replies in reply, which must be a pointer. It
// returns true if there was a reply. False means that it may or may not have been carried out: the request or the reply was
// lost, the server is dead or can't be reached, or the call was wrong.
func (e *ClientEnd) Call(svcMeth string, args, reply any) bool {
	return e.Do(svcMeth, args, reply) == nil
}

// Do is Call, but says why it failed: a *[CallError].
func (e *ClientEnd) Do(svcMeth string, args, reply any) error {
	c := newCall(e, svcMeth, args, reply)
	c.ready = make(chan struct{}, 1)
	e.net.send(c)
	<-c.ready
	if !c.concluded {
		c.conclude()
	}
	if c.err == ErrClosed && e.net.gone != nil {
		e.net.gone()
	}
	return c.failure()
}

// Go is Do without waiting: done is called once, when the call is over, with what Do would have returned. Args are encoded before Go
// returns; reply belongs to the call until done is called. Done runs on a goroutine of the network, never before Go lets
// go of the caller's, and must not block. In a simulation, Go calls through one end must not race with each other, as they are sent in the order that they are made in.
func (e *ClientEnd) Go(svcMeth string, args, reply any, done func(error)) {
	c := newCall(e, svcMeth, args, reply)
	c.done = done
	c.turn = e.async.Add(1)
	e.net.send(c)
}

// enlist adds a call to those under way, unless the network is closed.
func (e *ClientEnd) enlist(c *call) bool {
	n := e.net
	if e.deleted.Load() { // it may be off the list
		n.mu.Lock()
		defer n.mu.Unlock()
		n.ends[e] = struct{}{}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if n.closed.Load() { // else Cleanup will find the call, as it looks for it after this
		return false
	}
	c.open, c.live = true, 1
	if c.next = e.open; c.next != nil {
		c.next.prev = c
	}
	e.open = c
	return true
}

// delist removes a call that is under way. The caller holds e.mu.
func (e *ClientEnd) delist(c *call) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		e.open = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next, c.open = nil, nil, false
}

// underway returns the calls that are under way.
func (e *ClientEnd) underway() (cs []*call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := e.open; c != nil; c = c.next {
		cs = append(cs, c)
	}
	return cs
}

// condemn dooms the calls under way that match: no reply to them will count. It returns them.
func (e *ClientEnd) condemn(match func(*call) bool) (cs []*call) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for c := e.open; c != nil; c = c.next {
		if match(c) {
			c.doomed = true
			cs = append(cs, c)
		}
	}
	return cs
}
