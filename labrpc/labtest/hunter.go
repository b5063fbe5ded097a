package labtest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Hunter is a nemesis that reads the nodes' state and hits the leader at the worst moments: right after
// it was elected, some time into its lead, and at those that the suite tells it to look out for. What it
// does are faults like all others, so that the schedule of the run, given back with -lab.faults, does
// it again without a hunter.
type Hunter struct {
	// Nodes are those among whom it hunts; all of the world's if nil.
	Nodes []string
	// Leader says who leads now. It is called on the hunter's own goroutine.
	Leader func() (node string, ok bool)
	// Moment says whether this event is one to strike after: a proposal, say, or an append that one of
	// the followers has got. It is called with every event and must not block. May be nil.
	Moment func(Event) bool
}

// hunt is a Hunter at work.
type hunt struct {
	Hunter
	w *World

	mu   sync.Mutex
	r    *rand.Rand
	over time.Duration // when the hunt is
	free time.Duration // until when the last strike lasts
}

// Hunt hunts for span. It counts its strikes as "hunted". It is called by the scenario, or by an actor,
// and returns when span is over.
func (h Hunter) Hunt(w *World, span time.Duration) {
	if h.Nodes == nil {
		for _, n := range w.Nodes() {
			h.Nodes = append(h.Nodes, n.Name())
		}
	}
	x := &hunt{Hunter: h, w: w, r: w.Rand("hunter"), over: w.Now() + span}
	if h.Moment != nil {
		x.lookOut()
	}
	last := ""
	for w.Now() < x.over {
		w.Sleep(min(x.ms(5, 30), x.over-w.Now()))
		leader, ok := h.Leader()
		switch {
		case !ok:
		case leader != last:
			last = leader
			w.Sleep(min(x.ms(0, 30), x.over-w.Now())) // into its first round of messages
			x.strike(leader)
		case x.one(40):
			x.strike(leader)
		}
	}
}

// lookOut has the hunter strike after some of its moments.
func (x *hunt) lookOut() {
	r := x.w.Rand("hunter's moments")
	x.w.OnEvent(func(e Event) {
		if e.At < x.over && x.Moment(e) && r.IntN(3) == 0 {
			x.w.act("the hunter", func() {
				if leader, ok := x.Leader(); ok {
					x.strike(leader)
				}
			})
		}
	})
}

func (x *hunt) ms(lo, hi int) time.Duration {
	x.mu.Lock()
	defer x.mu.Unlock()
	return time.Duration(lo+x.r.IntN(hi-lo+1)) * time.Millisecond
}

// one is true in one of n cases.
func (x *hunt) one(n int) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.r.IntN(n) == 0
}

// aMoment is how long after its decision a strike falls. It is an instant of its own, so that the fault
// falls between the same events when the schedule is replayed.
const aMoment = time.Microsecond

// strike hits the leader, unless the last strike still lasts.
func (x *hunt) strike(leader string) {
	x.mu.Lock()
	now := x.w.Now()
	if now < x.free || now >= x.over {
		x.mu.Unlock()
		return
	}
	f := strike(x.r, x.Nodes, leader)
	f.At, f.For = aMoment, min(f.For, x.over-now)
	x.free = now + f.For + time.Duration(20+x.r.IntN(600))*time.Millisecond
	x.mu.Unlock()
	x.w.Count("hunted")
	x.w.Inject(Schedule{f})
}

// strike draws what happens to a leader.
func strike(r *rand.Rand, nodes []string, leader string) Fault {
	d := draw{r: r}
	one, rest := []string{leader}, others(nodes, leader)
	f := Fault{For: d.ms(100, 1500), Nodes: one}
	if len(rest) == 0 {
		f.Kind, f.Mode = "crash", d.mode()
		return f
	}
	links := func(kind string, from, to []string) Fault {
		return Fault{For: f.For, Kind: kind, From: from, To: to}
	}
	switch r.IntN(9) {
	case 0, 1:
		f.Kind, f.Mode = "crash", d.mode()
	case 2: // as it writes what it was given
		f.Kind, f.Mode, f.N = "crashatwrite", d.mode(), 1+r.IntN(3)
	case 3:
		f.Kind = "pause"
	case 4: // with so few friends that it can commit nothing
		friends := some(r, rest, r.IntN(max(1, (len(nodes)-1)/2)))
		f = Fault{For: f.For, Kind: "partition", Groups: [][]string{append(one, friends...), others(rest, friends...)}}
	case 5: // it speaks to all and hears nobody
		f = links("cut", rest, one)
	case 6: // all its peers but one hear nothing of it, so that some of its entries are on just one
		if deaf := some(r, rest, len(rest)-1); len(deaf) > 0 {
			f = links("cut", one, deaf)
		} else {
			f = links("cut", one, rest)
		}
	case 7: // what it sends arrives when it no longer leads
		f = links("hold", one, rest)
	case 8: // it leads, but no client knows
		f.Kind = "clients"
	}
	return f
}
