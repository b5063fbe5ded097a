package tasks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Table is the tasks of a job, and who is at them. It is not safe for concurrent use.
type Table struct {
	cfg     Config
	phases  [2]phase
	workers map[string]*worker
	count   uint32 // of attempts
	stats   Stats
	journal []Record
	failure error

	stuck time.Duration // since when no worker could write; negative: the last one could
}

// phase is the tasks of one phase.
type phase struct {
	tasks  []task
	idle   queue
	near   map[string]*queue // idle tasks by the host of their input
	done   int
	pace   pace
	active map[int]struct{} // tasks with runs
}

// task is a row of the table.
type task struct {
	queued   bool
	runs     []run   // attempts under way
	done     Attempt // the one that was accepted
	counters map[string]int64
	failures int
	lost     int
	died     bool     // a worker died that was at it
	avoid    []string // workers that have failed it
	suspects map[int64]int
	skip     []int64
}

// run is an attempt under way.
type run struct {
	attempt Attempt
	worker  string
	since   time.Duration
	backup  bool
	record  int64 // that it is at, from 1; 0: it has not said
}

// worker is what is known of a worker. It has at most one attempt under way.
type worker struct {
	seen  time.Duration
	asked uint64 // the last of its questions
	order Order  // the answer to that
	busy  bool   // with what order says
}

// New makes the table of a job that has not begun.
func New(cfg Config) *Table {
	cfg.fill()
	t := &Table{cfg: cfg, workers: map[string]*worker{}, stuck: -1}
	for p, n := range [2]int{cfg.Maps, cfg.Reduces} {
		ph := &t.phases[p]
		ph.tasks = make([]task, n)
		ph.active = map[int]struct{}{}
		ph.near = map[string]*queue{}
		for i := range n {
			t.requeue(ID{Phase(p), i})
		}
	}
	return t
}

func (t *Table) at(id ID) *task {
	if id.Phase != Map && id.Phase != Reduce || id.N < 0 || id.N >= len(t.phases[id.Phase].tasks) {
		return nil
	}
	return &t.phases[id.Phase].tasks[id.N]
}

// Over says whether there is nothing left to do, as all is done or the job has failed.
func (t *Table) Over() bool {
	return t.failure != nil || t.mapped() && t.phases[Reduce].done == len(t.phases[Reduce].tasks)
}

// Err is why the job has failed, nil if it has not.
func (t *Table) Err() error { return t.failure }

// mapped says whether every map task is done, and its output not known to be lost. Once all reduce
// tasks are done nobody needs it.
func (t *Table) mapped() bool { return t.phases[Map].done == len(t.phases[Map].tasks) }

// Ask is a worker's question for work, its n-th, from 1. A question that comes twice has one answer: the
// first may have been lost. One that asks anew is not at anything else.
func (t *Table) Ask(now time.Duration, name, host string, n uint64) Order {
	w := t.workers[name]
	if w == nil {
		w = &worker{}
		t.workers[name] = w
	}
	w.seen = max(w.seen, now)
	if n < w.asked {
		return Order{} // a doubled message: nobody waits for the answer
	}
	if n == w.asked && w.busy {
		return w.order
	}
	t.release(w)
	w.asked, w.order = n, t.pick(now, name, host)
	w.busy = w.order.What == Run
	if w.order.What == Leave {
		delete(t.workers, name)
	}
	return w.order
}

// pick chooses what a worker is to do.
func (t *Table) pick(now time.Duration, name, host string) Order {
	if t.Over() {
		return Order{What: Leave}
	}
	p := Map
	if t.mapped() {
		p = Reduce
	}
	n, ok := t.takeIdle(now, p, name, host)
	backup := false
	if !ok {
		n, ok = t.straggler(now, p, name)
		backup = ok
	}
	if !ok {
		return Order{}
	}
	return t.begin(now, ID{p, n}, name, backup)
}

// begin hands out an attempt.
func (t *Table) begin(now time.Duration, id ID, name string, backup bool) Order {
	ph, k := &t.phases[id.Phase], t.at(id)
	t.count++
	t.stats.Attempts++
	if backup {
		t.stats.Backups++
	}
	a := newAttempt(t.cfg.Incarnation, t.count)
	k.runs = append(k.runs, run{attempt: a, worker: name, since: now, backup: backup})
	ph.active[id.N] = struct{}{}
	o := Order{What: Run, ID: id, Attempt: a, Skip: slices.Clone(k.skip), Backup: backup, Careful: t.cfg.Skip && k.died}
	if id.Phase == Reduce {
		o.Inputs = make([]Attempt, len(t.phases[Map].tasks))
		for m := range o.Inputs {
			o.Inputs[m] = t.phases[Map].tasks[m].done
		}
	}
	return o
}

// runOf finds an attempt under way, -1 if it is not.
func (t *Table) runOf(id ID, a Attempt) int {
	k := t.at(id)
	if k == nil {
		return -1
	}
	return slices.IndexFunc(k.runs, func(r run) bool { return r.attempt == a })
}

// drop ends an attempt that comes to nothing. The task is idle again if it was the last one.
func (t *Table) drop(id ID, a Attempt) {
	i := t.runOf(id, a)
	if i < 0 {
		return
	}
	k := t.at(id)
	k.runs = slices.Delete(k.runs, i, i+1)
	if len(k.runs) == 0 {
		delete(t.phases[id.Phase].active, id.N)
		if k.done == 0 {
			t.requeue(id)
		}
	}
}

// release ends what a worker is at.
func (t *Table) release(w *worker) {
	if w.busy {
		w.busy = false
		t.drop(w.order.ID, w.order.Attempt)
	}
}

// Beat says that a worker is alive and at an attempt, and which record comes next, from 1, if that is not 0. It returns whether the
// attempt can still count.
func (t *Table) Beat(now time.Duration, name string, id ID, a Attempt, record int64) bool {
	if w := t.workers[name]; w != nil {
		w.seen = max(w.seen, now)
	}
	i := t.runOf(id, a)
	if i < 0 || t.at(id).runs[i].worker != name {
		return false
	}
	r := &t.at(id).runs[i]
	r.record = max(r.record, record) // an older one may come late
	return true
}

// Accepts says whether the attempt is the one whose Finish would be, or was, accepted.
func (t *Table) Accepts(id ID, a Attempt) bool {
	k := t.at(id)
	return k != nil && a != 0 && (k.done == a || k.done == 0 && t.runOf(id, a) >= 0)
}

// Finish says that an attempt has made its output. It returns whether that is the output of the task: it is if
// the attempt is under way still and no other was quicker. To say it twice does no harm.
func (t *Table) Finish(now time.Duration, id ID, a Attempt, counters map[string]int64) (accepted bool) {
	k := t.at(id)
	if k != nil && a != 0 && k.done == a {
		return true
	}
	i := t.runOf(id, a)
	if i < 0 || k.done != 0 {
		t.stats.Stale++
		t.leave(id, a)
		return false
	}
	r := k.runs[i]
	if r.backup {
		t.stats.BackupsWon++
	}
	t.stuck = -1
	t.phases[id.Phase].pace.add(now - r.since)
	t.workers[r.worker].seen = max(t.workers[r.worker].seen, now)
	for _, r := range k.runs { // the others are at something that is done
		t.workers[r.worker].busy = false
	}
	k.runs = nil
	delete(t.phases[id.Phase].active, id.N)
	t.setDone(id, a, maps.Clone(counters))
	t.journal = append(t.journal, Record{Op: OpDone, Phase: id.Phase, N: id.N, Attempt: a, Counters: k.counters})
	return true
}

// leave forgets a run that its worker has ended.
func (t *Table) leave(id ID, a Attempt) {
	if i := t.runOf(id, a); i >= 0 {
		t.workers[t.at(id).runs[i].worker].busy = false
		t.drop(id, a)
	}
}

func (t *Table) setDone(id ID, a Attempt, counters map[string]int64) {
	k := t.at(id)
	if k.done == 0 {
		t.phases[id.Phase].done++
	}
	k.done, k.counters = a, counters
}

// Fail says that an attempt came to nothing.
func (t *Table) Fail(now time.Duration, id ID, a Attempt, f Failure) {
	i := t.runOf(id, a)
	if i < 0 {
		t.stats.Stale++
		return
	}
	k := t.at(id)
	name := k.runs[i].worker
	t.stats.Failed++
	t.workers[name].seen = max(t.workers[name].seen, now)
	t.leave(id, a)
	switch f.Kind {
	case Lost:
		for _, in := range f.Lost {
			t.lose(in, f.Reason)
		}
	case Storage:
		if t.stuck < 0 {
			t.stuck = now
		}
		if now-t.stuck > t.cfg.Patience {
			t.fail(fmt.Errorf("no worker could write for %v: %s: %s", t.cfg.Patience, t.cfg.Name(id), f.Reason))
		}
	default:
		if !slices.Contains(k.avoid, name) {
			k.avoid = append(k.avoid, name)
		}
		if k.failures++; t.suspect(id, k, f.Record) {
			return
		}
		if k.failures >= t.cfg.MaxFailures {
			t.fail(fmt.Errorf("%s failed %d times: %s", t.cfg.Name(id), k.failures, f.Reason))
		}
	}
}

// suspect notes a record, if it is one, at which a function panicked or a worker died. From the second time on it is left out (§4.6).
func (t *Table) suspect(id ID, k *task, record int64) (skipped bool) {
	if !t.cfg.Skip || record < 0 {
		return false
	}
	if k.suspects == nil {
		k.suspects = map[int64]int{}
	}
	if k.suspects[record]++; k.suspects[record] < 2 || slices.Contains(k.skip, record) {
		return false
	}
	k.failures = max(0, k.failures-k.suspects[record]) // deaths were not counted there
	t.addSkip(k, record)
	t.journal = append(t.journal, Record{Op: OpSkip, Phase: id.Phase, N: id.N, Skip: record})
	return true
}

func (t *Table) addSkip(k *task, record int64) {
	t.stats.Skipped++
	k.skip = append(k.skip, record)
	slices.Sort(k.skip)
}

// maxLost is how often a map task's output may be lost before the job is given up.
const maxLost = 16

// lose has a map task done again whose output is gone.
func (t *Table) lose(in Input, reason string) {
	id := ID{Map, in.Map}
	k := t.at(id)
	if k == nil || k.done == 0 || k.done != in.Attempt {
		return // that is known already
	}
	t.stats.Redone++
	if k.lost++; k.lost >= maxLost {
		t.fail(fmt.Errorf("the output of %s was lost %d times: %s", t.cfg.Name(id), k.lost, reason))
		return
	}
	t.undo(id)
	t.journal = append(t.journal, Record{Op: OpLost, Phase: Map, N: in.Map, Attempt: in.Attempt})
}

// Undo takes back that a task is done: its output could not be committed.
func (t *Table) Undo(id ID, a Attempt) {
	if k := t.at(id); k != nil && k.done == a && a != 0 {
		t.undo(id)
		t.journal = append(t.journal, Record{Op: OpLost, Phase: id.Phase, N: id.N, Attempt: a})
	}
}

func (t *Table) undo(id ID) {
	k := t.at(id)
	k.done, k.counters = 0, nil
	t.phases[id.Phase].done--
	t.requeue(id)
}

func (t *Table) fail(err error) {
	if t.failure == nil {
		t.failure = err
	}
}

// Tick lets time pass: attempts of workers that have been silent for the lease are over.
func (t *Table) Tick(now time.Duration) {
	for _, name := range slices.Sorted(maps.Keys(t.workers)) {
		if now-t.workers[name].seen >= t.cfg.Lease {
			t.Gone(name)
		}
	}
}

// Gone takes it that a worker is dead: what it was at is over. If it is not dead after all, it begins anew.
func (t *Table) Gone(name string) {
	w := t.workers[name]
	if w == nil {
		return
	}
	if w.busy {
		t.stats.Expired++
		t.expire(w.order.ID, w.order.Attempt)
	}
	t.release(w)
	delete(t.workers, name)
}

// expire notes that a worker died while it was at an attempt. It may have been a record that the process did not survive, which is
// a failure that nobody reports; two deaths at one record are no chance (§4.6).
func (t *Table) expire(id ID, a Attempt) {
	i := t.runOf(id, a)
	if i < 0 {
		return
	}
	k := t.at(id)
	k.died = true
	t.suspect(id, k, k.runs[i].record-1)
}

// Journal returns what has changed since it was last called and must outlive the coordinator.
func (t *Table) Journal() []Record {
	j := t.journal
	t.journal = nil
	return j
}

// Replay applies a record of an earlier incarnation.
func (t *Table) Replay(r Record) error {
	id := ID{r.Phase, r.N}
	k := t.at(id)
	if k == nil {
		return fmt.Errorf("there is no %v in this job", id)
	}
	switch r.Op {
	case OpDone:
		t.setDone(id, r.Attempt, r.Counters)
	case OpLost:
		if k.done == r.Attempt && r.Attempt != 0 {
			t.undo(id)
		}
	case OpSkip:
		t.addSkip(k, r.Skip)
	default:
		return fmt.Errorf("a record says %q, which nobody knows here", r.Op)
	}
	return nil
}

// Done returns which attempt at a task was accepted, 0 if none yet.
func (t *Table) Done(id ID) Attempt { return t.at(id).done }

// Counters are the sums over all tasks that are done, each counted once, whatever was tried.
func (t *Table) Counters() map[string]int64 {
	sums := map[string]int64{}
	for p := range t.phases {
		for i := range t.phases[p].tasks {
			for name, n := range t.phases[p].tasks[i].counters {
				sums[name] += n
			}
		}
	}
	return sums
}

// Stats says how the job stands.
func (t *Table) Stats() Stats {
	s := t.stats
	for p := range t.phases {
		s.Done[p], s.Running[p], s.Total[p] = t.phases[p].done, len(t.phases[p].active), len(t.phases[p].tasks)
	}
	return s
}

// WorkerView is what is known of a worker that is alive.
type WorkerView struct {
	Name    string
	Seen    time.Duration
	Busy    bool
	ID      ID
	Attempt Attempt
}

// Workers lists those that are alive, by name.
func (t *Table) Workers() []WorkerView {
	var views []WorkerView
	for name, w := range t.workers {
		views = append(views, WorkerView{name, w.seen, w.busy, w.order.ID, w.order.Attempt})
	}
	slices.SortFunc(views, func(a, b WorkerView) int { return cmp.Compare(a.Name, b.Name) })
	return views
}
