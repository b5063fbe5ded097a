package labtest

import (
	"fmt"
	"time"
)

// Player sets up the world of a scenario with so many nodes (0: as many as the scenario has), starts them,
// and returns what does one of the operations that clients asked for in a run of the scenario, as it noted
// them with [World.Asks]. That is called at the operation's time, on an actor of its own, which is called
// so; it may be asked of a node that is not there.
//
// Nothing that a Player checks may depend on what is asked, or broken, or on how well that goes: parts of it
// are left out. Invariants are like that, and linearizability.
type Player func(w *World, nodes int) (do func(actor int, op Operation))

// play is a scenario that plays the plan.
func (w *World) play(player Player) {
	do := player(w, w.plan.Nodes)
	for i, op := range inOrder(w.plan.Ops) {
		w.Go(fmt.Sprintf("operation %06d", i), func() {
			w.Sleep(max(0, op.At-w.Now()))
			w.Record(Event{Kind: "asked", Node: op.Node, Text: op.String()})
			do(i, op)
		})
	}
	w.Sleep(max(0, w.plan.Until-w.Now()) + time.Second) // the plan ends it
}

// cutShort ends a run in the middle. What clients are told by a network that closes is no answer.
func (w *World) cutShort() {
	w.mu.Lock()
	w.short = true
	w.mu.Unlock()
	w.end()
}

func (w *World) wasCutShort() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.short
}
