package runner

import (
	"cmp"
	"context"
	"slices"
	"time"

	"6.824/main/lab/internal/testbin"
)

// targetBatch is how long a process should run: long enough that its start does not
// count, short enough that the last ones don't keep a core waiting for the other.
const targetBatch = 1500 * time.Millisecond

// span is consecutive seeds.
type span struct {
	first int64
	n     int
}

// work is a job and what is left of it to hand out.
type work struct {
	index   int // of the job
	tally   *Tally
	todo    []span
	size    int                          // of a batch, in seeds
	handed  int                          // seeds that were handed out
	cancels map[int64]context.CancelFunc // of the batches that run, by first seed
}

// next takes up to n seeds off the list.
func (w *work) next(n int) span {
	s := w.todo[0]
	s.n = min(s.n, n)
	if s.n == w.todo[0].n {
		w.todo = w.todo[1:]
	} else {
		w.todo[0] = span{w.todo[0].first + int64(s.n), w.todo[0].n - s.n}
	}
	w.handed += s.n
	return s
}

// putBack makes seeds that were handed out but not run wait again.
func (w *work) putBack(s span) {
	if s.n > 0 {
		w.todo = append([]span{s}, w.todo...)
		w.handed -= s.n
	}
}

// batchSize is how many of the job's seeds a process should run: as many as took about
// the target, and no more than a worker's fair share of what is left. The first batch is
// a single seed, which tells.
func (w *work) batchSize(workers int) int {
	left := 0
	for _, s := range w.todo {
		left += s.n
	}
	return max(1, min(w.size, (left+workers-1)/workers))
}

// took makes the next batches larger or smaller, after one of n seeds took this long.
func (w *work) took(n int, wall time.Duration) {
	switch {
	case n < w.size: // it was small for another reason, or another batch has told already
	case wall < targetBatch/4:
		w.size = 4 * n
	case wall < targetBatch/2:
		w.size = 2 * n
	case wall > 2*targetBatch:
		w.size = max(1, n/2)
	}
}

// pick chooses the job that is the furthest behind, so that all of them come on
// together and whoever stops early has seen something of each.
func pick(all []*work) *work {
	var best *work
	for _, w := range all {
		if len(w.todo) == 0 || w.tally.Stopped {
			continue
		}
		if best == nil || w.share() < best.share() {
			best = w
		}
	}
	return best
}

func (w *work) share() float64 { return float64(w.handed) / float64(w.tally.Job.Seeds) }

// Job is seeds of one scenario to run.
type Job struct {
	Binary   testbin.Binary
	Scenario testbin.Scenario
	First    int64
	Seeds    int
	Before   []Part // what is done already, by an earlier run that did not come to its end
}

// Left is how many seeds are not done yet.
func (j Job) Left() int {
	n := 0
	for _, s := range j.left() {
		n += s.n
	}
	return n
}

// left is the seeds that are not done yet.
func (j Job) left() []span {
	todo := []span{{j.First, j.Seeds}}
	done := slices.Clone(j.Before)
	slices.SortFunc(done, func(a, b Part) int { return cmp.Compare(a.From, b.From) })
	for _, p := range done {
		last := &todo[len(todo)-1]
		end, after := last.first+int64(last.n), p.From+int64(p.Done)
		last.n = int(p.From - last.first)
		todo = append(todo, span{after, int(end - after)})
	}
	return slices.DeleteFunc(todo, func(s span) bool { return s.n <= 0 })
}
