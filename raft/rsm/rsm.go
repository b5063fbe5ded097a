package rsm

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"

	"6.824/labrpc"
	"6.824/raft"
)

// A Machine is a deterministic state machine: the same operations in the same order make
// the same state and the same results on every replica. The layer calls one method at a
// time.
type Machine[Op, Result any] interface {
	// Apply executes an operation. What it panics with ends this replica.
	Apply(op Op) Result
	// Capture returns a function that encodes the state as it is now. The function runs on
	// another goroutine while Apply goes on, so what it captured must not change.
	Capture() func() ([]byte, error)
	// Restore replaces the whole state by one that was captured.
	Restore(snapshot []byte) error
}

// Why an operation was not done, for errors.Is. Unless it says otherwise, it has not been
// executed and will not be.
var (
	// ErrWrongLeader: this server does not lead, or lost the lead before the operation was
	// applied. In the second case it may still be executed.
	ErrWrongLeader = errors.New("not the leader")
	// ErrBusy: too many operations are in flight.
	ErrBusy = errors.New("too many operations in flight")
	// ErrSessionExpired: the session is unknown or was dropped. An earlier attempt at the
	// same operation may have been executed.
	ErrSessionExpired = errors.New("session expired")
	// ErrStale: the session has gone on to a later operation. This one was executed before.
	ErrStale = errors.New("operation is older than the session's last")
	// ErrBadOp: the operation can't be encoded and decoded again.
	ErrBadOp = errors.New("operation can't be encoded")
	// ErrStopped: the server was killed or has failed. The operation may still be executed.
	ErrStopped = errors.New("server stopped")
)

// Config says how a Server runs. All but Servers, Me and Persister may be left zero.
type Config struct {
	Servers   []*labrpc.ClientEnd // the replicas, this one's end unused
	Me        int                 // this one's place among them
	Persister *raft.Persister

	// MaxRaftState is the size of raft's state in bytes that snapshots keep it below, more or less; 0 or
	// less for none.
	MaxRaftState int
	// MaxSessions is how many sessions are kept; 0 means 65,536. All replicas must agree.
	MaxSessions int
	// MaxInFlight is how many operations, reads too, may wait for their results; 0 means 16,384.
	MaxInFlight int
	// Rand gives the numbers by which openings of sessions are told apart; nil means a random
	// source of its own.
	Rand *rand.Rand
	// Gate is called before each entry or snapshot is applied, and blocks while the machine is paused; nil
	// means that it never is.
	Gate func()
	// Raft are further options for raft.Make.
	Raft []raft.Option
	// Logger gets what an operator should know; nil means slog.Default().
	Logger *slog.Logger
}

const (
	defaultMaxSessions = 1 << 16
	defaultMaxInFlight = 1 << 14
)

// Server is one replica of a service.
type Server[Op, Result any] struct {
	config  Config
	rf      *raft.Raft
	applyCh chan raft.ApplyMsg
	stopped chan struct{} // closed by Kill and by a failure

	mu       sync.Mutex
	machine  Machine[Op, Result]
	sessions sessions[Result]
	applied  int // index of the last entry applied
	grown    int // bytes that the log has grown by since the last snapshot, about
	waiters  waiters[Result]
	reading  int           // reads in flight
	readers  []reader      // those of them that wait for applied
	term     int           // as raft told last
	leader   bool          // likewise
	err      error         // why the server has stopped
	saved    chan struct{} // closed when the latest snapshot has been handed to raft
}

// Start starts a replica: it restores the machine from the persister's snapshot, if there is
// one, and runs until Kill.
func Start[Op, Result any](machine Machine[Op, Result], config Config) *Server[Op, Result] {
	if config.MaxSessions == 0 {
		config.MaxSessions = defaultMaxSessions
	}
	if config.MaxInFlight == 0 {
		config.MaxInFlight = defaultMaxInFlight
	}
	if config.Rand == nil {
		config.Rand = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if config.Gate == nil {
		config.Gate = func() {}
	}
	if config.Logger == nil {
		config.Logger = slog.Default()
	}
	s := &Server[Op, Result]{
		config: config, machine: machine, applyCh: make(chan raft.ApplyMsg), stopped: make(chan struct{}),
		sessions: newSessions[Result](config.MaxSessions), waiters: newWaiters[Result](), saved: make(chan struct{}),
	}
	close(s.saved)
	options := append([]raft.Option{raft.WithRoleObserver(s.roleChanged)}, config.Raft...)
	s.rf = raft.Make(config.Servers, config.Me, config.Persister, s.applyCh, options...)
	go s.applyAll()
	return s
}

// Raft is the replica's Raft.
func (s *Server[Op, Result]) Raft() *raft.Raft { return s.rf }

// Kill stops the replica. Everybody who waits gets ErrStopped.
func (s *Server[Op, Result]) Kill() {
	s.fail(ErrStopped)
	s.rf.Kill()
}

// Err says why the replica has stopped, nil while it runs.
func (s *Server[Op, Result]) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// fail stops the replica; the first reason counts.
func (s *Server[Op, Result]) fail(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = why
	close(s.stopped)
	s.waiters.answerIf(func(*waiter[Result]) bool { return true }, outcome[Result]{err: ErrStopped})
	for _, r := range s.readers {
		r.ready <- ErrStopped
	}
	s.readers = nil
}
