package consensus

// Status is a node's state, for those who look on.
type Status struct {
	ID, Term, VotedFor, Leader  int // VotedFor and Leader: -1 for nobody
	Role                        Role
	LastIndex, LastTerm         int
	CommitIndex                 int
	SnapshotIndex, SnapshotTerm int
}

// Status returns the node's state.
func (n *Node) Status() Status {
	return Status{
		ID: n.cfg.ID, Term: n.hard.Term, VotedFor: n.hard.VotedFor, Leader: n.leader, Role: n.role,
		LastIndex: n.log.lastIndex(), LastTerm: n.log.lastTerm(), CommitIndex: n.commitIndex,
		SnapshotIndex: n.log.snapshotIndex, SnapshotTerm: n.log.snapshotTerm,
	}
}

// Term is the term of the entry at index, -1 if the log does not have it.
func (n *Node) Term(index int) int { return n.log.term(index) }

// Entry is the entry at index; ok is false if the log does not have it.
func (n *Node) Entry(index int) (e Entry, ok bool) {
	if index <= n.log.snapshotIndex || index > n.log.lastIndex() {
		return Entry{}, false
	}
	return n.log.slice(index, index)[0], true
}
