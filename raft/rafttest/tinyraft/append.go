package tinyraft

import (
	"slices"
	"time"
)

// mostEntries go into one message.
const mostEntries = 50

// AppendEntriesArgs as in Figure 2.
type AppendEntriesArgs struct {
	Term, LeaderID            int
	PrevLogIndex, PrevLogTerm int
	Entries                   []Entry
	LeaderCommit              int
}

// AppendEntriesReply is Figure 2's, with what the leader needs to back up by more than one entry at a time.
type AppendEntriesReply struct {
	Term          int
	Success       bool
	ConflictTerm  int // the term of the follower's entry at PrevLogIndex, 0 if it has none
	ConflictIndex int // the first index of that term, or behind the end of the log
}

// replicateToAll sends each follower what it lacks, or a heartbeat. rf.mu is held.
func (rf *Raft) replicateToAll() {
	for i := range rf.peers {
		if i != rf.me {
			go rf.replicate(i, rf.term)
		}
	}
}

// replicate brings a follower up to date, as long as it answers.
func (rf *Raft) replicate(peer, term int) {
	for again := true; again; {
		rf.mu.Lock()
		if rf.dead || rf.role != leader || rf.term != term {
			rf.mu.Unlock()
			return
		}
		if rf.next[peer] <= rf.log.base {
			if time.Since(rf.installing[peer]) < heartbeatEvery {
				rf.mu.Unlock()
				return // it is on its way; not again with each new entry
			}
			rf.installing[peer] = time.Now()
			args := rf.snapshotFor()
			rf.mu.Unlock()
			again = rf.sendSnapshot(peer, args)
			continue
		}
		prev := rf.next[peer] - 1
		entries := rf.log.from(prev + 1)
		entries = entries[:min(len(entries), mostEntries)]
		args := AppendEntriesArgs{rf.term, rf.me, prev, rf.log.term(prev), entries, rf.commit}
		rf.mu.Unlock()
		again = rf.sendEntries(peer, args)
	}
}

// sendEntries reports whether there is something more to send right away.
func (rf *Raft) sendEntries(peer int, args AppendEntriesArgs) (again bool) {
	var reply AppendEntriesReply
	if !rf.peers[peer].Call("Raft.AppendEntries", &args, &reply) {
		return false
	}
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead || !rf.meet(reply.Term) || rf.term != args.Term || rf.role != leader {
		return false
	}
	if reply.Success {
		rf.reached(peer, args.PrevLogIndex+len(args.Entries))
		return len(args.Entries) == mostEntries
	}
	if rf.next[peer] != args.PrevLogIndex+1 {
		return false // somebody else is at it
	}
	next := reply.ConflictIndex
	if reply.ConflictTerm > 0 {
		// If we have entries of that term, the follower may be right about them: go on behind the last of ours.
		for i := min(args.PrevLogIndex, rf.log.last()); i > rf.log.base && rf.log.term(i) >= reply.ConflictTerm; i-- {
			if rf.log.term(i) == reply.ConflictTerm {
				next = i + 1
				break
			}
		}
	}
	rf.next[peer] = max(min(next, args.PrevLogIndex), rf.match[peer]+1)
	return true
}

// reached notes that a follower's log agrees with ours up to index. rf.mu is held.
func (rf *Raft) reached(peer, index int) {
	rf.match[peer] = max(rf.match[peer], index)
	rf.next[peer] = max(rf.next[peer], rf.match[peer]+1)
	rf.advanceCommit()
}

// advanceCommit commits what a majority has, if it is of this term (§5.4.2). rf.mu is held.
func (rf *Raft) advanceCommit() {
	match := slices.Clone(rf.match)
	slices.Sort(match)
	n := match[(len(match)-1)/2]
	if n > rf.commit && rf.log.term(n) == rf.term {
		rf.commit = n
		rf.news.Broadcast()
	}
}

// AppendEntries is the RPC of §5.3.
func (rf *Raft) AppendEntries(args *AppendEntriesArgs, reply *AppendEntriesReply) {
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
	prev, entries := args.PrevLogIndex, args.Entries
	if skip := rf.log.base - prev; skip > 0 { // the snapshot has these
		if skip > len(entries) {
			reply.Success = true
			return
		}
		prev, entries = rf.log.base, entries[skip:]
	} else if prev > rf.log.last() {
		reply.ConflictIndex = rf.log.last() + 1
		return
	} else if t := rf.log.term(prev); t != args.PrevLogTerm {
		reply.ConflictTerm, reply.ConflictIndex = t, rf.log.startOf(t, prev)
		return
	}
	for i, e := range entries {
		at := prev + 1 + i
		if rf.log.has(at) && rf.log.term(at) == e.Term {
			continue
		}
		rf.log.cut(min(at, rf.log.last()+1))
		rf.log.entries = append(rf.log.entries, entries[i:]...)
		rf.persist()
		break
	}
	reply.Success = true
	if n := min(args.LeaderCommit, prev+len(entries)); n > rf.commit {
		rf.commit = n
		rf.news.Broadcast()
	}
}
