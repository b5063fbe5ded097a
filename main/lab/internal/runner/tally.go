package runner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"6.824/main/lab/internal/testbin"
)

// Failure is a seed that failed.
type Failure struct {
	Seed    int64
	Text    string // the report
	Command string // runs exactly it again
}

// Tally is what a job's seeds have come to.
type Tally struct {
	Job      Job
	Done     int // seeds that ended, failed ones included
	Failed   int
	Stopped  bool // after too many failures
	First    *Failure
	Virtual  time.Duration
	Wall     time.Duration // of the job's processes, one core each
	Messages int64
	Lost     int64            // of the messages
	Faults   int64            // messages and writes that injected faults hit
	Hits     map[string]int64 // per kind of fault
	counters map[string]int64
	overall  map[string]int64
}

func newTally(job Job) *Tally {
	return &Tally{Job: job, Hits: map[string]int64{}, counters: map[string]int64{}, overall: map[string]int64{}}
}

func (t *Tally) add(r testbin.Result) {
	t.Done++
	t.Virtual += r.Virtual()
	t.Messages += r.Messages()
	t.Lost += r.Lost()
	t.Faults += r.Hits()
	for kind, n := range r.Faults {
		t.Hits[kind] += n
	}
	for name, n := range r.Counters {
		t.counters[name] += n
	}
	for name, n := range r.Overall {
		t.overall[name] = max(t.overall[name], n)
	}
	if !r.OK {
		t.fail(r.Seed, r.Failure)
	}
}

// crash counts a seed in which the process died.
func (t *Tally) crash(seed int64, text string) {
	t.Done++
	t.fail(seed, text)
}

func (t *Tally) fail(seed int64, text string) {
	t.Failed++
	if t.First == nil || seed < t.First.Seed {
		t.First = &Failure{Seed: seed, Text: text, Command: t.Job.Binary.Command(t.Job.Scenario.Test, seed)}
	}
}

// Vacuous says what did not happen often enough over all seeds for the scenario to have
// tried what it claims, "" if nothing is amiss. Fewer seeds than the scenario's own
// number prove nothing either way.
func (t *Tally) Vacuous() string {
	if t.Done < t.Job.Seeds || t.Done < t.Job.Scenario.Seeds {
		return ""
	}
	for _, name := range slices.SortedFunc(maps.Keys(t.overall), cmp.Compare) {
		if need := t.overall[name]; t.counters[name] < need {
			return fmt.Sprintf("vacuous: over all %d seeds %q happened %d times, at least %d are needed for the scenario to have tried what it claims",
				t.Done, name, t.counters[name], need)
		}
	}
	return ""
}

// OK reports whether the job is done and nothing failed.
func (t *Tally) OK() bool { return t.Failed == 0 && t.Done >= t.Job.Seeds && t.Vacuous() == "" }

// Rate is how many seeds one core runs in a second.
func (t *Tally) Rate() float64 {
	if t.Wall <= 0 {
		return 0
	}
	return float64(t.Done) / t.Wall.Seconds()
}
