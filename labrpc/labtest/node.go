package labtest

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest/trace"
)

// Node is a machine of the world: it has a name on the network, a disk, a clock
// that may run fast or slow, and a life cycle. What runs on it is started by its
// boot function, once per incarnation.
type Node struct {
	w    *World
	name string
	boot func(*Node) (stop func())
	disk *Disk

	mu          sync.Mutex
	up          bool
	paused      bool
	gate        chan struct{} // closed when the pause ends; nil when there is none
	pace        float64
	incarnation int
	server      *labrpc.Server
	ends        []*labrpc.ClientEnd
	stop        func()
	dying       func() // the stop of an incarnation that crashed from within, until it is called
}

// AddNode adds a node that is not started yet. boot is called at each start, on a
// goroutine of its own: it dials its peers, opens its disk, registers its services
// with Serve and starts its goroutines. The stop that it returns must end them
// all (a lab's Kill); the node is cut off from network and disk before it is called.
func (w *World) AddNode(name string, boot func(*Node) (stop func())) *Node {
	n := &Node{w: w, name: name, boot: boot, pace: 1}
	n.disk = newDisk(w.Rand("disk of "+name), n.wrote)
	n.disk.onCrash = n.crashFromWithin
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.nodes[name] != nil {
		panic(fmt.Sprintf("labtest: two nodes are called %q", name))
	}
	w.nodes[name] = n
	w.order = append(w.order, name)
	return n
}

// Node returns the node called name, nil if there is none.
func (w *World) Node(name string) *Node {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.nodes[name]
}

// Nodes returns all nodes, as they were added.
func (w *World) Nodes() []*Node {
	w.mu.Lock()
	defer w.mu.Unlock()
	nodes := make([]*Node, 0, len(w.order))
	for _, name := range w.order {
		nodes = append(nodes, w.nodes[name])
	}
	return nodes
}

// Name is the node's name, which is also its server's on the network.
func (n *Node) Name() string { return n.name }

// Disk is the node's disk; it outlives crashes.
func (n *Node) Disk() *Disk { return n.disk }

// Rand is the stream of random numbers called name, of this node and incarnation.
func (n *Node) Rand(name string) *rand.Rand {
	return n.w.Rand(fmt.Sprintf("%s.%d %s", n.name, n.Incarnation(), name))
}

// Start boots a node that is down; of one that is up it does nothing.
func (n *Node) Start() {
	if !n.Up() {
		n.noteFault(false, "crash", "")
		n.noteFault(false, "crashatwrite", "") // if it was that
	}
	n.w.do(n.start)
}

// Restart is Start: the name says that there was a crash.
func (n *Node) Restart() { n.Start() }

// Crash cuts the node off from network and disk, decides what of its unsynced writes
// survives, and then has its goroutines stopped.
func (n *Node) Crash(mode CrashMode) {
	if n.Up() {
		n.noteFault(true, "crash", mode)
	}
	n.w.do(func() { n.crash(mode) })
}

// Pause stops the node as a long garbage collection or a virtual machine's migration
// would: it keeps its state and its connections, but takes no event (see Gate), and
// messages to and from it wait.
func (n *Node) Pause() {
	if n.Up() {
		n.noteFault(true, "pause", "")
	}
	n.w.do(n.pause)
}

// Resume ends a pause.
func (n *Node) Resume() {
	n.noteFault(false, "pause", "")
	n.w.do(n.resume)
}

// noteFault notes what the scenario does to the node.
func (n *Node) noteFault(on bool, kind string, mode CrashMode) {
	n.w.NoteFault(on, Fault{Kind: kind, Nodes: []string{n.name}, Mode: mode})
}

// Up says whether the node has been started and has not crashed since.
func (n *Node) Up() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.up
}

// Paused says whether the node is paused.
func (n *Node) Paused() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.paused
}

// Incarnation is how often the node has been started.
func (n *Node) Incarnation() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.incarnation
}

// Dial returns a fresh end of this incarnation for calling the node (or whatever
// server) called to. It is dead once the incarnation crashes.
func (n *Node) Dial(to string) *labrpc.ClientEnd {
	end := n.w.Dial(n.name, to)
	n.mu.Lock()
	n.ends = append(n.ends, end)
	n.mu.Unlock()
	return end
}

// Serve registers services for this incarnation. Calls reach them once boot has
// returned.
func (n *Node) Serve(services ...*labrpc.Service) {
	n.mu.Lock()
	server := n.server
	n.mu.Unlock()
	for _, s := range services {
		server.AddService(s)
	}
}

// Report records that the node's state changed: kind says by what, state is what it is
// now. Checks see state as it was given, so it must not be changed afterwards. Reports
// of a node that is down are dropped.
func (n *Node) Report(kind string, state any) {
	if n.Up() {
		n.w.Record(Event{Kind: "report", Node: n.name, Text: kind, State: state})
	}
}

// Show records something about the node for those who look at the run, such as a state of which there is no check: in the
// trace only. It is no part of the history, which is the same with and without it, and of no run that is not
// [World.Traced].
func (n *Node) Show(what string, state any) {
	if n.Traced() && n.Up() {
		n.w.Record(Event{Kind: trace.Shown, Node: n.name, Text: what, State: state})
	}
}

// Traced says whether the run is recorded in a trace file.
func (n *Node) Traced() bool { return n.w.Traced() }

// Gate blocks while the node is paused. The goroutine that takes the node's events calls it before
// it takes some.
//
// It also makes each taking an event of its own, once all is at rest. Otherwise a node that finds its
// mailbox full, after a pause or a slow write, would go on while its service still answers what came
// before, and whether it finds that in its mailbox too would be the scheduler's choice.
func (n *Node) Gate() { n.GateOf("") }

// GateOf is Gate for another goroutine of the node, that is called so: those that come in one step pass
// in the order of their names.
func (n *Node) GateOf(who string) {
	rested := make(chan struct{})
	n.w.net.At(time.Now(), "gate "+n.name+" "+who, func() { close(rested) })
	select {
	case <-rested:
	case <-n.w.done:
		return
	}
	for {
		n.mu.Lock()
		gate := n.gate
		n.mu.Unlock()
		if gate == nil {
			return
		}
		select {
		case <-gate:
		case <-n.w.done:
			return
		}
	}
}

// Pace is how fast the node's clock runs: 1.1 means 10 % fast.
func (n *Node) Pace() float64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pace
}

func (n *Node) setPace(pace float64) {
	n.mu.Lock()
	n.pace = pace
	n.mu.Unlock()
}

func (n *Node) start() {
	n.mu.Lock()
	if n.up {
		n.mu.Unlock()
		return
	}
	n.up = true
	n.incarnation++
	me, server := n.incarnation, labrpc.MakeServer()
	n.server = server
	n.mu.Unlock()

	n.note(map[bool]string{true: "start", false: "restart"}[me == 1], fmt.Sprintf("incarnation %d", me))
	stop := n.boot(n)

	n.mu.Lock()
	alive := n.up && n.incarnation == me
	if alive {
		n.stop = stop
		n.w.net.AddServer(n.name, server)
	}
	n.mu.Unlock()
	if !alive && stop != nil { // crashed while booting
		stop()
	}
}

// crash is called on a goroutine that may block.
func (n *Node) crash(mode CrashMode) {
	if stop := n.cutOff(); stop != nil {
		n.disk.crash(mode)
		n.note("crash", string(mode))
		stopped := make(chan struct{})
		go func() {
			stop()
			close(stopped)
		}()
		n.releaseDead()
		<-stopped
	}
}

// releaseDead lets the goroutines of a node that crashed while it was paused go on to their end, once whatever stops it has come to
// rest: before, they would take events as if it was alive. That may wait for them.
func (n *Node) releaseDead() {
	if n.Paused() {
		n.w.net.At(time.Now(), "release "+n.name, n.release)
	}
}

// crashFromWithin is crash called by a goroutine of the node, in the middle of a write. That goroutine, and those it wakes, go on to
// where they rest before the node is stopped: else how far they come would be the scheduler's choice.
func (n *Node) crashFromWithin(mode CrashMode) {
	if stop := n.cutOff(); stop != nil {
		n.disk.crash(mode)
		n.note("crash", string(mode)+", in the middle of a write")
		n.mu.Lock()
		n.dying = stop
		n.mu.Unlock()
		n.w.net.At(time.Now(), "stop "+n.name, func() {
			go n.bury()
			n.releaseDead()
		})
	}
}

// bury stops an incarnation that crashed from within, if nobody else has.
func (n *Node) bury() {
	n.mu.Lock()
	stop := n.dying
	n.dying = nil
	n.mu.Unlock()
	if stop != nil {
		stop()
	}
}

// cutOff takes the node off the network. It returns what stops its goroutines, nil if it
// was down already.
func (n *Node) cutOff() (stop func()) {
	n.mu.Lock()
	if !n.up {
		n.mu.Unlock()
		return nil
	}
	n.up = false
	stop, n.stop = n.stop, nil
	if stop == nil { // still booting: start will stop it
		stop = func() {}
	}
	n.w.net.DeleteServer(n.name)
	for _, end := range n.ends {
		n.w.net.Hangup(end)
	}
	n.ends = nil
	n.mu.Unlock()
	return stop
}

// halt ends the node with the world: nothing of it is recorded.
func (n *Node) halt() {
	n.bury()
	if stop := n.cutOff(); stop != nil {
		n.release()
		stop()
	}
}

func (n *Node) pause() {
	n.mu.Lock()
	if !n.up || n.paused {
		n.mu.Unlock()
		return
	}
	n.paused, n.gate = true, make(chan struct{})
	n.mu.Unlock()
	n.note("pause", "")
	n.w.recompute()
}

func (n *Node) resume() {
	if n.Paused() {
		n.note("resume", "") // before the gate opens: what the node does then comes after it
		n.release()
	}
}

// release ends a pause, if there is one.
func (n *Node) release() {
	n.mu.Lock()
	was := n.paused
	if was {
		close(n.gate)
		n.paused, n.gate = false, nil
	}
	n.mu.Unlock()
	if was {
		n.w.recompute()
	}
}

// wrote records a write of the node's disk.
func (n *Node) wrote(dw DiskWrite) {
	text := dw.File
	if dw.Err != nil {
		text += " " + dw.Err.Error()
	}
	n.w.Count(dw.Op)
	n.w.Record(Event{Kind: dw.Op, Node: n.name, Bytes: dw.Bytes, Sum: dw.Sum, Text: text})
}

func (n *Node) note(kind, text string) {
	n.w.Count(kind)
	n.w.Record(Event{Kind: kind, Node: n.name, Text: text})
}

// Dial returns a fresh end for calls from one name to another: for clients, whose names
// begin with "client".
func (w *World) Dial(from, to string) *labrpc.ClientEnd {
	w.knowLink(from, to)
	return w.net.Dial(from, to)
}
