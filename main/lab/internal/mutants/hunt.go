package mutants

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/suites"
	"6.824/main/lab/internal/testbin"
)

// Verdict is what became of a mutant.
type Verdict struct {
	Mutant   *Mutant
	Killer   string          // the scenario that found it, "" if none did
	Failure  *runner.Failure // with which it failed
	Seeds    int             // of the killer that it took
	Runs     int             // all seeds that were run
	Expected bool            // the killer is one of those that the mutant names
	Took     time.Duration   // to build and to hunt
	Shrunk   *testbin.Shrunk // the failure made smaller, nil if it was not, or could not be
	Unsound  bool            // the reference fails in the shrunk case, too
	Unsteady bool            // two runs of the shrunk case differ
	Alarms   []string        // false ones: seeds in which the reference fails as well, as commands
	Err      error           // it could not be tried: it doesn't apply or doesn't build
}

// Killed reports whether the suite found the bug: a scenario failed in a seed in which
// the reference does not.
func (v *Verdict) Killed() bool { return v.Err == nil && v.Killer != "" }

// Hunter hunts the mutants of a suite.
type Hunter struct {
	Suite     suites.Suite
	Scenarios []testbin.Scenario
	Reference testbin.Binary                                       // without any bug
	Build     func(ctx context.Context, overlay, out string) error // builds the suite's test binary with an overlay
	Budget    int                                                  // seeds for each scenario that a mutant names
	Others    int                                                  // seeds for each other scenario
	Jobs      int                                                  // mutants at once
	Shrink    *testbin.ShrinkOptions                               // of the failures; nil leaves them as they are
	Done      func(*Verdict)                                       // called for each, one call at a time; may be nil
}

// Hunt hunts the mutants. If ctx ends it returns what it has: a nil verdict is a mutant
// that it did not get through with.
func (h *Hunter) Hunt(ctx context.Context, all []*Mutant) ([]*Verdict, error) {
	verdicts := make([]*Verdict, len(all))
	next := make(chan int)
	var workers sync.WaitGroup
	var mu sync.Mutex
	for range max(1, h.Jobs) {
		workers.Go(func() {
			for i := range next {
				v := h.one(ctx, all[i])
				if ctx.Err() != nil && !v.Killed() {
					continue
				}
				mu.Lock()
				verdicts[i] = v
				if h.Done != nil {
					h.Done(v)
				}
				mu.Unlock()
			}
		})
	}
	for i := range all {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	workers.Wait()
	return verdicts, ctx.Err()
}

// one builds a mutant and hunts it.
func (h *Hunter) one(ctx context.Context, m *Mutant) *Verdict {
	start := time.Now()
	v := &Verdict{Mutant: m}
	v.Err = h.try(ctx, v)
	v.Took = time.Since(start)
	return v
}

func (h *Hunter) try(ctx context.Context, v *Verdict) error {
	plan, err := h.plan(v.Mutant)
	if err != nil {
		return err
	}
	scratch, err := os.MkdirTemp(h.Reference.Scratch, "mutant-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	overlay, err := v.Mutant.Patch.Overlay(h.Suite.Root, scratch)
	if err != nil {
		return err
	}
	b := h.Reference
	b.Scratch, b.Path = scratch, filepath.Join(scratch, "mutant.test")
	b.Flags = append(slices.Clone(b.Flags), "-lab.again="+v.Mutant.Again(h.Suite.Name)) // the kit's own would run the reference
	if err := h.Build(ctx, overlay, b.Path); err != nil {
		return err
	}
	for _, lap := range plan {
		for lap.seeds > 0 {
			tally, err := run(ctx, lap.job(b))
			if err != nil {
				return err
			}
			v.Runs += tally.Done
			if tally.First == nil {
				break
			}
			guilty, err := h.passes(ctx, lap.sc, tally.First.Seed)
			if err != nil {
				return err
			}
			if guilty {
				v.Killer, v.Failure, v.Seeds = lap.sc.Name, tally.First, int(tally.First.Seed)
				v.Expected = len(v.Mutant.KilledBy) == 0 || slices.Contains(v.Mutant.KilledBy, v.Killer)
				if h.Shrink != nil {
					return h.shrink(ctx, b, lap.sc.Test, v)
				}
				return nil
			}
			v.Alarms = append(v.Alarms, h.Reference.Command(lap.sc.Test, tally.First.Seed))
			lap = lap.after(tally.First.Seed)
		}
	}
	return nil
}

// shrink makes the failure that killed a mutant smaller, and sees that it comes back and is the mutant's still.
func (h *Hunter) shrink(ctx context.Context, b testbin.Binary, test string, v *Verdict) error {
	opt := *h.Shrink
	opt.Dir = filepath.Join(opt.Dir, strings.TrimSuffix(filepath.Base(v.Mutant.File), ".patch"))
	res, err := b.Shrink(ctx, test, v.Failure.Seed, opt)
	if err != nil || res.Shrunk == nil {
		return err
	}
	v.Shrunk, v.Failure.Text = res.Shrunk, res.Failure
	replay := func(b testbin.Binary) (testbin.Result, error) {
		again, out, err := b.Replay(ctx, test, res.Shrunk.File)
		if err == nil && again.Digest == "" {
			err = fmt.Errorf("%s: %s", res.Shrunk.File, strings.TrimSpace(out.Output))
		}
		return again, err
	}
	again, err := replay(b)
	if err != nil {
		return err
	}
	v.Unsteady = again.Digest != res.Shrunk.Digest
	reference, err := replay(h.Reference)
	v.Unsound = !reference.OK
	return err
}

// run runs a job up to its first failure.
func run(ctx context.Context, job runner.Job) (*runner.Tally, error) {
	tallies, err := runner.Run(ctx, []runner.Job{job}, runner.Options{Workers: 1, MaxFailures: 1})
	return tallies[0], err
}

// passes reports whether the reference passes a seed. Where it doesn't, a mutant's
// failure says nothing about the mutant.
func (h *Hunter) passes(ctx context.Context, sc testbin.Scenario, seed int64) (bool, error) {
	tally, err := run(ctx, lap{sc, seed, 1}.job(h.Reference))
	return tally.Failed == 0, err
}

// lap is seeds of one scenario to try next.
type lap struct {
	sc    testbin.Scenario
	first int64
	seeds int
}

// after is what remains of the lap after a seed.
func (l lap) after(seed int64) lap {
	return lap{l.sc, seed + 1, l.seeds - int(seed+1-l.first)}
}

func (l lap) job(b testbin.Binary) runner.Job {
	return runner.Job{Binary: b, Scenario: l.sc, First: l.first, Seeds: l.seeds}
}

// plan is the order of the hunt: the scenarios that are expected to kill first, with
// all their seeds; then the others, with ever more seeds each.
func (h *Hunter) plan(m *Mutant) ([]lap, error) {
	var expected, others []testbin.Scenario
	for _, name := range m.KilledBy {
		i := slices.IndexFunc(h.Scenarios, func(sc testbin.Scenario) bool { return sc.Name == name })
		if i < 0 {
			return nil, &suites.UnknownError{What: "scenario", Name: name, Near: suites.Near(name, names(h.Scenarios))}
		}
		expected = append(expected, h.Scenarios[i])
	}
	for _, sc := range h.Scenarios {
		if sc.Skip == "" && !slices.Contains(m.KilledBy, sc.Name) {
			others = append(others, sc)
		}
	}
	return append(laps(expected, h.Budget), laps(others, h.Others)...), nil
}

// laps tries the scenarios in turn, with 1, 1, 2, 4 and so on seeds at a time, until
// each has had the budget.
func laps(scenarios []testbin.Scenario, budget int) []lap {
	var plan []lap
	for done := 0; done < budget; {
		n := min(max(1, done), budget-done)
		for _, sc := range scenarios {
			plan = append(plan, lap{sc, int64(done + 1), n})
		}
		done += n
	}
	return plan
}

func names(scenarios []testbin.Scenario) []string {
	all := make([]string, len(scenarios))
	for i, sc := range scenarios {
		all[i] = sc.Name
	}
	return all
}
