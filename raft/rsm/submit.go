package rsm

import (
	"context"
	"fmt"
	"reflect"

	"6.824/labgob"
)

// Request names an operation: the Seq-th of a session, counted from 1. A client makes its
// operations one after the other, and repeats one under the same name until it knows the
// result.
type Request struct {
	Session int64
	Seq     int64
}

// command is what goes into the log: an encoded operation, of a session or of none
// (noSession), or the opening of a session (Session 0). The Seq of the latter two is a random
// number by which their waiters know them.
type command struct {
	Session int64
	Seq     int64
	Op      []byte
}

const noSession = -1

func init() { labgob.RegisterName("rsm.command", command{}) }

// Open opens a session and returns its number. If the answer gets lost, open another: the
// first will be dropped in time.
func (s *Server[Op, Result]) Open(ctx context.Context) (session int64, err error) {
	out := s.replicate(ctx, command{Seq: s.nonce()})
	return out.session, out.err
}

// Submit replicates an operation, has it applied once, and returns its result, whether that
// was now or at an earlier attempt.
func (s *Server[Op, Result]) Submit(ctx context.Context, request Request, op Op) (Result, error) {
	var none Result
	if request.Session <= 0 || request.Seq <= 0 {
		return none, fmt.Errorf("%w: request %+v", ErrSessionExpired, request)
	}
	encoded, err := encodeOp(op)
	if err != nil {
		return none, fmt.Errorf("%w: %T: %w", ErrBadOp, op, err)
	}
	out := s.replicate(ctx, command{request.Session, request.Seq, encoded})
	return out.result, out.err
}

// Propose replicates an operation that belongs to no session: it is applied each time that an
// attempt at it gets into the log. It is for machines that can tell repetitions themselves.
func (s *Server[Op, Result]) Propose(ctx context.Context, op Op) (Result, error) {
	encoded, err := encodeOp(op)
	if err != nil {
		var none Result
		return none, fmt.Errorf("%w: %T: %w", ErrBadOp, op, err)
	}
	out := s.replicate(ctx, command{noSession, s.nonce(), encoded})
	return out.result, out.err
}

// replicate puts a command into the log and waits until it is applied, or until it is clear
// that this server can't promise that it will be.
func (s *Server[Op, Result]) replicate(ctx context.Context, c command) outcome[Result] {
	w := newWaiter[Result](Request{c.Session, c.Seq})
	if err := s.enlist(w); err != nil {
		return outcome[Result]{err: err}
	}
	index, term, leader := s.rf.Start(c) // without the lock: raft's loop may want it, for roleChanged
	s.placed(w, index, term, leader)
	select {
	case out := <-w.done:
		return out
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.waiters.waits(w) {
			s.waiters.answer(w, outcome[Result]{err: ctx.Err()})
		}
		return <-w.done
	}
}

// enlist registers a waiter.
func (s *Server[Op, Result]) enlist(w *waiter[Result]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.admit(); err != nil {
		return err
	}
	s.waiters.add(w)
	return nil
}

// admit says why one more operation can't be taken on; s.mu is held.
func (s *Server[Op, Result]) admit() error {
	switch {
	case s.err != nil:
		return ErrStopped
	case s.waiters.count+s.reading >= s.config.MaxInFlight:
		return ErrBusy
	}
	return nil
}

// placed notes what raft said to a waiter's command. If that entry has been applied by now and
// the waiter has no answer, another leader's entry was in its place.
func (s *Server[Op, Result]) placed(w *waiter[Result], index, term int, leader bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.waiters.waits(w):
	case !leader || s.applied >= index || s.deposed(term):
		s.waiters.answer(w, outcome[Result]{err: ErrWrongLeader})
	default:
		s.waiters.place(w, index, term)
	}
}

// roleChanged is called by raft when its term or role changes. An entry of an earlier term may
// still be committed, but this server can't promise it any more: its waiters go and ask the
// new leader.
func (s *Server[Op, Result]) roleChanged(term int, leader bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.term, s.leader = term, leader
	s.waiters.answerIf(func(w *waiter[Result]) bool { return w.index > 0 && s.deposed(w.term) }, outcome[Result]{err: ErrWrongLeader})
}

// deposed says whether this server's lead in term is over; s.mu is held.
func (s *Server[Op, Result]) deposed(term int) bool {
	return s.term > term || s.term == term && !s.leader
}

// encodeOp encodes op, and makes sure that it can be decoded: what is in the log, every replica
// must be able to apply.
func encodeOp[Op any](op Op) ([]byte, error) {
	codec, err := labgob.CodecFor(reflect.TypeFor[Op]())
	if err != nil {
		return nil, err
	}
	b, err := codec.Append(nil, &op)
	if err != nil {
		return nil, err
	}
	_, err = decodeOp[Op](b)
	return b, err
}

func decodeOp[Op any](b []byte) (op Op, err error) {
	codec, err := labgob.CodecFor(reflect.TypeFor[Op]())
	if err == nil {
		err = codec.Decode(b, &op)
	}
	return op, err
}

// nonce draws a number by which a command without a session is known.
func (s *Server[Op, Result]) nonce() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.config.Rand.Int64()
}
