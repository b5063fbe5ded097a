package labtest

import (
	"fmt"
	"runtime"
	"time"
)

// Violation says what went wrong in a run: the first thing only, since what
// follows is its consequence.
type Violation struct {
	Check string        // the invariant or condition
	Paper string        // where it comes from, "" if nowhere
	Text  string        // what was seen
	At    time.Duration // virtual time
	Seq   int           // the last event before it was seen
	Last  []Event       // the events up to it
	Under []Fault       // the faults that were active
}

func (v *Violation) Error() string { return fmt.Sprintf("%s: %s", v.Check, v.Text) }

// Violate says that the named check does not hold, from which section of which
// paper it is, and what was seen. The first violation ends the run: the
// scenario and its actors stop at their next Sleep.
func (w *World) Violate(check, paper, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	last, under := w.rec.last(), w.faults.list()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failure != nil || w.ended {
		return
	}
	w.failure = &Violation{Check: check, Paper: paper, Text: text, At: w.Now(), Last: last, Under: under}
	if len(last) > 0 {
		w.failure.Seq = last[len(last)-1].Seq
	}
	w.ended = true
	close(w.done)
}

// Failed says whether something was violated.
func (w *World) Failed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure != nil
}

// Errorf and FailNow make a World a TestingT for testify: a failed assertion is a
// violation of the scenario's own expectations.
func (w *World) Errorf(format string, args ...any) {
	w.Violate("the scenario's assertion", "", format, args...)
}

// FailNow ends the calling goroutine, and the run with it.
func (w *World) FailNow() {
	w.Violate("the scenario's assertion", "", "FailNow was called")
	runtime.Goexit()
}

// Helper is there for testify.
func (w *World) Helper() {}
