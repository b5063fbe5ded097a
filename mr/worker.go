package mr

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"6.824/mr/store"
	"6.824/mr/tasks"
)

// Caller is a worker's connection to the coordinator: a *labrpc.ClientEnd's Do, or a [Client]'s.
type Caller interface {
	Do(method string, args, reply any) error
}

// WorkerConfig is what a worker is made for.
type WorkerConfig struct {
	Name        string // no two workers that ever live have one
	Host        string // where it is, to be given input that is there, too; may be empty
	App         App
	Coordinator Caller
	Store       store.Store                             // where outputs and intermediate files are: the coordinator's
	Input       func(name string) (store.Source, error) // opens an input; nil: files of this machine

	Memory   int               // bytes of map output to hold before spilling; 64 MiB
	Patience time.Duration     // how long to go on without an answer from the coordinator; 10 s
	Gate     func(who string)  // called before each step that others can see; nil: nothing
	Log      *slog.Logger      // nil: silence
	Observe  func(step string) // told of the steps of a task as they are done; nil: nobody
}

// ErrNoCoordinator is the error of a worker that has not heard of the coordinator for too long.
var ErrNoCoordinator = errors.New("the coordinator does not answer")

// worker is a worker at work.
type worker struct {
	WorkerConfig
	ctx    context.Context
	asked  uint64
	failed int // attempts in a row that failed

	mu sync.Mutex
	at *attempt // that is being executed
}

// attempt is a task that the worker is at.
type attempt struct {
	job   Job
	order tasks.Order
	input Piece
	void  atomic.Bool // it can't count any more
}

// pollEvery is how long a worker that has nothing to do waits before it asks again.
const pollEvery = 50 * time.Millisecond

// RunWorker works for the coordinator until the job is over. It returns nil if that is so, an error that says why if the job has failed or
// this worker can't work for it, and [ErrNoCoordinator] if the coordinator is gone.
func RunWorker(ctx context.Context, cfg WorkerConfig) error {
	if cfg.App.Map == nil || cfg.App.Reduce == nil {
		return fmt.Errorf("the app %q lacks Map or Reduce", cfg.App.Name)
	}
	if cfg.Input == nil {
		cfg.Input = store.OpenFile
	}
	if cfg.Patience == 0 {
		cfg.Patience = 10 * time.Second
	}
	if cfg.Gate == nil {
		cfg.Gate = func(string) {}
	}
	if cfg.Observe == nil {
		cfg.Observe = func(string) {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	w := &worker{WorkerConfig: cfg}
	var beats sync.WaitGroup
	defer beats.Wait()
	var cancel context.CancelFunc
	w.ctx, cancel = context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.ctx, w.drop)()
	begun := false
	for {
		reply, err := w.ask()
		switch {
		case err != nil:
			return err
		case reply.Order.What == tasks.Leave && reply.Err != "":
			return errors.New(reply.Err)
		case reply.Order.What == tasks.Leave:
			return nil
		case reply.Order.What == tasks.Wait:
			if !w.sleep(pollEvery) {
				return ctx.Err()
			}
			continue
		}
		if !begun {
			begun = true
			beats.Go(func() { w.beat(reply.Job.Beat) })
		}
		if err := w.work(reply); err != nil {
			return err
		}
	}
}

// drop makes the attempt at hand void.
func (w *worker) drop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.at != nil {
		w.at.void.Store(true)
	}
}

// sleep waits. It returns false if the worker is to end.
func (w *worker) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.ctx.Done():
	}
	return w.ctx.Err() == nil
}

// ask asks for work until there is an answer.
func (w *worker) ask() (AskReply, error) {
	w.asked++
	var reply AskReply
	err := w.insist(func() (bool, error) {
		reply = AskReply{}
		w.Gate("worker")
		err := w.Coordinator.Do("Coordinator.Ask", &AskArgs{
			Version: Version, Worker: w.Name, Host: w.Host, App: w.App.Name, N: w.asked,
		}, &reply)
		return reply.Known, err
	})
	return reply, err
}

// insist tries a call until it is answered, or patience is at an end.
func (w *worker) insist(call func() (answered bool, err error)) error {
	begun := time.Now()
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 500*time.Millisecond) {
		answered, err := call()
		if err == nil && answered {
			return nil
		}
		if w.ctx.Err() != nil {
			return w.ctx.Err()
		}
		if p := new(PermanentError); errors.As(err, &p) {
			return p
		}
		if time.Since(begun) > w.Patience {
			return fmt.Errorf("%w for %v: %v", ErrNoCoordinator, w.Patience, err)
		}
		if !w.sleep(wait) {
			return w.ctx.Err()
		}
	}
}

// PermanentError is why a connection can't be had, now or ever.
type PermanentError struct{ Reason string }

func (e *PermanentError) Error() string { return e.Reason }

// beat says that the worker is alive, as long as it is.
func (w *worker) beat(every time.Duration) {
	for w.sleep(every) {
		w.Gate("beat")
		w.mu.Lock()
		at := w.at
		w.mu.Unlock()
		if at == nil {
			continue
		}
		var reply BeatReply
		args := &BeatArgs{Worker: w.Name, Job: at.job.ID, ID: at.order.ID, Attempt: at.order.Attempt}
		if w.Coordinator.Do("Coordinator.Beat", args, &reply) == nil && reply.Known && reply.Void {
			at.void.Store(true)
		}
	}
}

// announce says which record comes next, from 0, if the attempt is a careful one. What a record does to the process can be seen only
// by those that are left (the paper's "last gasp", §4.6, from a handler of signals, is not to be had in Go). That nobody answers is no
// harm: the next attempt says it again.
func (w *worker) announce(at *attempt, record int64) {
	if !at.order.Careful {
		return
	}
	w.Gate("worker")
	args := &BeatArgs{Worker: w.Name, Job: at.job.ID, ID: at.order.ID, Attempt: at.order.Attempt, Record: record + 1}
	var reply BeatReply
	if w.Coordinator.Do("Coordinator.Beat", args, &reply) == nil && reply.Known && reply.Void {
		at.void.Store(true)
	}
}

// work executes a task and reports what came of it.
func (w *worker) work(reply AskReply) error {
	at := &attempt{job: reply.Job, order: reply.Order, input: reply.Input}
	w.mu.Lock()
	w.at = at
	w.mu.Unlock()
	counters, err := w.execute(at)
	if w.ctx.Err() != nil {
		return w.ctx.Err()
	}
	args := &ReportArgs{Worker: w.Name, Job: at.job.ID, ID: at.order.ID, Attempt: at.order.Attempt, OK: err == nil, Counters: counters}
	if err != nil {
		args.Failure = failureOf(err)
		if f := new(failure); errors.As(err, &f) && f.stack != nil {
			w.Log.Error("a function of the job panicked", "task", at.order.ID, "stack", string(f.stack))
		}
	}
	var answer ReportReply
	err = w.insist(func() (bool, error) {
		answer = ReportReply{}
		w.Gate("worker")
		err := w.Coordinator.Do("Coordinator.Report", args, &answer)
		return answer.Known, err
	})
	w.mu.Lock()
	w.at = nil
	w.mu.Unlock()
	if err != nil {
		return err
	}
	w.Observe("reported")
	if args.OK && !answer.Accepted {
		w.removeOutput(at)
	}
	return w.rest(args)
}

// rest has a worker that can't write wait for longer and longer.
func (w *worker) rest(r *ReportArgs) error {
	if r.OK {
		w.failed = 0
		return nil
	}
	w.Log.Warn("an attempt has failed", "task", r.ID, "attempt", r.Attempt, "why", r.Failure.Reason)
	if r.Failure.Kind != tasks.Storage {
		return nil
	}
	w.failed = min(w.failed+1, 6)
	if !w.sleep(pollEvery << w.failed) {
		return w.ctx.Err()
	}
	return nil
}
