package labtest

import "6.824/labrpc"

// link is one direction between two names.
type link struct{ from, to string }

// links keeps the network's conditions equal to what the active faults make of the
// healthy network: they are computed anew, for every link that anybody uses, whenever
// a fault begins or ends, a node is paused or resumed, or a new link comes into use.
// So faults may overlap and end in any order.
type links struct {
	known []link // in the order of first use
	now   map[link]labrpc.Conditions
	fold  func(from, to string) labrpc.Conditions // what the active faults make of a link
}

// knowLink brings a link, and the way back, under the faults that are active.
func (w *World) knowLink(a, b string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range []link{{a, b}, {b, a}} {
		if _, ok := w.links.now[l]; !ok {
			w.links.known = append(w.links.known, l)
			w.links.now[l] = baseConditions
			w.setLink(l)
		}
	}
}

// setConditions makes fold what decides a link's conditions from now on.
func (w *World) setConditions(fold func(from, to string) labrpc.Conditions) {
	w.mu.Lock()
	w.links.fold = fold
	w.mu.Unlock()
	w.recompute()
}

// recompute brings all links up to date.
func (w *World) recompute() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, l := range w.links.known {
		w.setLink(l)
	}
}

// setLink brings one link up to date; w.mu is held.
func (w *World) setLink(l link) {
	c := baseConditions
	if w.links.fold != nil {
		c = w.links.fold(l.from, l.to)
	}
	for _, end := range []string{l.from, l.to} {
		if n := w.nodes[end]; n != nil && n.Paused() {
			c.Hold = true
		}
	}
	if w.links.now[l] != c {
		w.links.now[l] = c
		w.net.SetLink(l.from, l.to, c)
	}
}
