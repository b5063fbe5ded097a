// Package testbin runs test binaries that are built on the kit labrpc/labtest.
//
// What the two sides agree on is small, and all here: the flags -lab.list,
// -lab.seed, -lab.seeds, -lab.results, -lab.patience, -lab.trace, -lab.shrink,
// -lab.budget, -lab.save and -lab.replay, and the two kinds of JSON lines below.
package testbin

import "time"

// Scenario is a line of -lab.list.
type Scenario struct {
	Suite  string `json:"suite"`
	Name   string `json:"scenario"`
	Test   string `json:"test"` // its full test name; Name if it is missing
	Doc    string `json:"doc"`
	Paper  string `json:"paper"`
	Course bool   `json:"course"` // it is the course's
	Seeds  int    `json:"seeds"`  // how many run by default
	Skip   string `json:"skip"`   // why it can't be run, "" if it can
}

// Result is a line of -lab.results: what one run, a seed of a scenario, came to.
type Result struct {
	Suite     string           `json:"suite"`
	Scenario  string           `json:"scenario"`
	Seed      int64            `json:"seed"`
	Digest    string           `json:"digest"`
	OK        bool             `json:"ok"`
	VirtualNS int64            `json:"virtual_ns"`
	WallNS    int64            `json:"wall_ns"`
	Events    int              `json:"events"`
	Faults    map[string]int64 `json:"faults"`   // per kind of fault, how many messages and writes it hit
	Counters  map[string]int64 `json:"counters"` // among them one per kind of network event
	Overall   map[string]int64 `json:"overall"`  // how often things must have happened over all seeds together
	Failure   string           `json:"failure"`  // the report of a run that failed
	Repro     string           `json:"repro"`
	Replayed  string           `json:"replayed"` // what came of a case
	Shrunk    *Shrunk          `json:"shrunk"`   // of a failure that was to be made smaller, nil if it could not
}

// Shrunk is what a failure was made to.
type Shrunk struct {
	Story        string        `json:"story"`
	File         string        `json:"file"`   // where the case lies
	Digest       string        `json:"digest"` // of its history
	Played       bool          `json:"played"` // what clients asked for is data, too
	FaultsBefore int           `json:"faults_before"`
	OpsBefore    int           `json:"ops_before"`
	Faults       int           `json:"faults"`
	Ops          int           `json:"ops"`
	Runs         int           `json:"runs"`
	Took         time.Duration `json:"took"`
	Stopped      bool          `json:"stopped"` // when the time was up
}

// Virtual is the virtual time that the run took.
func (r Result) Virtual() time.Duration { return time.Duration(r.VirtualNS) }

// Messages is how many messages were sent: requests and replies.
func (r Result) Messages() int64 { return r.Counters["sent"] + r.Counters["replied"] }

// Lost is how many of them the network lost, whatever the reason.
func (r Result) Lost() int64 { return r.Counters["dropped"] + r.Counters["reply-dropped"] }

// Hits is how many messages and writes were hit by a fault that was injected.
func (r Result) Hits() int64 {
	var n int64
	for _, hits := range r.Faults {
		n += hits
	}
	return n
}
