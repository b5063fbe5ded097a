package labrpc

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"sync"
)

// The outbox holds what goroutines of a simulation have sent since the last event. All of it counts as simultaneous, so it has no
// order yet; drain gives it one that does not depend on the scheduler.
type outbox struct {
	mu     sync.Mutex
	asleep bool // the engine is, or is about to be
	step
}

// A step is what has come into the outbox between two events.
type step struct {
	sent    []*message
	resumed [][]*message // released from a link, each in order
	doomed  []*call
}

// put changes the outbox, and wakes the engine.
func (n *Network) put(change func(*step)) {
	o := &n.outbox
	o.mu.Lock()
	change(&o.step)
	asleep := o.asleep
	o.asleep = false
	o.mu.Unlock()
	if asleep {
		n.engine.ring()
	}
}

// take empties the outbox.
func (o *outbox) take() step {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := o.step
	o.step, o.asleep = step{}, false
	return s
}

// rest notes that the engine goes to sleep, unless there is something to do.
func (o *outbox) rest() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asleep = len(o.sent)+len(o.resumed)+len(o.doomed) == 0
	return o.asleep
}

// post queues a message that is being sent.
func (n *Network) post(m *message) { n.put(func(s *step) { s.sent = append(s.sent, m) }) }

// resume lets messages of one link go on that have been on hold there.
func (n *Network) resume(held []*message) {
	if n.simulated() {
		n.put(func(s *step) { s.resumed = append(s.resumed, held) })
		return
	}
	now := n.now()
	for _, m := range held {
		n.arriveAt(now, m)
	}
}

// drain puts all that was sent in the last step into order, numbers it and decides on its fate. The engine calls it when all
// have come to rest. It returns true if foreign code has run, so that not all may be at rest any more.
func (n *Network) drain() (again bool) {
	step := n.outbox.take()
	sent, resumed, doomed := step.sent, step.resumed, step.doomed
	now := n.now()
	slices.SortStableFunc(resumed, func(a, b []*message) int { return a[0].link().compare(b[0].link().linkName) })
	for _, held := range resumed {
		for _, m := range held {
			n.arriveAt(now, m)
		}
	}
	for _, m := range sent {
		if !m.reply {
			m.call.setRoute()
		}
	}
	if len(sent) > 1 {
		slices.SortStableFunc(sent, compareSent)
	}
	p := n.policy.Load()
	for _, m := range sent {
		if !m.reply {
			m.call.setNumber()
		}
		n.judge(m, p)
	}
	sortCalls(doomed)
	for _, c := range doomed {
		n.condemn(c)
	}
	return len(sent) > 0 && len(p.hooks) > 0
}

// compareSent is the order of what is sent in one step.
func compareSent(a, b *message) int {
	if x := a.link().compare(b.link().linkName); x != 0 {
		return x
	}
	if a.reply != b.reply {
		if b.reply {
			return -1
		}
		return 1
	}
	c, d := a.call, b.call
	if a.reply { // one call on one link has one number
		return cmp.Or(cmp.Compare(c.number, d.number), cmp.Compare(a.copy, b.copy))
	}
	if c.turn > 0 && d.turn > 0 { // Go keeps its order
		return cmp.Or(cmp.Compare(c.end.ordinal, d.end.ordinal), cmp.Compare(c.turn, d.turn))
	}
	if (c.turn > 0) != (d.turn > 0) {
		return cmp.Compare(d.turn, c.turn)
	}
	if x := cmp.Or(strings.Compare(c.method, d.method), bytes.Compare(a.payload, b.payload)); x != 0 {
		return x
	}
	if a.err != nil && b.err != nil {
		if x := strings.Compare(a.err.Error(), b.err.Error()); x != 0 {
			return x
		}
	}
	// Calls with the same content through one end can't be told apart, so either may be the first.
	return cmp.Compare(c.end.ordinal, d.end.ordinal)
}

// sortCalls sorts by link and number.
func sortCalls(cs []*call) {
	slices.SortFunc(cs, func(a, b *call) int {
		return cmp.Or(a.route.link.compare(b.route.link.linkName), cmp.Compare(a.number, b.number))
	})
}

// windUp ends a simulation: it fails all calls.
func (n *Network) windUp() {
	n.settle()
	n.drain()
	n.engine.stop()
	n.failAll()
}

// failAll fails all calls that are under way when the network closes.
func (n *Network) failAll() {
	var open []*call
	for _, e := range n.allEnds() {
		open = append(open, e.underway()...)
	}
	if n.simulated() {
		sortCalls(open)
	}
	var async []*call
	for _, c := range open {
		if c.done != nil && !n.simulated() {
			async = append(async, c) // whoever calls Cleanup may hold what done needs
			continue
		}
		c.finish(nil, ErrClosed)
	}
	if len(async) > 0 {
		go func() {
			for _, c := range async {
				c.finish(nil, ErrClosed)
			}
		}()
	}
}
