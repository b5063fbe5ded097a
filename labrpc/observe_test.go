package labrpc

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labgob"
)

func TestEvents(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, _ := serveHooked(n)
		n.SetDefault(Conditions{Delay: Constant(5 * ms)})
		l := observe(n)
		args := &JunkArgs{7}
		e.Go("hooked.Tell", args, new(JunkReply), func(error) {})
		args.X = 8 // it was encoded before
		wait(n, time.Second)
		request := Event{From: "a", To: "b", Method: "hooked.Tell", N: 1, Bytes: l.events[0].Bytes, Sum: labgob.Fingerprint(JunkArgs{7})}
		reply := Event{From: "a", To: "b", Method: "hooked.Tell", N: 1, Reply: true, Bytes: l.events[2].Bytes, Sum: labgob.Fingerprint(JunkReply{"7"})}
		sent, delivered, replied, returned := request, request, reply, reply
		sent.Kind, sent.Due = Sent, l.start.Add(5*ms)
		delivered.Kind = Delivered
		replied.Kind, replied.Due = Replied, l.start.Add(10*ms)
		returned.Kind = Returned
		for i, body := range []any{&JunkArgs{7}, &JunkArgs{7}, &JunkReply{"7"}, &JunkReply{"7"}} {
			require.Equal(t, body, l.events[i].Body())
			l.events[i].wire, l.events[i].payload = nil, nil
		}
		require.Equal(t, []Event{sent, delivered, replied, returned}, l.events)
		require.Equal(t, []time.Duration{0, 5 * ms, 5 * ms, 10 * ms}, l.at)
		require.Positive(t, request.Bytes)

		n.Observe(nil)
		require.NoError(t, e.Do("hooked.Tell", args, new(JunkReply)))
		require.Len(t, l.events, 4)
		require.Nil(t, Event{}.Body())
	})
}

// lastWords answers each call with something else, when it is told to.
type lastWords struct {
	n   int
	now chan struct{}
}

func (l *lastWords) Say(_ int, reply *string) {
	<-l.now
	l.n++
	*reply = strings.Repeat("x", l.n)
}

// Whether a handler that outlives its server is done with this or that, is for its goroutines to fight out: it is no part of the history.
func TestLastWordsAreNotPartOfTheHistory(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		w := &lastWords{now: make(chan struct{})}
		l := observe(n)
		e := n.Dial("a", "b")
		var said []Event
		for range 2 {
			s := MakeServer()
			s.AddService(MakeService(w))
			n.AddServer("b", s)
			e.Go("lastWords.Say", 1, new(string), func(error) {})
			wait(n, time.Second)
			n.DeleteServer("b")
			w.now <- struct{}{}
			wait(n, time.Second)
			for _, ev := range l.events {
				if ev.Kind == ReplyDropped {
					ev.N = 0
					said = append(said, ev)
				}
			}
			l.events = nil
		}
		require.Len(t, said, 2)
		require.Equal(t, said[0], said[1])
		require.Zero(t, said[0].Bytes)
		require.Nil(t, said[0].Body())
	})
}

func TestEventKindString(t *testing.T) {
	require.Equal(t, "sent", Sent.String())
	require.Equal(t, "reply-dropped", ReplyDropped.String())
	require.Equal(t, "failed", Failed.String())
	for k := Sent; k <= Failed; k++ {
		require.NotEqual(t, "unknown", k.String())
		require.NotEmpty(t, k.String())
	}
	require.Equal(t, "unknown", EventKind(0).String())
	require.Equal(t, "unknown", (Failed + 1).String())
}

// In real time the observer is called by one goroutine at a time, with the events of each call in order, and may use the network.
func TestObserveInRealTime(t *testing.T) {
	n, e, _ := courseNetwork(t)
	var mu sync.Mutex // only to look whether it is free
	kinds := map[uint64]string{}
	n.Observe(func(ev Event) {
		if !mu.TryLock() {
			t.Error("two at a time")
			return
		}
		defer mu.Unlock()
		kinds[ev.N] += ev.Kind.String() + " "
		n.GetTotalCount()
		n.Conditions(ev.From, ev.To)
		runtime.Gosched()
	})
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() { e.Call("Junk.Twice", 1, new(int)) })
	}
	wg.Wait()
	n.Observe(nil)
	require.Eventually(t, func() bool { return len(n.observed.left()) == 0 }, time.Second, time.Millisecond)
	require.Len(t, kinds, 500)
	for _, k := range kinds {
		require.Equal(t, "sent delivered replied returned ", k)
	}
}

// left is what waits for the observer, and whether it is at work.
func (r *relay) left() []relayed {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy {
		return make([]relayed, 1)
	}
	return r.waiting
}

// An observer that ends its goroutine, as a failed test does, takes only that one with it.
func TestObserverMayFail(t *testing.T) {
	n, e, _ := courseNetwork(t)
	var seen []string
	n.Observe(func(ev Event) {
		seen = append(seen, fmt.Sprintf("%v%d", ev.Kind, ev.N))
		if ev.Kind == Sent && ev.N == 1 {
			runtime.Goexit()
		}
	})
	go e.Call("Junk.Twice", 1, new(int))
	require.Eventually(t, func() bool { return n.GetTotalCount() == 1 && len(n.observed.left()) == 0 }, time.Second, time.Millisecond)
	require.True(t, e.Call("Junk.Twice", 1, new(int)))
	require.Equal(t, []string{"sent1", "sent2", "delivered2", "replied2", "returned2"}, seen)
}
