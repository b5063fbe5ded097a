package labtest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"slices"
	"strings"
	"sync"

	"6.824/labrpc"
	"6.824/labrpc/labtest/trace"
)

// recentEvents is how many of the last events a failure report shows.
const recentEvents = 25

// recorder gathers the events of a run, puts them into the one order, and
// hands each to the digest, the trace file and the checks.
//
// Events come in from any goroutine of the bubble. They wait until the step is
// over (flush, called by the engine when everything is at rest), because only
// then is it known which others happened in the same step. Those of one step
// are ordered by (time, lane), and within a lane as they came. The engine's own
// events (messages and faults) are what the nodes' are consequences of: their
// lane is "", so they come first.
type recorder struct {
	mu      sync.Mutex
	pending []pendingEvent
	closed  bool // nothing that comes in from now on counts
	seq     int
	recent  [recentEvents]Event

	// The rest belongs to whoever flushes: one goroutine at a time.
	hash    hash.Hash
	scratch []byte
	trace   *traceFile // nil if the run is not traced
	sinks   []func(Event)
	shown   func(Event) // is given what is outside of the history, too; may be nil
}

type pendingEvent struct {
	Event
	lane    string
	message *labrpc.Event // of a run that is traced: what the event is of, if that is a message that has just been sent
}

func newRecorder() *recorder { return &recorder{hash: sha256.New()} }

// add queues e, of the lane of e.Node; its At must be set. It does not block and
// may be called from anywhere.
func (r *recorder) add(e *Event) { r.put(e, e.Node, nil) }

// addCause queues e, which happened on the engine goroutine, perhaps to a message.
func (r *recorder) addCause(e *Event, message *labrpc.Event) { r.put(e, "", message) }

func (r *recorder) put(e *Event, lane string, message *labrpc.Event) {
	r.mu.Lock()
	if !r.closed {
		r.pending = append(r.pending, pendingEvent{*e, lane, message})
	}
	r.mu.Unlock()
}

// close ends the record: what the winding up of the nodes does is not history.
func (r *recorder) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
}

// over says whether the record is closed.
func (r *recorder) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// flush numbers and publishes what has gathered. A sink may add events: they
// are published in the same flush, after those that caused them.
func (r *recorder) flush() {
	for {
		r.mu.Lock()
		events := r.pending
		r.pending = nil
		r.mu.Unlock()
		if len(events) == 0 {
			return
		}
		if len(events) > 1 {
			slices.SortStableFunc(events, func(a, b pendingEvent) int {
				return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.lane, b.lane))
			})
		}
		for i := range events {
			e := &events[i].Event
			if e.Kind == trace.Shown {
				e.Seq = max(0, r.seq-1)
				if r.trace != nil {
					r.trace.event(e, nil)
				}
				if r.shown != nil {
					r.shown(*e)
				}
				continue
			}
			r.number(e)
			if r.trace != nil {
				r.trace.event(e, events[i].message)
			}
			r.scratch = e.digestInto(r.scratch[:0])
			r.hash.Write(r.scratch)
			for _, sink := range r.sinks {
				sink(*e)
			}
		}
		r.reuse(events)
		if r.trace != nil {
			r.trace.step()
		}
	}
}

// number gives e its place in the one order.
func (r *recorder) number(e *Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.Seq = r.seq
	r.seq++
	r.recent[e.Seq%recentEvents] = *e
}

// reuse gives the flushed slice back to add, unless a sink has started another.
func (r *recorder) reuse(events []pendingEvent) {
	clear(events)
	r.mu.Lock()
	if r.pending == nil {
		r.pending = events[:0]
	}
	r.mu.Unlock()
}

// digest is the hash over all events published so far.
func (r *recorder) digest() string { return hex.EncodeToString(r.hash.Sum(nil)[:16]) }

// last returns the most recent events, oldest first.
func (r *recorder) last() []Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(r.seq, recentEvents)
	events := make([]Event, 0, n)
	for i := r.seq - n; i < r.seq; i++ {
		events = append(events, r.recent[i%recentEvents])
	}
	return events
}
