package invariant

import "6.824/raft"

// restore takes over the log that a server has after it was started, and checks that it has what it had before: everything on
// disk is there again (Figure 2, "persistent state", updated before responding to RPCs).
//
// A crash can hit a write. What that one would have changed may or may not have happened, so then only what was committed must be there.
func (m *Monitor) restore(s *server, t raft.Transition) {
	if t.Log == nil || t.From != t.SnapshotIndex+1 {
		m.violate("reports fit together", "", "The first report of %s since it was started must have its whole log, from index %d.", s.name, t.SnapshotIndex+1)
		return
	}
	if !m.checkSnapshot(s, t) {
		return
	}
	before := s.log
	s.log = m.prefix(t.SnapshotIndex)
	m.extend(s, t.Log, false)

	if s.ever && t.SnapshotIndex < s.last.SnapshotIndex {
		m.violate("what is on disk survives", "Raft extended, §7",
			"%s had a snapshot up to index %d, and after a restart has one up to %d.", s.name, s.last.SnapshotIndex, t.SnapshotIndex)
	}
	last := len(before) - 1
	if s.writing {
		last = min(last, len(m.committed)-1)
		for last > 0 && before[last].chain != m.committed[last].chain {
			last--
		}
	}
	if last < len(s.log) && s.log[last].chain == before[last].chain {
		return
	}
	lost := 1
	for lost < min(last, len(s.log)) && s.log[lost].chain == before[lost].chain {
		lost++
	}
	m.violate("what is on disk survives", "Raft extended, §5.1 and Figure 2",
		"%s had the entry at index %d, and others may count on it, but after a restart it is gone or is another one (its log ended at index %d and ends at %d now). "+
			"The log must be on disk before a message tells of it.", s.name, lost, len(before)-1, len(s.log)-1)
}

// checkTermAndVote checks that terms never fall and that a vote is not taken back, which has to hold over crashes, too.
func (m *Monitor) checkTermAndVote(s *server, t raft.Transition) {
	if !s.ever {
		return
	}
	if t.Term < s.last.Term {
		m.violate("terms never fall", "Raft extended, §5.1 and Figure 2", "%s was in term %d and is in term %d now.", s.name, s.last.Term, t.Term)
	}
	if t.Term == s.last.Term && s.last.VotedFor != -1 && t.VotedFor != s.last.VotedFor {
		m.violate("one vote per term", "Raft extended, §5.2 and Figure 2",
			"%s has voted for %d in term %d, and now its vote in that term is %d (-1 is nobody). It must be on disk before it is given, with the term, and stay.",
			s.name, s.last.VotedFor, t.Term, t.VotedFor)
	}
}

// checkMonotonic checks what must not go back while a server is up.
func (m *Monitor) checkMonotonic(s *server, t raft.Transition) {
	for _, x := range []struct {
		what        string
		before, now int
	}{
		{"commit index", s.last.CommitIndex, t.CommitIndex},
		{"last applied index", s.last.Applied, t.Applied},
		{"snapshot's index", s.last.SnapshotIndex, t.SnapshotIndex},
	} {
		if x.now < x.before {
			m.violate("commit indices never go back", "Raft extended, Figure 2 and §7", "The %s of %s was %d and is %d now.", x.what, s.name, x.before, x.now)
		}
	}
}
