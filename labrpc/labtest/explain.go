package labtest

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"6.824/labrpc/labtest/trace"
)

// historyCheck runs porcupine over a history and its parts.
type historyCheck struct {
	model    porcupine.Model // guarded, without a Partition
	deadline time.Time       // of wall time

	mu    sync.Mutex
	panic any // the first of the model's
}

// guard keeps a panic of the model from ending the process: porcupine calls it on goroutines of its own.
func (c *historyCheck) guard() {
	c.model.Partition, c.model.PartitionEvent = nil, nil
	step, inContext, equal := c.model.Step, c.model.StepContext, c.model.Equal
	if inContext != nil {
		step = func(state, input, output any) (bool, any) {
			return inContext(context.Background(), state, input, output)
		}
		c.model.StepContext = func(ctx context.Context, state, input, output any) (ok bool, next any) {
			defer c.catch("Step at input %+v, output %+v, state %+v", input, output, state)
			return inContext(ctx, state, input, output)
		}
	}
	c.model.Step = func(state, input, output any) (ok bool, next any) {
		defer c.catch("Step at input %+v, output %+v, state %+v", input, output, state)
		return step(state, input, output)
	}
	if equal == nil {
		equal = func(a, b any) bool { return a == b } // which panics for states such as maps
	}
	c.model.Equal = func(a, b any) bool {
		defer c.catch("Equal of %+v and %+v", a, b)
		return equal(a, b)
	}
}

// catch keeps the first panic. Who is deferred to it returns zero values: a step that can't be taken.
func (c *historyCheck) catch(where string, args ...any) {
	if p := recover(); p != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.panic == nil {
			c.panic = fmt.Sprintf("%v, in %s", p, fmt.Sprintf(where, args...))
		}
	}
}

func (c *historyCheck) panicked() any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.panic
}

// run checks operations, divided by partition if that is not nil.
func (c *historyCheck) run(partition func([]porcupine.Operation) [][]porcupine.Operation, ops []porcupine.Operation) porcupine.CheckResult {
	model := c.model
	model.Partition = partition
	left := time.Until(c.deadline)
	if left <= 0 {
		return porcupine.Unknown
	}
	return porcupine.CheckOperationsTimeout(model, ops, left)
}

func (c *historyCheck) illegal(ops []porcupine.Operation) bool {
	return c.run(nil, ops) == porcupine.Illegal
}

// explain shows why a history is not linearizable: the smallest partition that is not, up to the answer
// that can't be explained any more, and the operations around it.
func (c *historyCheck) explain(total int, parts [][]porcupine.Operation) string {
	c.deadline = time.Now().Add(explainPatience)
	which := -1
	for i, part := range parts {
		if (which < 0 || len(part) < len(parts[which])) && c.illegal(part) {
			which = i
		}
	}
	if which < 0 {
		return fmt.Sprintf("no order of the %d operations explains what the clients saw", total)
	}
	part := parts[which]
	until := c.breaks(part)
	begun := upTo(part, until)

	var b strings.Builder
	fmt.Fprintf(&b, "no order explains what the clients saw in partition %d of %d (%d of %d operations).\n", which+1, len(parts), len(part), total)
	var last []porcupine.Operation // that return at the moment when it goes wrong
	for _, op := range begun {
		if op.Return == until {
			last = append(last, op)
		}
	}
	if len(last) > 0 {
		b.WriteString("All is well until this returns:\n")
		c.list(&b, last)
	}
	fmt.Fprintf(&b, "By then %d had been called%s.\nThe last of them:\n", len(begun), c.longest(begun))
	slices.SortStableFunc(begun, func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	if more := len(begun) - shownOperations; more > 0 {
		fmt.Fprintf(&b, "  (%d earlier ones)\n", more)
		begun = begun[more:]
	}
	c.list(&b, begun)
	return strings.TrimRight(b.String(), "\n")
}

// orders is what porcupine makes of the history, for those who look at it: partition by partition, if it comes to an end in time.
func (h *History) orders() (orders []trace.Order) {
	h.mu.Lock()
	defer h.mu.Unlock()
	defer func() {
		if recover() != nil { // in Partition; the verdict has told
			orders = nil
		}
	}()
	ops := h.operations()
	if len(ops) == 0 {
		return nil
	}
	c := &historyCheck{model: h.model, deadline: time.Now().Add(explainPatience)}
	c.guard()
	parts := [][]porcupine.Operation{ops}
	if h.model.Partition != nil {
		parts = h.model.Partition(ops)
	}
	for _, part := range parts {
		if order, ok := c.order(part); ok {
			orders = append(orders, order)
		}
	}
	return orders
}

// order finds the longest order of operations; it is not ok if there was no time for that, or the operations are not known.
func (c *historyCheck) order(ops []porcupine.Operation) (o trace.Order, ok bool) {
	left := time.Until(c.deadline)
	if left <= 0 {
		return o, false
	}
	result, info := porcupine.CheckOperationsVerbose(c.model, ops, left)
	in := map[*operation]bool{}
	for _, op := range longestOrder(info) {
		was, known := op.Metadata.(*operation)
		if !known { // a Partition has dropped it
			return o, false
		}
		in[was] = true
		o.Order = append(o.Order, was.inTrace())
	}
	for _, op := range ops {
		if was, known := op.Metadata.(*operation); known && !in[was] && was.answered {
			o.Left = append(o.Left, was.inTrace())
		}
	}
	if o.Legal = result == porcupine.Ok; result == porcupine.Illegal {
		until := c.breaks(ops)
		for _, op := range ops {
			if was, known := op.Metadata.(*operation); known && was.answered && op.Return == until {
				o.Breaks = append(o.Breaks, was.inTrace())
			}
		}
	}
	return o, result != porcupine.Unknown
}

func (op *operation) inTrace() trace.Operation {
	return trace.Operation{Client: clientName(op.client), N: op.n}
}

// longestOrder is the longest that was found.
func longestOrder(info porcupine.LinearizationInfo) (longest []porcupine.Operation) {
	for _, partials := range info.PartialLinearizationsOperations() {
		for _, p := range partials {
			if len(p) > len(longest) {
				longest = p
			}
		}
	}
	return longest
}

// explainPatience is the wall time for explaining a failure, shownOperations how many operations it
// shows.
const (
	explainPatience = 20 * time.Second
	shownOperations = 16
)

// breaks returns the first time up to which the operations can't be explained.
func (c *historyCheck) breaks(ops []porcupine.Operation) int64 {
	var returns []int64
	for _, op := range ops {
		if _, open := op.Output.(Unknown); !open {
			returns = append(returns, op.Return)
		}
	}
	slices.Sort(returns)
	i := sort.Search(len(returns)-1, func(i int) bool { return c.illegal(upTo(ops, returns[i])) })
	return returns[i]
}

// upTo is what a history was at a time: what returned later was still open.
func upTo(ops []porcupine.Operation, t int64) (begun []porcupine.Operation) {
	for _, op := range ops {
		if op.Call > t {
			continue
		}
		if op.Return > t {
			if r, ok := op.Input.(ReadOnly); ok && r.ReadOnly() {
				continue
			}
			op.Output, op.Return = Unknown{}, t+1
		}
		begun = append(begun, op)
	}
	return begun
}

// longest tells of the longest order that porcupine found for operations that have none.
func (c *historyCheck) longest(ops []porcupine.Operation) string {
	left := time.Until(c.deadline)
	if left <= 0 {
		return ""
	}
	_, info := porcupine.CheckOperationsVerbose(c.model, ops, left)
	longest := longestOrder(info)
	if len(longest) == 0 {
		return ""
	}
	state := c.model.Init()
	for _, op := range longest {
		_, state = c.model.Step(state, op.Input, op.Output)
	}
	text := fmt.Sprintf("%+v", state)
	if c.model.DescribeState != nil {
		text = c.model.DescribeState(state)
	}
	return fmt.Sprintf("; the longest order that fits has %d of them and leaves the state %s", len(longest), text)
}

// list writes operations, one on a line.
func (c *historyCheck) list(b *strings.Builder, ops []porcupine.Operation) {
	for _, op := range ops {
		call, back, what := "", "…", ""
		_, open := op.Output.(Unknown)
		if was, ok := op.Metadata.(*operation); ok { // a Partition may have dropped it
			call = stamp(was.call.at)
			if !open {
				back = stamp(was.back.at)
			}
		}
		if c.model.DescribeOperation != nil && !open {
			what = c.model.DescribeOperation(op.Input, op.Output)
		} else if what = fmt.Sprintf("%+v → %+v", op.Input, op.Output); open {
			what = fmt.Sprintf("%+v, no answer yet", op.Input)
		}
		fmt.Fprintf(b, "  client %-3d %12s – %-12s  %s\n", op.ClientId, call, back, what)
	}
}
