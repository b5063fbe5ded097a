package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/mutants"
	"6.824/main/lab/internal/progress"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/testbin"
)

// hunt hunts the mutants of a suite, or of all.
func hunt(ctx context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("mutants", flag.ContinueOnError)
	seeds := f.Int("seeds", 200, "give up on a mutant after `N` seeds of each scenario that it names, and N/10 of each other")
	pattern := f.String("run", "", "only mutants whose file or name matches this `regexp`")
	jobs := f.Int("jobs", cores(), "mutants at once, one core each")
	shrink := f.Bool("shrink", false, "make the failure that killed each mutant smaller, and tell how small it got")
	budget := f.Duration("budget", time.Minute, "wall time that -shrink may take for a mutant")
	verbose := f.Bool("v", false, "print the failure that killed each mutant")
	args, err := parse(f, "mutants [suite] [flags]", args, 1, out)
	if err != nil {
		return err
	}
	if err := positive(f, "seeds", "jobs"); err != nil {
		return err
	}
	if err := someTime("mutants", *budget); err != nil {
		return err
	}
	chosen, err := regexp.Compile(*pattern)
	if err != nil {
		return fmt.Errorf("mutants: -run: %w", err)
	}
	if len(args) > 0 && strings.HasPrefix(path.Base(args[0]), "Test") {
		return errors.New("mutants: a suite is needed, not one of its scenarios")
	}
	h, all, err := openHouse(ctx, args, gotool.BuildOptions{}, out)
	if err != nil {
		return err
	}
	defer h.close()
	alive := false
	for _, o := range all {
		found, err := o.mutants(chosen)
		if err != nil {
			return err
		}
		if len(found) == 0 && len(args) > 0 {
			return fmt.Errorf("mutants: %s has none that match", o.Name)
		}
		if len(found) == 0 {
			continue
		}
		var opt *testbin.ShrinkOptions
		if *shrink {
			opt = &testbin.ShrinkOptions{Budget: *budget, Dir: filepath.Join(os.TempDir(), "lab.trace", "mutants", o.Name)}
		}
		report, err := o.hunt(ctx, h, found, *seeds, *jobs, opt)
		if err != nil && ctx.Err() == nil {
			return err
		}
		report.print(out, *verbose)
		alive = alive || report.failed()
		if ctx.Err() != nil {
			break
		}
	}
	switch {
	case alive:
		return errFailed
	case ctx.Err() != nil:
		return errInterrupted
	}
	return nil
}

// mutants reads the suite's mutants whose file or name matches.
func (o *opened) mutants(chosen *regexp.Regexp) ([]*mutants.Mutant, error) {
	if o.Conformance == "" {
		return nil, fmt.Errorf("mutants: %s has none: they are patches to our own implementations", o.Name)
	}
	all, err := mutants.Load(filepath.Join(o.Conformance, "mutants"))
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m *mutants.Mutant) bool {
		return !chosen.MatchString(m.File) && !chosen.MatchString(m.Name)
	}), nil
}

// patience is the wall time without progress after which a mutant's run counts as
// frozen: several of them freeze for good, and each time costs this long.
const patience = "-lab.patience=10s"

// hunt hunts mutants and shows how far it has come.
func (o *opened) hunt(ctx context.Context, h *house, all []*mutants.Mutant, seeds, jobs int, shrink *testbin.ShrinkOptions) (*hunted, error) {
	reference := o.binary
	reference.Flags = append(slices.Clone(reference.Flags), patience)
	start := time.Now()
	var done, killed atomic.Int64
	meter := progress.Start(h.out, func(int) string {
		return fmt.Sprintf("%s: %d/%d mutants tried, %d killed · %s", o.Name, done.Load(), len(all), killed.Load(), clock(time.Since(start)))
	})
	hunter := mutants.Hunter{
		Suite: o.Suite, Scenarios: o.scenarios, Reference: reference, Budget: seeds, Others: (seeds + 9) / 10, Jobs: jobs, Shrink: shrink,
		Build: func(ctx context.Context, overlay, out string) error {
			return h.tool.BuildTest(ctx, o.ImportPath, out, gotool.BuildOptions{Overlay: overlay, Procs: 1})
		},
		Done: func(v *mutants.Verdict) {
			done.Add(1)
			if v.Killed() {
				killed.Add(1)
			}
			fate := fateOf(v)
			meter.Say("%s %s: %s, %s", h.out.Paint(fate.Style, fate.word), v.Mutant.Name, fate.Text, seconds(v.Took))
		},
	}
	verdicts, err := hunter.Hunt(ctx, all)
	meter.Stop()
	return &hunted{suite: o.Name, mutants: all, verdicts: verdicts, took: time.Since(start)}, err
}
