package labtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"6.824/labrpc/labtest/trace"
	"6.824/labrpc/labtest/view"
)

// result is what one run came to; its JSON form is a line of -lab.results.
type result struct {
	Suite     string           `json:"suite"`
	Scenario  string           `json:"scenario"`
	Seed      int64            `json:"seed"`
	Digest    string           `json:"digest"`
	OK        bool             `json:"ok"`
	VirtualNS int64            `json:"virtual_ns"`
	WallNS    int64            `json:"wall_ns"`
	Events    int              `json:"events"`
	Faults    map[string]int64 `json:"faults"`   // per kind of fault, what it hit
	Counters  map[string]int64 `json:"counters"` // all of them
	Overall   map[string]int64 `json:"overall"`  // what the counters must come to over the default seeds
	Failure   string           `json:"failure,omitempty"`
	Repro     string           `json:"repro"`
	Shrunk    *Shrunk          `json:"shrunk,omitempty"`
	Replayed  string           `json:"replayed,omitempty"` // of -lab.replay: what came of the case

	outcome   outcome
	violation *Violation
	report    func(*Violation) string // of the failed run
	page      string                  // of the failed run: the file that shows it
	injected  Schedule
	world     *World // that has ended; nil if it is frozen
}

func newResult(r *runner, w *World, ended time.Duration) *result {
	res := &result{
		Suite: r.suite.Name, Scenario: r.sc.Name, Seed: r.seed, Digest: w.rec.digest(), OK: true,
		VirtualNS: ended.Nanoseconds(), Events: w.rec.seq, Faults: map[string]int64{}, Counters: w.counters,
		Overall: w.overall, injected: w.injected, world: w, Repro: reproCommand(r),
	}
	for name, n := range w.counters {
		if kind, ok := strings.CutPrefix(name, "hit:"); ok && kinds[kind] != nil { // not also what a link fault did: "hit:drop" and so on
			res.Faults[kind] = n
		}
	}
	return res
}

// fail makes the result that of a failed run, with the report of v.
func (res *result) fail(r *runner, v *Violation, tracePath, schedulePath string) {
	res.OK = false
	res.Repro = reproCommand(r)
	res.report = func(v *Violation) string { return failureReport(r, v, tracePath, schedulePath, res.page) }
	res.Failure = res.report(v)
}

// show writes the page of a failed run beside its trace, and says so in the report.
func (res *result) show(tracePath string) {
	page := strings.TrimSuffix(tracePath, ".jsonl") + ".html"
	if err := writePage(page, tracePath); err != nil {
		page = "none: " + err.Error()
	}
	res.page = page
	res.Failure = res.report(res.violation)
}

func writePage(page, tracePath string) error {
	t, err := trace.Read(tracePath)
	if err != nil {
		return err
	}
	f, err := os.Create(page)
	if err != nil {
		return err
	}
	err = view.Formats[0].Write(f, t, 0)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// shrink makes a failure smaller and adds what came of it to the report.
func (res *result) shrink(r *runner) {
	s := r.shrink(res)
	if s == nil {
		return
	}
	res.Shrunk = s
	report := fmt.Sprintf("from %s and %s to %d and %d, in %s and %.1f s",
		counted(s.FaultsBefore, "fault"), counted(s.OpsBefore, "operation"), s.Faults, s.Ops, counted(s.Runs, "run"), s.Took.Seconds())
	if s.Sizes != "" {
		report += "; " + s.Sizes
	}
	if s.Stopped {
		report += " (the time was up)"
	}
	dir := *flags.trace
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "lab.trace")
	}
	if err := s.keep(dir); err != nil {
		r.t.Errorf("-lab.shrink: %v", err)
	}
	brief := *res.violation
	brief.Text, brief.At, brief.Last, brief.Under = s.What, 0, nil, nil // of the story, which tells the rest
	res.Failure = res.report(&brief) + fmt.Sprintf("  shrunk  %s\n  story   %s\n  case    %s  (lab replay runs it)\n", report, indent(s.Story), s.File)
}

// saveSchedule writes the faults of the run beside its trace, for -lab.faults. It returns where,
// or "" if there were none or it could not.
func (res *result) saveSchedule(tracePath string) string {
	if len(res.injected) == 0 {
		return ""
	}
	path := strings.TrimSuffix(tracePath, ".jsonl") + ".faults.jsonl"
	f, err := os.Create(path)
	if err != nil {
		return ""
	}
	_, err = res.injected.WriteTo(f)
	if e := f.Close(); err != nil || e != nil {
		return ""
	}
	return path
}

var resultsMu sync.Mutex

// writeResult appends res to the file of -lab.results.
func writeResult(t *testing.T, res *result) {
	if *flags.results == "" {
		return
	}
	line, err := json.Marshal(res)
	if err != nil {
		t.Errorf("-lab.results: %v", err)
		return
	}
	appendLine(t, line)
}

// appendLine opens the file for each line, so that several processes can share it and
// a crash loses nothing.
func appendLine(t *testing.T, line []byte) {
	resultsMu.Lock()
	defer resultsMu.Unlock()
	f, err := os.OpenFile(*flags.results, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		t.Errorf("-lab.results: %v", err)
	}
}

// listScenario prints the line of -lab.list.
func listScenario(t *testing.T, s *Suite, sc Scenario) {
	line, err := json.Marshal(struct {
		Suite    string `json:"suite"`
		Test     string `json:"test"`
		Scenario string `json:"scenario"`
		Course   bool   `json:"course"`
		Doc      string `json:"doc"`
		Paper    string `json:"paper"`
		Seeds    int    `json:"seeds"`
		Skip     string `json:"skip,omitempty"`
	}{s.Name, t.Name(), sc.Name, sc.Course, sc.Doc, sc.Paper, sc.Seeds, sc.Skip})
	if err != nil {
		panic(err) // strings and an int
	}
	fmt.Println(string(line))
}
