package raft

import (
	"sync"

	"6.824/raft/consensus"
)

// A mailbox is where everything that happens to a peer waits for its loop: requests, replies, commands,
// snapshots. There is one order of events, that of the mailbox.
type mailbox struct {
	wake chan struct{} // one slot: there may be something to do. The loop waits for nothing else

	mu     sync.Mutex
	events []event
	idle   []*waiter
	closed bool
}

// An event is one for consensus, and who waits for what comes of it.
type event struct {
	consensus.Event
	waiter *waiter // nil: nobody
}

// A waiter is a goroutine that waits for what comes of an event. The loop fills in what that is, then calls
// answer, then forgets the waiter.
type waiter struct {
	done  chan struct{} // one slot, so that the loop never waits for a waiter
	reply consensus.Message
	index int
	term  int
	err   error
}

func (w *waiter) answer() { w.done <- struct{}{} }

// maxIdleWaiters bounds how many waiters are kept for reuse.
const maxIdleWaiters = 4096

func newMailbox() *mailbox { return &mailbox{wake: make(chan struct{}, 1)} }

// post puts an event into the mailbox. It never blocks.
func (m *mailbox) post(e consensus.Event) {
	m.mu.Lock()
	if !m.closed {
		m.put(event{Event: e})
	}
	m.mu.Unlock()
}

// ask is post for one who waits for an answer; nil if there won't be one, as the mailbox is closed.
func (m *mailbox) ask(e consensus.Event) *waiter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil
	}
	var w *waiter
	if n := len(m.idle); n > 0 {
		w, m.idle = m.idle[n-1], m.idle[:n-1]
	} else {
		w = &waiter{done: make(chan struct{}, 1)}
	}
	m.put(event{e, w})
	return w
}

func (m *mailbox) put(e event) {
	m.events = append(m.events, e)
	if len(m.events) == 1 {
		m.nudge()
	}
}

// putBack gives back a waiter that has its answer.
func (m *mailbox) putBack(w *waiter) {
	*w = waiter{done: w.done}
	m.mu.Lock()
	if len(m.idle) < maxIdleWaiters {
		m.idle = append(m.idle, w)
	}
	m.mu.Unlock()
}

// nudge has the loop look whether there is something to do.
func (m *mailbox) nudge() {
	select {
	case m.wake <- struct{}{}:
	default:
	}
}

// take empties the mailbox, unless it is closed. It is given what it returned the last time, to use the
// memory again.
func (m *mailbox) take(done []event) (events []event, ok bool) {
	clear(done)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return nil, false
	}
	events, m.events = m.events, done[:0]
	return events, true
}

// close drops what is in the mailbox, and everything that is posted from now on.
func (m *mailbox) close() {
	m.mu.Lock()
	m.closed, m.events, m.idle = true, nil, nil
	m.mu.Unlock()
	m.nudge()
}
