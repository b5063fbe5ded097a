package labtest

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"sync"
	"testing/synctest"
	"time"

	"6.824/labrpc"
)

// World is one run of one scenario: virtual time, a network, nodes, faults, and
// the record of what happened. It lives in a bubble of its own.
//
// Its methods may be called from the scenario's own goroutine and from actors
// ([World.Go]). It implements the TestingT of testify's require: a failed
// assertion ends the run as a violation.
type World struct {
	scenario string
	seed     int64
	start    time.Time
	net      *labrpc.Network
	rec      *recorder
	bubble   *bubble

	mu        sync.Mutex
	streams   map[string]*rand.Rand
	nodes     map[string]*Node
	order     []string // of the nodes, as they were added
	counters  map[string]int64
	atLeast   []quota
	overall   map[string]int64
	failure   *Violation
	actors    int
	names     map[goroutineMark]actor // of the actors
	idle      chan struct{}           // closed when the last actor is done; nil while nobody waits
	ended     bool
	done      chan struct{} // closed when the run is over: the scenario returned, or something was violated
	verdicts  []func() (check, text string)
	histories []*History
	links     links
	faults    *applied

	injected   Schedule       // all that was, in absolute times
	injectedBy map[string]int // how many of these, by the injector's name
	override   Schedule       // of -lab.faults: happens in place of all that the scenario injects
	endedAt    time.Duration

	plan  *Case // what is run instead of the scenario as it is, nil if nothing
	noted noted // what makes a case of the run
	short bool  // it was ended by the plan
}

// quota is a vacuity condition: a counter and the least it must show.
type quota struct {
	counter string
	n       int64
}

func newWorld(scenario string, seed int64, b *bubble) *World {
	w := &World{
		scenario: scenario, seed: seed, start: time.Now(), bubble: b, rec: newRecorder(),
		streams: map[string]*rand.Rand{}, nodes: map[string]*Node{}, counters: map[string]int64{}, overall: map[string]int64{}, names: map[goroutineMark]actor{},
		links: links{now: map[link]labrpc.Conditions{}}, injectedBy: map[string]int{}, done: make(chan struct{}),
	}
	w.net = labrpc.NewNetwork(labrpc.Options{Seed: seed, Settle: w.settle, Closed: w.dismiss})
	w.net.SetDefault(baseConditions)
	w.net.Observe(w.observe)
	w.faults = newApplied(w)
	return w
}

// baseConditions are those of a healthy network: nothing is lost, but every
// message costs time, and not always the same.
var baseConditions = labrpc.Conditions{Delay: labrpc.Uniform(100*time.Microsecond, 2*time.Millisecond)}

// settle waits until everything that the last event caused has happened, and
// publishes it. Called by the engine only, which is what makes the order one.
func (w *World) settle() {
	synctest.Wait()
	w.bubble.progress.Add(1)
	w.rec.flush()
}

// Name is the scenario's name.
func (w *World) Name() string { return w.scenario }

// Seed is the run's seed.
func (w *World) Seed() int64 { return w.seed }

// Net is the world's network.
func (w *World) Net() *labrpc.Network { return w.net }

// Now is the virtual time since the world began.
func (w *World) Now() time.Duration { return time.Since(w.start) }

// Rand is the stream of random numbers called name: the same seed and name give
// the same numbers. Every caller with one name draws from one stream, so a stream
// must have one owner; it is not safe for concurrent use.
func (w *World) Rand(name string) *rand.Rand {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, ok := w.streams[name]
	if !ok {
		h := fnv.New64a()
		h.Write([]byte(name))
		r = rand.New(rand.NewPCG(uint64(w.seed), h.Sum64()))
		w.streams[name] = r
	}
	return r
}

// Sleep lets d of virtual time pass. When it returns, everything that happened up
// to then has come to rest. In a world that has ended it does not return.
func (w *World) Sleep(d time.Duration) {
	w.exitIfEnded()
	woken := make(chan struct{})
	w.net.At(time.Now().Add(d), "wake "+w.actor().name, func() { close(woken) })
	w.await(woken)
}

// await blocks until c is closed. In a world that has ended it does not return.
func (w *World) await(c <-chan struct{}) {
	select {
	case <-c:
	case <-w.done:
	}
	w.exitIfEnded()
}

// pollEvery is how often Eventually looks.
const pollEvery = 10 * time.Millisecond

// Eventually reports whether cond holds at some look within the next d, looking at
// once and then every 10 ms of virtual time.
func (w *World) Eventually(d time.Duration, cond func() bool) bool {
	for deadline := w.Now() + d; ; {
		if cond() {
			return true
		}
		if w.Now() >= deadline {
			return false
		}
		w.Sleep(min(pollEvery, deadline-w.Now()))
	}
}

// exitIfEnded ends the calling goroutine when the world has ended.
func (w *World) exitIfEnded() {
	w.mu.Lock()
	ended := w.ended
	w.mu.Unlock()
	if ended {
		runtime.Goexit()
	}
}

// ExitIfOver ends the calling goroutine if the run is over: to be called by a client that has come back from
// a call, perhaps because the network was closed, which is no answer.
func (w *World) ExitIfOver() {
	if w.rec.over() {
		runtime.Goexit()
	}
}

// Go starts an actor: a goroutine of the scenario (a client, say) that the engine
// wakes like everything else. A panic in f is a violation.
func (w *World) Go(name string, f func()) {
	w.mu.Lock()
	w.actors++
	w.mu.Unlock()
	w.act(name, func() {
		defer w.actorDone()
		f()
	})
}

// act has f run on a goroutine of its own, as the consequence of an event.
func (w *World) act(name string, f func()) {
	w.net.At(time.Now(), "go "+name, func() {
		go func() {
			mark := label(w.bubble.label, name)
			w.nameActor(mark, actor{name, goroutineNumber()})
			defer w.nameActor(mark, actor{})
			defer func() {
				if p := recover(); p != nil {
					w.Violate("no panic", "", "%s panicked: %v\n%s", name, p, debug.Stack())
				}
			}()
			f()
		}()
	})
}

// actor is who acts on the world: what it is called, and the number of its goroutine. Those that it starts have its labels too.
type actor struct {
	name   string
	number int64
}

// nameActor notes, or forgets, whose goroutine it is. Actors that are woken in one step and sleep
// for the same time are woken again in the order of their names.
func (w *World) nameActor(mark goroutineMark, a actor) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if a.name == "" {
		delete(w.names, mark)
	} else {
		w.names[mark] = a
	}
}

// actor is on whose behalf the calling goroutine runs; its zero value if on nobody's.
func (w *World) actor() actor {
	mark := markOf()
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.names[mark]
}

// dismiss ends the calling goroutine if it is an actor's: a course's client, say, that tries until it succeeds, when the run is over.
// A goroutine that makes a call for an actor may owe it an answer. It brings one, but takes its time: who
// tries until it succeeds must not do that in no time.
func (w *World) dismiss() {
	switch a := w.actor(); {
	case a.name == "":
	case a.number == goroutineNumber():
		runtime.Goexit()
	default:
		time.Sleep(time.Second)
	}
}

func (w *World) actorDone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.actors--; w.actors == 0 && w.idle != nil {
		close(w.idle)
		w.idle = nil
	}
}

// Wait blocks until every actor has returned. Only the scenario itself may call it.
func (w *World) Wait() {
	w.mu.Lock()
	if w.actors == 0 {
		w.mu.Unlock()
		return
	}
	if w.idle == nil {
		w.idle = make(chan struct{})
	}
	idle := w.idle
	w.mu.Unlock()
	w.await(idle)
}

// do runs f, which may block, as the consequence of an event of its own, and waits
// for it: how the scenario acts on nodes.
func (w *World) do(f func()) {
	w.exitIfEnded()
	done := make(chan struct{})
	w.act("the scenario", func() {
		defer close(done)
		f()
	})
	w.await(done)
}

// Record adds an event to the record: its time is now unless set, its number is
// given when the step is over.
func (w *World) Record(e Event) {
	if e.At == 0 {
		e.At = w.Now()
	}
	w.rec.add(&e)
}

// cause records what happened on the engine's goroutine.
func (w *World) cause(kind, text string) {
	w.rec.addCause(&Event{At: w.Now(), Kind: kind, Text: text}, nil)
}

// Logf records a note of the scenario: it shows in the trace and in a failure
// report.
func (w *World) Logf(format string, args ...any) {
	w.Record(Event{Kind: "note", Text: fmt.Sprintf(format, args...)})
}

// OnEvent has check called with every event from now on, in the one order, at the
// end of the step that it happened in. Checks run one at a time and must not block.
func (w *World) OnEvent(check func(Event)) { w.rec.sinks = append(w.rec.sinks, check) }

// observe turns the network's events into the record's.
func (w *World) observe(e labrpc.Event) {
	kind := e.Kind.String()
	w.faults.observe(e)
	w.Count(kind)
	var message *labrpc.Event
	if w.Traced() && (e.Kind == labrpc.Sent || e.Kind == labrpc.Replied || e.Kind == labrpc.Tampered) {
		message = new(labrpc.Event)
		*message = e
	}
	w.rec.addCause(&Event{
		At: w.Now(), Kind: kind, Node: e.From, To: e.To, Method: e.Method,
		N: e.N, Copy: e.Copy, Bytes: e.Bytes, Sum: e.Sum, Text: e.Why,
	}, message)
}

// Traced says whether the run is recorded in a trace file.
func (w *World) Traced() bool { return w.rec.trace != nil || w.rec.shown != nil }

// Count adds one to a counter. The kit counts every kind of network event by its
// name, "start", "crash", "restart", "pause", and per kind of fault "fault:KIND"
// (begun) and "hit:KIND" (messages and writes that it really touched).
func (w *World) Count(name string) { w.Add(name, 1) }

// Add adds n to a counter.
func (w *World) Add(name string, n int64) {
	w.mu.Lock()
	w.counters[name] += n
	w.mu.Unlock()
}

// Counter is the present value of a counter.
func (w *World) Counter(name string) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.counters[name]
}

// AtLeast states a vacuity condition: a run whose counter ends below n has not
// tested what it claims to, and fails.
func (w *World) AtLeast(counter string, n int64) {
	w.mu.Lock()
	w.atLeast = append(w.atLeast, quota{counter, n})
	w.mu.Unlock()
}

// AtLeastOverall is AtLeast for the sum over the scenario's default seeds: for what
// need not happen in each of them.
func (w *World) AtLeastOverall(counter string, n int64) {
	w.mu.Lock()
	w.overall[counter] = max(w.overall[counter], n)
	w.mu.Unlock()
}

// afterwards has verdict called when the bubble is gone, in real time: for checks
// that need real goroutines and timeouts. An empty check means that all is well.
func (w *World) afterwards(verdict func() (check, text string)) {
	w.mu.Lock()
	w.verdicts = append(w.verdicts, verdict)
	w.mu.Unlock()
}

// timeLimit is the check that fails when a scenario does not come to an end.
const timeLimit = "time limit"

// live runs the scenario to its end and leaves the bubble clean.
func (w *World) live(limit time.Duration, scenario func(*World)) {
	w.net.At(w.start.Add(limit), "limit", func() {
		w.Violate(timeLimit, "", "the scenario has not ended within %v of virtual time", limit)
	})
	w.schedule(w.override, "", moment{at: -1})
	w.act("the scenario", func() {
		scenario(w)
		w.end()
	})
	<-w.done
	closed := make(chan struct{})
	w.net.At(time.Now(), "", func() {
		w.endedAt = w.Now()
		w.rec.close()
		close(closed)
	})
	<-closed
	for _, n := range w.Nodes() {
		n.halt()
	}
	w.net.Cleanup()
	// Tickers of a killed node exit when they next look; sleeping scenarios, too.
	time.Sleep(lettingGo)
}

// lettingGo is the virtual time that nodes have to wind up when the run is over.
const lettingGo = 30 * time.Second

// end closes the run; the first call counts.
func (w *World) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended = true
		close(w.done)
	}
}

// vacuous returns the first condition of a finished run that does not hold.
func (w *World) vacuous() (quota, bool) {
	for _, q := range w.atLeast {
		if w.counters[q.counter] < q.n {
			return q, true
		}
	}
	return quota{}, false
}
