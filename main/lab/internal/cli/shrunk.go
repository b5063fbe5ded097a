package cli

import (
	"context"
	"fmt"
	"slices"
	"time"

	"6.824/main/lab/internal/progress"
	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
	"6.824/main/lab/internal/testbin"
)

// someTime refuses a budget that is none.
func someTime(command string, budget time.Duration) error {
	if budget <= 0 {
		return fmt.Errorf("%s: -budget must be more than nothing", command)
	}
	return nil
}

// shrinkAll makes the first failure of each scenario that will be told in full smaller. What can't be is left
// as it is: a process that died, say.
func shrinkAll(ctx context.Context, tallies []*runner.Tally, opt testbin.ShrinkOptions, out screen.Screen) {
	told := 0
	for _, t := range tallies {
		if t.First == nil || told == maxReports || ctx.Err() != nil {
			continue
		}
		told++
		start := time.Now()
		meter := progress.Start(out, func(int) string {
			return fmt.Sprintf("making %s/%s seed=%d smaller · %s of %s at most", t.Job.Scenario.Suite, t.Job.Scenario.Name, t.First.Seed,
				clock(time.Since(start)), clock(opt.Budget))
		})
		b := t.Job.Binary
		b.Cores = cores()
		if res, err := b.Shrink(ctx, t.Job.Scenario.Test, t.First.Seed, opt); err == nil && res.Shrunk != nil {
			t.First.Text = res.Failure
		}
		meter.Stop()
	}
}

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
		case v.Unsteady:
			what.Text = "runs of it differ"
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
