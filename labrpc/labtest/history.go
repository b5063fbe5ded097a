package labtest

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// Unknown is the output of an operation that got no answer: it may have happened at any time since it was
// called, or may still, or never. A model's Step must accept it as the output of any input in any state,
// and return the state that the operation leaves behind when it happens. (That it need not happen is the
// checker's to see to: it may put such an operation after all others.)
type Unknown struct{}

// ReadOnly is what the input of an operation may implement that changes nothing. If it got no answer, it
// says nothing about the others, and it is left out: each open operation can double the checker's work.
type ReadOnly interface{ ReadOnly() bool }

// History is what concurrent clients called and were answered, in the order of virtual time. porcupine
// decides whether it is linearizable: whether every operation can be given an instant between its call and
// its return at which it happened at once. That takes real time and real goroutines, so it is done when
// the run is over and its bubble gone. Not to come to a decision in time is a failure, and so is a history
// in which no operation was answered.
type History struct {
	w        *World
	model    porcupine.Model
	patience time.Duration // of wall time

	mu     sync.Mutex
	ops    []*operation
	calls  map[int]uint64 // per client, how many it has made
	closed bool
}

// operation is one that was called.
type operation struct {
	client        int
	n             uint64 // of the client's operations, from 0
	input, output any
	call, back    moment
	answered      bool
}

// A moment is when something happened: the virtual time, and how many events had been recorded. All that
// happens in one step of the world has one moment, so that its order is left open; what happens in two
// steps of one instant is told apart.
type moment struct {
	at  time.Duration
	seq int
}

func (a moment) compare(b moment) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
}

// historyPatience is the wall time that the check of a history may take.
const historyPatience = time.Minute

// NewHistory begins a history that is checked against model when the run is over. The model's functions
// are called outside of the bubble. Let it have a Partition, if it can: the check takes time that grows
// exponentially with what is concurrent in one partition.
//
// A history without an answer says nothing about linearizability. In one run of many that may be, in all of
// them it makes the scenario vacuous.
func NewHistory(w *World, model porcupine.Model) *History {
	h := &History{w: w, model: model, patience: historyPatience, calls: map[int]uint64{}}
	w.afterwards(h.verdict)
	w.histories = append(w.histories, h)
	w.AtLeastOverall("operations", 1)
	return h
}

// Invoke notes that a client (a number from 0; one operation at a time) calls an operation. It returns
// what notes the answer: to be called once, when the answer has come. If it is never called, or called
// with Unknown{}, the operation stays open. When the run is over it does not return: see [World.ExitIfOver].
// Both are in the record, as events "invoke" and "return", and the counter "operations" counts the answers. Input and output must not be changed afterwards.
func (h *History) Invoke(client int, input any) (done func(output any)) {
	op := &operation{client: client, input: input, call: h.w.moment()}
	h.mu.Lock()
	n := h.calls[client] // not of all clients: in one step they call in any order
	op.n = n
	h.calls[client]++
	if !h.closed {
		h.ops = append(h.ops, op)
	}
	h.mu.Unlock()
	name := clientName(client)
	h.w.Record(Event{Kind: "invoke", Node: name, N: n, State: input})
	return func(output any) {
		h.w.ExitIfOver()
		h.w.Record(Event{Kind: "return", Node: name, N: n, State: output})
		if _, open := output.(Unknown); open {
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if !op.answered && !h.closed {
			op.answered, op.output, op.back = true, output, h.w.moment()
			h.w.Count("operations")
		}
	}
}

func clientName(client int) string { return fmt.Sprintf("client/%d", client) }

// Check ends the history here: operations that are open stay open, and later ones don't count. Without it
// the history ends with the run.
func (h *History) Check() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
}

// moment is the present one.
func (w *World) moment() moment {
	w.rec.mu.Lock()
	defer w.rec.mu.Unlock()
	return moment{w.Now(), w.rec.seq}
}

// operations returns the history as porcupine takes it. Times are the ranks of the moments; the operation
// itself is the metadata.
func (h *History) operations() (ops []porcupine.Operation) {
	slices.SortStableFunc(h.ops, func(a, b *operation) int {
		return cmp.Or(a.call.compare(b.call), cmp.Compare(a.client, b.client), cmp.Compare(a.n, b.n))
	})
	var moments []moment
	for _, op := range h.ops {
		moments = append(moments, op.call)
		if op.answered {
			moments = append(moments, op.back)
		}
	}
	slices.SortFunc(moments, moment.compare)
	moments = slices.Compact(moments)
	rank := func(m moment) int64 {
		i, _ := slices.BinarySearchFunc(moments, m, moment.compare)
		return int64(i)
	}
	for _, op := range h.ops {
		x := porcupine.Operation{ClientId: op.client, Input: op.input, Call: rank(op.call), Output: Unknown{}, Return: int64(len(moments)), Metadata: op}
		if op.answered {
			x.Output, x.Return = op.output, rank(op.back)
		} else if r, ok := op.input.(ReadOnly); ok && r.ReadOnly() {
			continue
		}
		ops = append(ops, x)
	}
	return ops
}

// verdict checks the history. It must be called outside of the bubble. An empty check means that all is
// well.
func (h *History) verdict() (check, text string) {
	const linearizability = "linearizability"
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() {
		if p := recover(); p != nil { // in Partition, say
			check, text = linearizability, fmt.Sprintf("the model panicked: %v", p)
		}
	}()
	ops := h.operations()
	if len(ops) == 0 {
		return "", ""
	}
	c := &historyCheck{model: h.model, deadline: time.Now().Add(h.patience)}
	c.guard()
	parts := [][]porcupine.Operation{ops}
	if h.model.Partition != nil {
		parts = h.model.Partition(ops)
	}
	result := c.run(h.model.Partition, ops)
	switch {
	case c.panicked() != nil:
		return linearizability, fmt.Sprintf("the model panicked: %v", c.panicked())
	case result == porcupine.Ok:
		return "", ""
	case result == porcupine.Unknown:
		open := len(slices.DeleteFunc(ops, func(op porcupine.Operation) bool { return op.Output != Unknown{} }))
		return linearizability, fmt.Sprintf("undecided after %v, which counts as a failure: %d operations, %d without an answer, in %d partitions. "+
			"Fewer clients, keys used by fewer of them, or more answers make it easier to decide.", h.patience, len(ops), open, len(parts))
	}
	return linearizability, c.explain(len(ops), parts)
}
