package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/progress"
	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/testbin"
)

// run runs seeds of a suite's scenarios.
func run(ctx context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	seeds := f.Int("seeds", 0, "run `N` seeds of each scenario instead of its own number")
	seed := f.Int64("seed", 0, "begin at seed `S` instead of 1; alone, run just that one")
	race := f.Bool("race", false, "with the race detector")
	jobs := f.Int("jobs", cores(), "processes at once, one core each")
	failures := f.Int("failures", 10, "stop a scenario after `K` failing seeds; 0 goes on")
	shard := f.String("shard", "", "only the `I/N`-th share of the seeds: 1/4 is the first of four; env asks the job array that this is a task of")
	result := f.String("result", "", "write what the share came to into `FILE`, for lab merge; started again, go on with it")
	shrink := f.Bool("shrink", true, "make the first failure of a scenario smaller")
	budget := f.Duration("budget", time.Minute, "wall time that -shrink may take for a failure")
	save := f.Bool("save", false, "save what -shrink makes in the suite's testdata/regressions: each go test runs it first from then on")
	args, err := parse(f, "run [suite[/scenario]] [flags]", args, 1, out)
	if err != nil {
		return err
	}
	if err := positive(f, "seeds", "jobs"); err != nil {
		return err
	}
	if *failures < 0 {
		return errors.New("run: -failures must be 0 or more")
	}
	share, err := shareOf(*shard)
	if err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if err := someTime("run", *budget); err != nil {
		return err
	}
	h, all, err := openHouse(ctx, args, gotool.BuildOptions{Race: *race}, out)
	if err != nil {
		return err
	}
	defer h.close()

	plan, skipped := jobsOf(all, *seed, *seeds)
	sh, err := h.openShard(ctx, share, *result, all, plan, skipped, *race)
	if err != nil {
		return err
	}
	defer sh.file.Close()
	plan = sh.plan
	watch := newWatch(plan)
	meter := progress.Start(out, watch.line)
	tallies, err := runner.Run(ctx, plan, runner.Options{Workers: *jobs, MaxFailures: *failures, Record: sh.record, Notify: func(job int, before, after runner.Snapshot) {
		watch.update(before, after)
		if before.Failed == 0 && after.Failed > 0 {
			meter.Say("%s %s", out.Paint(screen.Bad, "FAIL"), headline(plan[job], after.First))
		}
	}})
	meter.Stop()
	if err == nil {
		err = sh.finish(tallies)
	}
	if err != nil && ctx.Err() == nil {
		return err
	}
	took := watch.elapsed()
	if *shrink && ctx.Err() == nil {
		shrinkAll(ctx, tallies, testbin.ShrinkOptions{Budget: *budget, Save: *save}, out)
	}
	v := verdict{tallies: tallies, skipped: skipped, took: took, interrupted: ctx.Err() != nil, race: *race}
	if sh.before > 0 {
		v.took = 0 // it did not all happen now
	}
	v.print(out)
	sh.tell(out)
	return v.err()
}

// jobsOf is the seeds to run of every scenario that can be run; the others are named,
// with the reason.
func jobsOf(all []*opened, seed int64, seeds int) (plan []runner.Job, skipped []string) {
	for _, o := range all {
		for _, sc := range o.scenarios {
			if sc.Skip != "" {
				skipped = append(skipped, fmt.Sprintf("%s: %s", sc.Name, sc.Skip))
				continue
			}
			job := runner.Job{Binary: o.binary, Scenario: sc, First: seed, Seeds: seeds}
			switch {
			case seeds == 0 && seed != 0:
				job.Seeds = 1
			case seeds == 0:
				job.Seeds = max(sc.Seeds, 1)
			}
			if seed == 0 {
				job.First = 1
			}
			plan = append(plan, job)
		}
	}
	return plan, skipped
}

// headline is a failure in one line: where, and its first two facts.
func headline(job runner.Job, f *runner.Failure) string {
	facts := strings.SplitN(strings.TrimSpace(f.Text), "\n", 3)
	what := strings.Join(strings.Fields(facts[min(1, len(facts)-1)]), " ")
	return fmt.Sprintf("%s/%s seed=%d: %s", job.Scenario.Suite, job.Scenario.Name, f.Seed, what)
}
