package consensus

import (
	"math"
	"time"
)

// Role is one of the states of Figure 4, and that of a candidate that only asks.
type Role int

// The roles.
const (
	Follower Role = iota
	PreCandidate
	Candidate
	Leader
)

func (r Role) String() string {
	return [...]string{"follower", "pre-candidate", "candidate", "leader"}[r]
}

const nobody = -1

// Node is one peer's consensus state. It is not safe for concurrent use, and has no goroutine,
// clock or I/O of its own: the same events at the same times make the same outputs.
type Node struct {
	cfg Config
	now time.Duration

	// Persistent (Figure 2).
	hard HardState
	log  log

	// Volatile (Figure 2). What was applied is the shell's business.
	commitIndex int

	role        Role
	leader      int           // of this term, nobody if not known
	heardAt     time.Duration // when this node last heard the leader of its term
	electionDue time.Duration

	// Of a (pre-)candidate.
	votes  []vote           // per peer
	ballot *RequestVoteArgs // what it asks
	askDue time.Duration    // when it asks again

	lead     leadership // of a leader
	handover handover   // of the lead
	values   []int      // scratch, of reached
	incoming incoming   // a snapshot that arrives in chunks

	hardChanged bool
	out         Output
}

type vote uint8

const (
	noAnswer vote = iota
	granted
	denied
)

// New makes a node out of what its disk holds. The first Output has the snapshot among what is to
// be applied, if there is one.
func New(cfg Config, restored Restored) (*Node, error) {
	if err := cfg.complete(); err != nil {
		return nil, err
	}
	if err := restored.check(cfg.Peers); err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, hard: restored.HardState, leader: nobody, votes: make([]vote, cfg.Peers), heardAt: math.MinInt64 / 2}
	n.log = log{snapshotIndex: restored.SnapshotIndex, snapshotTerm: restored.SnapshotTerm, snapshot: restored.Snapshot, entries: restored.Entries}
	n.handover = handover{to: nobody, due: never}
	n.commitIndex = restored.SnapshotIndex
	if n.commitIndex > 0 {
		n.applySnapshot()
	}
	n.resetElectionTimer()
	return n, nil
}

// Step lets an event happen at a time of the node's own clock, which never goes back.
func (n *Node) Step(now time.Duration, ev Event) {
	n.now = max(n.now, now)
	switch ev := ev.(type) {
	case Tick:
		n.tick()
	case Receive:
		if ev.From >= 0 && ev.From < n.cfg.Peers && ev.From != n.cfg.ID {
			n.receive(ev)
		}
	case Lost:
		if ev.To >= 0 && ev.To < n.cfg.Peers {
			n.lost(ev)
		}
	case Propose:
		n.propose(ev.Data)
	case Compact:
		n.compact(ev)
	case Read:
		n.read(ev.ID)
	case Transfer:
		n.transfer(ev.To)
	}
}

// Take returns what the steps since the last Take have come to. What a leader sends is gathered
// here, not at each step: many proposals make one append.
func (n *Node) Take() Output {
	if n.role == Leader {
		n.gather()
	}
	out := n.out
	n.out = Output{}
	if n.hardChanged {
		hard := n.hard
		out.HardState, n.hardChanged = &hard, false
	}
	if n.log.changed > 0 {
		out.First, n.log.changed = n.log.changed, 0
		out.Entries = n.log.slice(out.First, n.log.lastIndex())
	}
	return out
}

// Deadline is when Tick is due.
func (n *Node) Deadline() time.Duration {
	if n.role == Leader {
		return min(n.lead.heartbeatDue, n.lead.quorumDue, n.lead.commitDue, n.handover.due)
	}
	due := min(n.electionDue, n.handover.due)
	if n.stands() {
		due = min(due, n.askDue)
	}
	return due
}

func (n *Node) tick() {
	if n.now >= n.handover.due {
		n.endTransfer(false)
	}
	switch {
	case n.role == Leader:
		n.leaderTick()
	case n.now >= n.electionDue:
		n.campaign(true, false)
	case n.stands() && n.now >= n.askDue:
		n.askForVotes()
	}
}

// receive looks at the term first (Figure 2, Rules for Servers, All Servers): whatever is of a
// later one makes this node a follower of it. Pre-votes don't: that is what they are for.
func (n *Node) receive(ev Receive) {
	switch m := ev.Msg.(type) {
	case *RequestVoteArgs:
		n.reply(ev.Ref, n.requestVote(ev.From, m))
	case *RequestVoteReply:
		n.requestVoteReply(ev.From, m)
	case *AppendEntriesArgs:
		n.reply(ev.Ref, n.appendEntries(ev.From, m))
	case *AppendEntriesReply:
		if n.current(m.Term) {
			n.appendEntriesReply(ev.From, m)
		}
	case *InstallSnapshotArgs:
		n.reply(ev.Ref, n.installSnapshot(ev.From, m))
	case *InstallSnapshotReply:
		if n.current(m.Term) {
			n.installSnapshotReply(ev.From, m)
		}
	case *TimeoutNowArgs:
		n.reply(ev.Ref, n.timeoutNow(m))
	case *TimeoutNowReply:
		n.current(m.Term)
	}
}

func (n *Node) reply(ref uint64, m Message) { n.out.Replies = append(n.out.Replies, Reply{ref, m}) }

// current says whether a reply to this leader is of its term. A later one deposes it.
func (n *Node) current(term int) bool {
	if term > n.hard.Term {
		n.becomeFollower(term, nobody)
	}
	return n.role == Leader && term == n.hard.Term
}

// becomeFollower enters a term, or leaves an election or the lead in it.
func (n *Node) becomeFollower(term, leader int) {
	if n.role == Leader {
		n.endLead()
		n.resetElectionTimer()
	}
	if term > n.hard.Term {
		n.hard = HardState{Term: term, VotedFor: nobody}
		n.hardChanged = true
		n.leader = nobody
	}
	n.role = Follower
	if leader != nobody {
		n.leader = leader
	}
}

// resetElectionTimer draws a new election timeout (§5.2).
func (n *Node) resetElectionTimer() {
	t := n.cfg.ElectionTimeout
	n.electionDue = n.now + t + time.Duration(n.cfg.Rand.Int64N(int64(t)))
}

// hearLeader notes that the leader of this term is alive.
func (n *Node) hearLeader(term, leader int) {
	n.becomeFollower(term, leader)
	n.endTransfer(leader == n.handover.to)
	n.heardAt = n.now
	n.resetElectionTimer()
}
