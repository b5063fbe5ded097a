package labtest

import (
	"flag"
	"time"
)

// The flags of every test binary that uses the kit. `go test` passes them on
// when they follow the package: go test ./raft -run TestFigure82C -lab.seed=7.
var flags = struct {
	seed     *int64
	seeds    *int
	digest   *bool
	trace    *string
	faults   *string
	results  *string
	list     *bool
	patience *time.Duration
	shrink   *bool
	budget   *time.Duration
	save     *bool
	replay   *string
	again    *string
}{
	seed:     flag.Int64("lab.seed", 0, "run this seed (with -lab.seeds: the first of them) instead of the default ones"),
	seeds:    flag.Int("lab.seeds", 0, "run this many seeds per scenario, side by side on all cores"),
	digest:   flag.Bool("lab.digest", false, "print a line `digest <TestName> seed=<N> <hex>` per run"),
	trace:    flag.String("lab.trace", "", "record each run as a JSON-lines trace file in this `directory`"),
	faults:   flag.String("lab.faults", "", "inject the fault schedule of this `file` instead of the drawn ones"),
	results:  flag.String("lab.results", "", "append one JSON line per run to this `file`"),
	list:     flag.Bool("lab.list", false, "print one JSON line per scenario and run nothing"),
	patience: flag.Duration("lab.patience", 30*time.Second, "wall time without any virtual progress after which a run counts as frozen"),
	shrink:   flag.Bool("lab.shrink", false, "make the first failure of each scenario smaller"),
	budget:   flag.Duration("lab.budget", time.Minute, "wall time that -lab.shrink may take for a failure"),
	save:     flag.Bool("lab.save", false, "with -lab.shrink: save what it makes below testdata/regressions, where each run of the tests finds it"),
	replay:   flag.String("lab.replay", "", "run the case of this `file`, which -lab.shrink has made, and nothing else"),
	again:    flag.String("lab.again", "", "what reports and traces give as the `command` that runs it again, if that is not go test"),
}

// seedsToRun is the list of seeds that the flags ask for; byDefault is the
// scenario's own number.
func seedsToRun(byDefault int) []int64 {
	first, count := *flags.seed, *flags.seeds
	switch {
	case first != 0 && count <= 0:
		count = 1
	case first == 0 && count <= 0:
		first, count = 1, max(byDefault, 1)
	case first == 0:
		first = 1
	}
	seeds := make([]int64, count)
	for i := range seeds {
		seeds[i] = first + int64(i)
	}
	return seeds
}

// oneSeed says whether the caller picked a single one, and so will look at it.
func oneSeed() bool { return *flags.seed != 0 && *flags.seeds <= 1 }

// chosenSeeds says whether the caller picked the seeds.
func chosenSeeds() bool { return *flags.seed != 0 || *flags.seeds > 0 }
