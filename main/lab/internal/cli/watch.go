package cli

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"6.824/main/lab/internal/progress"
	"6.824/main/lab/internal/runner"
)

// watch adds up what a run has come to so far.
type watch struct {
	start time.Time

	mu           sync.Mutex
	done, failed int
	left         int // seeds that are still to come
	virtual      time.Duration
	lost, faults int64
}

func newWatch(plan []runner.Job) *watch {
	w := &watch{start: time.Now()}
	for _, job := range plan {
		w.left += job.Left()
	}
	return w
}

// update is told of every seed that ended.
func (w *watch) update(before, after runner.Snapshot) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.done += after.Done - before.Done
	w.failed += after.Failed - before.Failed
	w.left += after.Left - before.Left
	w.virtual += after.Virtual - before.Virtual
	w.lost += after.Lost - before.Lost
	w.faults += after.Faults - before.Faults
}

func (w *watch) elapsed() time.Duration { return time.Since(w.start) }

// line is the line that shows how far the run has come. A width means a terminal.
func (w *watch) line(width int) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	elapsed, total := w.elapsed(), w.done+w.left
	facts := []string{ // what matters most first: a narrow terminal shows no more
		clock(elapsed),
		fmt.Sprintf("%s/%s seeds", count(w.done), count(total)),
		plural(w.failed, "failure"),
		rate(float64(w.done)/elapsed.Seconds()) + " seeds/s",
		count(int64(w.virtual.Seconds())) + " virtual s",
		count(w.lost) + " messages lost",
		count(w.faults) + " hit by faults",
	}
	text := strings.Join(facts, " · ")
	if width == 0 {
		return text
	}
	if room := width - len([]rune(text)) - 3; room >= 8 {
		text = "[" + progress.Bar(min(room, 24), float64(w.done)/float64(max(total, 1))) + "] " + text
	}
	return text
}
