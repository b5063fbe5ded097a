// Package clerk is what the clients of all services on raft/rsm have in common: how
// they find the server that can answer, and how a server says that it can't.
package clerk

import (
	"context"
	"errors"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rsm"
)

// Refusal is why a server has not done what it was asked to.
type Refusal string

// The refusals. After the first two another server, or a later try, may do better.
const (
	WrongLeader Refusal = "wrong leader"
	Busy        Refusal = "too many operations in flight"
	Expired     Refusal = "the session was dropped"
	BadOp       Refusal = "the operation can't be encoded"
)

// Answer is the part of every reply that says who answers, and if he can't, who might.
type Answer struct {
	Refusal Refusal // "" if the operation was executed, whatever its result
	Server  int
	Leader  int // whom Server takes for the leader, -1 if it does not know
}

// AnswerOf is the answer of a server to an operation that raft/rsm has come back from with err.
func AnswerOf(err error, me int, rf *raft.Raft) Answer {
	a := Answer{Server: me, Leader: rf.Status().Leader}
	switch {
	case err == nil:
	case errors.Is(err, rsm.ErrSessionExpired), errors.Is(err, rsm.ErrStale):
		a.Refusal = Expired
	case errors.Is(err, rsm.ErrBusy):
		a.Refusal = Busy
	case errors.Is(err, rsm.ErrBadOp):
		a.Refusal = BadOp
	default:
		a.Refusal = WrongLeader
	}
	return a
}

// ErrNoAnswer: none of the servers had an answer in time.
var ErrNoAnswer = errors.New("no answer from any server")

// How servers are asked. One that does not answer may be paused, or may lead without knowing that it
// does not any more.
const (
	tryFor     = time.Second
	pauseFirst = 5 * time.Millisecond
	pauseMost  = 100 * time.Millisecond
)

// Servers are the replicas of one service as one client sees them. Its methods may be called
// concurrently.
type Servers struct {
	ends []*labrpc.ClientEnd

	mu     sync.Mutex
	leader int         // the server to try first
	place  map[int]int // where in ends the server is that calls itself so: not all clients have them in one order
}

// New makes Servers of the ends that lead to them, in any order.
func New(ends []*labrpc.ClientEnd) *Servers { return &Servers{ends: ends, place: map[int]int{}} }

// A Reply is a pointer to a reply with an Answer in it.
type Reply[R any] interface {
	*R
	Answered() *Answer
}

// Answered is for the replies that embed an Answer.
func (a *Answer) Answered() *Answer { return a }

// Ask asks one server after the other until one has an answer: first the last leader known, then whom
// it names, or the next. When all have been asked it pauses, longer each time, and goes on, for that
// many rounds, or for ever if that is 0; then the error is ErrNoAnswer. A network that
// is closed is given up at once. Ask says how many requests it has sent.
func Ask[R any, P Reply[R]](ctx context.Context, s *Servers, method string, args any, rounds int) (reply *R, sent int, err error) {
	pause, asked := pauseFirst, 0
	for server := s.first(); len(s.ends) > 0; {
		if err := ctx.Err(); err != nil {
			return nil, sent, err
		}
		reply = new(R)
		sent++
		a := P(reply).Answered()
		err := call(ctx, s.ends[server], method, args, reply)
		if err == nil && a.Refusal != WrongLeader && a.Refusal != Busy {
			s.remember(server, a.Server)
			return reply, sent, nil
		}
		if errors.Is(err, labrpc.ErrClosed) {
			return nil, sent, err
		}
		asked++
		next := (server + 1) % len(s.ends)
		if err == nil {
			next = s.hint(server, *a, next)
		}
		if asked >= len(s.ends) {
			if rounds--; rounds == 0 {
				break
			}
			asked = 0
			if err := Sleep(ctx, pause); err != nil {
				return nil, sent, err
			}
			pause = min(2*pause, pauseMost)
		}
		server = next
	}
	return nil, sent, ErrNoAnswer
}

// call makes one RPC, and gives it up when it takes too long or the context ends. The reply then
// belongs to the RPC.
func call(ctx context.Context, end *labrpc.ClientEnd, method string, args, reply any) error {
	done := make(chan error, 1)
	go func() { done <- end.Do(method, args, reply) }() // not Go, which keeps an order that concurrent callers don't have
	late := time.NewTimer(tryFor)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return ErrNoAnswer
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Sleep sleeps, or returns the context's error when that ends before.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Servers) first() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leader
}

// remember notes the server that answered.
func (s *Servers) remember(server, itself int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leader = server
	s.place[itself] = server
}

// hint is the server to ask after one that could not answer: whom it takes for the leader, if it is
// known where that is.
func (s *Servers) hint(server int, a Answer, otherwise int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.place[a.Server] = server
	if at, ok := s.place[a.Leader]; ok && at != server {
		return at
	}
	return otherwise
}
