package labtest

import (
	"fmt"
	"slices"
	"time"
)

// Inject makes the faults of s happen; their times count from now. All that a run
// injected is its schedule, which a failure report saves in absolute times: given
// back with -lab.faults it replaces all that the scenario would inject.
func (w *World) Inject(s Schedule) {
	if w.override != nil {
		return
	}
	s = slices.Clone(s)
	for i := range s {
		s[i].At += w.Now()
	}
	now := w.moment()
	w.schedule(s, w.actor().name, now)
}

// schedule makes the faults of s happen at their times since the world began. Faults of one instant happen
// in the order in which their injector injected them; those of different injectors, who may do so in one
// step, go by the injectors' names.
func (w *World) schedule(s Schedule, by string, now moment) {
	w.mu.Lock()
	for range s {
		w.noted.injected = append(w.noted.injected, now)
	}
	w.injected = append(w.injected, s...)
	first := w.injectedBy[by]
	w.injectedBy[by] += len(s)
	w.mu.Unlock()
	for i := range s {
		f, key := &s[i], fmt.Sprintf("fault %s %06d", by, first+i)
		w.after(f.At, key, func() { w.faults.begin(f) })
		if f.For > 0 {
			w.after(f.At+f.For, key+" over", func() { w.faults.end(f) })
		}
	}
}

// onceSetUp is s, but what would begin with the world itself does so when the scenario has set up its nodes.
func (s Schedule) onceSetUp() Schedule {
	later := slices.Clone(s)
	for i := range later {
		later[i].At = max(later[i].At, 1)
	}
	return later
}

// after has f run as an event of the engine at a time since the world began, or at
// once if that has passed. f must not block.
func (w *World) after(at time.Duration, key string, f func()) {
	w.net.At(w.start.Add(max(at, w.Now())), key, f)
}

// Heal ends every fault: links are healthy again, nodes that are down are started and
// those that are paused resumed. Faults that are still to come will come.
func (w *World) Heal() {
	w.noteHealed()
	w.do(w.faults.healAll)
	for _, n := range w.Nodes() {
		n.Resume()
		n.Start()
	}
}
