package raft

import (
	"bytes"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"6.824/labgob"
	"6.824/raft/consensus"
)

// An applier hands to the service what is committed. It has a goroutine and a queue of its own, so that a
// service that is slow, or that doesn't read at all, never keeps consensus waiting. The queue holds no more
// than the log does.
type applier struct {
	rf   *Raft
	ch   chan ApplyMsg
	wake chan struct{} // one slot: there may be something to do
	last atomic.Int64  // the last index that was sent, or is being sent

	mu     sync.Mutex
	queue  []consensus.Apply
	closed bool
}

func newApplier(rf *Raft, ch chan ApplyMsg) *applier {
	return &applier{rf: rf, ch: ch, wake: make(chan struct{}, 1)}
}

// add queues what is to be handed over.
func (a *applier) add(list []consensus.Apply) {
	if len(list) == 0 {
		return
	}
	a.mu.Lock()
	a.queue = append(a.queue, list...)
	a.mu.Unlock()
	a.nudge()
}

func (a *applier) close() {
	a.mu.Lock()
	a.closed, a.queue = true, nil
	a.mu.Unlock()
	a.nudge()
}

func (a *applier) nudge() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

func (a *applier) take(done []consensus.Apply) (list []consensus.Apply, ok bool) {
	clear(done)
	a.mu.Lock()
	defer a.mu.Unlock()
	list, a.queue = a.queue, done[:0]
	return list, !a.closed
}

// sent is the last index that the service has been sent. The one that it is being sent counts, for it may be
// in the service's hands before the sender knows.
func (a *applier) sent() int { return int(a.last.Load()) }

// run hands over until the peer is dead.
func (a *applier) run() {
	var list []consensus.Apply
	for {
		var ok bool
		if list, ok = a.take(list); !ok {
			return
		}
		for _, ap := range list {
			if a.rf.stopping() || !a.deliver(ap) {
				return
			}
		}
		if len(list) == 0 {
			<-a.wake
		}
	}
}

// deliver waits for the service to take over one entry or snapshot; false if the peer dies.
func (a *applier) deliver(ap consensus.Apply) bool {
	msg, err := message(ap)
	if err != nil { // to skip it would be to let the replicas diverge
		a.rf.fail(fmt.Errorf("raft: entry %d of term %d: %w", ap.Index, ap.Term, err))
		return false
	}
	a.last.Store(int64(ap.Index))
	select { // the one place where two things may be ready at once; but if one is the end, nothing comes of it
	case a.ch <- msg:
		return true
	case <-a.rf.dead:
		return false
	}
}

func message(ap consensus.Apply) (ApplyMsg, error) {
	if ap.Snapshot != nil {
		return ApplyMsg{
			SnapshotValid: true, Snapshot: bytes.Clone(ap.Snapshot), SnapshotTerm: ap.Term, SnapshotIndex: ap.Index,
		}, nil
	}
	msg := ApplyMsg{CommandValid: true, CommandIndex: ap.Index}
	if ap.NoOp {
		return msg, nil
	}
	var err error
	msg.Command, err = decodeCommand(ap.Data)
	return msg, err
}

// A command travels as the one field of a struct, which can be nil too.
type command struct{ C any }

// scratch is memory to encode commands in, whose length is not known before.
var scratch = sync.Pool{New: func() any { return new([]byte) }}

// encodeCommand returns the command's bytes, or the error that it can't be sent.
func encodeCommand(c any) ([]byte, error) {
	codec, err := labgob.CodecFor(reflect.TypeFor[command]())
	if err != nil {
		return nil, err
	}
	buf := scratch.Get().(*[]byte)
	defer scratch.Put(buf)
	b, err := codec.Append((*buf)[:0], &command{c})
	if err != nil {
		return nil, err
	}
	*buf = b
	return bytes.Clone(b), nil // no longer than it must be, since it stays in the log
}

func decodeCommand(b []byte) (any, error) {
	codec, err := labgob.CodecFor(reflect.TypeFor[command]())
	if err != nil {
		return nil, err
	}
	var c command
	err = codec.Decode(b, &c)
	return c.C, err
}
