package raft

import (
	"fmt"
	"log/slog"
	"strings"

	"6.824/raft/consensus"
)

// Role is one of the states of Figure 4, or that of a candidate that asks for pre-votes only.
type Role = consensus.Role

// The roles.
const (
	Follower     = consensus.Follower
	PreCandidate = consensus.PreCandidate
	Candidate    = consensus.Candidate
	Leader       = consensus.Leader
)

// Status is what a peer looks like from outside.
type Status struct {
	ID                          int
	Role                        Role
	Term                        int
	VotedFor, Leader            int // -1: nobody
	LastIndex, LastTerm         int // of the log
	CommitIndex                 int
	Applied                     int // the last index that was queued for the service
	SnapshotIndex, SnapshotTerm int
}

func statusOf(s consensus.Status, applied int) Status {
	return Status{
		ID: s.ID, Role: s.Role, Term: s.Term, VotedFor: s.VotedFor, Leader: s.Leader, LastIndex: s.LastIndex, LastTerm: s.LastTerm,
		CommitIndex: s.CommitIndex, Applied: applied, SnapshotIndex: s.SnapshotIndex, SnapshotTerm: s.SnapshotTerm,
	}
}

// Status returns the peer's state, as of the last event whose consequences are on disk. It never waits.
func (rf *Raft) Status() Status {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.status
}

// A Transition is what a peer looks like after a batch of events that changed something, and what they
// changed of its log. What it shows is durable, and nothing that depends on it has left the peer yet.
type Transition struct {
	Event                       string // what happened: the events of the batch, "Start*3, AppendEntries"
	Role                        Role
	Term                        int
	VotedFor, Leader            int // -1: nobody
	LastIndex, LastTerm         int
	CommitIndex                 int
	Applied                     int // the last index that was queued for the service
	SnapshotIndex, SnapshotTerm int

	// The log was cut at index From, and then Log was appended; if Log is nil, it was not changed. Entries up
	// to SnapshotIndex are in the snapshot, and no longer in the log. The first transition of a peer has the
	// whole log.
	From int
	Log  []EntryID
}

// An EntryID identifies a log entry: two with the same index and EntryID are the same.
type EntryID struct {
	Term int
	Sum  uint64 // FNV-1a of the encoded command
}

func idOf(e consensus.Entry) EntryID {
	const offset, prime = 14695981039346656037, 1099511628211
	sum := uint64(offset)
	if e.NoOp {
		sum = ^sum // no command looks like that
	}
	for _, b := range e.Data {
		sum = (sum ^ uint64(b)) * prime
	}
	return EntryID{e.Term, sum}
}

// An observer tells those who look on what has changed.
type observer struct {
	whole []func(Transition)
	role  []func(term int, leads bool)
	log   *slog.Logger
	node  *consensus.Node
	begun bool
	seen  Status
}

func newObserver(o options, node *consensus.Node) *observer {
	return &observer{whole: o.observers, role: o.roles, log: o.log, node: node, seen: Status{VotedFor: -1, Leader: -1}}
}

// turned is told of every batch: the state after it, what came of it, the events, and whether a tick was
// among them.
func (o *observer) turned(s Status, out *consensus.Output, batch []event, ticked bool) {
	if o.begun && s == o.seen && len(out.Entries) == 0 {
		return
	}
	before, first := o.seen, !o.begun
	o.seen, o.begun = s, true
	if s.Term != before.Term || (s.Role == Leader) != (before.Role == Leader) {
		o.tellRole(s.Role == Leader)
	}
	if s.Role != before.Role || s.Term != before.Term || out.Snapshot != nil {
		o.log.Debug("raft", "role", s.Role, "term", s.Term, "leader", s.Leader,
			"last", s.LastIndex, "commit", s.CommitIndex, "snapshot", s.SnapshotIndex)
	}
	if len(o.whole) == 0 {
		return
	}
	t := Transition{
		Event: nameOf(batch, ticked),
		Role:  s.Role, Term: s.Term, VotedFor: s.VotedFor, Leader: s.Leader, LastIndex: s.LastIndex, LastTerm: s.LastTerm,
		CommitIndex: s.CommitIndex, Applied: s.Applied, SnapshotIndex: s.SnapshotIndex, SnapshotTerm: s.SnapshotTerm,
	}
	switch {
	case first:
		t.Event, t.From = "Make", s.SnapshotIndex+1
	case len(out.Entries) > 0:
		t.From = max(out.First, s.SnapshotIndex+1)
	case s.LastIndex < before.LastIndex: // a snapshot has cut off what did not belong to it
		t.From = s.LastIndex + 1
	}
	if t.From > 0 {
		t.Log = make([]EntryID, 0, s.LastIndex-t.From+1)
		for i := t.From; i <= s.LastIndex; i++ {
			e, _ := o.node.Entry(i)
			t.Log = append(t.Log, idOf(e))
		}
	}
	for _, f := range o.whole {
		f(t)
	}
}

// ended is told of the peer's end. A leader that has failed (and was not killed) still has clients.
func (o *observer) ended(rf *Raft) {
	if o.seen.Role == Leader && rf.Err() != nil {
		o.tellRole(false)
	}
}

func (o *observer) tellRole(leads bool) {
	for _, f := range o.role {
		f(o.seen.Term, leads)
	}
}

// nameOf describes a batch.
func nameOf(batch []event, ticked bool) string {
	var names []string
	for _, e := range batch {
		names = append(names, eventName(e))
	}
	if ticked {
		names = append(names, "Tick")
	}
	var b strings.Builder
	for i := 0; i < len(names); {
		n := 1
		for i+n < len(names) && names[i+n] == names[i] {
			n++
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(names[i])
		if n > 1 {
			fmt.Fprintf(&b, "*%d", n)
		}
		i += n
	}
	return b.String()
}

func eventName(e event) string {
	switch ev := e.Event.(type) {
	case consensus.Receive:
		name := fmt.Sprintf("%T", ev.Msg) // *consensus.AppendEntriesArgs
		return strings.TrimSuffix(name[strings.IndexByte(name, '.')+1:], "Args")
	case consensus.Propose:
		return "Start"
	case consensus.Compact:
		return "Snapshot"
	default:
		name := fmt.Sprintf("%T", ev)
		return name[strings.IndexByte(name, '.')+1:]
	}
}
