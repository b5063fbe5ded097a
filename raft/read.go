package raft

import (
	"context"
	"errors"

	"6.824/raft/consensus"
)

// Why a peer did not do what it was asked to. If it has failed, the error is that of [Raft.Err] instead.
var (
	ErrNotLeader       = errors.New("raft: not the leader")
	ErrKilled          = errors.New("raft: killed")
	ErrTransferring    = errors.New("raft: the lead is being transferred already")
	ErrTransferTimeout = errors.New("raft: the other peer did not take over the lead in time")
	ErrNoPeer          = errors.New("raft: no such peer")
)

// ReadIndex returns an index such that a service that has applied everything up to it may answer a read that
// was asked before ReadIndex was called, and be linearizable (dissertation §6.4). Nothing is written to the
// log, except for one empty entry if this leader has not committed any in its term yet; the service gets it
// as a nil command.
//
// It waits for a round of heartbeats. The error is [ErrNotLeader] if this peer does not lead, or no longer;
// [ErrKilled]; or that of ctx. A peer that is cut off gives ErrNotLeader after an election timeout at the
// latest.
func (rf *Raft) ReadIndex(ctx context.Context) (int, error) {
	w, err := rf.askUntil(ctx, consensus.Read{})
	if err != nil {
		return 0, err
	}
	defer rf.box.putBack(w)
	return w.index, w.err
}

// TransferLeadership has another peer take over the lead, and returns when it has (dissertation §3.10). Until
// then, Start takes no commands. After an election timeout the attempt is given up, and the error is
// [ErrTransferTimeout]; the other peer may take over even so. Other errors are [ErrNotLeader],
// [ErrTransferring], [ErrNoPeer], [ErrKilled], and that of ctx, whose end does not end the attempt. To hand
// over to itself is nothing to a leader.
func (rf *Raft) TransferLeadership(ctx context.Context, to int) error {
	w, err := rf.askUntil(ctx, consensus.Transfer{To: to})
	if err != nil {
		return err
	}
	defer rf.box.putBack(w)
	return w.err
}

// beginTransfer says whether a transfer can be tried, or else answers.
func (l *loop) beginTransfer(to int, w *waiter) bool {
	switch {
	case to < 0 || to >= len(l.rf.peers):
		w.err = ErrNoPeer
	case l.node.Status().Role != Leader:
		w.err = ErrNotLeader
	case l.transfer != nil:
		w.err = ErrTransferring
	default:
		l.transfer = w
		return true
	}
	w.answer()
	return false
}

func (l *loop) answerTransfer(done *consensus.TransferDone) {
	if done == nil || l.transfer == nil {
		return
	}
	if !done.OK {
		l.transfer.err = ErrTransferTimeout
	}
	l.transfer.answer()
	l.transfer = nil
}

// askUntil is ask, until ctx is done.
func (rf *Raft) askUntil(ctx context.Context, e consensus.Event) (*waiter, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	w := rf.box.ask(e)
	if w == nil {
		return nil, rf.stopped()
	}
	select {
	case <-w.done:
		return w, nil
	case <-rf.dead:
	case <-ctx.Done():
	}
	select { // an answer that is there counts, so that the result does not depend on luck
	case <-w.done:
		return w, nil
	default:
	}
	if rf.stopping() {
		return nil, rf.stopped()
	}
	return nil, ctx.Err()
}
