package labtest

import (
	"slices"
	"sync"

	"6.824/labrpc"
)

// applied are the faults that are active. The conditions of links are computed anew from all of
// them at each change, so they may overlap and end in any order, and one can be left out of a
// schedule without a trace.
type applied struct {
	w *World

	mu     sync.Mutex
	active []*Fault
	held   map[string]int // by kind and node: faults that hold the node in a state
}

func newApplied(w *World) *applied { return &applied{w: w, held: map[string]int{}} }

// list returns the faults that are active.
func (a *applied) list() []Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []Fault
	for _, f := range a.active {
		all = append(all, *f)
	}
	return all
}

// begin makes f happen. Called on the engine's goroutine: what may block runs on others.
func (a *applied) begin(f *Fault) {
	k := kinds[f.Kind]
	a.mu.Lock()
	a.active = append(a.active, f)
	a.mu.Unlock()
	a.w.Count("fault:" + f.Kind)
	a.w.cause("began", f.String())
	if k.link != nil {
		a.w.setConditions(a.conditions)
	}
	if k.begin != nil {
		a.onNodes(f, func(n *Node) {
			if k.holds && !a.hold(f.Kind+" "+n.name) {
				return
			}
			if n.Up() {
				a.w.Count("hit:" + f.Kind)
			}
			k.begin(f, n)
		})
	}
}

// end ends f, unless it has ended.
func (a *applied) end(f *Fault) {
	k := kinds[f.Kind]
	a.mu.Lock()
	i := slices.Index(a.active, f)
	if i >= 0 {
		a.active = slices.Delete(a.active, i, i+1)
	}
	a.mu.Unlock()
	if i < 0 {
		return
	}
	a.w.cause("ended", f.String())
	if k.link != nil {
		a.w.setConditions(a.conditions)
	}
	if k.begin != nil {
		a.onNodes(f, func(n *Node) {
			if k.holds && !a.release(f.Kind+" "+n.name) {
				return
			}
			if k.end != nil {
				k.end(f, n)
			}
		})
	}
}

// healAll ends all faults that are active.
func (a *applied) healAll() {
	a.mu.Lock()
	active := slices.Clone(a.active)
	a.mu.Unlock()
	for _, f := range active {
		a.end(f)
	}
}

// onNodes has act run for each of f's nodes, each on a goroutine of its own: they are different
// machines.
func (a *applied) onNodes(f *Fault, act func(*Node)) {
	for _, name := range f.Nodes {
		if n := a.w.Node(name); n != nil {
			go act(n)
		}
	}
}

// hold and release count who holds a node in a state; they report whether that begins or ends it.
func (a *applied) hold(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held[key]++
	return a.held[key] == 1
}

func (a *applied) release(key string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held[key]--
	return a.held[key] == 0
}

// conditions folds the active faults over the healthy conditions of a link.
func (a *applied) conditions(from, to string) labrpc.Conditions {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := baseConditions
	for _, f := range a.active {
		if link := kinds[f.Kind].link; link != nil {
			link(f, from, to, &c)
		}
	}
	return c
}

// observe counts, per kind, the messages that faults have really hit. A message counts for a fault
// that changes its link's conditions when something has happened to it that can't happen on a
// healthy one; and if the fault only makes the link slow, when it was sent.
func (a *applied) observe(e labrpc.Event) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.active) == 0 {
		return
	}
	from, to := e.From, e.To
	if e.Reply {
		from, to = to, from
	}
	for _, f := range a.active {
		k := kinds[f.Kind]
		if k.link == nil {
			continue
		}
		c := labrpc.Conditions{}
		k.link(f, from, to, &c)
		if hits(&c, e.Kind) {
			a.w.Count("hit:" + f.Kind)
		}
	}
}

// hits says whether what has happened to a message can be the doing of conditions.
func hits(c *labrpc.Conditions, kind labrpc.EventKind) bool {
	switch kind {
	case labrpc.Dropped:
		return c.Cut || c.DropRequest > 0 || c.Queue > 0
	case labrpc.ReplyDropped:
		return c.Cut || c.DropReply > 0 || c.Queue > 0
	case labrpc.Duplicated:
		return c.Duplicate > 0
	case labrpc.Held:
		return c.Hold
	case labrpc.Sent, labrpc.Replied:
		return !c.Delay.IsZero() || c.Reorder > 0 || c.Bandwidth > 0
	}
	return false
}
