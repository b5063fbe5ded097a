package runner

import (
	"time"

	"6.824/main/lab/internal/testbin"
)

// Failure is a seed that failed.
type Failure struct {
	Seed    int64  `json:"seed"`
	Text    string `json:"text"`    // the report
	Command string `json:"command"` // runs exactly it again
}

// Sums is what seeds of one job add up to. Sums of different seeds add up in turn.
type Sums struct {
	Done     int              `json:"done"` // seeds that ended, failed ones included
	Failed   int              `json:"failed,omitempty"`
	First    *Failure         `json:"first,omitempty"` // of the failures, the one of the lowest seed
	Virtual  time.Duration    `json:"virtual_ns"`
	Wall     time.Duration    `json:"wall_ns"` // of the processes, one core each
	Messages int64            `json:"messages"`
	Lost     int64            `json:"lost"`              // of the messages
	Faults   int64            `json:"faults"`            // messages and writes that injected faults hit
	Hits     map[string]int64 `json:"hits,omitempty"`    // per kind of fault
	Happened map[string]int64 `json:"happened"`          // how often each thing that is counted happened
	Overall  map[string]int64 `json:"overall,omitempty"` // how often some must have happened, over all seeds together
}

func newSums() Sums {
	return Sums{Hits: map[string]int64{}, Happened: map[string]int64{}, Overall: map[string]int64{}}
}

// add adds one run of the job.
func (s *Sums) add(job Job, r testbin.Result) {
	s.Add(Sums{
		Done: 1, Virtual: r.Virtual(), Messages: r.Messages(), Lost: r.Lost(), Faults: r.Hits(),
		Hits: r.Faults, Happened: r.Counters, Overall: r.Overall,
	})
	if !r.OK {
		s.fail(job, r.Seed, r.Failure)
	}
}

// crash counts a seed in which the process died.
func (s *Sums) crash(job Job, seed int64, text string) {
	s.Done++
	s.fail(job, seed, text)
}

func (s *Sums) fail(job Job, seed int64, text string) {
	s.Add(Sums{Failed: 1, First: &Failure{Seed: seed, Text: text, Command: job.Binary.Command(job.Scenario.Test, seed)}})
}

// Add adds what other seeds of the same job add up to.
func (s *Sums) Add(o Sums) {
	s.Done += o.Done
	s.Failed += o.Failed
	if o.First != nil && (s.First == nil || o.First.Seed < s.First.Seed) {
		s.First = o.First
	}
	s.Virtual += o.Virtual
	s.Wall += o.Wall
	s.Messages += o.Messages
	s.Lost += o.Lost
	s.Faults += o.Faults
	addTo(s.Hits, o.Hits)
	addTo(s.Happened, o.Happened)
	for name, n := range o.Overall {
		s.Overall[name] = max(s.Overall[name], n)
	}
}

func addTo(sums, more map[string]int64) {
	for name, n := range more {
		sums[name] += n
	}
}

// Part is consecutive seeds of a job that are done, from From on: as many as Done says.
type Part struct {
	From int64 `json:"from"`
	Sums
}
