package raft

import (
	"fmt"
	"runtime"
	"time"

	"6.824/raft/consensus"
)

// A loop is the one goroutine that owns a peer's consensus state. It takes all events that have come in as
// one batch, lets each happen, makes durable what they changed with one write, and only then lets the rest of
// what follows leave the peer. What comes in during the write is the next batch, and so shares one write too
// (group commit).
//
// The loop waits for one thing only, a nudge of its mailbox, and reads its clock once per batch. So a history
// depends on the order and the times of the events, and on nothing that a scheduler decides.
type loop struct {
	rf      *Raft
	node    *consensus.Node
	journal *journal
	clock   clock
	observe *observer

	batch   []event
	applied int // the last index that went to the applier
	seen    Status

	// Who waits for what the present batch brings:
	starts    []*waiter // in the order of their commands
	requests  []*waiter // by Ref, from 1
	snapshots []*waiter
	// and who waits longer:
	reads    map[uint64]*waiter // by ID
	lastRead uint64
	transfer *waiter // nil: there is none
}

func newLoop(rf *Raft, node *consensus.Node, j *journal, o options) *loop {
	return &loop{
		rf: rf, node: node, journal: j, clock: newClock(o.host), observe: newObserver(o, node), reads: map[uint64]*waiter{},
	}
}

func (l *loop) run() {
	defer l.clock.stop()
	defer l.observe.ended(l.rf)
	for l.turn() {
		l.clock.wakeAt(l.node.Deadline(), l.rf.box.nudge)
		<-l.rf.box.wake
		// Whoever else has something for us shall put it in first: under load, that makes batches ten times
		// larger, and each command costs half.
		runtime.Gosched()
	}
}

// turn handles one batch, which may be empty; false if the peer is dead.
func (l *loop) turn() bool {
	l.rf.host.Gate()
	batch, ok := l.rf.box.take(l.batch)
	if !ok {
		return false
	}
	l.batch = batch
	now := l.clock.now()
	for _, e := range batch {
		l.step(now, e)
	}
	// A tick is due by the clock, not because a timer says so: whether the timer or a slow disk wakes the
	// loop first must not matter. It comes last, so that a peer that was paused reads its mail before it
	// takes the leader for dead.
	ticked := now >= l.node.Deadline()
	if ticked {
		l.node.Step(now, consensus.Tick{})
	}
	out := l.node.Take()
	l.answerStarts(out.Proposed)
	if err := l.journal.save(&out, l.node.Status().LastIndex, l.entry); err != nil {
		l.rf.fail(fmt.Errorf("raft: the disk failed: %w", err))
		return false
	}
	if l.rf.stopping() { // since it was asked to while it wrote
		return false
	}
	if n := len(out.Apply); n > 0 {
		l.applied = out.Apply[n-1].Index
	}
	l.publish(&out, ticked)
	l.refuseStarts()
	for _, m := range out.Messages {
		l.rf.send(m.To, m.Msg)
	}
	l.answerRequests(out.Replies)
	l.answerReads(out.Reads)
	l.answerTransfer(out.Transferred)
	l.answerSnapshots()
	l.rf.applier.add(out.Apply) // last, since the service may answer with a snapshot: that is for another batch
	return true
}

// step lets one event happen.
func (l *loop) step(now time.Duration, e event) {
	switch ev := e.Event.(type) {
	case consensus.Propose:
		l.starts = append(l.starts, e.waiter)
	case consensus.Receive:
		if e.waiter != nil { // a request
			l.requests = append(l.requests, e.waiter)
			ev.Ref = uint64(len(l.requests))
			e.Event = ev
		}
	case consensus.Compact:
		l.snapshots = append(l.snapshots, e.waiter)
	case consensus.Read:
		l.lastRead++
		l.reads[l.lastRead] = e.waiter
		e.Event = consensus.Read{ID: l.lastRead}
	case consensus.Transfer:
		if !l.beginTransfer(ev.To, e.waiter) {
			return
		}
	}
	l.node.Step(now, e.Event)
}

func (l *loop) entry(index int) consensus.Entry {
	e, _ := l.node.Entry(index)
	return e
}

// publish makes the peer's new state known to those who look on.
func (l *loop) publish(out *consensus.Output, ticked bool) {
	s := l.status()
	if s != l.seen {
		l.seen = s
		l.rf.mu.Lock()
		if !l.rf.killed {
			l.rf.status = s
		}
		l.rf.mu.Unlock()
	}
	l.observe.turned(s, out, l.batch, ticked)
}

func (l *loop) status() Status { return statusOf(l.node.Status(), l.applied) }

// answerStarts tells those whose commands were taken. The others are told by refuseStarts.
func (l *loop) answerStarts(done []consensus.Proposed) {
	refused := l.starts[:0]
	for i, w := range l.starts {
		if i < len(done) {
			w.index, w.term = done[i].Index, done[i].Term
		}
		if w.index == 0 {
			refused = append(refused, w)
		} else {
			w.answer()
		}
	}
	clear(l.starts[len(refused):])
	l.starts = refused
}

// refuseStarts answers the starts that were not taken. It is called when the status has been published that says why, so that whoever
// looks there next for the leader finds the same each time.
func (l *loop) refuseStarts() {
	for _, w := range l.starts {
		w.answer()
	}
	l.starts = forget(l.starts)
}

// answerRequests lets the handlers return. One whose request consensus had no answer to returns nothing.
func (l *loop) answerRequests(replies []consensus.Reply) {
	for _, r := range replies {
		if r.Ref >= 1 && r.Ref <= uint64(len(l.requests)) {
			l.requests[r.Ref-1].reply = r.Msg
		}
	}
	for _, w := range l.requests {
		w.answer()
	}
	l.requests = forget(l.requests)
}

func (l *loop) answerReads(done []consensus.ReadDone) {
	for _, d := range done {
		w := l.reads[d.ID]
		if w == nil {
			continue
		}
		delete(l.reads, d.ID)
		if w.index = d.Index; !d.OK {
			w.err = ErrNotLeader
		}
		w.answer()
	}
}

func (l *loop) answerSnapshots() {
	for _, w := range l.snapshots {
		w.answer()
	}
	l.snapshots = forget(l.snapshots)
}

// forget empties a list of waiters, since each has been answered and is no longer the loop's.
func forget(list []*waiter) []*waiter {
	clear(list)
	return list[:0]
}
