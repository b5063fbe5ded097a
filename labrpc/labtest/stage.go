package labtest

import (
	"slices"
	"time"

	"6.824/labrpc"
)

// stage is what faults act on: the World, or a fake in a test. None of its methods blocks, and those that
// act on nodes act in the order of the calls, each as a consequence of an event of its own.
type stage interface {
	now() time.Duration
	nodes() []string        // the names, in an order that is always the same
	knows(name string) bool // as a node, a client or somebody else on the network; name may end in *
	up(node string) bool
	crash(node string, mode CrashMode) // nothing if it is down
	restart(node string)               // nothing if it is up
	pause(node string)                 // nothing if it is down
	resume(node string)
	setPace(node string, pace float64)
	disk(node string) *Disk
	setConditions(func(from, to string) labrpc.Conditions) // of all links, until the next call
	setCourse(unreliable, longReordering bool)             // the course's switches
	began(Fault)                                           // for the record
	ended(Fault)
	count(counter string)
	complain(format string, args ...any) // of a fault that makes no sense here
}

// worldStage is a World as a stage.
type worldStage struct{ w *World }

func (s worldStage) now() time.Duration { return s.w.Now() }

func (s worldStage) nodes() []string {
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return slices.Clone(s.w.order)
}

func (s worldStage) knows(name string) bool {
	if isClient(name) {
		return true
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	return slices.ContainsFunc(s.w.order, func(n string) bool { return matches(name, n) }) ||
		slices.ContainsFunc(s.w.links.known, func(l link) bool { return matches(name, l.from) })
}

func (s worldStage) up(node string) bool { return s.w.Node(node).Up() }

func (s worldStage) crash(node string, mode CrashMode) {
	n := s.w.Node(node)
	s.w.act("the faults", func() { n.crash(mode) })
}

func (s worldStage) restart(node string) { s.w.act("the faults", s.w.Node(node).start) }
func (s worldStage) pause(node string)   { s.w.act("the faults", s.w.Node(node).pause) }
func (s worldStage) resume(node string)  { s.w.act("the faults", s.w.Node(node).resume) }

func (s worldStage) setPace(node string, pace float64) { s.w.Node(node).setPace(pace) }
func (s worldStage) disk(node string) *Disk            { return s.w.Node(node).disk }

func (s worldStage) setConditions(fold func(from, to string) labrpc.Conditions) {
	s.w.setConditions(fold)
}

func (s worldStage) setCourse(unreliable, longReordering bool) {
	s.w.net.Reliable(!unreliable)
	s.w.net.LongReordering(longReordering)
}

func (s worldStage) began(f Fault)  { s.w.cause("began", f.String()) }
func (s worldStage) ended(f Fault)  { s.w.cause("ended", f.String()) }
func (s worldStage) count(c string) { s.w.Count(c) }
func (s worldStage) complain(format string, args ...any) {
	s.w.Violate("the fault schedule makes sense", "", format, args...)
}
