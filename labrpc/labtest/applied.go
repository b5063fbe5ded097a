package labtest

import (
	"slices"
	"sync"
	"time"

	"6.824/labrpc"
)

// applied are the faults that are active. What they make of links, clocks and disks is computed anew from
// all of them whenever one begins or ends, and a node is down or paused as long as one of them says so.
// So they may overlap and end in any order.
type applied struct {
	stage stage

	mu     sync.Mutex // not held while the stage is called
	active []*activeFault
	nodes  map[string]*victim
}

// activeFault is a fault with what it does to links, nil if nothing.
type activeFault struct {
	*Fault
	effect effect
}

// victim is what is known of a node that faults have hit.
type victim struct {
	ours      bool          // a fault has it down, so that it must come up again when none does
	restarted time.Duration // when it was last told to start; it may not be up yet
	struck    bool          // crashatwrite has crashed it, and it has not been restarted since
	failed    bool          // failwrites has failed a write of it since it was last restarted
}

func newApplied(w *World) *applied { return newAppliedTo(worldStage{w}) }

func newAppliedTo(s stage) *applied { return &applied{stage: s, nodes: map[string]*victim{}} }

// list returns the faults that are active, in the order in which they began.
func (a *applied) list() []Fault {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]Fault, len(a.active))
	for i, f := range a.active {
		all[i] = *f.Fault
	}
	return all
}

// begin makes f happen. It does not block. A fault that makes no sense is the stage's to complain of.
func (a *applied) begin(f *Fault) {
	if err := f.check(); err != nil {
		a.stage.complain("fault %q: %v", f, err)
		return
	}
	for _, name := range f.names() {
		if !a.stage.knows(name) {
			a.stage.complain("fault %q: nobody here is called %q", f, name)
			return
		}
	}
	k := kinds[f.Kind]
	if !k.moment {
		x := &activeFault{Fault: f}
		if k.link != nil {
			x.effect = k.link(f)
		}
		a.mu.Lock()
		a.active = append(a.active, x)
		a.mu.Unlock()
	}
	a.stage.count("fault:" + f.Kind)
	a.stage.began(*f)
	a.act(f, k, k.begin)
}

// end ends f, unless it has ended or never began.
func (a *applied) end(f *Fault) {
	a.mu.Lock()
	i := slices.IndexFunc(a.active, func(x *activeFault) bool { return x.Fault == f })
	if i >= 0 {
		a.active = slices.Delete(a.active, i, i+1)
	}
	a.mu.Unlock()
	if i < 0 {
		return
	}
	a.stage.ended(*f)
	k := kinds[f.Kind]
	a.act(f, k, k.end)
}

// healAll ends all faults that are active.
func (a *applied) healAll() {
	a.mu.Lock()
	active := slices.Clone(a.active)
	a.mu.Unlock()
	for _, f := range active {
		a.end(f.Fault)
	}
}

// act has a fault that has just begun or ended change the stage.
func (a *applied) act(f *Fault, k *kind, onNode func(*applied, *Fault, string)) {
	if k.link != nil {
		a.stage.setConditions(a.conditions())
	}
	if k.switches {
		a.stage.setCourse(a.any("unreliable"), a.any("long-reordering"))
	}
	if onNode == nil {
		return
	}
	for _, node := range a.stage.nodes() {
		if among(f.Nodes, node) {
			onNode(a, f, node)
		}
	}
}

// conditions returns the fold of the faults that are active now over the conditions of a healthy link.
func (a *applied) conditions() func(from, to string) labrpc.Conditions {
	a.mu.Lock()
	defer a.mu.Unlock()
	var effects []effect
	for _, f := range a.active {
		if f.effect != nil {
			effects = append(effects, f.effect)
		}
	}
	return func(from, to string) labrpc.Conditions {
		c := baseConditions
		for _, apply := range effects {
			apply(from, to, &c)
		}
		return c
	}
}

// any says whether a fault of a kind is active.
func (a *applied) any(kind string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.active, func(f *activeFault) bool { return f.Kind == kind })
}

// on returns the faults of a kind that are active on a node, in the order in which they began.
func (a *applied) on(node, kind string) (active []*Fault) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, f := range a.active {
		if f.Kind == kind && among(f.Nodes, node) {
			active = append(active, f.Fault)
		}
	}
	return active
}

// victim changes what is known of a node.
func (a *applied) victim(node string, change func(*victim)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	v := a.nodes[node]
	if v == nil {
		v = &victim{restarted: -1}
		a.nodes[node] = v
	}
	change(v)
}

// crash crashes a node. One that was down already, and not by a fault, is left to who crashed it.
func (a *applied) crash(f *Fault, node string) {
	up, now := a.stage.up(node), a.stage.now()
	a.victim(node, func(v *victim) {
		up = up || v.restarted == now
		v.ours = v.ours || up
	})
	if up {
		a.stage.count("hit:" + f.Kind)
		a.stage.crash(node, orKeep(f.Mode))
	}
}

// letUp restarts a node if a fault had it down and none does any more.
func (a *applied) letUp(node string) {
	crashed, armed := len(a.on(node, "crash")) > 0, len(a.on(node, "crashatwrite")) > 0
	up := false
	a.victim(node, func(v *victim) { up = v.ours && !crashed && !(armed && v.struck) })
	if up {
		a.restart(node)
	}
}

// restart starts a node. If it is to be paused, it is so from the start.
func (a *applied) restart(node string) {
	now := a.stage.now()
	a.victim(node, func(v *victim) { *v = victim{restarted: now} })
	a.stage.restart(node)
	if len(a.on(node, "pause")) > 0 {
		a.stage.pause(node)
	}
}

// repair ends the failing of a node's writes. A node whose write has failed has stopped, or can't be
// trusted: it is started anew, as its operator would.
func (a *applied) repair(node string) {
	if len(a.on(node, "failwrites")) > 0 {
		return
	}
	a.disk(node).FailWrites(0)
	failed := false
	a.victim(node, func(v *victim) { failed, v.failed = v.failed, false })
	if failed && a.stage.up(node) {
		a.stage.crash(node, Lose)
		a.restart(node)
	}
}

// disk returns a node's disk, and has its faults counted from now on.
func (a *applied) disk(node string) *Disk {
	d := a.stage.disk(node)
	d.watch(func(kind string) { a.touched(node, kind) })
	return d
}

// touched counts a write that a fault of the disk has touched. Called on the goroutine that writes, before
// the node crashes of it.
func (a *applied) touched(node, kind string) {
	if len(a.on(node, kind)) == 0 {
		return // the scenario's own doing
	}
	a.stage.count("hit:" + kind)
	a.victim(node, func(v *victim) {
		switch kind {
		case "failwrites":
			v.failed = true
		case "crashatwrite":
			v.ours, v.struck = true, true
		}
	})
}

// setPace lets a node's clock run as the skews together say.
func (a *applied) setPace(node string) {
	pace := 1.0
	for _, f := range a.on(node, "skew") {
		pace *= f.Pace
	}
	a.stage.setPace(node, pace)
}

// setLatency makes a node's disk as slow as the last of the faults says.
func (a *applied) setLatency(node string) {
	var latency labrpc.Dist
	for _, f := range a.on(node, "slowdisk") {
		latency = f.Latency
	}
	a.disk(node).SetLatency(latency)
}

func (a *applied) hitIfUp(f *Fault, node string) {
	if a.stage.up(node) {
		a.stage.count("hit:" + f.Kind)
	}
}
