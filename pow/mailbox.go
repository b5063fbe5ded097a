package pow

import "sync"

// mailbox is where everything that happens to a node waits for its loop: there is one order of events, that of the mailbox.
type mailbox struct {
	wake chan struct{} // one slot; the loop waits for nothing else

	mu     sync.Mutex
	events []func()
	hints  int // of the events, those that nobody would miss
	dead   chan struct{}
	closed bool
}

func newMailbox() *mailbox {
	return &mailbox{wake: make(chan struct{}, 1), dead: make(chan struct{})}
}

// post puts an event in. It never blocks; false if the mailbox is closed.
func (m *mailbox) post(e func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.put(e)
}

// postHint is post for what strangers may send at will: beyond limit it is dropped.
func (m *mailbox) postHint(limit int, e func()) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.hints >= limit {
		return false
	}
	m.hints++
	return m.put(e)
}

func (m *mailbox) put(e func()) bool {
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

// take empties the mailbox; ok is false if it is closed.
func (m *mailbox) take() (events []func(), ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	events, m.events, m.hints = m.events, nil, 0
	return events, !m.closed
}

// close drops what is in the mailbox, and everything that comes. Who waits for an answer is let go.
func (m *mailbox) close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed, m.events = true, nil
		close(m.dead)
		m.nudge()
	}
}

// ask has the loop call f, and waits for it. False: the node is dead, and f may or may not have been called.
func (m *mailbox) ask(f func()) bool {
	done := make(chan struct{})
	return m.post(func() { f(); close(done) }) && m.wait(done)
}

// askHint is ask for what strangers may ask at will.
func (m *mailbox) askHint(limit int, f func()) bool {
	done := make(chan struct{})
	return m.postHint(limit, func() { f(); close(done) }) && m.wait(done)
}

// wait waits for an event's end. An answer that was given before the node died is one.
func (m *mailbox) wait(done chan struct{}) bool {
	select {
	case <-done:
		return true
	case <-m.dead:
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
