package invariant

import "6.824/raft"

// A commitment is a committed entry.
type commitment struct {
	entry
	by int // the term of the leader that committed it
}

// checkCommit checks what a server now takes for committed. A leader commits an entry once a majority has it on disk, if it is of
// its own term (§5.3, §5.4.2, Figure 8); everyone else commits what a leader has committed.
func (m *Monitor) checkCommit(s *server, t raft.Transition) {
	n := t.CommitIndex
	if s.reports && n <= s.last.CommitIndex || n >= len(s.log) {
		return
	}
	known := len(m.committed) - 1
	if i := min(n, known); s.log[i].chain != m.committed[i].chain {
		m.violate("committed entries are the same everywhere", "Raft extended, §5.4.3",
			"%s takes its log up to index %d for committed, but at or below index %d it has entries that differ from what a leader of term %d has committed. "+
				"A follower may commit only up to the last entry that the leader's message has shown to match.", s.name, n, i, m.committed[i].by)
		return
	}
	counting := leads(t) && (n > known || s.reports && leads(s.last) && s.last.Term == t.Term)
	if counting && s.log[n].term != t.Term {
		m.violate("leaders commit by their own term's entries", "Raft extended, §5.4.2 and Figure 8",
			"%s, leader of term %d, has moved its commit index to %d, an entry of term %d. Entries of earlier terms are not safe when a majority has them: "+
				"a server without them can still be elected. They are committed when one of the current term behind them is.", s.name, t.Term, n, s.log[n].term)
	}
	if n <= known {
		return
	}
	if !leads(t) && !(s.reports && leads(s.last)) { // a leader may have committed and been deposed in one batch
		m.violate("followers commit what a leader has committed", "Raft extended, §5.3",
			"%s (%s) takes entries up to index %d for committed, but no leader has committed more than %d.", s.name, t.Role, n, known)
	}
	if have := m.holders(n, s.log[n].chain); have <= len(m.servers)/2 {
		m.violate("a majority has what is committed", "Raft extended, §5.3",
			"%s, leader of term %d, has committed up to index %d, which only %d of %d servers have in their logs.", s.name, t.Term, n, have, len(m.servers))
	}
	by := t.Term
	if !leads(t) {
		by = s.last.Term
	}
	for i := known + 1; i <= n; i++ {
		m.committed = append(m.committed, commitment{s.log[i], by})
	}
	for _, other := range m.servers {
		if other.reports && leads(other.last) && other.last.Term > t.Term {
			m.checkCompleteness(other, other.last.Term)
		}
	}
}

// holders counts the servers that have the entry at index, with all before it, in their logs, whether they are up or not.
func (m *Monitor) holders(index int, chain uint64) (n int) {
	for _, s := range m.servers {
		if index < len(s.log) && s.log[index].chain == chain {
			n++
		}
	}
	return n
}

// checkCompleteness checks Leader Completeness: if an entry is committed in a given term, then it will be present in the logs of the
// leaders for all higher-numbered terms (Figure 3, §5.4).
func (m *Monitor) checkCompleteness(s *server, term int) {
	i := len(m.committed) - 1
	for i > 0 && m.committed[i].by >= term {
		i--
	}
	if i < len(s.log) && s.log[i].chain == m.committed[i].chain {
		return
	}
	first := 1
	for first < min(i, len(s.log)) && s.log[first].chain == m.committed[first].chain {
		first++
	}
	m.violate("Leader Completeness", "Raft extended, Figure 3 and §5.4",
		"%s leads in term %d without the entry at index %d, which a leader of term %d has committed (up to index %d is committed, its log ends at %d). "+
			"A server must refuse its vote to one whose log is less up-to-date, and must still have after a crash what it has said it has.",
		s.name, term, first, m.committed[first].by, i, len(s.log)-1)
}
