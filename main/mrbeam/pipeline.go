package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/metrics"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"
)

// job is a pipeline to be run.
type job struct {
	app     string // its name
	path    string // what workers look it up by: the name, or a plugin's path
	files   []string
	out     output
	reduces int
	combine bool

	embedded bool // Prism, in this process
}

// pipeline is the job in Beam's words. All that its functions know is in their exported fields, which is what Beam sends to workers.
//
//	files ─ map ─ group by key ─ reduce ┬ group by partition ─ write ─ group all ─ commit
//	                         partitions ┘
//
// The partitions are there for their own sake because one that has no keys is to have a file, too.
func (j *job) pipeline() *beam.Pipeline {
	p, s := beam.NewPipelineWithRoot()
	partitions := make([]int64, j.reduces)
	for i := range partitions {
		partitions[i] = int64(i)
	}
	files := beam.Reshuffle(s, beam.CreateList(s, j.files)) // or one worker would map them all
	pairs := beam.ParDo(s.Scope("Map"), &mapFn{App: j.path, Combine: j.combine}, files)
	lines := beam.ParDo(s.Scope("Reduce"), &reduceFn{App: j.path, Reduces: j.reduces}, beam.GroupByKey(s, pairs))
	all := beam.ParDo(s.Scope("Partitions"), partitionFn, beam.CreateList(s, partitions))
	written := beam.ParDo(s.Scope("Write"), &writeFn{Out: j.out}, beam.CoGroupByKey(s, all, lines))
	beam.ParDo0(s.Scope("Commit"), &commitFn{Out: j.out}, beam.GroupByKey(s, written))
	return p
}

func (j *job) run(ctx context.Context) error {
	began := time.Now()
	if j.embedded {
		// Beam leaves an empty file in the temporary directory behind, run by run.
		temp, err := os.MkdirTemp("", "mrbeam-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		os.Setenv("TMPDIR", temp)
	}
	result, err := beam.Run(ctx, *runners.Runner, j.pipeline())
	if err != nil {
		return errors.Join(fmt.Errorf("the job failed on %s: %s", *runners.Runner, cause(err)), j.out.clean(context.WithoutCancel(ctx)))
	}
	if *jobopts.Async {
		fmt.Printf("%s: %d files, submitted to %s\n", j.app, len(j.files), *runners.Runner)
		return nil
	}
	fmt.Printf("%s: %d files on %s in %.2f s, output in %s\n", j.app, len(j.files), *runners.Runner, time.Since(began).Seconds(), j.out.path("mr-out-*"))
	counters(result)
	return nil
}

// cause is what a page of an error of Beam's says in the end, where the reason is, in one line.
func cause(err error) string {
	s := err.Error()
	if i := strings.LastIndex(s, "failed:\n"); i >= 0 {
		s = s[i+len("failed:\n"):]
	}
	return strings.Join(strings.Fields(s), " ")
}

// counters prints the app's counters.
func counters(result beam.PipelineResult) {
	sums := map[string]int64{}
	for _, c := range result.Metrics().Query(func(r metrics.SingleResult) bool { return r.Namespace() == namespace }).Counters() {
		sums[c.Name()] += c.Result()
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Printf("  counter  %s = %d\n", name, sums[name])
	}
}
