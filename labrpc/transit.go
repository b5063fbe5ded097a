package labrpc

import (
	"fmt"
	"time"
)

// send sends a call on its way.
func (n *Network) send(c *call) {
	m := &c.request
	n.calls.Add(1)
	n.bytes.Add(int64(len(m.payload)))
	if n.simulated() {
		if c.end.enlist(c) {
			n.post(m)
		} else {
			n.refuse(c)
		}
		return
	}
	c.setRoute()
	c.setNumber()
	if !c.end.enlist(c) {
		n.refuse(c)
		return
	}
	p := n.policy.Load()
	if p.plain && m.err == nil {
		if s := c.destination(); s != nil && c.begin(s) {
			n.workers.run(n, m, s)
			return
		}
	}
	n.judge(m, p)
}

// refuse ends a call that never began: the network is closed.
func (n *Network) refuse(c *call) {
	c.err, c.concluded = ErrClosed, true
	if c.done != nil {
		go c.done(c.failure())
	} else {
		c.ready <- struct{}{}
	}
}

// destination returns the server that the call can reach now, or nil.
func (c *call) destination() *Server {
	if e := c.end; !e.enabled.Load() || e.deleted.Load() || c.route.host == nil {
		return nil
	}
	return c.route.host.server.Load()
}

// respond sends a reply on its way.
func (n *Network) respond(r *message) {
	if n.simulated() {
		n.post(r)
		return
	}
	n.judge(r, n.policy.Load())
}

// judge decides on the fate of a message that is being sent. In a simulation it is called by the engine, in the one order.
func (n *Network) judge(m *message, p *policy) {
	c := m.call
	if m.reply {
		if !c.returned() {
			// What the handler says of its server's end is a matter of who in the server came to it first; and it is heard by nobody.
			m.payload, m.sum, m.err = nil, 0, nil
			n.lose(m, c.notices(noticed), "the server or the end was deleted or disabled while the handler ran")
			return
		}
		if p.plain {
			n.arriveReply(m)
			return
		}
	} else if m.err != nil {
		n.failAt(n.now(), c, m.err)
		return
	}
	if why := m.unreachable(p); why != "" {
		n.noteSent(p, m, 0, "")
		n.lose(m, c.notices(p.patience()), why)
		return
	}
	v, original := n.inspect(m, p)
	cond := m.link().conditions(p)
	copies := 1 + max(v.Duplicates, 0)
	if c.fate.chance(m.ask(askDuplicateRequest, askDuplicateReply), m.copy, cond.Duplicate) {
		copies++
	}
	now := n.now()
	stride := 1 // of the numbers of the copies: of a call, no two requests have the same number, and no two replies
	if m.reply {
		stride = c.copies
	} else {
		c.copies = copies
	}
	var few [2]trip
	trips := few[:min(copies, len(few))]
	if copies > len(few) {
		trips = make([]trip, copies)
	}
	for i := range trips {
		trips[i] = m.plan(m.copy+i*stride, cond, p, v, now)
	}
	if copies > 1 {
		c.end.mu.Lock()
		c.live += copies - 1
		c.end.mu.Unlock()
	}
	n.noteSent(p, original, trips[0].due, trips[0].note)
	if m != original {
		n.note(p, Tampered, m, trips[0].due, "")
	}
	for i, t := range trips {
		x := m
		if i > 0 {
			dup := *m
			dup.copy = m.copy + i*stride
			x = &dup
			n.note(p, Duplicated, x, t.due, t.note)
		}
		if t.lost != "" {
			n.lose(x, t.told, t.lost)
		} else {
			n.deliver(x, t.due)
		}
	}
}

// unreachable says why m can't even leave.
func (m *message) unreachable(p *policy) string {
	e := m.call.end
	switch {
	case m.link().cut(p):
		return "cut"
	case m.reply:
		return ""
	case e.deleted.Load():
		return "the end is deleted"
	case m.call.route.host == nil:
		return "the end is not connected"
	case !e.enabled.Load():
		return "the end is disabled"
	}
	return ""
}

func (m *message) ask(ofRequest, ofReply question) question {
	if m.reply {
		return ofReply
	}
	return ofRequest
}

// deliver makes m arrive.
func (n *Network) deliver(m *message, due instant) {
	if n.simulated() || due > n.now() {
		n.arriveAt(due, m)
		return
	}
	n.arrive(m)
}

// arrive lets m out at the other end of its link, if that lets it.
func (n *Network) arrive(m *message) {
	p := n.policy.Load()
	l := m.link()
	if l.cut(p) {
		n.lose(m, m.call.notices(p.patience()), "cut")
		return
	}
	if l.hold(n, m) {
		n.note(p, Held, m, 0, "")
		return
	}
	if m.reply {
		n.arriveReply(m)
		return
	}
	c := m.call
	if !c.end.enabled.Load() {
		n.lose(m, c.notices(p.patience()), "the end is disabled")
		return
	}
	s := c.route.host.server.Load()
	if s == nil || !c.begin(s) {
		n.lose(m, c.notices(p.patience()), "no server")
		return
	}
	n.note(p, Delivered, m, 0, "")
	n.workers.run(n, m, s)
}

func (n *Network) arriveReply(m *message) {
	if !m.call.finish(m, nil) {
		n.note(n.policy.Load(), Ignored, m, 0, "the call is over")
	}
}

// lose loses m. If nothing is left of its call that could still bring a reply, the caller is told after a while.
func (n *Network) lose(m *message, told time.Duration, why string) {
	kind := Dropped
	if m.reply {
		kind = ReplyDropped
	}
	n.note(n.policy.Load(), kind, m, 0, why)
	c := m.call
	c.end.mu.Lock()
	c.live--
	tell := c.live == 0 && c.open && !c.told
	c.told = c.told || tell
	c.end.mu.Unlock()
	if tell {
		what := "request"
		if m.reply {
			what = "reply"
		}
		n.failAt(n.now().add(told), c, fmt.Errorf("%w: %s lost: %s", ErrLost, what, why))
	}
}

// doom fails calls that have been condemned, after a while.
func (n *Network) doom(cs []*call) {
	if len(cs) == 0 {
		return
	}
	if n.simulated() {
		n.put(func(s *step) { s.doomed = append(s.doomed, cs...) })
		return
	}
	for _, c := range cs {
		n.condemn(c)
	}
}

func (n *Network) condemn(c *call) {
	c.end.mu.Lock()
	tell := c.open && !c.told
	c.told = c.told || tell
	c.end.mu.Unlock()
	if tell {
		n.failAt(n.now().add(c.notices(noticed)), c, fmt.Errorf("%w: the server or the end was deleted or disabled", ErrLost))
	}
}
