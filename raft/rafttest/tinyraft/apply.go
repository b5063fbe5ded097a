package tinyraft

import "6.824/raft"

// InstallSnapshotArgs as in Figure 13, in one piece.
type InstallSnapshotArgs struct {
	Term, LeaderID                      int
	LastIncludedIndex, LastIncludedTerm int
	Data                                []byte
}

// InstallSnapshotReply as in Figure 13.
type InstallSnapshotReply struct{ Term int }

// Snapshot says that the service has its state up to index in snapshot, and does not need the log up to there any more.
func (rf *Raft) Snapshot(index int, snapshot []byte) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead || index <= rf.log.base || index > rf.applied {
		return
	}
	rf.snapshot = snapshot
	rf.log.rebase(index, rf.log.term(index))
	rf.persistWithSnapshot()
}

func (rf *Raft) snapshotFor() InstallSnapshotArgs {
	return InstallSnapshotArgs{rf.term, rf.me, rf.log.base, rf.log.entries[0].Term, rf.snapshot}
}

func (rf *Raft) sendSnapshot(peer int, args InstallSnapshotArgs) (again bool) {
	var reply InstallSnapshotReply
	if !rf.peers[peer].Call("Raft.InstallSnapshot", &args, &reply) {
		return false
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead || !rf.meet(reply.Term) || rf.term != args.Term || rf.role != leader {
		return false
	}
	rf.reached(peer, args.LastIncludedIndex)
	return rf.log.last() > rf.match[peer]
}

// InstallSnapshot is the RPC of §7.
func (rf *Raft) InstallSnapshot(args *InstallSnapshotArgs, reply *InstallSnapshotReply) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead {
		return
	}
	current := rf.meet(args.Term)
	reply.Term = rf.term
	if !current {
		return
	}
	rf.role = follower
	rf.resetTimeout()
	if args.LastIncludedIndex <= rf.commit {
		return // the log will do
	}
	rf.snapshot = args.Data
	rf.log.rebase(args.LastIncludedIndex, args.LastIncludedTerm)
	rf.commit = args.LastIncludedIndex
	rf.persistWithSnapshot()
	rf.install = &raft.ApplyMsg{SnapshotValid: true, Snapshot: args.Data, SnapshotIndex: args.LastIncludedIndex, SnapshotTerm: args.LastIncludedTerm}
	rf.news.Broadcast()
}

// applier hands the service what is committed, in order.
func (rf *Raft) applier() {
	for {
		var messages []raft.ApplyMsg
		rf.mu.Lock()
		for !rf.dead && rf.install == nil && rf.applied >= rf.commit {
			rf.news.Wait()
		}
		if rf.dead {
			rf.mu.Unlock()
			return
		}
		if rf.install != nil {
			messages = append(messages, *rf.install)
			rf.applied, rf.install = rf.install.SnapshotIndex, nil
		} else {
			for i, e := range rf.log.from(rf.applied + 1)[:rf.commit-rf.applied] {
				messages = append(messages, raft.ApplyMsg{CommandValid: true, Command: e.Command, CommandIndex: rf.applied + 1 + i})
			}
			rf.applied = rf.commit
		}
		rf.mu.Unlock()
		for _, m := range messages {
			rf.applyCh <- m
		}
	}
}
