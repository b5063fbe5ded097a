package labtest

import (
	"fmt"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// Unknown is the output of an operation that never got an answer: it may have happened, at any
// time after it was called, or not. A model's Step must accept it as the output of any operation
// that changes the state; reads without an answer should not be invoked at all, or accepted too.
type Unknown struct{}

// historyPatience is the wall time that a check for linearizability may take. Not to know is to fail.
const historyPatience = 60 * time.Second

// History records the operations of concurrent clients, in virtual time, and has porcupine decide
// whether they are linearizable. The check is made when the run is over.
type History struct {
	w     *World
	model porcupine.Model

	mu  sync.Mutex
	ops []porcupine.Operation
}

// NewHistory begins a history that is checked against model at the end of the run.
func NewHistory(w *World, model porcupine.Model) *History {
	h := &History{w: w, model: model}
	w.afterwards(h.verdict)
	return h
}

// Invoke notes that a client (a number from 0, one operation at a time) calls an operation, and
// returns what notes its answer. If that is never called, the operation's output is Unknown.
func (h *History) Invoke(client int, input any) (done func(output any)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i := len(h.ops)
	h.ops = append(h.ops, porcupine.Operation{ClientId: client, Input: input, Call: h.w.Now().Nanoseconds(), Output: Unknown{}, Return: -1})
	return func(output any) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.ops[i].Output, h.ops[i].Return = output, h.w.Now().Nanoseconds()
		h.w.Count("operations")
	}
}

// verdict checks the history. It runs outside of the bubble, since porcupine's timeout is of real
// time.
func (h *History) verdict() (check, text string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	ops := make([]porcupine.Operation, len(h.ops))
	for i, op := range h.ops {
		if op.Return < 0 { // still open: it ends after everything else, on a client of its own
			op.Return = int64(1<<62) + int64(i)
			op.ClientId = -1 - i
		}
		ops[i] = op
	}
	result, info := porcupine.CheckOperationsVerbose(h.model, ops, historyPatience)
	switch result {
	case porcupine.Ok:
		return "", ""
	case porcupine.Unknown:
		return "linearizability", fmt.Sprintf("porcupine could not decide on %d operations within %v, and not to know is to fail", len(ops), historyPatience)
	}
	return "linearizability", h.explain(ops, info)
}

// explain shows the first partition of the history that has no order, around the first operation
// that no linearization reaches.
func (h *History) explain(ops []porcupine.Operation, info porcupine.LinearizationInfo) string {
	parts := [][]porcupine.Operation{ops}
	if h.model.Partition != nil {
		parts = h.model.Partition(ops)
	}
	for i, part := range parts {
		if len(part) == 0 || porcupine.CheckOperations(withoutPartition(h.model), part) {
			continue
		}
		longest := 0
		if partials := info.PartialLinearizations(); i < len(partials) {
			for _, p := range partials[i] {
				longest = max(longest, len(p))
			}
		}
		text := fmt.Sprintf("no order of these %d operations explains what the clients saw (the longest that does has %d of them):", len(part), longest)
		first := max(0, longest-6)
		for _, op := range part[first:min(len(part), longest+6)] {
			text += fmt.Sprintf("\n  client %-3d [%s, %s]  %s", op.ClientId, stamp(time.Duration(op.Call)), until(op.Return), h.describe(op))
		}
		return text
	}
	return "the history is not linearizable"
}

func withoutPartition(m porcupine.Model) porcupine.Model {
	m.Partition, m.PartitionEvent = nil, nil
	return m
}

func until(ns int64) string {
	if ns >= 1<<62 {
		return "no answer"
	}
	return stamp(time.Duration(ns))
}

func (h *History) describe(op porcupine.Operation) string {
	if _, open := op.Output.(Unknown); !open && h.model.DescribeOperation != nil {
		return h.model.DescribeOperation(op.Input, op.Output)
	}
	return fmt.Sprintf("%+v → %+v", op.Input, op.Output)
}
