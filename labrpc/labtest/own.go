package labtest

import (
	"cmp"
	"slices"
)

// NoteFault notes that a scenario brings a fault about, or ends it, by other means than [World.Inject], so
// that the run as data has it too. Node is "" for a kind that has no nodes. What the methods of [Node] do is
// noted by themselves.
func (w *World) NoteFault(on bool, kind, node string) {
	f := Fault{Kind: kind}
	if node != "" {
		f.Nodes = []string{node}
	}
	w.noteFault(on, f)
}

func (w *World) noteFault(on bool, f Fault) {
	now := w.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.own, func(o Fault) bool { return o.For == 0 && o.Kind == f.Kind && slices.Equal(o.Nodes, f.Nodes) })
	switch {
	case on && i < 0:
		f.At = now
		w.own = append(w.own, f)
	case !on && i >= 0:
		if w.own[i].For = now - w.own[i].At; w.own[i].For == 0 {
			w.own = slices.Delete(w.own, i, i+1)
		}
	}
}

// noteHealed notes that all is well again.
func (w *World) noteHealed() {
	now := w.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.healed = append(w.healed, now)
	for i := range w.own {
		if f := &w.own[i]; f.For == 0 && (f.Kind == "crash" || f.Kind == "pause") {
			f.For = now - f.At
		}
	}
}

// allFaults is what went wrong in a run: what was injected, and what the scenario did by itself.
func (w *World) allFaults() Schedule {
	own := slices.SortedStableFunc(slices.Values(w.own), func(a, b Fault) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Kind, b.Kind), slices.Compare(a.Nodes, b.Nodes))
	})
	injected := slices.Clone(w.injected)
	for i := range injected {
		f := &injected[i]
		for _, heal := range w.healed {
			if lasts := f.For == 0 || f.At+f.For > heal; f.At < heal && lasts && !kinds[f.Kind].moment {
				f.For = heal - f.At
			}
		}
	}
	return append(injected, own...).sorted()
}
