package invariant

import "6.824/raft"

// checkAppendOnly checks that a leader never overwrites or deletes entries in its log; it only appends new ones (Leader Append-Only:
// Figure 3, §5.3).
func (m *Monitor) checkAppendOnly(s *server, t raft.Transition) {
	if !leads(s.last) || t.Term != s.last.Term || t.Log == nil {
		return
	}
	if t.From <= s.last.LastIndex {
		m.violate("Leader Append-Only", "Raft extended, Figure 3 and §5.3",
			"%s, leader of term %d, had entries up to index %d and has rewritten its log from index %d on. What a leader has in its log it may have sent, and others count on it.",
			s.name, t.Term, s.last.LastIndex, t.From)
	}
}

// follow brings the monitor's copy of a server's log up to date.
func (m *Monitor) follow(s *server, t raft.Transition) {
	if !s.reports {
		m.restore(s, t)
		return
	}
	if t.SnapshotIndex > s.last.SnapshotIndex {
		m.compact(s, t)
	}
	if t.Log == nil {
		return
	}
	if t.From > len(s.log) {
		m.violate("reports fit together", "", "%s reports that its log continues at index %d, but it ended at index %d.", s.name, t.From, len(s.log)-1)
		return
	}
	s.log = s.log[:t.From]
	m.extend(s, t.Log, true)
}

// extend appends to the monitor's copy of a log.
func (m *Monitor) extend(s *server, ids []raft.EntryID, live bool) {
	for _, id := range ids {
		prev := s.log[len(s.log)-1]
		e := entry{id.Term, link(prev.chain, id.Term, id.Sum)}
		s.log = append(s.log, e)
		m.checkMatching(s, len(s.log)-1, e, live)
	}
}

// checkMatching checks Log Matching: if two logs contain an entry with the same index and term, then the logs are identical in all entries
// up through the given index (Figure 3, §5.3). It checks more, namely that this holds for all logs there ever were: a term has
// one leader, which creates one entry per index, behind a prefix that is settled by then.
//
// By the way it checks that it was the leader of a term that created the term's entry. Live says that s has done something, and not just been restarted.
func (m *Monitor) checkMatching(s *server, index int, e entry, live bool) {
	at := place{index, e.term}
	chain, known := m.prefixes[at]
	if !known {
		m.prefixes[at] = e.chain
		if live && m.leaders[e.term].server != s {
			m.violate("only a term's leader creates its entries", "Raft extended, §5.3",
				"The first to have an entry of term %d at index %d is %s, which does not lead in that term.", e.term, index, s.name)
		}
		return
	}
	if chain != e.chain {
		m.violate("Log Matching", "Raft extended, Figure 3 and §5.3",
			"%s has an entry of term %d at index %d, and so had another server, but the two logs differ there or before. "+
				"AppendEntries must be refused unless the entry at prevLogIndex has prevLogTerm, and what conflicts with new entries must go.", s.name, e.term, index)
	}
}

// compact has the log begin behind a snapshot, which stands for what was committed up to there.
func (m *Monitor) compact(s *server, t raft.Transition) {
	if !m.checkSnapshot(s, t) {
		return
	}
	index := t.SnapshotIndex
	if index < len(s.log) && s.log[index].chain == m.committed[index].chain {
		return // a part of the log has become a snapshot
	}
	if t.Log == nil && t.LastIndex > index {
		m.violate("a snapshot replaces what conflicts with it", "Raft extended, §7 and Figure 13, 7",
			"%s has taken a snapshot up to index %d from the leader and kept the entries behind it, but its log had another entry at index %d: what it kept may conflict with what is committed.",
			s.name, index, index)
	}
	s.log = m.prefix(index)
}

// checkSnapshot checks that a server's snapshot is of what was committed.
func (m *Monitor) checkSnapshot(s *server, t raft.Transition) bool {
	index := t.SnapshotIndex
	switch {
	case index >= len(m.committed):
		m.violate("a snapshot is of committed entries", "Raft extended, §7",
			"%s has a snapshot up to index %d, but no leader has committed more than %d entries.", s.name, index, len(m.committed)-1)
		return false
	case t.SnapshotTerm != m.committed[index].term:
		m.violate("a snapshot is of committed entries", "Raft extended, §7",
			"%s has a snapshot that ends with an entry of term %d at index %d, but what is committed there is of term %d.", s.name, t.SnapshotTerm, index, m.committed[index].term)
	}
	return true
}

// prefix is the log of a server that has just what is committed up to index.
func (m *Monitor) prefix(index int) []entry {
	log := make([]entry, index+1)
	for i := range log {
		log[i] = m.committed[i].entry
	}
	return log
}

// checkReport checks that a report makes sense in itself and with those before it. If this fails, it may be the report that is wrong.
func (m *Monitor) checkReport(s *server, t raft.Transition) {
	last, lastTerm := t.SnapshotIndex, t.SnapshotTerm
	switch {
	case len(t.Log) > 0:
		last, lastTerm = t.From+len(t.Log)-1, t.Log[len(t.Log)-1].Term
	case t.Log != nil && t.From > t.SnapshotIndex+1 && t.From <= len(s.log) && s.reports:
		last, lastTerm = t.From-1, s.log[t.From-1].term
	case t.Log == nil && s.reports && s.last.LastIndex > t.SnapshotIndex:
		last, lastTerm = s.last.LastIndex, s.last.LastTerm
	}
	if t.LastIndex != last || t.LastTerm != lastTerm {
		m.violate("reports fit together", "", "%s reports that its log ends with index %d of term %d, but by what it has reported it ends with index %d of term %d.",
			s.name, t.LastIndex, t.LastTerm, last, lastTerm)
	}
	if t.Applied > t.CommitIndex || t.CommitIndex > t.LastIndex || t.SnapshotIndex > t.CommitIndex {
		m.violate("snapshot ≤ committed ≤ in the log", "Raft extended, Figure 2 and §7",
			"%s has a snapshot up to %d, has applied up to %d and knows committed up to %d, with a log that ends at index %d.", s.name, t.SnapshotIndex, t.Applied, t.CommitIndex, t.LastIndex)
	}
}
