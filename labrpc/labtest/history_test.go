package labtest

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// register is a model of one integer: an input above 0 writes it, 0 reads.
var register = porcupine.Model{
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		if in := input.(int); in > 0 {
			return true, in
		}
		return output == state, state
	},
}

func TestHistoryIsChecked(t *testing.T) {
	run := func(read int) *result {
		res, _ := runOnce(t, func(w *World) {
			h := NewHistory(w, register)
			h.Invoke(0, 1)(nil)
			w.Sleep(time.Second)
			h.Invoke(1, 2) // never answered: it may have happened
			w.Sleep(time.Second)
			done := h.Invoke(0, 0)
			w.Sleep(time.Second)
			done(read)
		})
		return res
	}
	requireOK(t, run(1))
	requireOK(t, run(2))
	require.ErrorContains(t, run(3).violation, "linearizability")
	require.ErrorContains(t, run(3).violation, "no answer")
}
