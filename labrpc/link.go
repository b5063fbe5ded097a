package labrpc

import (
	"cmp"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A link is one direction of the way between two names. It numbers the calls that are made along it.
type link struct {
	linkName
	key   uint64 // of the fates of its calls
	back  *link  // the other direction, where the replies travel
	own   atomic.Pointer[Conditions]
	calls atomic.Uint64

	mu     sync.Mutex
	held   []*message // waiting for Hold to be cleared
	freeAt instant    // when the last message has left, if the bandwidth is limited
	starts []instant  // when those that still wait for bandwidth will start, ascending
}

type linkName struct{ from, to string }

func (a linkName) compare(b linkName) int {
	return cmp.Or(strings.Compare(a.from, b.from), strings.Compare(a.to, b.to))
}

// link returns the link from→to, and makes it and its way back if need be.
func (n *Network) link(from, to string) *link {
	n.mu.Lock()
	defer n.mu.Unlock()
	name, back := linkName{from, to}, linkName{to, from}
	if l := n.links[name]; l != nil {
		return l
	}
	l := n.newLink(from, to)
	n.links[name], n.links[back] = l, l.back
	return l
}

// newLink returns a link and its way back, which may be the same.
func (n *Network) newLink(from, to string) *link {
	l := &link{linkName: linkName{from, to}, key: keyOf(n.seed, from, to)}
	l.back = l
	if from != to {
		l.back = &link{linkName: linkName{to, from}, key: keyOf(n.seed, to, from), back: l}
	}
	return l
}

func (l *link) conditions(p *policy) *Conditions {
	if c := l.own.Load(); c != nil {
		return c
	}
	return p.defaults
}

// cut reports whether nothing gets through.
func (l *link) cut(p *policy) bool { return l.conditions(p).Cut || p.separated(l.from, l.to) }

// hold makes m wait if the link is on hold.
func (l *link) hold(n *Network, m *message) bool {
	if !l.conditions(n.policy.Load()).Hold {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.conditions(n.policy.Load()).Hold { // released just now: release looks at l.held after the change
		return false
	}
	l.held = append(l.held, m)
	return true
}

// release sends on what waits on those of the links that are no longer on hold.
func (n *Network) release(links ...*link) {
	for _, l := range links {
		if l.conditions(n.policy.Load()).Hold {
			continue
		}
		l.mu.Lock()
		held := l.held
		l.held = nil
		l.mu.Unlock()
		if len(held) > 0 {
			n.resume(held)
		}
	}
}

// transmit makes a message of size bytes wait for its turn on a link with limited bandwidth. It returns when the message has left, or
// false if the queue is full.
func (l *link) transmit(c *Conditions, now instant, size int) (left instant, ok bool) {
	if c.Bandwidth <= 0 {
		return now, true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.starts) > 0 && l.starts[0] <= now {
		l.starts = l.starts[1:]
	}
	if c.Queue > 0 && len(l.starts) >= c.Queue {
		return 0, false
	}
	start := max(now, l.freeAt)
	if start > now {
		l.starts = append(l.starts, start)
	}
	l.freeAt = start.add(toDuration(float64(size) / float64(c.Bandwidth) * float64(time.Second)))
	return l.freeAt, true
}
