package labtest

import (
	"slices"
	"time"
)

// Hunter is a nemesis that reads the nodes' state and strikes the leader at bad moments: right after
// it was elected, or some time into its lead, when entries are half replicated. What it does are
// faults like all others, so its run can be replayed without it.
type Hunter struct {
	Nodes  []string                         // among whom it hunts
	Leader func() (node string, found bool) // who leads now
}

// Hunt hunts until span is over. It runs on the caller's goroutine, which must be an actor's or the
// scenario's.
func (h Hunter) Hunt(w *World, span time.Duration) {
	r := w.Rand("hunter")
	last := ""
	for end := w.Now() + span; w.Now() < end; {
		node, found := h.Leader()
		if !found || node == last && r.IntN(8) > 0 {
			w.Sleep(between(r, time.Millisecond, 60*time.Millisecond))
			continue
		}
		last = node
		w.Sleep(between(r, 0, 30*time.Millisecond)) // into the lead's first rounds
		w.Count("hunted")
		w.Inject(Schedule{h.strike(w, node)})
		w.Sleep(between(r, 20*time.Millisecond, 600*time.Millisecond))
	}
}

// strike draws what happens to the leader.
func (h Hunter) strike(w *World, leader string) Fault {
	r := w.Rand("hunter")
	f := Fault{For: between(r, 100*time.Millisecond, 1500*time.Millisecond), Nodes: []string{leader}}
	rest := slices.DeleteFunc(slices.Clone(h.Nodes), func(n string) bool { return n == leader })
	switch r.IntN(5) {
	case 0:
		f.Kind, f.Mode = "crash", anyMode(r)
	case 1:
		f.Kind = "pause"
	case 2:
		f.Kind = "isolate"
	case 3: // with one friend, so that some of its entries get around
		friend := pick(r, rest)
		f.Kind, f.Nodes = "partition", nil
		f.Groups = [][]string{{leader, friend}, others(rest, friend)}
	case 4: // it hears nobody, but all hear it
		f.Kind, f.Nodes, f.From, f.To = "cut", nil, rest, []string{leader}
	}
	return f
}
