package invariant

// A tenure is a server's time as the leader of a term.
type tenure struct {
	server      *server
	incarnation int
}

// checkElection checks Election Safety: at most one leader can be elected in a given term (Figure 3, §5.2). It stands on each
// server giving at most one vote per term, also if it crashes in between, and on a majority being needed.
func (m *Monitor) checkElection(s *server, incarnation, term int) {
	now := tenure{s, incarnation}
	before, ok := m.leaders[term]
	switch {
	case !ok:
		m.leaders[term] = now
	case before.server != s:
		m.violate("Election Safety", "Raft extended, Figure 3 and §5.2",
			"%s leads in term %d, but so has %s. A leader needs the votes of a majority, and a server has one vote per term: some server has voted twice, or was counted twice.",
			s.name, term, before.server.name)
	case before.incarnation != incarnation:
		m.violate("Election Safety", "Raft extended, Figure 3 and §5.2",
			"%s leads in term %d again after a restart. A server starts as a follower, and wins an election only in a new term.", s.name, term)
	}
}

// State takes notice of what GetState of an incarnation of a server, which are counted from 1, has returned.
func (m *Monitor) State(name string, incarnation, term int, isLeader bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.byName[name]
	if s == nil {
		return
	}
	if term < s.term {
		m.violate("terms never fall", "Raft extended, §5.1 and Figure 2",
			"GetState of %s returns term %d, and has returned %d before. The current term only grows, and is on disk before anyone hears of it.", name, term, s.term)
	}
	s.term = max(s.term, term)
	if isLeader {
		m.checkElection(s, incarnation, term)
	}
}
