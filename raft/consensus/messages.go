package consensus

// Message is a request or a reply between two peers: one of the types below. They have
// exported fields only and are sent as they are.
type Message interface{ message() }

// RequestVoteArgs asks for a vote (Figure 2), or, as a pre-vote, whether the peer would give
// one (dissertation §9.6).
type RequestVoteArgs struct {
	Term         int // of the election: for a pre-vote, the term that would begin
	CandidateID  int
	LastLogIndex int
	LastLogTerm  int
	PreVote      bool
	Transfer     bool // the leader itself has asked for this election: its being alive is no objection
}

// RequestVoteReply answers a RequestVoteArgs.
type RequestVoteReply struct {
	Term        int // the voter's; of a pre-vote that is granted, the term that was asked about
	VoteGranted bool
	PreVote     bool
}

// AppendEntriesArgs replicates entries, and is the heartbeat (Figure 2).
type AppendEntriesArgs struct {
	Term         int
	LeaderID     int
	PrevLogIndex int
	PrevLogTerm  int
	Entries      []Entry
	LeaderCommit int
	Round        int // of reads that wait for this to be acknowledged (dissertation §6.4)
}

// AppendEntriesReply answers an AppendEntriesArgs. It says by itself what it is about, so that
// late and doubled replies do no harm.
type AppendEntriesReply struct {
	Term          int
	Success       bool
	Match         int // on success: the log equals the leader's up to here
	PrevLogIndex  int // on failure: the index that did not match,
	ConflictTerm  int // the term of the entry there, 0 if there is none,
	ConflictIndex int // and the first index of that term, or of what is missing (§5.3, last but one paragraph)
	Round         int
}

// InstallSnapshotArgs carries a chunk of a snapshot (Figure 13).
type InstallSnapshotArgs struct {
	Term              int
	LeaderID          int
	LastIncludedIndex int
	LastIncludedTerm  int
	Offset            int
	Data              []byte
	Done              bool
}

// InstallSnapshotReply answers an InstallSnapshotArgs.
type InstallSnapshotReply struct {
	Term              int
	LastIncludedIndex int  // of the snapshot that it is about
	Offset            int  // where the next chunk must begin
	Installed         bool // the log now reaches at least to LastIncludedIndex
}

// TimeoutNowArgs asks the peer to stand for election at once (dissertation §3.10).
type TimeoutNowArgs struct {
	Term     int
	LeaderID int
}

// TimeoutNowReply answers a TimeoutNowArgs.
type TimeoutNowReply struct{ Term int }

func (*RequestVoteArgs) message()      {}
func (*RequestVoteReply) message()     {}
func (*AppendEntriesArgs) message()    {}
func (*AppendEntriesReply) message()   {}
func (*InstallSnapshotArgs) message()  {}
func (*InstallSnapshotReply) message() {}
func (*TimeoutNowArgs) message()       {}
func (*TimeoutNowReply) message()      {}
