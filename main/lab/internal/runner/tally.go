package runner

import (
	"fmt"
	"maps"
	"slices"
)

// Tally is what a job's seeds have come to.
type Tally struct {
	Job     Job
	Stopped bool // after too many failures
	Sums
}

// NewTally begins the tally of a job; what was done of it before is in it.
func NewTally(job Job) *Tally {
	t := &Tally{Job: job, Sums: newSums()}
	for _, p := range job.Before {
		t.Add(p.Sums)
	}
	return t
}

// Vacuous says what did not happen often enough over all seeds for the scenario to have
// tried what it claims, "" if nothing is amiss. Fewer seeds than the scenario's own
// number prove nothing either way.
func (t *Tally) Vacuous() string {
	if t.Done < t.Job.Seeds || t.Done < t.Job.Scenario.Seeds {
		return ""
	}
	for _, name := range slices.Sorted(maps.Keys(t.Overall)) {
		if need := t.Overall[name]; t.Happened[name] < need {
			return fmt.Sprintf("vacuous: over all %d seeds %q happened %d times, at least %d are needed for the scenario to have tried what it claims",
				t.Done, name, t.Happened[name], need)
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
