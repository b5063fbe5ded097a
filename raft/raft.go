package raft

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"

	"6.824/labrpc"
	"6.824/raft/consensus"
)

// A Raft is one peer. Its methods are safe for concurrent use, after Kill too.
type Raft struct {
	peers   []*labrpc.ClientEnd
	me      int
	log     *slog.Logger
	host    Host
	box     *mailbox
	applier *applier
	dead    chan struct{} // closed when the peer has been killed or has failed

	mu     sync.Mutex // guards what follows; never held while waiting for anything
	status Status     // as of the last event whose consequences are durable
	err    error      // what the peer failed of
	killed bool
}

// An ApplyMsg is what a peer tells its service: that a command was committed, or that its state is to be
// replaced by a snapshot. If neither flag is set, it is nothing to a service.
type ApplyMsg struct {
	CommandValid bool
	Command      any // a copy of what Start was given; nil for an entry that a leader added by itself
	CommandIndex int

	SnapshotValid bool
	Snapshot      []byte // the receiver's own copy
	SnapshotTerm  int
	SnapshotIndex int
}

// Make starts a peer: the one with number me of peers, whose ends lead to the others. What was saved in
// persister is where it goes on. Only this peer uses the persister until the next one is made with it.
// Messages to the service are sent on applyCh, which is the caller's: whoever made it must read it, or call
// Kill, and it is never closed.
//
// Make returns quickly. If the saved state is corrupt, or there is no such peer, the Raft that it returns is
// dead from the beginning, and Err says why.
//
// The peer answers requests once the caller has registered it: server.AddService(labrpc.MakeService(rf)).
func Make(peers []*labrpc.ClientEnd, me int, persister *Persister, applyCh chan ApplyMsg, opts ...Option) *Raft {
	o := options{host: realHost{}, log: slog.Default()}
	for _, opt := range opts {
		opt(&o)
	}
	if o.rand == nil {
		o.rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	o.log = o.log.With("peer", me)
	rf := &Raft{
		peers: peers, me: me, log: o.log, host: o.host,
		box: newMailbox(), dead: make(chan struct{}),
		status: Status{ID: me, VotedFor: -1, Leader: -1},
	}
	rf.applier = newApplier(rf, applyCh)
	if persister == nil {
		persister = MakePersister()
	}
	j, found, err := openJournal(persister)
	if err != nil {
		rf.fail(err)
		return rf
	}
	if found.torn {
		rf.log.Warn("raft: the last write before a crash was torn; what is left of it is dropped", "at", found.size)
	}
	node, err := consensus.New(consensus.Config{
		ID: me, Peers: len(peers), ElectionTimeout: o.election, Heartbeat: o.heartbeat, SnapshotChunk: o.chunk,
		Rand: o.rand,
	}, found.Restored)
	if err != nil {
		rf.fail(fmt.Errorf("raft: %w", err))
		return rf
	}
	l := newLoop(rf, node, j, o)
	rf.status = l.status()
	go rf.applier.run()
	go l.run()
	return rf
}

// Start asks for a command to be committed. If this peer does not lead, it returns false. Otherwise it begins
// to replicate the command at once, and returns the index that it will have if it is committed, and the
// current term. There is no guarantee that it will be: the leader may fail, or lose an election. Command is
// encoded before Start returns.
//
// A command that can't be encoded, for example of a type that is not registered with labgob, is not taken by
// any peer: the result is (-1, term, false), and the reason is logged.
//
// Start does not wait for the disk or the network, but on a slow disk for writes that are already under way.
func (rf *Raft) Start(command any) (index, term int, isLeader bool) {
	if term, isLeader = rf.GetState(); !isLeader {
		return -1, term, false
	}
	data, err := encodeCommand(command)
	if err != nil {
		rf.log.Error("raft: this command can't be replicated", "type", fmt.Sprintf("%T", command), "err", err)
		return -1, term, false
	}
	w, ok := rf.ask(consensus.Propose{Data: data})
	if !ok {
		return -1, term, false
	}
	defer rf.box.putBack(w)
	if w.index == 0 { // not any more
		return -1, w.term, false
	}
	return w.index, w.term, true
}

// GetState returns the current term, and whether this peer believes that it leads. It never waits.
func (rf *Raft) GetState() (term int, isLeader bool) {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.status.Term, rf.status.Role == Leader
}

// Snapshot says that the service has made a snapshot that has in it everything up to index, so that the log
// up to there is no longer needed. It returns when log and snapshot are saved. It may be called by whoever
// reads applyCh, between two messages or instead of reading. An index that was not sent on applyCh yet, or
// that an earlier snapshot covers, is ignored.
func (rf *Raft) Snapshot(index int, snapshot []byte) {
	if index > rf.applier.sent() {
		return
	}
	// Until it is saved, for the service may look at the size of the state next.
	if w, ok := rf.ask(consensus.Compact{Index: index, Snapshot: append([]byte{}, snapshot...)}); ok {
		rf.box.putBack(w)
	}
}

// CondInstallSnapshot is true. The course once had the service ask, before it installed a snapshot, whether
// newer commands had been sent to it in the meantime. There are none: snapshots and commands are sent in one
// order.
func (rf *Raft) CondInstallSnapshot(lastIncludedTerm, lastIncludedIndex int, snapshot []byte) bool {
	return true
}

// Kill stops the peer, as a crash would: it sends and answers nothing any more, and writes nothing once a
// write that is under way is over. It returns at once, and may be called anywhere and more than once. The
// peer's goroutines end by themselves, without any further message being read from applyCh. (If a message and
// its reader are ready in the moment of Kill, it may be sent or not.)
func (rf *Raft) Kill() { rf.stop(nil) }

// fail stops the peer because of err, unless it has stopped already.
func (rf *Raft) fail(err error) {
	if rf.stop(err) {
		rf.log.Error("raft: stopped", "err", err)
	}
}

func (rf *Raft) stop(err error) (first bool) {
	rf.mu.Lock()
	if rf.killed {
		rf.mu.Unlock()
		return false
	}
	rf.killed, rf.err = true, err
	rf.status.Role, rf.status.Leader = Follower, -1
	rf.mu.Unlock()
	close(rf.dead)
	rf.box.close()
	rf.applier.close()
	return true
}

// Err says what the peer has failed of: a corrupt state (a [*CorruptError]), an error of the disk, a
// committed command that can't be decoded. It is nil as long as the peer runs, and if it was killed.
func (rf *Raft) Err() error {
	rf.mu.Lock()
	defer rf.mu.Unlock()
	return rf.err
}

// stopping says whether the peer has been killed or has failed.
func (rf *Raft) stopping() bool {
	select {
	case <-rf.dead:
		return true
	default:
		return false
	}
}

// stopped says why there is no answer: ErrKilled, or what the peer has failed of.
func (rf *Raft) stopped() error {
	if err := rf.Err(); err != nil {
		return err
	}
	return ErrKilled
}

// ask posts an event and waits for what comes of it; false if the peer is dead. The caller puts the waiter
// back.
func (rf *Raft) ask(e consensus.Event) (*waiter, bool) {
	w := rf.box.ask(e)
	if w == nil {
		return nil, false
	}
	select {
	case <-w.done:
		return w, true
	case <-rf.dead:
	}
	select { // what came before the end counts, so that it does not depend on luck
	case <-w.done:
		return w, true
	default:
		return nil, false
	}
}
