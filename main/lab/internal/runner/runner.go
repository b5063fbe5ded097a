// Package runner spreads the seeds of scenarios over processes and adds up what
// they come to.
package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"6.824/main/lab/internal/testbin"
)

// Options bend a run.
type Options struct {
	Workers     int                                   // processes at once; less than 1 means 1
	MaxFailures int                                   // a job stops after so many; 0 means never
	Notify      func(job int, before, after Snapshot) // called for every seed that ended, one call at a time; may be nil

	// Record is told of every part of a job whose process has come to its end, one call at a
	// time; its error ends the run. It may be nil. What it was told need not be run again.
	Record func(job int, p Part) error
}

// Snapshot is a job's tally at a moment.
type Snapshot struct {
	Done, Failed int
	Virtual      time.Duration
	Lost, Faults int64
	First        *Failure
	Left         int // seeds that are still to come
}

func (t *Tally) snapshot() Snapshot {
	left := max(0, t.Job.Seeds-t.Done)
	if t.Stopped {
		left = 0
	}
	return Snapshot{t.Done, t.Failed, t.Virtual, t.Lost, t.Faults, t.First, left}
}

// Run runs the jobs. It returns their tallies, in the same order, also when it could
// not run all of them: because ctx ended, or because a process could not be run at all.
func Run(ctx context.Context, jobs []Job, opt Options) ([]*Tally, error) {
	r := &run{opt: opt, changed: make(chan struct{}, 1)}
	tallies := make([]*Tally, len(jobs))
	for i, job := range jobs {
		tallies[i] = NewTally(job)
		w := &work{index: i, size: 1, tally: tallies[i], cancels: map[int64]context.CancelFunc{}, todo: job.left(), handed: tallies[i].Done}
		w.tally.Stopped = r.tooMany(w.tally)
		r.all = append(r.all, w)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers sync.WaitGroup
	for range max(opt.Workers, 1) {
		workers.Go(func() {
			if err := r.worker(ctx); err != nil {
				cancel() // one that can't go on ends them all
				r.note(err)
			}
		})
	}
	workers.Wait()
	return tallies, r.err
}

// run is the state that the workers share.
type run struct {
	opt     Options
	mu      sync.Mutex
	all     []*work
	running int
	err     error
	changed chan struct{}
}

func (r *run) note(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil || (errors.Is(r.err, context.Canceled) && !errors.Is(err, context.Canceled)) {
		r.err = err
	}
}

// worker runs one batch after the other until nothing is left.
func (r *run) worker(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.mu.Lock()
		w := pick(r.all)
		if w == nil && r.running == 0 {
			r.mu.Unlock()
			r.wake()
			return nil
		}
		if w == nil { // a batch that runs now may put seeds back
			r.mu.Unlock()
			select {
			case <-r.changed:
			case <-ctx.Done():
			}
			continue
		}
		s := w.next(w.batchSize(max(r.opt.Workers, 1)))
		batchCtx, cancel := context.WithCancel(ctx)
		w.cancels[s.first] = cancel
		r.running++
		r.mu.Unlock()

		err := r.batch(ctx, batchCtx, w, s)

		cancel()
		r.mu.Lock()
		delete(w.cancels, s.first)
		r.running--
		r.mu.Unlock()
		r.wake()
		if err != nil {
			return err
		}
	}
}

// wake lets a waiting worker look again; it wakes the next.
func (r *run) wake() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// batch runs one batch and sees to what its process left undone.
func (r *run) batch(ctx, batchCtx context.Context, w *work, s span) error {
	job := w.tally.Job
	part := Part{From: s.first, Sums: newSums()}
	out, err := job.Binary.Run(batchCtx, testbin.Batch{Test: job.Scenario.Test, First: s.first, Seeds: s.n}, func(res testbin.Result) {
		part.add(job, res)
		r.update(w, func(t *Tally) { t.add(job, res) })
	})
	r.mu.Lock()
	w.tally.Wall += out.Wall
	part.Wall = out.Wall
	w.took(s.n, out.Wall)
	stopped := w.tally.Stopped
	r.mu.Unlock()
	switch {
	case stopped && ctx.Err() == nil:
		return r.record(w, part) // it was told to stop
	case err != nil:
		return err
	case out.Reported >= s.n && (out.Exit == nil || part.Failed > 0):
		return r.record(w, part)
	case out.Reported >= s.n:
		seed := s.first + int64(s.n) - 1
		text := fmt.Sprintf("%s seed=%d: every run was well, and yet the test failed (%v)", job.Scenario.Name, seed, out.Exit)
		text += "\n" + strings.TrimSpace(out.Output)
		part.fail(job, seed, text)
		r.update(w, func(t *Tally) { t.fail(job, seed, text) })
		return r.record(w, part)
	}
	// The process ended before it was through: the seed that it was at is to blame.
	seed := s.first + int64(out.Reported)
	text := fmt.Sprintf("%s seed=%d: the process ended without a word about this seed", job.Scenario.Name, seed)
	if out.Exit != nil {
		text = fmt.Sprintf("%s seed=%d: the process died (%v)", job.Scenario.Name, seed, out.Exit)
	}
	text += "\n" + strings.TrimSpace(out.Output)
	part.crash(job, seed, text)
	r.update(w, func(t *Tally) { t.crash(job, seed, text) })
	r.mu.Lock()
	w.putBack(span{seed + 1, s.n - out.Reported - 1})
	r.mu.Unlock()
	return r.record(w, part)
}

// record hands on a part that is done.
func (r *run) record(w *work, p Part) error {
	if r.opt.Record == nil || p.Done == 0 {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.opt.Record(w.index, p)
}

// tooMany reports whether a job has failed often enough to be stopped.
func (r *run) tooMany(t *Tally) bool {
	return r.opt.MaxFailures > 0 && t.Failed >= r.opt.MaxFailures
}

// update changes a tally, tells the caller, and stops the job if that was one failure
// too many.
func (r *run) update(w *work, change func(*Tally)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := w.tally.snapshot()
	change(w.tally)
	if r.tooMany(w.tally) && !w.tally.Stopped {
		w.tally.Stopped = true
		w.todo = nil
		for _, cancel := range w.cancels {
			cancel()
		}
	}
	if r.opt.Notify != nil {
		r.opt.Notify(w.index, before, w.tally.snapshot())
	}
}
