package labtest

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Scenario is one thing to try, over many seeds.
type Scenario struct {
	Name   string        // as a Go test: TestSomething
	Doc    string        // one line: what is tried
	Paper  string        // the section that promises it, "" if none does
	Course bool          // it is one of the course's own
	Seeds  int           // how many seeds run by default; 0 means 1
	Limit  time.Duration // of virtual time; 0 means 10 minutes
	Run    func(*World)  // the scenario
	Play   Player        // plays what clients asked for in a run of it; nil if nothing can
	Skip   string        // why the implementation at hand can't be tried with it, "" if it can
}

// Suite is a named list of scenarios.
type Suite struct {
	Name      string
	Scenarios []Scenario

	// For implementations that can't keep the laws of the house. MayLeak: goroutines
	// that are left blocked after a node was stopped are let go. MayDiffer: two runs
	// of one seed may differ, so there is no self-check, and a failure may not come back.
	MayLeak, MayDiffer bool

	// Tell makes the storyteller of a run: it is given what each node reports and shows, in order, and returns it in
	// the lab's words, or "" if it is not worth telling. May be nil.
	Tell func() func(Event) string
}

// Run runs every scenario as a subtest of t, some at a time.
func (s *Suite) Run(t *testing.T) {
	for _, sc := range s.Scenarios {
		t.Run(sc.Name, func(t *testing.T) {
			s.parallel(t)
			s.run(t, sc)
		})
	}
}

// Test runs the scenario that is called as t is.
func (s *Suite) Test(t *testing.T) {
	t.Helper()
	s.parallel(t)
	for _, sc := range s.Scenarios {
		if sc.Name == filepath.Base(t.Name()) {
			s.run(t, sc)
			return
		}
	}
	t.Fatalf("suite %s has no scenario %s", s.Name, filepath.Base(t.Name()))
}

// parallel lets t run beside other tests: the last seeds of a scenario leave cores idle. A list keeps its order.
func (s *Suite) parallel(t *testing.T) {
	if !*flags.list {
		t.Parallel()
	}
}

// defaultLimit is the virtual time that a scenario may take.
const defaultLimit = 10 * time.Minute

// selfCheckEvery is the share of the runs that are repeated to compare digests.
const selfCheckEvery = 10

// maxReported is how many failing seeds of a scenario are reported in full.
const maxReported = 3

// run runs a scenario's seeds on all cores and reports the failures.
func (s *Suite) run(t *testing.T, sc Scenario) {
	t.Helper()
	if *flags.list {
		listScenario(t, s, sc)
		return
	}
	if sc.Skip != "" {
		t.Skip(sc.Skip)
	}
	if sc.Limit == 0 {
		sc.Limit = defaultLimit
	}
	faults, err := scheduleFromFlag()
	if err != nil {
		t.Fatal(err)
	}
	if s.replay(t, sc) {
		return
	}
	s.regress(t, sc)
	seeds := seedsToRun(sc.Seeds)
	results := make([]*result, len(seeds))
	next := make(chan int)
	var shrinks atomic.Int32 // the first failure is made smaller
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(seeds)) {
		workers.Go(func() {
			for i := range next {
				r := &runner{t: t, suite: s, sc: sc, seed: seeds[i], faults: faults}
				var res *result
				onACore(func() { res = r.run(i%selfCheckEvery == 0 && !s.MayDiffer) })
				if *flags.shrink && !res.OK && shrinks.Add(1) == 1 {
					res.shrink(r)
				}
				res.world = nil
				writeResult(t, res)
				results[i] = res
			}
		})
	}
	for i := range seeds {
		next <- i
	}
	close(next)
	workers.Wait()
	s.report(t, sc, results)
}

// report says what the runs of a scenario came to.
func (s *Suite) report(t *testing.T, sc Scenario, results []*result) {
	t.Helper()
	var failed []string
	sums := map[string]int64{}
	overall := map[string]int64{}
	for _, r := range results {
		if *flags.digest {
			fmt.Printf("digest %s seed=%d %s\n", t.Name(), r.Seed, r.Digest)
		}
		for name, n := range r.Counters {
			sums[name] += n
		}
		for name, n := range r.Overall {
			overall[name] = max(overall[name], n)
		}
		if r.OK {
			continue
		}
		if len(failed) < maxReported {
			t.Error(r.Failure)
		}
		failed = append(failed, fmt.Sprint(r.Seed))
	}
	if len(failed) > 1 {
		t.Errorf("%d of %d seeds failed: %s", len(failed), len(results), strings.Join(failed, " "))
	}
	if len(failed) > 0 || chosenSeeds() {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(overall)) {
		if sums[name] < overall[name] {
			t.Errorf("vacuous: over all %d seeds %q happened %d times, at least %d are needed for the scenario to have tried what it claims",
				len(results), name, sums[name], overall[name])
		}
	}
}

// scheduleFromFlag loads the schedule of -lab.faults, nil if there is none.
func scheduleFromFlag() (Schedule, error) {
	if *flags.faults == "" {
		return nil, nil
	}
	f, err := os.Open(*flags.faults)
	if err != nil {
		return nil, fmt.Errorf("-lab.faults: %w", err)
	}
	defer f.Close()
	schedule, err := LoadSchedule(f)
	if err != nil {
		return nil, fmt.Errorf("-lab.faults %s: %w", *flags.faults, err)
	}
	return schedule, nil
}
