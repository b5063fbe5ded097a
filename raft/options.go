package raft

import (
	"log/slog"
	"math/rand/v2"
	"time"
)

// An Option changes how a Raft that is being made behaves.
type Option func(*options)

type options struct {
	election  time.Duration
	heartbeat time.Duration
	chunk     int
	rand      *rand.Rand
	host      Host
	observers []func(Transition)
	roles     []func(term int, leads bool)
	log       *slog.Logger
}

// WithTiming sets the election timeout, which is drawn anew from [election, 2*election) each time, and the
// time between the heartbeats of an idle leader, which is shorter. All peers should have the same. Zero stands for the
// defaults, 300 ms and 100 ms: they suit networks whose messages take up to some 30 ms, and still replace a
// dead leader within a second.
func WithTiming(election, heartbeat time.Duration) Option {
	return func(o *options) { o.election, o.heartbeat = election, heartbeat }
}

// WithSnapshotChunk sets how many bytes of a snapshot go into one message; zero stands for the default, 1
// MiB.
func WithSnapshotChunk(bytes int) Option { return func(o *options) { o.chunk = bytes } }

// WithRand has the peer draw its election timeouts from r, which then belongs to it.
func WithRand(r *rand.Rand) Option { return func(o *options) { o.rand = r } }

// A Host is the machine that a peer runs on, as far as a simulator can bend it.
type Host interface {
	// Pace is the rate of the machine's clock: 1.1 means 10 % fast.
	Pace() float64
	// Gate blocks while the machine is paused.
	Gate()
}

// WithHost runs the peer on h: its timers go by h's clock, and it passes h's gate before it handles events.
func WithHost(h Host) Option { return func(o *options) { o.host = h } }

// WithObserver has f called with every [Transition] of the peer. It is called on the peer's loop, so it must
// neither block nor call methods of the peer, other than GetState, Status, Err and Kill.
func WithObserver(f func(Transition)) Option {
	return func(o *options) { o.observers = append(o.observers, f) }
}

// WithRoleObserver has f called whenever the peer enters another term, or gains or loses the lead, under the
// rules of [WithObserver]. A service uses it to tell its clients at once that a command may never be
// committed. It is told too if a leader stops because it has failed.
func WithRoleObserver(f func(term int, leads bool)) Option {
	return func(o *options) { o.roles = append(o.roles, f) }
}

// WithLogger has the peer log to l: what stops it as errors, elections and snapshots at the debug level. The
// default is slog.Default().
func WithLogger(l *slog.Logger) Option { return func(o *options) { o.log = l } }

// realHost is a machine whose clock is right and that is never paused.
type realHost struct{}

func (realHost) Pace() float64 { return 1 }
func (realHost) Gate()         {}
