// Package invariant checks what a Raft cluster promises, after every event that could break it.
//
// There are two kinds of evidence. What every implementation shows is what its servers apply and what GetState returns: from
// these the [Monitor] checks State Machine Safety, Election Safety and that terms never fall. An implementation that reports
// each [raft.Transition] shows its log, too: then all five properties of Figure 3 of the extended Raft paper are checked, and what they
// stand on: that what was on disk comes back after a crash, and that leaders commit by the rules.
//
// The logs are never compared. The monitor keeps a hash chain over every log, so that one comparison of two numbers tells whether two
// logs agree up to an index, and an event costs as much as it changes.
package invariant

import (
	"sync"

	"6.824/labgob"
	"6.824/labrpc/labtest"
	"6.824/raft"
)

// Violate is told that a check failed, from which section of the paper it is, and what was seen.
type Violate func(check, paper, format string, args ...any)

// A Monitor watches one cluster. Its methods are safe for concurrent use.
type Monitor struct {
	violate Violate

	mu      sync.Mutex
	servers []*server
	byName  map[string]*server

	leaders   map[int]tenure   // by term
	ballots   map[ballot]int   // whom a server has voted for in a term, as it reported
	prefixes  map[place]uint64 // the hash chain up to each entry that was ever seen anywhere
	committed []commitment     // by index; index 0 is before the first entry
	history   []applied        // by index: what the first server to do so has applied
	acked     int              // the last index that a client was told of
}

// A server is what is known about one server.
type server struct {
	name        string
	incarnation int

	// By what it reports, if it does.
	reports bool            // in this incarnation
	last    raft.Transition // as reported last, in whatever incarnation
	ever    bool            // last is one
	log     []entry         // by index, index 0 is before the first entry; below the snapshot it is what was committed
	writing bool            // a write to disk has begun, and no report says what it was

	// By what everyone shows.
	applied int // in this incarnation
	term    int // that GetState has returned
}

// An entry of a log: its term, and the hash chain up to it.
type entry struct {
	term  int
	chain uint64
}

// A place is an index and a term: by Log Matching it says what the entry there is, and all entries before.
type place struct{ index, term int }

// New returns a Monitor of the servers with these names.
func New(violate Violate, names ...string) *Monitor {
	m := &Monitor{
		violate: violate, byName: map[string]*server{}, leaders: map[int]tenure{}, ballots: map[ballot]int{}, prefixes: map[place]uint64{},
		committed: make([]commitment, 1), history: make([]applied, 1),
	}
	for _, name := range names {
		s := &server{name: name, log: make([]entry, 1)}
		m.servers = append(m.servers, s)
		m.byName[name] = s
	}
	return m
}

// Watch returns a Monitor of the nodes with these names in w.
func Watch(w *labtest.World, names ...string) *Monitor {
	m := New(w.Violate, names...)
	w.OnEvent(m.See)
	return m
}

// See takes notice of an event of the world: reports of type raft.Transition and [Applied], starts, crashes and disk writes of the servers it
// watches.
func (m *Monitor) See(e labtest.Event) {
	switch e.Kind {
	case "report", "start", "restart", "append", "replace", "sync":
	default:
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if a, ok := e.State.(Applied); ok {
		if s := m.byName[a.Server]; s != nil {
			m.apply(s, a)
		}
		return
	}
	s := m.byName[e.Node]
	if s == nil {
		return
	}
	switch e.Kind {
	case "start", "restart":
		s.incarnation++
		s.reports, s.applied = false, 0
	case "append", "replace", "sync":
		s.writing = true
	default:
		if t, ok := e.State.(raft.Transition); ok {
			m.transition(s, t)
		}
	}
}

// transition checks a step that a server has made.
func (m *Monitor) transition(s *server, t raft.Transition) {
	m.checkReport(s, t)
	m.checkTermAndVote(s, t)
	if s.reports {
		m.checkMonotonic(s, t)
		m.checkAppendOnly(s, t)
	}
	m.ballots[ballot{s, t.Term}] = t.VotedFor
	elected := leads(t) && !(s.reports && leads(s.last) && s.last.Term == t.Term)
	if elected {
		m.checkElection(s, s.incarnation, t.Term)
		m.checkVotes(s, t)
	}
	m.follow(s, t)
	if elected {
		m.checkCompleteness(s, t.Term)
	}
	m.checkCommit(s, t)
	s.last, s.reports, s.ever, s.writing = t, true, true, false
}

func leads(t raft.Transition) bool { return t.Role == raft.Leader }

// link continues a hash chain.
func link(chain uint64, term int, sum uint64) uint64 {
	return labgob.Fingerprint([3]uint64{chain, uint64(term), sum})
}

// Acknowledge notes that a client was told that the entry at index is committed.
func (m *Monitor) Acknowledge(index int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.acked = max(m.acked, index)
}

// Reports says whether the servers report their transitions.
func (m *Monitor) Reports() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.servers {
		if s.ever {
			return true
		}
	}
	return false
}

// Terms is in how many terms there was a leader, as far as was seen.
func (m *Monitor) Terms() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.leaders)
}

// Command is the command that was applied at index, nil if none was.
func (m *Monitor) Command(index int) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	if index <= 0 || index >= len(m.history) {
		return nil
	}
	return m.history[index].command
}
