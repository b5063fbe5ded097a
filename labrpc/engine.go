package labrpc

import (
	"sync"
	"time"
)

// An instant is a time in nanoseconds since the network was made.
type instant int64

const never = instant(1<<63 - 1)

// add returns t + d, or never if that is beyond time. A negative d counts as 0.
func (t instant) add(d time.Duration) instant {
	if d <= 0 {
		return t
	}
	if sum := t + instant(d); sum > t {
		return sum
	}
	return never
}

func (n *Network) now() instant { return instant(time.Since(n.base)) }

// The engine executes what is due later: one goroutine, one heap, one event at a time. In a simulation everything is due later.
type engine struct {
	bell chan struct{} // has room for one; rings when there is something new

	mu      sync.Mutex
	heap    []entry
	pushed  uint64 // events pushed so far
	running bool
	stopped bool
	until   instant // asleep until then; 0 if awake
}

// An entry of the heap is an event: the arrival of a message, or something else. Entries are ordered by time; then callbacks come
// before messages and callbacks among each other by their keys; then by the order of pushing. In a simulation messages are pushed by the
// engine alone, in the one order.
type entry struct {
	due     instant
	order   uint64
	message *message
	other   *other
}

// An other event is a callback, or else the end of a call that is lost or wrong.
type other struct {
	key      string
	callback func()
	call     *call
	err      error
}

func (x *entry) isCallback() bool { return x.other != nil && x.other.callback != nil }

func (x *entry) before(y *entry) bool {
	if x.due != y.due {
		return x.due < y.due
	}
	if back := x.isCallback(); back != y.isCallback() {
		return back
	} else if back && x.other.key != y.other.key {
		return x.other.key < y.other.key
	}
	return x.order < y.order
}

// At has f called by the network's engine when the time has come, as one event: in a simulation nothing else happens meanwhile, and
// all that f causes comes to rest before the next event. Callbacks of one instant run in the order of their keys, and of the
// calls of At for those of the same key; all of them before the messages of that instant. A time in the past is now. F must not
// block, nor wait for a call through this network. In real time this is a timer.
func (n *Network) At(when time.Time, key string, f func()) {
	due := max(instant(when.Sub(n.base)), n.now())
	n.schedule(due, nil, &other{key: key, callback: f})
}

// arriveAt makes m arrive at that time.
func (n *Network) arriveAt(due instant, m *message) { n.schedule(due, m, nil) }

// failAt tells the caller of c at that time that the call has failed.
func (n *Network) failAt(due instant, c *call, err error) {
	n.schedule(due, nil, &other{call: c, err: err})
}

// schedule puts an event into the heap.
func (n *Network) schedule(due instant, m *message, o *other) {
	g := &n.engine
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return
	}
	if !g.running {
		g.running = true
		go n.run()
	}
	g.pushed++
	g.push(entry{due, g.pushed, m, o})
	if due < g.until {
		g.ring()
	}
}

// ring makes the engine look around.
func (g *engine) ring() {
	select {
	case g.bell <- struct{}{}:
	default:
	}
}

// stop ends the engine and forgets all events.
func (g *engine) stop() {
	g.mu.Lock()
	g.stopped, g.heap = true, nil
	g.mu.Unlock()
	g.ring()
}

// run is the engine's goroutine.
func (n *Network) run() {
	ended := false
	defer func() {
		if !ended { // foreign code has called runtime.Goexit, as a failed test does: the others live on
			go n.run()
		}
	}()
	g := &n.engine
	var timer *time.Timer
	for {
		if n.simulated() {
			n.settle()
			if n.drain() {
				continue
			}
			if n.closed.Load() {
				n.windUp()
				ended = true
				return
			}
		}
		x, wait, stopped := g.next(n.now())
		switch {
		case stopped:
			ended = true
			return
		case wait == 0:
			n.execute(x)
		case n.simulated() && !n.outbox.rest():
		case wait == never:
			<-g.bell
		default:
			if timer == nil {
				timer = time.NewTimer(time.Duration(wait))
				defer timer.Stop()
			} else {
				timer.Reset(time.Duration(wait))
			}
			select {
			case <-timer.C:
			case <-g.bell:
			}
		}
	}
}

// next takes the first event if it is due, or says how long to wait.
func (g *engine) next(now instant) (x entry, wait instant, stopped bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped {
		return x, 0, true
	}
	if len(g.heap) == 0 {
		g.until = never
		return x, never, false
	}
	if first := g.heap[0].due; first > now {
		g.until = first
		return x, first - now, false
	}
	g.until = 0
	return g.pop(), 0, false
}

func (n *Network) execute(x entry) {
	switch {
	case x.message != nil:
		n.arrive(x.message)
	case x.other.callback != nil:
		x.other.callback()
	default:
		x.other.call.finish(nil, x.other.err)
	}
}

func (g *engine) push(x entry) {
	g.heap = append(g.heap, x)
	h, i := g.heap, len(g.heap)-1
	for i > 0 {
		up := (i - 1) / 2
		if !x.before(&h[up]) {
			break
		}
		h[i], i = h[up], up
	}
	h[i] = x
}

func (g *engine) pop() entry {
	h := g.heap
	first, last := h[0], len(h)-1
	x := h[last]
	h[last] = entry{}
	h = h[:last]
	g.heap = h
	for i := 0; last > 0; {
		down := 2*i + 1
		if down+1 < last && h[down+1].before(&h[down]) {
			down++
		}
		if down >= last || !h[down].before(&x) {
			h[i] = x
			break
		}
		h[i], i = h[down], down
	}
	return first
}
