package cli

import (
	"fmt"
	"slices"
	"time"

	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
)

// printShrunk prints how small the failures of mutants got, and the medians.
func (h *hunted) printShrunk(out screen.Screen) {
	right := func(heads ...string) (all []table.Column) {
		for _, head := range heads {
			all = append(all, table.Column{Head: head, Right: true})
		}
		return all
	}
	t := table.New(append([]table.Column{{Head: "shrunk", Gives: 16}, {Head: "what is data"}}, right("faults", "to", "operations", "to", "runs", "time")...)...)
	var faults, ops []int
	var took []time.Duration
	for _, v := range h.verdicts {
		if v == nil || v.Shrunk == nil {
			continue
		}
		s := v.Shrunk
		what := table.Cell{Text: "all"}
		switch {
		case v.Unsound:
			what = table.Cell{Text: "THE REFERENCE FAILS TOO", Style: screen.Bad}
		case !s.Played:
			what.Text = "injected faults"
		}
		t.Row(v.Mutant.Name, what, count(s.FaultsBefore), count(s.Faults), count(s.OpsBefore), count(s.Ops), count(s.Runs), seconds(s.Took))
		faults, ops, took = append(faults, s.Faults), append(ops, s.Ops), append(took, s.Took)
	}
	if len(faults) == 0 {
		return
	}
	fmt.Fprintln(out)
	t.Print(out)
	fmt.Fprintf(out, "\nshrunk %s: at the median %s, %s and %s\n", plural(len(faults), "failure"),
		plural(median(faults), "fault"), plural(median(ops), "operation"), seconds(median(took)))
}

// median is the upper one.
func median[T int | time.Duration](all []T) T {
	all = slices.Sorted(slices.Values(all))
	return all[len(all)/2]
}
