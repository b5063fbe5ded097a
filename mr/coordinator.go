package mr

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"sync"
	"time"

	"6.824/mr/store"
	"6.824/mr/tasks"
)

// Config is what a coordinator is made for.
type Config struct {
	Files   []string // the input: a map task per file; or else
	Pieces  []Piece  // a map task each; see Cut
	Reduces int
	Store   store.Store // where outputs and intermediate files are

	App     string               // that workers must have; "" means any
	ID      string               // of the job, in file names: letters and digits; no two jobs of a folder have one
	Journal Journal              // survives the coordinator; nil: a job dies with it
	Hosts   func(m int) []string // see tasks.Config
	Tasks   tasks.Config         // timeouts and limits; sizes and names are filled in
	Gate    func()               // called before events are taken; nil: nothing
	Log     *slog.Logger         // nil: silence
	Observe func(Change)         // told of what happens, on the coordinator's own goroutine; nil: nobody
}

// Change is something that happened to a task.
type Change struct {
	What    string // handed out, finished, refused, failed, committed, not committed, resumed, over
	ID      tasks.ID
	Attempt tasks.Attempt
	Worker  string
	Text    string
}

// Coordinator hands out the tasks of a job (the paper's master, §3.2). One goroutine owns all of it.
type Coordinator struct {
	cfg     Config
	job     Job
	table   *tasks.Table
	inPlace map[int]tasks.Attempt // reduce tasks whose output is where it belongs, and which attempt's it is
	start   time.Time
	box     *mailbox
	timer   *time.Timer
	ended   chan struct{} // closed when the loop has returned
	server  *Server       // of MakeCoordinator; nil: the caller's affair

	mu      sync.Mutex // guards what follows, which the loop writes
	over    bool
	err     error
	stats   tasks.Stats
	workers []tasks.WorkerView
	sums    map[string]int64
}

var validID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// NewCoordinator starts a coordinator. If the journal holds a job that was begun, it is gone on with. All that is wrong with the
// configuration is said at once.
func NewCoordinator(cfg Config) (*Coordinator, error) {
	var wrong []error
	switch {
	case len(cfg.Files) == 0 && len(cfg.Pieces) == 0:
		wrong = append(wrong, errors.New("there are no input files"))
	case len(cfg.Files) > 0 && len(cfg.Pieces) > 0:
		wrong = append(wrong, errors.New("the input is files or pieces of files, not both"))
	}
	for _, file := range cfg.Files {
		cfg.Pieces = append(cfg.Pieces, Piece{File: file})
	}
	if cfg.Reduces <= 0 {
		wrong = append(wrong, fmt.Errorf("the number of reduce tasks must be positive, it is %d", cfg.Reduces))
	}
	if !validID.MatchString(cfg.ID) {
		wrong = append(wrong, fmt.Errorf("the job's id must be letters and digits, it is %q", cfg.ID))
	}
	if err := errors.Join(wrong...); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Tasks.Lease == 0 {
		cfg.Tasks.Lease = 10 * time.Second
	}
	c := &Coordinator{
		cfg: cfg, start: time.Now(), box: newMailbox(), ended: make(chan struct{}),
		job: Job{ID: cfg.ID, App: cfg.App, Reduces: cfg.Reduces, Beat: cfg.Tasks.Lease / 5},
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	c.timer = time.AfterFunc(c.tickEvery(), func() { c.box.post(event{kind: tick}) })
	c.publish()
	go c.loop()
	return c, nil
}

func (c *Coordinator) tickEvery() time.Duration { return c.cfg.Tasks.Lease / 8 }

// nameOf is what an error calls a task.
func (c *Coordinator) nameOf(id tasks.ID) string {
	if id.Phase == tasks.Map && id.N >= 0 && id.N < len(c.cfg.Pieces) {
		return fmt.Sprintf("%v (%v)", id, c.cfg.Pieces[id.N])
	}
	return id.String()
}

// open makes the table: a new one, or that of the journal.
func (c *Coordinator) open() error {
	head, records, err := loadJournal(c.cfg.Journal, header{Job: c.cfg.ID, Input: c.cfg.Pieces, Reduces: c.cfg.Reduces, App: c.cfg.App})
	if err != nil {
		return err
	}
	c.job.ID = head.Job
	t := c.cfg.Tasks
	t.Maps, t.Reduces, t.Incarnation, t.Hosts, t.Name = len(c.cfg.Pieces), c.cfg.Reduces, head.Incarnation, c.cfg.Hosts, c.nameOf
	c.table, c.inPlace = tasks.New(t), map[int]tasks.Attempt{}
	if head.Incarnation == 1 {
		return c.clean()
	}
	for _, r := range records {
		if err := c.table.Replay(r); err != nil {
			return fmt.Errorf("the journal: %w", err)
		}
	}
	for r := range c.cfg.Reduces {
		id := tasks.ID{Phase: tasks.Reduce, N: r}
		if a := c.table.Done(id); a != 0 {
			c.settle(id, a)
		}
	}
	c.observe(Change{What: "resumed", Text: fmt.Sprintf("incarnation %d, %v", head.Incarnation, c.table.Stats().Done)})
	return c.record()
}

var outputName = regexp.MustCompile(`^mr-out-[0-9]+$`)

// clean removes the output of an earlier job, which could be taken for that of this one.
func (c *Coordinator) clean() error {
	old, err := c.cfg.Store.List("mr-out-")
	for _, name := range old {
		if outputName.MatchString(name) {
			err = errors.Join(err, c.cfg.Store.Remove(name))
		}
	}
	return err
}

// settle makes sure that a reduce task that was done when an earlier incarnation died has its output: that may have died
// between the journal and the renaming.
func (c *Coordinator) settle(id tasks.ID, a tasks.Attempt) {
	if err := c.cfg.Store.Rename(ReduceFile(c.job.ID, id.N, a), OutputFile(id.N)); err == nil {
		c.inPlace[id.N] = a
		return
	}
	f, err := c.cfg.Store.Open(OutputFile(id.N))
	if err != nil {
		c.table.Undo(id, a)
		return
	}
	f.Close()
	c.inPlace[id.N] = a
}

// now is the time since this incarnation began.
func (c *Coordinator) now() time.Duration { return time.Since(c.start) }

func (c *Coordinator) observe(ch Change) {
	c.cfg.Log.Debug(ch.What, "task", ch.ID, "attempt", ch.Attempt, "worker", ch.Worker, "text", ch.Text)
	if c.cfg.Observe != nil {
		c.cfg.Observe(ch)
	}
}

// Done says whether the job is over: all output is there, or it has failed (see Err).
func (c *Coordinator) Done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// Err is why the job has failed, nil if it has not, or not yet.
func (c *Coordinator) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Stats says how the job stands.
func (c *Coordinator) Stats() tasks.Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Counters are the job's, summed over its tasks; they are there when the job is over.
func (c *Coordinator) Counters() map[string]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sums
}

// Idle says whether no worker was heard of within two beats: nobody is left who would have to be told that the job is over.
func (c *Coordinator) Idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !slices.ContainsFunc(c.workers, func(w tasks.WorkerView) bool { return c.now()-w.Seen < 2*c.job.Beat })
}

// Gone tells the coordinator that a worker is dead, so that it need not find out by its silence: who has started it may know. The name is
// the [WorkerConfig]'s.
func (c *Coordinator) Gone(worker string) { c.box.post(event{kind: gone, worker: worker}) }

// Kill stops the coordinator as a crash would: a job that is not over is not.
func (c *Coordinator) Kill() {
	c.box.close()
	c.timer.Stop()
}

// Close ends the coordinator when the job is over, or given up, and removes what it has left behind: all but the output, or that, too, if
// the job has failed. Files of a job with a journal that has not come to its end stay, so that it can be gone on with.
func (c *Coordinator) Close() error {
	if c.box == nil { // of a job that never began
		return nil
	}
	c.Kill()
	<-c.ended
	if c.cfg.Journal != nil && (!c.Done() || c.Err() != nil) {
		return nil
	}
	if c.server != nil {
		c.server.Close()
	}
	names, err := c.cfg.Store.List("mr-" + c.job.ID + "-")
	for _, name := range names {
		err = errors.Join(err, c.cfg.Store.Remove(name))
	}
	if c.Err() != nil {
		err = errors.Join(err, c.clean()) // a part of it could be taken for the whole
	}
	if c.cfg.Journal != nil {
		err = errors.Join(err, c.cfg.Journal.Remove())
	}
	return err
}
