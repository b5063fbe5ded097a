package labrpc

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAt(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		start := time.Now()
		var ran []string
		at := func(d time.Duration, key string) {
			n.At(start.Add(d), key, func() { ran = append(ran, key+" "+time.Since(start).String()) })
		}
		at(3*ms, "c")
		at(2*ms, "z")
		at(2*ms, "a")
		at(2*ms, "m")
		at(-time.Hour, "past")
		at(0, "now") // is the same time, as the past is over
		at(-time.Hour, "also past")
		n.At(start.Add(2*ms), "m", func() {
			ran = append(ran, "m, second")
			at(2*ms, "inner") // at once, as the time has come
			at(2*ms+1, "later")
		})
		wait(n, time.Second)
		require.Equal(t, []string{"also past 0s", "now 0s", "past 0s", "a 2ms", "m 2ms", "m, second", "inner 2ms", "z 2ms", "later 2.000001ms", "c 3ms"}, ran)
	})
}

// What a callback causes has come to rest before the next event, at the same instant.
func TestAtSettles(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		start := time.Now()
		var mu sync.Mutex
		var ran []int
		for i := range 100 {
			bell := make(chan bool)
			go func() {
				<-bell
				for range 100 {
					runtime.Gosched()
				}
				mu.Lock()
				defer mu.Unlock()
				ran = append(ran, i)
			}()
			n.At(start.Add(ms), strconv.Itoa(1000+i), func() { close(bell) })
		}
		wait(n, time.Second)
		mu.Lock()
		defer mu.Unlock()
		require.Len(t, ran, 100)
		require.True(t, slices.IsSorted(ran))
	})
}

// A send wakes the engine from its sleep.
func TestSendWakesTheEngine(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, _, l := pair(n)
		n.At(time.Now().Add(time.Hour), "far", func() {})
		for range 3 {
			time.Sleep(time.Second) // not the network's time: the engine has nothing to do for an hour
			start := time.Now()
			require.True(t, e.Call("counter.Add", 1, new(int)))
			require.Zero(t, time.Since(start))
		}
		require.Equal(t, 2*time.Second, l.at[len(l.at)-1]-l.at[0])
	})
}

// Callbacks come before the messages of their instant.
func TestAtBeforeMessages(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetDefault(Conditions{Delay: Constant(ms)})
		e.Go("counter.Add", 1, new(int), func(error) {})
		wait(n, ms)
		require.Empty(t, c.seen())
		require.Equal(t, 1, l.count(Sent))
		wait(n, 1)
		require.Len(t, c.seen(), 1)
	})
}

// A callback that ends its goroutine does not end the engine.
func TestAtMayFail(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, _, _ := pair(n)
		n.At(time.Now(), "x", runtime.Goexit)
		wait(n, ms)
		require.True(t, e.Call("counter.Add", 1, new(int)))
	})
}

func TestAtInRealTime(t *testing.T) {
	n := MakeNetwork()
	defer n.Cleanup()
	start := time.Now()
	ran := make(chan string, 10)
	n.At(start.Add(30*ms), "late", func() { ran <- "late" })
	n.At(start.Add(10*ms), "early", func() { ran <- "early" })
	n.At(start, "fails", func() { ran <- "fails"; runtime.Goexit() })
	require.Equal(t, "fails", <-ran)
	require.Equal(t, "early", <-ran)
	require.Equal(t, "late", <-ran)
	require.GreaterOrEqual(t, time.Since(start), 30*ms)
}

func TestHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		g := &engine{}
		var want []entry
		for i := range r.IntN(50) {
			x := entry{due: instant(r.IntN(10)), order: uint64(i)}
			if r.IntN(2) == 0 {
				x.other = &other{key: strconv.Itoa(r.IntN(3)), callback: func() {}}
			} else {
				x.message = new(message)
			}
			want = append(want, x)
			g.push(x)
		}
		slices.SortFunc(want, func(x, y entry) int {
			if x.before(&y) {
				return -1
			}
			return 1
		})
		for _, x := range want {
			y := g.pop()
			require.True(t, x.order == y.order && x.due == y.due)
		}
		require.Empty(t, g.heap)
	}
}

func TestInstant(t *testing.T) {
	require.Equal(t, instant(3), instant(1).add(2))
	require.Equal(t, instant(1), instant(1).add(-2))
	require.Equal(t, never, instant(1).add(1<<63-1))
	require.Equal(t, never, (never - 1).add(1))
}

// 100,000 messages are under way at the same time.
func TestManyInFlight(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, _ := pair(n)
		n.Observe(nil)
		n.SetLink("a", "b", Conditions{Delay: Uniform(time.Second, 2*time.Second)})
		const calls = 100_000
		goroutines := runtime.NumGoroutine()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		done := 0
		for i := range calls {
			e.Go("counter.Add", i, new(int), func(err error) {
				if err == nil {
					done++
				}
			})
		}
		wait(n, 500*ms)
		runtime.GC()
		runtime.ReadMemStats(&after)
		per := int(after.HeapAlloc-before.HeapAlloc) / calls
		t.Logf("%d bytes per call", per)
		require.Less(t, per, 1000)
		require.Less(t, runtime.NumGoroutine()-goroutines, 10)
		require.Empty(t, c.seen())
		wait(n, 2*time.Second)
		require.Equal(t, calls, done)
		require.Len(t, c.seen(), calls)
	})
}

// Networks in several bubbles at a time don't know of each other.
func TestParallelBubbles(t *testing.T) {
	want := gossipHistory(t, 5)
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, gossipHistory(t, 5))
		})
	}
}

// A network in real time also works in a bubble, without its order.
func TestRealTimeInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := MakeNetwork()
		defer n.Cleanup()
		e := n.Dial("a", "b")
		c := serve(n, "b")
		n.SetDefault(Conditions{Delay: Constant(time.Hour)})
		start := time.Now()
		require.Equal(t, 10, many(e, 10))
		require.Equal(t, 2*time.Hour, time.Since(start))
		require.Len(t, c.seen(), 10)
	})
}
