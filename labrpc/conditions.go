package labrpc

import (
	"fmt"
	"maps"
)

// Conditions say what messages meet that travel From→To: requests of From's calls, and replies of From's handlers. The zero
// Conditions are a perfect link. Probabilities are from 0 to 1. Dice are rolled when a message is sent; Cut and Hold count
// both then and when it arrives.
type Conditions struct {
	DropRequest float64 `json:"dropRequest,omitzero"` // probability that a request is lost
	DropReply   float64 `json:"dropReply,omitzero"`   // probability that a reply is lost
	Duplicate   float64 `json:"duplicate,omitzero"`   // probability that a message arrives twice
	Delay       Dist    `json:"delay,omitzero"`       // of each message (and each copy)
	Reorder     float64 `json:"reorder,omitzero"`     // probability that a message is held back
	ReorderBy   Dist    `json:"reorderBy,omitzero"`   // for how long, on top of Delay
	Cut         bool    `json:"cut,omitzero"`         // nothing gets through
	Hold        bool    `json:"hold,omitzero"`        // what arrives waits until Hold is cleared, and goes on in the order of arrival
	Bandwidth   int     `json:"bandwidth,omitzero"`   // bytes of payload per second, one message after the other; 0 = unlimited
	Queue       int     `json:"queue,omitzero"`       // messages that may wait for bandwidth, beyond it they are lost; 0 = unlimited
}

// SetDefault sets the conditions of all links that SetLink has not set.
func (n *Network) SetDefault(c Conditions) {
	n.setPolicy(func(p *policy) { p.defaults, p.ideal = &c, c == Conditions{} })
	n.release(n.allLinks()...)
}

// SetLink sets the conditions of the link from→to, this direction only. Names are those given to Dial, or to AddServer; an end of
// MakeEnd is called "end#k", where k counts the calls of MakeEnd from 0.
func (n *Network) SetLink(from, to any, c Conditions) {
	l := n.link(fmt.Sprint(from), fmt.Sprint(to))
	n.setPolicy(func(p *policy) { p.links++ })
	if l.own.Swap(&c) != nil {
		n.setPolicy(func(p *policy) { p.links-- })
	}
	n.release(l)
}

// ClearLink returns the link from→to to the default conditions.
func (n *Network) ClearLink(from, to any) {
	l := n.link(fmt.Sprint(from), fmt.Sprint(to))
	if l.own.Swap(nil) != nil {
		n.setPolicy(func(p *policy) { p.links-- })
	}
	n.release(l)
}

// Conditions returns the conditions of the link from→to as they are now, by SetLink or SetDefault, and Cut also if Partition
// separates the two.
func (n *Network) Conditions(from, to any) Conditions {
	p, f, t := n.policy.Load(), fmt.Sprint(from), fmt.Sprint(to)
	c := *p.defaults
	n.mu.Lock()
	l := n.links[linkName{f, t}]
	n.mu.Unlock()
	if l != nil {
		c = *l.conditions(p)
	}
	c.Cut = c.Cut || p.separated(f, t)
	return c
}

// Partition cuts all links between different groups of names, in both directions, until Heal or the next Partition. Names in no
// group keep all their links. It works on top of what SetLink and SetDefault say.
func (n *Network) Partition(groups ...[]any) {
	group := map[string]int{}
	for i, names := range groups {
		for _, name := range names {
			group[fmt.Sprint(name)] = i
		}
	}
	n.setPolicy(func(p *policy) { p.group = group })
}

// Heal ends the Partition.
func (n *Network) Heal() { n.setPolicy(func(p *policy) { p.group = nil }) }

// Reliable turns the course's unreliable network on (false) and off (true): a request takes 0–26 ms and is lost with
// probability 1/10, and so is its reply. Callers learn of these losses at once.
func (n *Network) Reliable(yes bool) { n.setPolicy(func(p *policy) { p.unreliable = !yes }) }

// LongReordering turns the course's long delays of replies on and off: 2/3 of them come 200–2,200 ms late.
func (n *Network) LongReordering(yes bool) { n.setPolicy(func(p *policy) { p.longReordering = yes }) }

// LongDelays says when callers learn that a call is lost: within 7 s (true) instead of 100 ms.
func (n *Network) LongDelays(yes bool) { n.setPolicy(func(p *policy) { p.longDelays = yes }) }

// A policy is all that can be set for the whole network. It is replaced, never changed, so that a message costs one load and looks
// at one consistent state.
type policy struct {
	defaults       *Conditions
	ideal          bool // the defaults are the zero Conditions
	links          int  // how many links have conditions of their own
	unreliable     bool
	longReordering bool
	longDelays     bool
	group          map[string]int // of a Partition
	hooks          []*hook
	observer       func(Event)

	// plain is derived: nothing can happen to a message, nobody looks at it, and there is no order to keep.
	plain bool
}

func (n *Network) setPolicy(change func(*policy)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	p := *n.policy.Load()
	change(&p)
	p.plain = n.settle == nil && p.ideal && p.links == 0 && !p.unreliable && !p.longReordering &&
		p.group == nil && len(p.hooks) == 0 && p.observer == nil
	n.policy.Store(&p)
}

// separated reports whether a Partition cuts the way between the two.
func (p *policy) separated(from, to string) bool {
	if p.group == nil {
		return false
	}
	f, ok := p.group[from]
	t, also := p.group[to]
	return ok && also && f != t
}

// allLinks returns the links that exist, in no particular order.
func (n *Network) allLinks() []*link {
	n.mu.Lock()
	defer n.mu.Unlock()
	ls := make([]*link, 0, len(n.links))
	for l := range maps.Values(n.links) {
		ls = append(ls, l)
	}
	return ls
}
