package labtest

import (
	"fmt"
	"sync"
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

// InTurn is what a [Player] returns whose clients do one operation at a time, in the order in which they asked for
// them: the next one as soon as the last is done. An operation's client is its Node; when its first operation comes,
// client makes it.
func InTurn[C any](client func(name string) C, do func(c C, op Operation)) func(actor int, op Operation) {
	type turn struct {
		client  C
		waiting []Operation // the first of them is under way
	}
	var mu sync.Mutex
	turns := map[string]*turn{}
	return func(_ int, op Operation) {
		mu.Lock()
		t := turns[op.Node]
		if t == nil {
			t = &turn{client: client(op.Node)}
			turns[op.Node] = t
		}
		t.waiting = append(t.waiting, op)
		for first := len(t.waiting) == 1; first && len(t.waiting) > 0; t.waiting = t.waiting[1:] {
			next := t.waiting[0]
			mu.Unlock()
			do(t.client, next)
			mu.Lock()
		}
		mu.Unlock()
	}
}

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

// cutShort ends a run in the middle of whatever goes on.
func (w *World) cutShort() {
	w.mu.Lock()
	w.short = true
	w.mu.Unlock()
	w.end()
}
