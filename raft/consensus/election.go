package consensus

import "math"

// campaign stands for election (§5.2). A pre-vote asks first whether an election could be won: it
// changes no term, so a node that was cut off does not disturb the others when it comes back
// (dissertation §9.6).
func (n *Node) campaign(preVote, transfer bool) {
	n.resetElectionTimer()
	n.leader = nobody
	if n.hard.Term == math.MaxInt { // a forged message has used the terms up
		n.role = Follower
		return
	}
	term := n.hard.Term + 1
	if preVote {
		n.role = PreCandidate
	} else {
		n.role = Candidate
		n.hard = HardState{Term: term, VotedFor: n.cfg.ID}
		n.hardChanged = true
	}
	clear(n.votes)
	n.votes[n.cfg.ID] = granted
	if n.elected() {
		return
	}
	n.ballot = &RequestVoteArgs{
		Term: term, CandidateID: n.cfg.ID, LastLogIndex: n.log.lastIndex(), LastLogTerm: n.log.lastTerm(),
		PreVote: preVote, Transfer: transfer,
	}
	n.askForVotes()
}

// askForVotes asks those who have not answered, each heartbeat interval as long as this node stands: one lost message should not cost an
// election (§5.1, last paragraph; Figure 2 leaves it to the election timeout).
func (n *Node) askForVotes() {
	n.askDue = n.now + n.cfg.Heartbeat
	for to, v := range n.votes {
		if v == noAnswer {
			n.out.Messages = append(n.out.Messages, Send{to, n.ballot})
		}
	}
}

// stands says whether this node is a candidate, or would be.
func (n *Node) stands() bool { return n.role == Candidate || n.role == PreCandidate }

// elected goes on to the next stage if a majority has granted, and gives up if one has denied.
func (n *Node) elected() bool {
	count := map[vote]int{}
	for _, v := range n.votes { // per peer: two replies of one are one vote
		count[v]++
	}
	switch {
	case count[granted] >= n.quorum() && n.role == PreCandidate:
		n.campaign(false, false)
		return true
	case count[granted] >= n.quorum():
		n.becomeLeader()
		return true
	case count[denied] >= n.quorum():
		n.becomeFollower(n.hard.Term, nobody)
	}
	return false
}

// requestVote decides on a vote (Figure 2, RequestVote RPC).
func (n *Node) requestVote(from int, m *RequestVoteArgs) *RequestVoteReply {
	deny := func() *RequestVoteReply { return &RequestVoteReply{Term: n.hard.Term, PreVote: m.PreVote} }
	if m.Term < n.hard.Term || m.Term < 1 {
		return deny()
	}
	// Who hears a leader has no use for an election, and takes no part in it (§6, last
	// paragraph). A leader hears itself, as long as it has a quorum.
	hears := n.role == Leader || n.leader != nobody && n.now < n.heardAt+n.cfg.ElectionTimeout
	if hears && !m.Transfer {
		return deny()
	}
	upToDate := n.log.upToDate(m.LastLogIndex, m.LastLogTerm)
	if m.PreVote {
		if m.Term > n.hard.Term && upToDate {
			return &RequestVoteReply{Term: m.Term, VoteGranted: true, PreVote: true}
		}
		return deny()
	}
	if m.Term > n.hard.Term {
		n.becomeFollower(m.Term, nobody)
	}
	free := n.hard.VotedFor == nobody || n.hard.VotedFor == from
	if !free || !upToDate {
		return deny()
	}
	n.role = Follower // it may have been asking for pre-votes
	n.hard.VotedFor = from
	n.hardChanged = true
	n.resetElectionTimer() // only for a vote that is granted, so that a better candidate's time comes
	return &RequestVoteReply{Term: n.hard.Term, VoteGranted: true}
}

// requestVoteReply counts a vote.
func (n *Node) requestVoteReply(from int, m *RequestVoteReply) {
	if m.PreVote && m.VoteGranted {
		if n.role == PreCandidate && m.Term == n.hard.Term+1 {
			n.votes[from] = granted
			n.elected()
		}
		return
	}
	if m.Term > n.hard.Term {
		n.becomeFollower(m.Term, nobody)
		return
	}
	asking := n.role == Candidate && !m.PreVote && m.Term == n.hard.Term || n.role == PreCandidate && m.PreVote
	if !asking || n.votes[from] == granted {
		return
	}
	n.votes[from] = denied
	if m.VoteGranted {
		n.votes[from] = granted
	}
	n.elected()
}
