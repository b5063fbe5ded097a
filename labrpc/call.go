package labrpc

import (
	"errors"
	"fmt"
	"reflect"

	"6.824/labgob"
)

// A call is one Call, Do or Go, from its beginning to its end. Parts of it can outlive that end: copies of its messages
// that are still under way, handlers that still run.
type call struct {
	end    *ClientEnd
	method string
	reply  any
	done   func(error)   // of Go; must not be called on the caller's goroutine
	ready  chan struct{} // of Do, with room for one
	turn   uint64        // of Go: calls through one end keep their order

	route   *route // as it was when the call was numbered
	number  uint64 // on its link, from 1
	fate    fate
	copies  int     // of the request
	request message // copy 0
	answer  message // the reply to copy 0

	// Guarded by end.mu.
	prev, next *call
	open       bool // it has not come to its end
	doomed     bool // no reply will count any more
	told       bool // its end as a lost call is scheduled
	live       int  // copies and handlers that may still bring a reply
	handlers   int  // that are running
	at         *Server

	// Set once, by whoever brings the call to its end.
	won       *message // the reply
	err       error
	concluded bool

	room [64]byte // for the first bytes of the request, and with it most requests
}

// A message is one copy of a request or a reply.
type message struct {
	call    *call
	reply   bool
	copy    int
	wire    *wire
	payload []byte // never changed
	err     error  // instead of a payload: a call that is wrong, or the report of one that the server found wrong
	sum     uint64 // fingerprint of the content, if it is observed
}

// link is the link that m travels on.
func (m *message) link() *link {
	if m.reply {
		return m.call.route.link.back
	}
	return m.call.route.link
}

// newCall encodes a call.
func newCall(e *ClientEnd, method string, args, reply any) *call {
	c := &call{end: e, method: method, reply: reply, copies: 1}
	m := &c.request
	m.call = c
	if t := reflect.TypeOf(reply); t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(reply).IsNil() {
		m.err = fmt.Errorf("%w: the reply must be a pointer that is not nil, it is a %T", ErrBadType, reply)
		return c
	}
	if m.wire, m.err = wireFor(reflect.TypeOf(args)); m.err != nil {
		m.err = fmt.Errorf("arguments: %w", m.err)
		return c
	}
	if m.payload, m.err = m.wire.encode(c.room[:0], args); m.err != nil {
		m.err = fmt.Errorf("arguments: %w", m.err)
		return c
	}
	if e.net.policy.Load().observer != nil {
		m.sum = m.wire.codec.Sum(m.payload)
	}
	return c
}

// setRoute fixes where the call goes, and setNumber its place there.
func (c *call) setRoute() { c.route = c.end.route.Load() }

func (c *call) setNumber() {
	l := c.route.link
	c.number = l.calls.Add(1)
	c.fate = fateOf(l.key, c.number)
}

// begin notes that a handler at s starts, or returns false: s has just been deleted, or the end disabled.
func (c *call) begin(s *Server) bool {
	e := c.end
	e.mu.Lock()
	c.handlers++
	c.at = s
	e.mu.Unlock()
	// Whoever deletes s or disables the end looks for running calls after that. So either they see this one, or this sees them.
	if c.route.host.server.Load() == s && e.enabled.Load() {
		return true
	}
	e.mu.Lock()
	c.handlers--
	e.mu.Unlock()
	return false
}

// returned notes that a handler has come to its end. It reports whether its reply can still count.
func (c *call) returned() bool {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	c.handlers--
	return !c.doomed
}

// finish brings the call to its end, with a reply or with an error. It returns false if it has ended before, or this reply does
// not count.
func (c *call) finish(won *message, err error) bool {
	if !c.claim(won, err) {
		return false
	}
	if won != nil {
		c.end.net.bytes.Add(int64(len(won.payload)))
	}
	if c.done != nil {
		c.conclude()
		c.done(c.failure())
		return true
	}
	if c.end.net.simulated() {
		c.conclude() // here, as what is observed must come from the engine
	}
	c.ready <- struct{}{} // Do concludes, on the caller's own time
	return true
}

// claim makes the caller the one who finishes the call.
func (c *call) claim(won *message, err error) bool {
	e := c.end
	e.mu.Lock()
	if !c.open || won != nil && c.doomed {
		e.mu.Unlock()
		return false
	}
	e.delist(c)
	e.mu.Unlock()
	if e.deleted.Load() {
		e.net.forget(e)
	}
	c.won, c.err = won, err
	return true
}

// conclude decodes the reply and reports how the call has ended.
func (c *call) conclude() {
	c.concluded = true
	n := c.end.net
	m := &c.request
	if c.won != nil {
		m = c.won
		if c.err = m.err; c.err == nil {
			labgob.CheckDefault(c.reply)
			c.err = m.wire.decode(m.payload, c.reply)
			if c.err != nil {
				c.err = fmt.Errorf("reply: %w", c.err)
			}
		}
	}
	if c.err == nil {
		n.note(n.policy.Load(), Returned, m, 0, "")
		return
	}
	if !errors.Is(c.err, ErrLost) && !errors.Is(c.err, ErrClosed) && !errors.Is(c.err, ErrPanic) { // which the server has logged
		n.complain(c.failure())
	}
	n.note(n.policy.Load(), Failed, m, 0, c.err.Error())
}

// failure is what Do returns.
func (c *call) failure() error {
	if c.err == nil {
		return nil
	}
	r := c.route
	if r == nil {
		r = c.end.route.Load()
	}
	return &CallError{End: c.end.name, From: c.end.from, To: r.link.to, Method: c.method, Err: c.err}
}
