package tinyraft

import "time"

// RequestVoteArgs as in Figure 2.
type RequestVoteArgs struct {
	Term, CandidateID         int
	LastLogIndex, LastLogTerm int
}

// RequestVoteReply as in Figure 2.
type RequestVoteReply struct {
	Term        int
	VoteGranted bool
}

// campaign starts an election. rf.mu is held.
func (rf *Raft) campaign() {
	rf.role = candidate
	rf.term++
	rf.votedFor = rf.me
	rf.persist()
	rf.resetTimeout()
	rf.votes = make([]bool, len(rf.peers))
	rf.vote(rf.me)
	args := RequestVoteArgs{rf.term, rf.me, rf.log.last(), rf.log.term(rf.log.last())}
	for i := range rf.peers {
		if i != rf.me {
			go rf.askForVote(i, args)
		}
	}
}

func (rf *Raft) askForVote(peer int, args RequestVoteArgs) {
	var reply RequestVoteReply
	if !rf.peers[peer].Call("Raft.RequestVote", &args, &reply) {
		return
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead || !rf.meet(reply.Term) || rf.term != args.Term || rf.role != candidate {
		return
	}
	if reply.VoteGranted {
		rf.vote(peer)
	}
}

// vote counts a vote for this candidate, who may win by it.
func (rf *Raft) vote(from int) {
	rf.votes[from] = true
	count := 0
	for _, yes := range rf.votes {
		if yes {
			count++
		}
	}
	if count <= len(rf.peers)/2 {
		return
	}
	rf.role = leader
	rf.next, rf.match = make([]int, len(rf.peers)), make([]int, len(rf.peers))
	rf.installing = make([]time.Time, len(rf.peers))
	for i := range rf.peers {
		rf.next[i] = rf.log.last() + 1
	}
	rf.match[rf.me] = rf.log.last()
	rf.deadline = time.Now().Add(heartbeatEvery)
	rf.replicateToAll()
}

// RequestVote is the RPC of §5.2 and §5.4.1.
func (rf *Raft) RequestVote(args *RequestVoteArgs, reply *RequestVoteReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead {
		return
	}
	current := rf.meet(args.Term)
	reply.Term = rf.term
	last := rf.log.last()
	upToDate := args.LastLogTerm > rf.log.term(last) || args.LastLogTerm == rf.log.term(last) && args.LastLogIndex >= last
	if !current || !upToDate || rf.votedFor != -1 && rf.votedFor != args.CandidateID {
		return
	}
	rf.votedFor = args.CandidateID
	rf.persist()
	rf.resetTimeout()
	reply.VoteGranted = true
}
