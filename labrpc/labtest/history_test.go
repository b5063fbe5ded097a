package labtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest/trace"
)

// regOp is an operation of a register per key: it writes Value, or reads if that is 0.
type regOp struct{ Key, Value int }

func (o regOp) ReadOnly() bool { return o.Value == 0 }

// registers is their model.
var registers = porcupine.Model{
	Partition: func(history []porcupine.Operation) (parts [][]porcupine.Operation) {
		byKey := map[int]int{}
		for _, op := range history {
			key := op.Input.(regOp).Key
			if _, ok := byKey[key]; !ok {
				byKey[key] = len(parts)
				parts = append(parts, nil)
			}
			parts[byKey[key]] = append(parts[byKey[key]], op)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		if op := input.(regOp); op.Value > 0 {
			return true, op.Value
		}
		return output == Unknown{} || output == state, state
	},
	DescribeOperation: func(input, output any) string {
		if op := input.(regOp); op.Value > 0 {
			return fmt.Sprintf("put(%d, %d)", op.Key, op.Value)
		} else {
			return fmt.Sprintf("get(%d) → %v", op.Key, output)
		}
	},
	DescribeState: func(state any) string { return fmt.Sprintf("«%v»", state) },
}

// historyOf runs a scenario over a history and returns its violation, nil if there is none.
func historyOf(t *testing.T, model porcupine.Model, scenario func(w *World, h *History)) *Violation {
	t.Helper()
	res, _ := runOnce(t, func(w *World) { scenario(w, NewHistory(w, model)) })
	require.Empty(t, res.outcome)
	return res.violation
}

// an operation that takes a millisecond.
func do(w *World, h *History, client int, in regOp, out any) {
	done := h.Invoke(client, in)
	w.Sleep(time.Millisecond)
	done(out)
	w.Sleep(time.Millisecond)
}

func TestHistoryIsCheckedWhenTheRunIsOver(t *testing.T) {
	for read, ok := range map[int]bool{1: true, 2: true, 3: false, 0: false} {
		v := historyOf(t, registers, func(w *World, h *History) {
			do(w, h, 0, regOp{1, 1}, nil)
			h.Invoke(1, regOp{1, 2}) // no answer: it may have happened, or not
			w.Sleep(time.Second)
			do(w, h, 0, regOp{Key: 1}, read)
		})
		if ok {
			require.Nil(t, v, "read %d", read)
		} else {
			require.NotNil(t, v, "read %d", read)
			require.Equal(t, "linearizability", v.Check)
		}
	}
}

func TestOpenOperationMayHappenLate(t *testing.T) {
	write := func(reads ...int) *Violation {
		return historyOf(t, registers, func(w *World, h *History) {
			do(w, h, 0, regOp{1, 1}, nil)
			h.Invoke(1, regOp{1, 2})(Unknown{}) // the client has given up
			for _, r := range reads {
				do(w, h, 0, regOp{Key: 1}, r)
			}
		})
	}
	require.Nil(t, write(1, 1, 2, 2))
	require.Nil(t, write(1, 1))
	require.Nil(t, write(2))
	require.NotNil(t, write(1, 2, 1), "but once, and not back")
}

func TestOpenReadsCostNothing(t *testing.T) {
	began := time.Now()
	require.Nil(t, historyOf(t, registers, func(w *World, h *History) {
		for i := range 40 {
			h.Invoke(100+i, regOp{Key: 1})
			if i == 0 {
				require.Len(w, h.ops, 1)
				ops := h.operations()
				require.Empty(w, ops)
			}
			do(w, h, 0, regOp{1, i + 1}, nil)
			do(w, h, 1, regOp{Key: 1}, i+1)
		}
	}))
	require.Less(t, time.Since(began), 10*time.Second)
}

// What happens in two steps of one instant has an order; what happens in one step has none.
func TestMomentsAreFinerThanInstants(t *testing.T) {
	v := historyOf(t, registers, func(w *World, h *History) {
		h.Invoke(0, regOp{1, 1})(nil)
		w.Sleep(0)
		h.Invoke(1, regOp{Key: 1})(0)
	})
	require.NotNil(t, v, "the write had returned")
	require.Nil(t, historyOf(t, registers, func(w *World, h *History) {
		h.Invoke(0, regOp{1, 1})(nil)
		h.Invoke(1, regOp{Key: 1})(0)
	}), "nobody can tell which was first")
}

func TestCheckEndsTheHistory(t *testing.T) {
	require.Nil(t, historyOf(t, registers, func(w *World, h *History) {
		do(w, h, 0, regOp{1, 1}, nil)
		late := h.Invoke(1, regOp{Key: 1})
		w.Sleep(time.Second)
		h.Check()
		late(7)
		do(w, h, 0, regOp{Key: 1}, 8)
		require.Len(w, h.ops, 2)
	}))
}

func TestHistoryWithoutAnswersIsVacuousOverall(t *testing.T) {
	require.Nil(t, historyOf(t, registers, func(w *World, h *History) {
		h.Invoke(0, regOp{1, 1})
		w.Sleep(time.Second)
		require.EqualValues(w, 1, w.overall["operations"])
		require.Zero(w, w.Counter("operations"))
	}))
}

func TestUndecidedIsAFailure(t *testing.T) {
	began := time.Now()
	v := historyOf(t, registers, func(w *World, h *History) {
		h.patience = 300 * time.Millisecond
		for i := range 60 { // all at once, and a read that none of them explains
			w.Go(fmt.Sprint(i), func() {
				done := h.Invoke(i, regOp{1, i + 1})
				w.Sleep(time.Second)
				done(nil)
			})
		}
		w.Wait()
		do(w, h, 0, regOp{Key: 1}, 99)
	})
	require.ErrorContains(t, v, "undecided after 300ms")
	require.ErrorContains(t, v, "61 operations, 0 without an answer, in 1 partitions")
	require.Less(t, time.Since(began), 5*time.Second, "the patience is of real time, and it counts")
}

func TestModelMayTakeRealTime(t *testing.T) {
	slow := registers
	slow.Step = func(state, input, output any) (bool, any) {
		time.Sleep(5 * time.Millisecond) // in a bubble that would be no time at all
		return registers.Step(state, input, output)
	}
	v := historyOf(t, slow, func(w *World, h *History) {
		h.patience = 100 * time.Millisecond
		for i := range 100 {
			do(w, h, 0, regOp{1, i + 1}, nil)
		}
	})
	require.ErrorContains(t, v, "undecided")
}

func TestModelThatPanicsIsAViolation(t *testing.T) {
	one := func(w *World, h *History) {
		for i := range 3 {
			h.Invoke(i, regOp{1, 1 + i%2})(nil)
		}
		do(w, h, 0, regOp{1, 3}, nil)
	}
	bad := registers
	bad.Step = func(state, input, output any) (bool, any) { panic("no such thing") }
	require.ErrorContains(t, historyOf(t, bad, one), "the model panicked: no such thing, in Step at input {Key:1")
	bad.Step = nil
	bad.StepContext = func(_ context.Context, state, input, output any) (bool, any) { panic("nor this") }
	require.ErrorContains(t, historyOf(t, bad, one), "the model panicked: nor this")
	bad = registers
	bad.Partition = func([]porcupine.Operation) [][]porcupine.Operation { panic("no parts") }
	require.ErrorContains(t, historyOf(t, bad, one), "the model panicked: no parts")
	bad = registers
	bad.Step = func(state, input, output any) (bool, any) { return input.(regOp).Value != 3, []int{} }
	bad.Init = func() any { return []int{} } // what == can't compare
	require.ErrorContains(t, historyOf(t, bad, one), "the model panicked: runtime error: comparing uncomparable type []int, in Equal")
}

// What a failure shows is the partition that is wrong, up to the answer that makes it so.
func TestFailureShowsWhereItGoesWrong(t *testing.T) {
	v := historyOf(t, registers, func(w *World, h *History) {
		for key := range 3 {
			for i := range 20 {
				do(w, h, key, regOp{key, 100*key + i + 1}, nil)
				if key == 2 && i == 15 {
					do(w, h, 7, regOp{Key: 2}, 203) // stale
				}
				do(w, h, key, regOp{Key: key}, 100*key+i+1)
			}
		}
		h.Invoke(8, regOp{2, 1000})
	})
	require.NotNil(t, v)
	text := v.Text
	require.Contains(t, text, "partition 3 of 3 (42 of 122 operations)")
	_, until, ok := strings.Cut(text, "All is well until this returns:\n")
	require.True(t, ok, text)
	require.Contains(t, strings.SplitN(until, "\n", 2)[0], "client 7")
	require.Contains(t, strings.SplitN(until, "\n", 2)[0], "get(2) → 203")
	require.Contains(t, text, "By then 32 had been called; the longest order that fits has 31 of them and leaves the state «216».")
	require.Contains(t, text, "put(2, 216)")
	require.NotContains(t, text, "put(2, 217)", "what came later does not matter")
	require.NotContains(t, text, "put(1, ")
	require.LessOrEqual(t, strings.Count(text, "\n"), 6+shownOperations)
}

func TestFailureShowsWhatHadNoAnswer(t *testing.T) {
	v := historyOf(t, registers, func(w *World, h *History) {
		h.Invoke(3, regOp{1, 1})
		do(w, h, 0, regOp{Key: 1}, 2)
	})
	require.ErrorContains(t, v, "{Key:1 Value:1}, no answer yet")
}

func TestHistoryIsInTheRecord(t *testing.T) {
	var lines []string
	res, w := runOnce(t, func(w *World) {
		h := NewHistory(w, registers)
		w.OnEvent(func(e Event) {
			if e.Kind == "invoke" || e.Kind == "return" {
				lines = append(lines, fmt.Sprint(e.Kind, " ", e.Node, " ", e.N, " ", e.State))
			}
		})
		do(w, h, 3, regOp{1, 1}, nil)
		do(w, h, 4, regOp{Key: 1}, 1)
		h.Invoke(4, regOp{1, 7})(Unknown{})
	})
	requireOK(t, res)
	require.Equal(t, []string{"invoke client/3 0 {1 1}", "return client/3 0 <nil>", "invoke client/4 0 {1 0}", "return client/4 0 1", "invoke client/4 1 {1 7}", "return client/4 1 {}"}, lines)
	require.EqualValues(t, 2, w.Counter("operations"))
}

// The check must agree with one that tries all orders.
func TestCheckAgreesWithBruteForce(t *testing.T) {
	bad := 0
	for seed := range uint64(400) {
		r := dice(seed)
		type call struct {
			op         regOp
			from, to   int
			out        any
			unanswered bool
		}
		var calls []call
		for range 5 {
			c := call{op: regOp{1, r.IntN(3)}, from: r.IntN(8), out: r.IntN(3), unanswered: r.IntN(4) == 0}
			c.to = c.from + r.IntN(4)
			calls = append(calls, c)
		}
		var fits func(left []call, state int) bool
		fits = func(left []call, state int) bool {
			open := true
			for i, c := range left {
				if !c.unanswered {
					open = false
				}
				first := true
				for j, d := range left {
					first = first && (i == j || d.unanswered || d.to >= c.from)
				}
				if !first || c.op.Value == 0 && !c.unanswered && c.out != state {
					continue
				}
				next := state
				if c.op.Value > 0 {
					next = c.op.Value
				}
				if rest := append(append([]call(nil), left[:i]...), left[i+1:]...); fits(rest, next) {
					return true
				}
			}
			return open // what got no answer need not happen
		}
		h := &History{model: registers, patience: time.Minute}
		answered := false
		for _, c := range calls {
			op := &operation{input: c.op, call: moment{at: time.Duration(c.from)}}
			if !c.unanswered {
				op.output, op.back, op.answered, answered = c.out, moment{at: time.Duration(c.to)}, true, true
			}
			h.ops = append(h.ops, op)
		}
		if !answered {
			continue
		}
		check, text := h.verdict()
		want := fits(calls, 0)
		require.Equal(t, want, check == "", "seed %d: %+v\n%s", seed, calls, text)
		if !want {
			bad++
		}
	}
	require.Greater(t, bad, 50)
	require.Less(t, bad, 350)
}

// Those who look at a run are told an order per key, and what fits into none.
func TestOrdersOfAHistory(t *testing.T) {
	var h *History
	scenario := func(second int) func(*World) {
		return func(w *World) {
			h = NewHistory(w, registers)
			do(w, h, 0, regOp{1, 1}, nil)
			do(w, h, 1, regOp{2, 5}, nil)
			done := h.Invoke(0, regOp{1, 2})
			do(w, h, 1, regOp{Key: 1}, 2)
			done(nil)
			do(w, h, 1, regOp{Key: 1}, second)
			h.Invoke(2, regOp{1, 9}) // no answer
		}
	}
	of := func(client string, n uint64) trace.Operation { return trace.Operation{Client: client, N: n} }
	runOnce(t, scenario(2))
	orders := h.orders()
	require.Len(t, orders, 2)
	first := []trace.Operation{of("client/0", 0), of("client/0", 1), of("client/1", 1), of("client/1", 2)}
	require.True(t, orders[0].Legal)
	require.Equal(t, first, slices.DeleteFunc(orders[0].Order, func(o trace.Operation) bool { return o.Client == "client/2" }))
	require.Empty(t, orders[0].Left)
	require.Equal(t, trace.Order{Order: []trace.Operation{of("client/1", 0)}, Legal: true}, orders[1])

	runOnce(t, scenario(1))
	orders = h.orders()
	require.False(t, orders[0].Legal)
	require.NotEmpty(t, orders[0].Left)
	require.Equal(t, []trace.Operation{of("client/1", 2)}, orders[0].Breaks)
	require.True(t, orders[1].Legal)
}
