package mr

import (
	"fmt"
	"sync"

	"6.824/mr/tasks"
)

// kind is the kind of an event.
type kind int

const (
	ask kind = iota
	beat
	report
	tick
	gone
)

// event is something that the coordinator has to deal with, and where the answer goes.
type event struct {
	kind   kind
	ask    *AskArgs
	beat   *BeatArgs
	report *ReportArgs
	worker string // that is gone
	waiter *waiter
}

// waiter is a handler that waits for its answer.
type waiter struct {
	done   chan struct{}
	ask    AskReply
	beat   BeatReply
	report ReportReply
}

// mailbox is where events wait for the loop: there is one order of events, that of the mailbox.
type mailbox struct {
	wake chan struct{}

	mu     sync.Mutex
	events []event
	closed bool
}

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// post puts an event into the mailbox. It returns false if nobody will take it.
func (m *mailbox) post(e event) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	m.events = append(m.events, e)
	m.nudge()
	return true
}

func (m *mailbox) nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox.
func (m *mailbox) take() (events []event, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	events, m.events = m.events, nil
	return events, !m.closed
}

// close has the loop return. Those that wait get no answer.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed = true
	m.nudge()
	m.mu.Unlock()
}

// call posts an event and waits until it was dealt with.
func (c *Coordinator) call(e event) *waiter {
	e.waiter = &waiter{done: make(chan struct{}, 1)}
	if c.box.post(e) {
		<-e.waiter.done
	}
	return e.waiter
}

// loop takes events, all that there are at a time. What workers report is dealt with first and is in the journal and in
// its place before anybody is answered: a worker that hears that the job is over can rely on it.
func (c *Coordinator) loop() {
	defer close(c.ended)
	for {
		<-c.box.wake
		if c.cfg.Gate != nil {
			c.cfg.Gate()
		}
		events, ok := c.box.take()
		if !ok {
			free(events)
			return
		}
		if err := c.deal(events); err != nil {
			c.stopWith(err)
			free(events)
			return
		}
		c.publish()
		free(events)
	}
}

// free lets those go who wait.
func free(events []event) {
	for _, e := range events {
		if e.waiter != nil {
			e.waiter.done <- struct{}{}
		}
	}
}

// deal deals with events, but does not answer yet.
func (c *Coordinator) deal(events []event) error {
	var accepted []event
	for _, e := range events {
		switch e.kind {
		case report:
			if c.take(e) {
				accepted = append(accepted, e)
			}
		case beat:
			b := e.beat
			e.waiter.beat = BeatReply{Known: true, Void: b.Job != c.job.ID || !c.table.Beat(c.now(), b.Worker, b.ID, b.Attempt, b.Record)}
		case tick:
			c.table.Tick(c.now())
			c.timer.Reset(c.tickEvery())
		case gone:
			c.table.Gone(e.worker)
		}
	}
	if err := c.record(); err != nil {
		return err
	}
	for _, e := range accepted {
		e.waiter.report.Accepted = c.commit(e.report)
	}
	if err := c.record(); err != nil {
		return err
	}
	for _, e := range events {
		if e.kind == ask {
			e.waiter.ask = c.order(e.ask)
		}
	}
	return nil
}

// take deals with what a worker reports. It returns whether an output was accepted.
func (c *Coordinator) take(e event) bool {
	r := e.report
	e.waiter.report.Known = true
	ch := Change{ID: r.ID, Attempt: r.Attempt, Worker: r.Worker}
	switch {
	case r.Job != c.job.ID:
		ch.What, ch.Text = "refused", "it is of another job"
	case !r.OK:
		c.table.Fail(c.now(), r.ID, r.Attempt, r.Failure)
		ch.What, ch.Text = "failed", r.Failure.Reason
	case !c.table.Finish(c.now(), r.ID, r.Attempt, r.Counters):
		ch.What = "refused"
	default:
		ch.What = "finished"
	}
	c.observe(ch)
	return ch.What == "finished"
}

// commit puts the output of a reduce task into its place (§3.3). It returns whether the attempt is accepted after all.
func (c *Coordinator) commit(r *ReportArgs) bool {
	if r.ID.Phase == tasks.Map || c.inPlace[r.ID.N] == r.Attempt { // the latter was reported twice
		return true
	}
	out, made := OutputFile(r.ID.N), ReduceFile(c.job.ID, r.ID.N, r.Attempt)
	err := c.cfg.Store.Rename(made, out)
	if err == nil {
		c.inPlace[r.ID.N] = r.Attempt
		c.observe(Change{What: "committed", ID: r.ID, Attempt: r.Attempt, Worker: r.Worker})
		return true
	}
	c.cfg.Log.Warn("an output can't be put into its place", "task", c.nameOf(r.ID), "err", err)
	c.observe(Change{What: "not committed", ID: r.ID, Attempt: r.Attempt, Worker: r.Worker, Text: err.Error()})
	c.table.Undo(r.ID, r.Attempt)
	return false
}

// order answers a worker that asks for work.
func (c *Coordinator) order(a *AskArgs) AskReply {
	reply := AskReply{Known: true, Job: c.job}
	switch {
	case a.Version != Version:
		reply.Err = fmt.Sprintf("this worker is of version %d, the coordinator of version %d", a.Version, Version)
	case c.job.App != "" && a.App != c.job.App:
		reply.Err = fmt.Sprintf("this worker has the app %q, the job's is %q", a.App, c.job.App)
	}
	if reply.Err != "" {
		reply.Order.What = tasks.Leave
		return reply
	}
	reply.Order = c.table.Ask(c.now(), a.Worker, a.Host, a.N)
	o := reply.Order
	if o.What == tasks.Run {
		if o.ID.Phase == tasks.Map {
			reply.Input = c.cfg.Pieces[o.ID.N]
		}
		c.observe(Change{What: "handed out", ID: o.ID, Attempt: o.Attempt, Worker: a.Worker})
	}
	if err := c.table.Err(); err != nil {
		reply.Err = err.Error()
	}
	return reply
}

// record journals what must outlive the coordinator.
func (c *Coordinator) record() error {
	records := c.table.Journal()
	if c.cfg.Journal == nil || len(records) == 0 {
		return nil
	}
	return appendJournal(c.cfg.Journal, records)
}

// stopWith ends a coordinator that can't go on.
func (c *Coordinator) stopWith(err error) {
	c.Kill()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err, c.over = err, true
}

// publish lets others see how the job stands.
func (c *Coordinator) publish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats, c.workers = c.table.Stats(), c.table.Workers()
	if c.table.Over() && !c.over {
		c.over, c.err, c.sums = true, c.table.Err(), c.table.Counters()
		c.observe(Change{What: "over"})
	}
}
