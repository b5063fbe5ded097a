package labrpc

import (
	"fmt"
	"hash/fnv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// simulate runs f in a bubble with a simulated network, and cleans up.
func simulate(t *testing.T, seed int64, f func(t *testing.T, n *Network)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := NewNetwork(Options{Seed: seed, Settle: synctest.Wait})
		defer n.Cleanup()
		f(t, n)
	})
}

// wait lets d pass. Unlike after time.Sleep, the race detector knows that the network's callbacks of that time are over.
func wait(n *Network, d time.Duration) {
	over := make(chan bool)
	n.At(time.Now().Add(d), "wait", func() { close(over) })
	<-over
}

// A log keeps what an observer sees.
type eventLog struct {
	mu     sync.Mutex
	start  time.Time
	events []Event
	at     []time.Duration
}

func observe(n *Network) *eventLog {
	l := &eventLog{start: time.Now()}
	n.Observe(func(e Event) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.events = append(l.events, e)
		l.at = append(l.at, time.Since(l.start))
	})
	return l
}

// count returns how many events of the kind there were.
func (l *eventLog) count(kind EventKind) (k int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e.Kind == kind {
			k++
		}
	}
	return k
}

func (l *eventLog) last() Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events[len(l.events)-1]
}

// kinds lists the events of a call, as "sent dropped failed".
func (l *eventLog) kinds(n uint64) (s []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range l.events {
		if e.N == n {
			s = append(s, e.Kind.String())
		}
	}
	return s
}

func (l *eventLog) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := make([]string, len(l.events))
	for i, e := range l.events {
		due := ""
		if !e.Due.IsZero() {
			due = e.Due.Sub(l.start).String()
		}
		lines[i] = fmt.Sprintf("%v %v %s>%s %s #%d.%d %dB %x due %s %s", l.at[i], e.Kind, e.From, e.To, e.Method, e.N, e.Copy, e.Bytes, e.Sum, due, e.Why)
	}
	return lines
}

// hash is a digest of lines.
func hash(lines []string) string {
	h := fnv.New64a()
	for _, l := range lines {
		h.Write([]byte(l + "\n"))
	}
	return fmt.Sprintf("%016x", h.Sum64())
}

// gossip is a node that passes rumours on, with a goroutine for each call, and a mutex, as the labs are written.
type gossip struct {
	mu    sync.Mutex
	me    int
	ends  []*ClientEnd
	heard map[int]int
}

type Rumour struct{ ID, Hops int }
type Ack struct{ Times int }

// Tell hears a rumour.
func (g *gossip) Tell(args *Rumour, reply *Ack) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.heard[args.ID]++
	reply.Times = g.heard[args.ID]
	if args.Hops == 0 {
		return
	}
	for i, e := range g.ends {
		if i == g.me {
			continue
		}
		go func() {
			var ack Ack
			if !e.Call("gossip.Tell", &Rumour{args.ID, args.Hops - 1}, &ack) && args.Hops > 1 {
				e.Call("gossip.Tell", &Rumour{args.ID, args.Hops - 2}, &ack)
			}
		}()
	}
}

// gossipHistory runs five such nodes under all kinds of faults, and returns all that happened.
func gossipHistory(t *testing.T, seed int64) (lines []string) {
	simulate(t, seed, func(t *testing.T, n *Network) {
		l := observe(n)
		const nodes = 5
		gs := make([]*gossip, nodes)
		for i := range gs {
			gs[i] = &gossip{me: i, heard: map[int]int{}}
			for j := range nodes {
				gs[i].ends = append(gs[i].ends, n.Dial(i, j))
			}
			s := MakeServer()
			s.AddService(MakeService(gs[i]))
			n.AddServer(i, s)
		}
		n.SetDefault(Conditions{
			DropRequest: 0.05, DropReply: 0.05, Duplicate: 0.1, Delay: Bimodal(Uniform(0, time.Millisecond), Exponential(20*time.Millisecond), 0.1),
			Reorder: 0.1, ReorderBy: Constant(5 * time.Millisecond),
		})
		n.SetLink(0, 1, Conditions{}) // no delay: whole chains of events in one instant
		n.SetLink(1, 0, Conditions{})
		n.SetLink(2, 3, Conditions{Bandwidth: 1000, Queue: 3})
		at := func(d time.Duration, f func()) { n.At(l.start.Add(d), "fault", f) }
		at(2*time.Millisecond, func() { n.SetLink(3, 4, Conditions{Hold: true}) })
		at(3*time.Millisecond, func() { n.Partition([]any{0, 1}, []any{2, 3}) })
		at(20*time.Millisecond, func() { n.DeleteServer(4) })
		at(30*time.Millisecond, func() { n.ClearLink(3, 4) })
		at(40*time.Millisecond, n.Heal)
		at(45*time.Millisecond, func() { s := MakeServer(); s.AddService(MakeService(gs[4])); n.AddServer(4, s) })
		at(60*time.Millisecond, func() { n.Reliable(false); n.LongReordering(true) })

		var wg sync.WaitGroup
		for id := range 12 { // three nodes start a rumour at the same instant, four times
			wg.Go(func() {
				time.Sleep(time.Duration(id/3) * 25 * time.Millisecond)
				gs[id%nodes].Tell(&Rumour{id, 3}, new(Ack))
			})
		}
		wg.Wait()
		wait(n, 10*time.Second)
		lines = l.lines()
	})
	return lines
}

func TestOneSeedOneHistory(t *testing.T) {
	want := gossipHistory(t, 1)
	require.Greater(t, len(want), 1000)
	for range 49 {
		got := gossipHistory(t, 1)
		if hash(got) == hash(want) {
			continue
		}
		for i := range min(len(got), len(want)) {
			require.Equal(t, want[i], got[i], "event %d", i)
		}
		require.Equal(t, len(want), len(got), "a history ended early")
	}
	require.NotEqual(t, hash(want), hash(gossipHistory(t, 2)), "another seed must give another history")
	t.Logf("digest of %d events: %s", len(want), hash(want))
}
