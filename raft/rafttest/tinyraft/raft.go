// Package tinyraft is a Raft as a student of the course writes it after a week with Figure 2: one mutex, a goroutine per call, a
// ticker, an applier. It elects, replicates, backs up fast and takes snapshots, and nothing else. It shares no code and no idea
// of structure with the reference, and that is its purpose: the suite rafttest has to accept it.
//
// Besides what the course gives to Make it needs a source of random numbers, so that a run can be had again.
package tinyraft

import (
	"math/rand/v2"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/raft"
)

const (
	heartbeatEvery  = 80 * time.Millisecond
	electionTimeout = 300 * time.Millisecond // at least; at most twice that
)

type role int

const (
	follower role = iota
	candidate
	leader
)

// Raft is one peer.
type Raft struct {
	peers     []*labrpc.ClientEnd
	me        int
	persister *raft.Persister
	applyCh   chan raft.ApplyMsg

	mu       sync.Mutex // never held while waiting for anything
	rand     *rand.Rand
	dead     bool
	role     role
	deadline time.Time // of the election timeout, or the next heartbeats

	// On disk.
	term     int
	votedFor int // -1: nobody
	log      log
	snapshot []byte // ends at log.base

	commit  int
	applied int
	news    *sync.Cond     // there is something to apply, or the end has come
	install *raft.ApplyMsg // a snapshot from the leader that the service has not got yet

	votes []bool // of a candidate: who is for it
	next  []int  // of a leader
	match []int

	installing []time.Time // of a leader: when a follower was last sent a snapshot
}

// Make starts a peer. r is its own from now on.
func Make(peers []*labrpc.ClientEnd, me int, persister *raft.Persister, applyCh chan raft.ApplyMsg, r *rand.Rand) *Raft {
	rf := &Raft{peers: peers, me: me, persister: persister, applyCh: applyCh, rand: r, votedFor: -1}
	rf.news = sync.NewCond(&rf.mu)
	rf.recover()
	rf.resetTimeout()
	go rf.ticker()
	go rf.applier()
	return rf
}

// Start appends a command to the log if this peer leads.
func (rf *Raft) Start(command any) (index, term int, isLeader bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	if rf.dead || rf.role != leader {
		return -1, rf.term, false
	}
	rf.log.entries = append(rf.log.entries, Entry{rf.term, command})
	rf.persist()
	rf.match[rf.me] = rf.log.last()
	rf.advanceCommit()
	rf.replicateToAll()
	return rf.log.last(), rf.term, true
}

// GetState returns the current term, and whether this peer believes that it leads.
func (rf *Raft) GetState() (term int, isLeader bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.term, rf.role == leader
}

// Kill stops the peer. Its goroutines end when they next look.
func (rf *Raft) Kill() {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	rf.dead = true
	rf.news.Broadcast()
}

// ticker waits for deadlines: a leader's are those of heartbeats, the others' those of elections.
func (rf *Raft) ticker() {
	for {
		rf.mu.Lock()
		wait := time.Until(rf.deadline)
		switch {
		case rf.dead:
			rf.mu.Unlock()
			return
		case wait > 0:
		case rf.role == leader:
			rf.deadline = time.Now().Add(heartbeatEvery)
			rf.replicateToAll()
		default:
			rf.campaign()
		}
		rf.mu.Unlock()
		if wait > 0 {
			time.Sleep(min(wait, heartbeatEvery/2)) // the deadline may move closer meanwhile
		}
	}
}

func (rf *Raft) resetTimeout() {
	rf.deadline = time.Now().Add(electionTimeout + time.Duration(rf.rand.Int64N(int64(electionTimeout))))
}

// meet takes notice of a term in a message, and reports whether the message is of the current one.
func (rf *Raft) meet(term int) (current bool) {
	if term > rf.term {
		if rf.role == leader {
			rf.resetTimeout()
		}
		rf.term, rf.votedFor, rf.role = term, -1, follower
		rf.persist()
	}
	return term == rf.term
}
