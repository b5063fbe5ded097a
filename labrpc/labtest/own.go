package labtest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"6.824/labrpc/labtest/trace"
)

// noted is what a run would be as data: what was broken in it, and what clients asked for.
type noted struct {
	injected []moment   // when each of World.injected was
	own      []ownFault // what the scenario broke by other means than Inject
	healed   []moment   // when all was well again
	asked    []asked
	sizes    map[string]int // by what Size was asked for
}

// ownFault is a fault with the moments at which it began and ended.
type ownFault struct {
	Fault
	began, ended moment
	over         bool
}

// asked is an operation with the moment at which it was asked for.
type asked struct {
	Operation
	when moment
}

// NoteFault notes that a scenario brings a fault about, or ends it, by other means than [World.Inject], so
// that the run as data has it too; At and For are as it happens. It ends when it is noted with on being
// false and the same kind and nodes. What the methods of [Node] do is noted by themselves.
func (w *World) NoteFault(on bool, f Fault) {
	now := w.moment()
	w.mu.Lock()
	defer w.mu.Unlock()
	own := w.noted.own
	i := slices.IndexFunc(own, func(o ownFault) bool { return !o.over && o.Kind == f.Kind && slices.Equal(o.Nodes, f.Nodes) })
	switch {
	case on && i < 0:
		f.At = now.at
		w.noted.own = append(own, ownFault{Fault: f, began: now})
		w.showFault(trace.FaultBegan, f)
	case !on && i >= 0:
		own[i].end(now)
		w.showFault(trace.FaultEnded, f)
	}
}

// Size is how large something of the scenario is, n as a rule: how many nodes it has, say, or how much work they are given. When a failure
// is made smaller, it may be less, but never nothing; so all that a scenario checks must hold for the smaller sizes, too.
func (w *World) Size(name string, n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.plan != nil && w.plan.Sizes[name] > 0 {
		n = w.plan.Sizes[name]
	}
	if w.noted.sizes == nil {
		w.noted.sizes = map[string]int{}
	}
	w.noted.sizes[name] = n
	return n
}

// noSuchSize is a size of the plan that the scenario has not asked for, "" if there is none.
func (w *World) noSuchSize() string {
	if w.plan == nil {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(w.plan.Sizes)) {
		if _, ok := w.noted.sizes[name]; !ok {
			return name
		}
	}
	return ""
}

// Unreliable makes the network the course's unreliable one, or ends that.
func (w *World) Unreliable(yes bool) {
	w.net.Reliable(!yes)
	w.NoteFault(yes, Fault{Kind: "unreliable"})
}

// showFault has a trace tell of a fault, in the same words when it begins and when it ends. Of crashes and pauses there are events.
func (w *World) showFault(what string, f Fault) {
	if w.Traced() && f.Kind != "crash" && f.Kind != "pause" {
		w.Record(Event{Kind: trace.Shown, Text: what, State: Fault{Kind: f.Kind, Nodes: f.Nodes}.String()})
	}
}

// end ends a fault; a crash that takes no time is a restart.
func (f *ownFault) end(now moment) {
	f.ended, f.over = now, true
	if f.Kind == "crash" && now.at == f.At {
		f.Kind = "restart"
	}
}

// noteHealed notes that all is well again.
func (w *World) noteHealed() {
	now := w.moment()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.noted.healed = append(w.noted.healed, now)
	for i := range w.noted.own {
		if f := &w.noted.own[i]; !f.over && (f.Kind == "crash" || f.Kind == "pause") {
			f.end(now)
		}
	}
}

// Asks notes that a client asks a node for something, for scenarios whose clients can be played again: see
// [Scenario.Play]. Arg is anything that JSON can say, nil if there is none. What it returns is to be called
// once it is known that this mattered to anybody: that may be later.
func (w *World) Asks(op, node string, arg any) (mattered func()) {
	if w.plan != nil && w.plan.Played {
		return func() {}
	}
	when := w.moment()
	return func() {
		o := Operation{At: when.at, Op: op, Node: node}
		if arg != nil {
			text, err := plainJSON(arg)
			if err != nil {
				return // it can't be data: then the run can't be played, as shrinking will find out
			}
			o.Arg = text
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.noted.asked = append(w.noted.asked, asked{o, when})
	}
}

// A runAsData is what was broken in a run, and what clients asked for, in absolute times.
type runAsData struct {
	own   Schedule // by the scenario, by other means than Inject
	now   Schedule // by Inject, at once: a scenario may count on that
	later Schedule // by Inject, some time ahead: drawn schedules are like that, and those of a hunter
	ops   []Operation
}

// all is everything that was broken.
func (d runAsData) all() Schedule { return slices.Concat(d.own, d.now, d.later).sorted() }

// asData makes data of a run. With apart, what happened in one instant, one after the other, is a nanosecond
// apart, so that it stays in order; without, faults come before all else.
func (w *World) asData(apart bool) (d runAsData) {
	n := &w.noted
	steps := map[time.Duration][]int{} // per instant, the sequence numbers at which something happened
	see := func(m moment) { steps[m.at] = append(steps[m.at], m.seq) }
	for i, m := range n.injected {
		if w.injected[i].At == m.at {
			see(m)
		}
	}
	for _, f := range n.own {
		see(f.began)
		if f.over {
			see(f.ended)
		}
	}
	for _, op := range n.asked {
		see(op.when)
	}
	for at, seqs := range steps {
		slices.Sort(seqs)
		steps[at] = slices.Compact(seqs)
	}
	place := func(m moment) time.Duration {
		if !apart {
			return m.at
		}
		i, _ := slices.BinarySearch(steps[m.at], m.seq)
		return m.at + time.Duration(i)
	}

	for i, f := range w.injected {
		m := n.injected[i]
		atOnce := f.At == m.at
		if atOnce && apart {
			f.At = place(m) + 1
		}
		for _, heal := range n.healed {
			if lasts := f.For == 0 || f.At+f.For > heal.at; f.At < heal.at && lasts && !kinds[f.Kind].moment {
				f.For = heal.at - f.At
			}
		}
		if atOnce {
			d.now = append(d.now, f)
		} else {
			d.later = append(d.later, f)
		}
	}
	own := slices.SortedStableFunc(slices.Values(n.own), func(a, b ownFault) int { // of one step, in an order that is always the same
		return cmp.Or(a.began.compare(b.began), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Nodes, b.Nodes))
	})
	for _, o := range own {
		o.At = place(o.began)
		if o.over && !kinds[o.Kind].moment {
			if o.For = place(o.ended) - o.At; o.For <= 0 {
				continue
			}
		}
		d.own = append(d.own, o.Fault)
	}
	for _, op := range n.asked {
		op.At = place(op.when)
		d.ops = append(d.ops, op.Operation)
	}
	d.ops = inOrder(d.ops)
	return d
}
