package labrpc

import (
	"sync"
	"time"
)

// EventKind says what has happened to a message or a call.
type EventKind int

// What can happen, in about this order.
const (
	Sent         EventKind = iota + 1 // a request has left
	Tampered                          // a hook has changed the message that was just sent
	Duplicated                        // another copy of the message that was just sent is under way
	Dropped                           // a request is lost
	Held                              // a message has arrived at a link on hold and waits
	Delivered                         // a request has reached its handler
	Replied                           // a reply has left
	ReplyDropped                      // a reply is lost
	Ignored                           // a reply has reached a caller whose call was over
	Returned                          // the reply has reached the caller
	Failed                            // the caller was told that the call is lost, or wrong
)

var eventKinds = [...]string{
	Sent: "sent", Tampered: "tampered", Duplicated: "duplicated", Dropped: "dropped", Held: "held", Delivered: "delivered",
	Replied: "replied", ReplyDropped: "reply-dropped", Ignored: "ignored", Returned: "returned", Failed: "failed",
}

func (k EventKind) String() string {
	if k > 0 && int(k) < len(eventKinds) {
		return eventKinds[k]
	}
	return "unknown"
}

// An Event is something that has happened to a message.
//
// Why is, for what is lost: "drop" (by DropRequest or DropReply), "cut", "queue full", "hook", "unreliable" (by Reliable), "no server", or what
// was wrong with the end; for what was sent: "reorder" or "long reordering" if it is held back; for Failed: the error.
type Event struct {
	Kind   EventKind
	From   string // the caller
	To     string // the server, also if the event is about the reply
	Method string
	N      uint64    // the number of the call on its link, from 1
	Copy   int       // 0, unless the message is a duplicate
	Reply  bool      // the event is about the reply
	Bytes  int       // size of the payload
	Sum    uint64    // hash of the arguments or the reply, equal for equal ones; 0 for a reply that reports an error
	Due    time.Time // when the message will arrive; zero if it is not known or it won't
	Why    string    // what has hit the message, or why the call failed

	wire    *wire  // nil if there is no content
	payload []byte // of the message; never changed
}

// Body decodes the content of the message: it points to a value of the caller's own, of the type that was sent. It is nil if the event
// has none, as a reply that reports an error. It may be called at any time later, and costs nothing until it is.
func (e Event) Body() any {
	if e.wire == nil {
		return nil
	}
	return e.wire.fresh(e.payload)
}

// Observe has f called with every event from now on, one at a time; nil ends it. In a simulation it is called by the engine, in the
// one order, and the time is time.Now. F must not block.
func (n *Network) Observe(f func(Event)) { n.setPolicy(func(p *policy) { p.observer = f }) }

// noteSent notes that m was sent.
func (n *Network) noteSent(p *policy, m *message, due instant, why string) {
	kind := Sent
	if m.reply {
		kind = Replied
		if m.err != nil {
			why = m.err.Error()
		}
	}
	n.note(p, kind, m, due, why)
}

// note tells the observer about m.
func (n *Network) note(p *policy, kind EventKind, m *message, due instant, why string) {
	if p.observer == nil {
		return
	}
	c := m.call
	e := Event{
		Kind: kind, From: c.end.from, Method: c.method, N: c.number, Copy: m.copy, Reply: m.reply,
		Bytes: len(m.payload), Sum: m.sum, Why: why,
	}
	if c.route != nil {
		e.To = c.route.link.to
	}
	if due > 0 {
		e.Due = n.base.Add(time.Duration(due))
	}
	if m.err == nil && m.payload != nil {
		e.wire, e.payload = m.wire, m.payload
	}
	if n.simulated() {
		p.observer(e)
		return
	}
	n.observed.pass(p.observer, e)
}

// A relay calls an observer with one event at a time, in real time, without holding a lock meanwhile: who comes while another
// goroutine is at it leaves its event to that one.
type relay struct {
	mu      sync.Mutex
	busy    bool
	waiting []relayed
}

type relayed struct {
	f func(Event)
	e Event
}

func (r *relay) pass(f func(Event), e Event) {
	r.mu.Lock()
	r.waiting = append(r.waiting, relayed{f, e})
	if r.busy {
		r.mu.Unlock()
		return
	}
	r.busy = true
	defer func() { // also if f ends this goroutine
		r.busy = false
		r.mu.Unlock()
	}()
	for len(r.waiting) > 0 {
		next := r.waiting[0]
		r.waiting = r.waiting[1:]
		r.call(next)
	}
	r.waiting = nil
}

// call calls one observer. The caller holds r.mu, before and after.
func (r *relay) call(x relayed) {
	r.mu.Unlock()
	defer r.mu.Lock()
	x.f(x.e)
}
