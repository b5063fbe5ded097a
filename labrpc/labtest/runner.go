package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"6.824/labrpc/labtest/trace"
)

// runner runs one seed of one scenario.
type runner struct {
	t      *testing.T
	suite  *Suite
	sc     Scenario
	seed   int64
	faults Schedule // instead of the drawn ones, nil if there is none
	plan   *Case    // instead of the scenario as it is, nil if there is none

	shown func(Event) // is given what nodes show outside of the history; may be nil
}

// run runs the seed; with selfCheck twice, comparing the two histories. A failing run
// is run again to record its trace.
func (r *runner) run(selfCheck bool) *result {
	wall := time.Now()
	var events eventLog
	var keep func(Event)
	if selfCheck {
		keep = events.add
	}
	res, _ := r.once(*flags.trace, keep)
	res.WallNS = time.Since(wall).Nanoseconds()

	switch {
	case res.outcome.frozen != "":
		res.fail(r, &Violation{Check: "virtual time goes on", Text: res.outcome.frozen}, "", "")
	case res.violation != nil:
		dir := *flags.trace
		if dir == "" {
			dir = filepath.Join(os.TempDir(), "lab.trace")
			again, _ := r.once(dir, nil)
			if again.Digest != res.Digest {
				res.violation.Text += fmt.Sprintf("\n(a second run of this seed went another way: digests %s and %s)", res.Digest, again.Digest)
			}
		}
		path := tracePath(dir, r.suite.Name, r.sc.Name, r.seed)
		res.fail(r, res.violation, path, res.saveSchedule(path))
		if *flags.trace != "" {
			res.show(path)
		}
	case selfCheck:
		d := &divergence{first: &events}
		again, _ := r.once("", d.sink)
		d.close()
		if d.found {
			res.fail(r, d.violation(), "", "")
		} else if again.Digest != res.Digest {
			res.fail(r, &Violation{Check: "one seed, one history", Text: fmt.Sprintf("the digests of two runs differ, though no event does: %s and %s", res.Digest, again.Digest)}, "", "")
		}
	}
	return res
}

// once runs the seed in a bubble of its own. Each event goes to sink too, if there is
// one, and to a trace file below traceDir, if that is not "".
func (r *runner) once(traceDir string, sink func(Event)) (*result, *World) {
	label := fmt.Sprintf("%s/%s seed=%d", r.suite.Name, r.sc.Name, r.seed)
	b := &bubble{label: label, patience: *flags.patience}
	var w *World
	var tr *traceFile
	var traceErr error
	if traceDir != "" {
		tr, traceErr = newTrace(tracePath(traceDir, r.suite.Name, r.sc.Name, r.seed),
			trace.Header{Suite: r.suite.Name, Scenario: r.sc.Name, Seed: r.seed, Doc: r.sc.Doc, Paper: r.sc.Paper, Again: reproCommand(r)})
	}
	var ended time.Duration
	out := b.run(r.t, func() {
		w = newWorld(r.sc.Name, r.seed, b)
		w.rec.trace, w.rec.shown = tr, r.shown
		w.override = r.faults.onceSetUp()
		run := r.sc.Run
		if r.plan != nil {
			w.plan, w.override = r.plan, append(Schedule{}, r.plan.Faults.sorted().onceSetUp()...) // as they are in its file; and none is not nil
			if r.plan.Played {
				run = func(w *World) { w.play(r.sc.Play) }
			}
			if until := r.plan.Until; until > 0 {
				w.net.At(w.start.Add(until), "until", w.cutShort)
			}
		}
		if sink != nil {
			w.OnEvent(sink)
		}
		w.live(r.sc.Limit, run)
		ended = w.endedAt
	})
	if out.frozen != "" { // the world still belongs to the frozen goroutines
		return &result{outcome: out, Suite: r.suite.Name, Scenario: r.sc.Name, Seed: r.seed}, nil
	}
	res := newResult(r, w, ended)
	res.outcome = out
	res.violation = w.judge(out, r.suite.MayLeak)
	if traceErr != nil && res.violation == nil {
		res.violation = &Violation{Check: "trace", Text: traceErr.Error()}
	}
	if tr != nil {
		footer := trace.Footer{Digest: res.Digest, OK: res.violation == nil}
		if v := res.violation; v != nil {
			footer.Check, footer.Paper, footer.Text, footer.At, footer.Seq = v.Check, v.Paper, v.Text, v.At, v.Seq
		}
		if res.violation != nil || oneSeed() {
			tr.explain(w.histories)
		}
		if err := tr.close(footer); err != nil && res.violation == nil {
			res.violation = &Violation{Check: "trace", Text: err.Error()}
		}
	}
	return res, w
}

// judge looks at a world that has ended: what was violated in it, what the verdicts
// that had to wait say, what did not happen that had to, and what it left behind.
func (w *World) judge(out outcome, mayLeak bool) *Violation {
	if w.failure != nil {
		return w.failure
	}
	for _, verdict := range w.verdicts {
		if check, text := verdict(); check != "" {
			return &Violation{Check: check, Text: text, At: w.endedAt, Seq: w.rec.seq - 1}
		}
	}
	if name := w.noSuchSize(); name != "" {
		return &Violation{Check: "the case makes sense", At: w.endedAt, Seq: w.rec.seq - 1, Text: fmt.Sprintf("the scenario has no size %q", name)}
	}
	if q, yes := w.vacuous(); yes && w.override == nil { // a schedule by hand need not do what a drawn one does
		return &Violation{Check: "not vacuous", At: w.endedAt, Seq: w.rec.seq - 1,
			Text: fmt.Sprintf("%q happened %d times, at least %d are needed for the scenario to have tried what it claims", q.counter, w.counters[q.counter], q.n)}
	}
	if out.leaked != "" && !mayLeak && !w.short { // who is stopped in the middle need not have come to an end
		return &Violation{Check: "nothing is left running", At: w.endedAt, Seq: w.rec.seq - 1,
			Text: fmt.Sprintf("%v after every node was stopped these goroutines still wait: %s", lettingGo, out.leaked)}
	}
	return nil
}
