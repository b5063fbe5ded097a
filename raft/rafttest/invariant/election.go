package invariant

import "6.824/raft"

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

// A ballot is a server's one vote in a term.
type ballot struct {
	server *server
	term   int
}

// checkVotes checks that a new leader has the votes of a majority in its term. Two leaders are what comes of it otherwise, but only when
// another candidate is about.
func (m *Monitor) checkVotes(s *server, t raft.Transition) {
	votes := 0
	for _, voter := range m.servers {
		vote, known := m.ballots[ballot{voter, t.Term}]
		passed := !known && voter.ever && voter.last.Term > t.Term // it was in that term and left it between two reports, perhaps
		if passed || known && vote == t.VotedFor {
			votes++
		}
	}
	if t.VotedFor == -1 || votes <= len(m.servers)/2 {
		m.violate("elected by a majority", "Raft extended, §5.2",
			"%s leads in term %d, in which it voted for %d (-1 is nobody), as did at most %d of %d servers. Votes count in the term that they were asked for in, once per server.",
			s.name, t.Term, t.VotedFor, votes, len(m.servers))
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
