package invariant

// Applied is the report of the service on a server: it has applied a command, or a snapshot.
type Applied struct {
	Server  string
	Index   int
	Command any    // nil for a snapshot
	Sum     uint64 // a fingerprint of the command; of a snapshot, of all commands in it, by [Chain]
	// Snapshot: the service has taken its state from a snapshot that ends at Index, when it was started or from its Raft.
	Snapshot bool
}

// Chain continues the fingerprint of a sequence of commands, which for none is 0.
func Chain(chain, sum uint64) uint64 { return link(chain, 0, sum) }

// applied is what a server has applied at an index.
type applied struct {
	command any
	sum     uint64
	chain   uint64 // of all up to here
	by      string
}

// apply checks State Machine Safety: if a server has applied an entry at a given index to its state machine, no other server
// will ever apply a different one for that index (Figure 3, §5.4.3); and that entries are applied in order, without a gap.
func (m *Monitor) apply(s *server, a Applied) {
	if s.reports && a.Index >= len(m.committed) {
		m.violate("only what is committed is applied", "Raft extended, §5.3",
			"%s has applied index %d, but no leader has committed more than %d.", s.name, a.Index, len(m.committed)-1)
	}
	if a.Snapshot {
		m.applySnapshot(s, a)
		return
	}
	if a.Index != s.applied+1 {
		m.violate("entries are applied in order", "Raft extended, §5.3 and Figure 2",
			"%s has applied index %d (%v) after index %d. Each server applies every entry, in log order, once.", s.name, a.Index, a.Command, s.applied)
		return
	}
	s.applied = a.Index
	if a.Index == len(m.history) {
		m.history = append(m.history, applied{a.Command, a.Sum, Chain(m.history[a.Index-1].chain, a.Sum), s.name})
	}
	if first := m.history[a.Index]; first.sum != a.Sum {
		m.violate("State Machine Safety", "Raft extended, Figure 3 and §5.4.3",
			"%s has applied %v at index %d, where %s has applied %v. Their states differ from here on, for good.", s.name, a.Command, a.Index, first.by, first.command)
	}
}

// applySnapshot checks that a snapshot continues what the server has applied, and stands for what others have.
func (m *Monitor) applySnapshot(s *server, a Applied) {
	switch {
	case a.Index < s.applied:
		m.violate("a snapshot does not take the service back", "Raft extended, §7",
			"%s has applied index %d, and then was given a snapshot that ends at index %d.", s.name, s.applied, a.Index)
	case a.Index >= len(m.history) || m.history[a.Index].chain != a.Sum:
		m.violate("a snapshot stands for what was applied", "Raft extended, §7",
			"The snapshot up to index %d that %s was given does not hold the commands that were applied up to there.", a.Index, s.name)
	default:
		s.applied = a.Index
	}
}

// CheckAcknowledged checks that the named servers have applied everything that a client was told is committed. They must have
// had the time for it.
func (m *Monitor) CheckAcknowledged(names ...string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range names {
		if s := m.byName[name]; s.applied < m.acked {
			m.violate("acknowledged entries survive", "Raft extended, §5.3 and §8",
				"A client was told that index %d is committed, but %s has applied no more than %d, and the cluster is healthy.", m.acked, name, s.applied)
		}
	}
}
