package raft

import "6.824/raft/consensus"

// The handlers of the peers' requests: the Raft service of a labrpc server. Each waits until the peer's
// answer is safe to be given. If the peer is dead, the reply stays zero, which says nothing: no true reply is
// zero.

// RequestVote answers a (pre-)candidate (Raft extended, Figure 2; dissertation §9.6).
func (rf *Raft) RequestVote(args *consensus.RequestVoteArgs, reply *consensus.RequestVoteReply) {
	handle(rf, args.CandidateID, args, reply)
}

// AppendEntries takes entries from the leader (Raft extended, Figure 2).
func (rf *Raft) AppendEntries(args *consensus.AppendEntriesArgs, reply *consensus.AppendEntriesReply) {
	handle(rf, args.LeaderID, args, reply)
}

// InstallSnapshot takes a chunk of a snapshot from the leader (Raft extended, Figure 13).
func (rf *Raft) InstallSnapshot(args *consensus.InstallSnapshotArgs, reply *consensus.InstallSnapshotReply) {
	handle(rf, args.LeaderID, args, reply)
}

// TimeoutNow has the peer stand for election at once, as the leader hands over to it (dissertation §3.10).
func (rf *Raft) TimeoutNow(args *consensus.TimeoutNowArgs, reply *consensus.TimeoutNowReply) {
	handle(rf, args.LeaderID, args, reply)
}

// handle has the loop handle a request, and fills in the reply.
func handle[R any](rf *Raft, from int, args consensus.Message, reply *R) {
	w, ok := rf.ask(consensus.Receive{From: from, Msg: args})
	if !ok {
		return
	}
	if r, ok := any(w.reply).(*R); ok && r != nil {
		*reply = *r
	}
	rf.box.putBack(w)
}

// send sends a request to a peer. What comes back, or that nothing does, is an event.
func (rf *Raft) send(to int, msg consensus.Message) {
	switch m := msg.(type) {
	case *consensus.RequestVoteArgs:
		call(rf, to, "Raft.RequestVote", m, new(consensus.RequestVoteReply))
	case *consensus.AppendEntriesArgs:
		call(rf, to, "Raft.AppendEntries", m, new(consensus.AppendEntriesReply))
	case *consensus.InstallSnapshotArgs:
		call(rf, to, "Raft.InstallSnapshot", m, new(consensus.InstallSnapshotReply))
	case *consensus.TimeoutNowArgs:
		call(rf, to, "Raft.TimeoutNow", m, new(consensus.TimeoutNowReply))
	}
}

// A replyTo is a pointer to a reply R.
type replyTo[R comparable] interface {
	*R
	consensus.Message
}

func call[R comparable, P replyTo[R]](rf *Raft, to int, method string, msg consensus.Message, reply P) {
	end := rf.peers[to]
	if end == nil {
		rf.box.post(consensus.Lost{To: to, Msg: msg})
		return
	}
	end.Go(method, msg, reply, func(err error) {
		var nothing R
		if err != nil || *reply == nothing {
			rf.box.post(consensus.Lost{To: to, Msg: msg})
		} else {
			rf.box.post(consensus.Receive{From: to, Msg: reply})
		}
	})
}
