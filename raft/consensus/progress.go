package consensus

import "time"

// progress is what a leader knows of a peer's log, and how it sends to it.
//
// A peer whose log is not known is probed: one append at a time, until one matches. Then appends
// are sent ahead of their acknowledgements, as far as the window allows, on the assumption that
// they arrive; when one does not, it is back to probing. A peer that needs what the log no longer
// has gets the snapshot, chunk by chunk.
type progress struct {
	state      sendState
	matchIndex int   // the peer's log is known to equal the leader's up to here; never falls
	nextIndex  int   // the next entry to send
	sent       []int // the last index of each append with entries that is under way
	wait       bool  // messages get lost: hold on until the next heartbeat

	snapshot *Snapshot // that is being sent
	offset   int       // of its chunk that is to be sent or under way
	chunkOut bool      // that chunk is under way

	commitSent int  // the commit index that was last sent
	round      int  // the latest round that the peer has acknowledged
	beat       bool // something must be sent, be it an empty append
	active     bool // heard of since the quorum was last checked
	advanced   bool // matchIndex or offset has grown since the last heartbeat
}

type sendState uint8

const (
	probing sendState = iota
	replicating
	sendingSnapshot
)

// lose takes it that what is under way is lost.
func (p *progress) lose() {
	if p.state == replicating {
		p.state = probing
		p.nextIndex = p.matchIndex + 1
	}
	p.sent, p.chunkOut = p.sent[:0], false
}

// mustBackUp tells whether a refusal of what was to follow prev is news. When the peer has prev by now, the append that brought
// it was overtaken by the one that was refused, which has to go again: none but a heartbeat would find out that it is missing.
func (p *progress) mustBackUp(prev int) bool {
	switch p.state {
	case probing:
		return prev > p.matchIndex && prev == p.nextIndex-1 // any other is not about the append that was sent last
	case replicating:
		return prev > p.matchIndex || prev == p.matchIndex && p.nextIndex > prev+1
	default:
		return false
	}
}

// matched notes that the peer's log equals the leader's up to index.
func (p *progress) matched(index int) {
	p.wait = false
	if index > p.matchIndex {
		p.matchIndex, p.advanced = index, true
	}
	if p.state == sendingSnapshot && p.matchIndex < p.snapshot.Index {
		return
	}
	if p.state != replicating {
		p.state, p.sent, p.snapshot, p.chunkOut = replicating, p.sent[:0], nil, false
		p.nextIndex = p.matchIndex + 1
		return
	}
	p.nextIndex = max(p.nextIndex, p.matchIndex+1)
	arrived := 0
	for arrived < len(p.sent) && p.sent[arrived] <= p.matchIndex {
		arrived++
	}
	p.sent = p.sent[:copy(p.sent, p.sent[arrived:])]
}

// leadership is what only a leader has. It is new at every election.
type leadership struct {
	peers        []progress // the leader's own entry has only matchIndex, round and active
	heartbeatDue time.Duration
	quorumDue    time.Duration
	commitDue    time.Duration // when a new commit index is sent by itself; never if there is none to send
	round        int           // of appends: every append carries the latest
	roundSent    int
	reads        []pendingRead
	termStart    int // the first index of this leader's term
}

// pendingRead is a read that waits for a quorum's acknowledgement of a round.
type pendingRead struct {
	id    uint64
	index int // 0 until an entry of the term is committed
	round int
}
