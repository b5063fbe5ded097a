package labrpc

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A counter is a server that keeps what it was asked, in order.
type counter struct {
	mu    sync.Mutex
	start time.Time
	got   []int
	at    []time.Duration
}

func (c *counter) Add(args *int, reply *int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got = append(c.got, *args)
	c.at = append(c.at, time.Since(c.start))
	*reply = len(c.got)
	*args = -1 // of this copy alone
}

func (c *counter) seen() []int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]int(nil), c.got...)
}

// serve puts a counter into the network.
func serve(n *Network, name string) *counter {
	c := &counter{start: time.Now()}
	s := MakeServer()
	s.AddService(MakeService(c))
	n.AddServer(name, s)
	return c
}

// pair is an end on a→b, a counter there, and a log.
func pair(n *Network) (*ClientEnd, *counter, *eventLog) {
	return n.Dial("a", "b"), serve(n, "b"), observe(n)
}

// many makes calls at the same time and waits for them. It returns how many got a reply.
func many(e *ClientEnd, calls int) (ok int) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range calls {
		wg.Go(func() {
			var r int
			if e.Call("counter.Add", i, &r) {
				mu.Lock()
				ok++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return ok
}

func TestIdealLink(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		require.Equal(t, 100, many(e, 100))
		require.Len(t, c.seen(), 100)
		require.Zero(t, time.Since(l.start), "nothing takes time")
		require.Equal(t, []string{"sent", "delivered", "replied", "returned"}, l.kinds(17))
		require.Equal(t, Conditions{}, n.Conditions("a", "b"))
	})
}

func TestDropRequest(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{DropRequest: 0.3})
		n.SetLink("b", "a", Conditions{DropRequest: 1}) // this is about b's calls
		require.InDelta(t, 700, many(e, 1000), 70)
		require.InDelta(t, 700, len(c.seen()), 70)
		require.Equal(t, 1000-len(c.seen()), l.count(Dropped))
		require.Less(t, time.Since(l.start), 100*ms)
		require.Greater(t, time.Since(l.start), 90*ms, "the last of 300 learns of the loss between 0 and 100 ms")
		before := time.Now()
		n.SetLink("a", "b", Conditions{DropRequest: 1})
		n.LongDelays(true)
		require.Zero(t, many(e, 300))
		require.Less(t, time.Since(before), 7*time.Second)
		require.Greater(t, time.Since(before), 6500*ms)
	})
}

func TestDropReply(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{DropReply: 1}) // this is about replies to b
		require.Equal(t, 100, many(e, 100))
		n.ClearLink("a", "b")
		n.SetLink("b", "a", Conditions{DropReply: 0.3})
		require.InDelta(t, 700, many(e, 1000), 70)
		require.Len(t, c.seen(), 1100, "all are carried out")
		require.InDelta(t, 300, l.count(ReplyDropped), 70)
		require.Equal(t, l.count(ReplyDropped), l.count(Failed))
		err := error(nil)
		for err == nil {
			err = e.Do("counter.Add", 1, new(int))
		}
		require.ErrorIs(t, err, ErrLost)
		require.ErrorContains(t, err, "labrpc: counter.Add of b by a: no reply: reply lost: drop")
	})
}

func TestDuplicateRequest(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{Duplicate: 1, Delay: Constant(ms)})
		for i := range 10 {
			var r int
			require.True(t, e.Call("counter.Add", i, &r))
			require.Equal(t, 2*i+1, r, "the first reply wins")
			wait(n, ms)
		}
		require.Equal(t, []int{0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9}, c.seen(), "each copy has arguments of its own")
		require.Equal(t, []string{"sent", "duplicated", "delivered", "replied", "delivered", "replied", "returned", "ignored"}, l.kinds(1))
		require.Equal(t, 20, n.GetCount("b"))
		require.Equal(t, 10, n.GetTotalCount())
	})
	simulate(t, 1, func(t *testing.T, n *Network) { // with one copy lost, the other one will do
		e, _, l := pair(n)
		n.SetLink("a", "b", Conditions{Duplicate: 1, DropRequest: 0.5})
		n.SetLink("b", "a", Conditions{Delay: Constant(time.Second)})
		require.InDelta(t, 750, many(e, 1000), 70)
		require.InDelta(t, 1000, l.count(Dropped), 100)
		require.InDelta(t, 250, l.count(Failed), 70)
	})
}

func TestDuplicateReply(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("b", "a", Conditions{Duplicate: 1})
		require.Equal(t, 10, many(e, 10))
		wait(n, ms)
		require.Len(t, c.seen(), 10)
		require.Equal(t, []string{"sent", "delivered", "replied", "duplicated", "returned", "ignored"}, l.kinds(3))
		require.Zero(t, l.events[0].Copy)
		require.Equal(t, int64(20), n.GetTotalBytes()/2, "ignored replies are not delivered")
	})
}

// No two copies of a reply have the same number, also if the request was doubled.
func TestCopiesOfReplies(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, _, l := pair(n)
		n.SetDefault(Conditions{Duplicate: 1})
		require.Equal(t, 1, many(e, 1))
		wait(n, ms)
		copies := map[string]int{}
		for _, ev := range l.events {
			copies[fmt.Sprint(ev.Kind, ev.Reply, ev.Copy)]++
		}
		require.Equal(t, map[string]int{
			"sent false 0": 1, "duplicated false 1": 1, "delivered false 0": 1, "delivered false 1": 1,
			"replied true 0": 1, "replied true 1": 1, "duplicated true 2": 1, "duplicated true 3": 1,
			"returned true 0": 1, "ignored true 1": 1, "ignored true 2": 1, "ignored true 3": 1,
		}, copies)
	})
}

func TestDelay(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{Delay: Uniform(10*ms, 20*ms)})
		n.SetLink("b", "a", Conditions{Delay: Constant(100 * ms)})
		require.Equal(t, 1000, many(e, 1000))
		var sum time.Duration
		for _, at := range c.at {
			require.True(t, at >= 10*ms && at < 20*ms)
			sum += at
		}
		require.InDelta(t, 15*ms, sum/1000, float64(ms))
		for i, ev := range l.events {
			if ev.Kind == Returned {
				require.True(t, l.at[i] >= 110*ms && l.at[i] < 120*ms)
			}
			if ev.Kind == Sent {
				require.True(t, ev.Due.After(l.start.Add(10*ms-1)))
			}
		}
		require.NotEqual(t, [2]int{0, 1}, [2]int(c.seen()), "messages overtake each other")
	})
}

func TestReorder(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{Reorder: 0.2, ReorderBy: Constant(1500 * time.Microsecond), Delay: Constant(ms)})
		for i := range 500 {
			e.Go("counter.Add", i, new(int), func(error) {})
			wait(n, ms)
		}
		wait(n, time.Second)
		late := 0
		for i, x := range c.seen() {
			require.InDelta(t, i, x, 2)
			if x < i {
				late++ // one that came before should have come after
			}
		}
		require.Len(t, c.seen(), 500)
		require.InDelta(t, 100, late, 35)
		held := 0
		for _, ev := range l.events {
			if ev.Kind == Sent && ev.Why == "reorder" {
				held++
			}
		}
		require.InDelta(t, 100, held, 30)
	})
}

func TestCut(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		back, d := n.Dial("b", "a"), serve(n, "a")
		n.SetLink("a", "b", Conditions{Cut: true})
		require.Zero(t, many(e, 10))
		require.Empty(t, c.seen())
		require.Zero(t, many(back, 10), "the replies of a to b don't get through")
		require.Len(t, d.seen(), 10, "but b's requests do")
		require.Equal(t, 10, l.count(ReplyDropped))
		n.ClearLink("a", "b")
		require.Equal(t, 10, many(e, 10))

		// What is under way when the link is cut is lost, too; a callback acts from its instant on.
		n.SetLink("a", "b", Conditions{Delay: Constant(10 * ms)})
		start := time.Now()
		n.At(start.Add(10*ms), "cut", func() { n.SetLink("a", "b", Conditions{Cut: true}) })
		require.ErrorContains(t, e.Do("counter.Add", 1, new(int)), "request lost: cut")
		require.Len(t, c.seen(), 10)
	})
}

func TestHold(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{Hold: true, Delay: Constant(ms)})
		var done []int
		for i := range 20 {
			e.Go("counter.Add", i, new(int), func(err error) {
				if err != nil {
					t.Error(err)
				}
				done = append(done, i)
			})
			wait(n, 100*time.Microsecond)
		}
		wait(n, time.Second)
		require.Empty(t, c.seen())
		n.SetLink("a", "b", Conditions{Hold: true})
		wait(n, ms)
		require.Equal(t, 20, l.count(Held))
		n.At(time.Now().Add(time.Second), "release", func() { n.SetLink("a", "b", Conditions{}) })
		wait(n, 2*time.Second)
		want := make([]int, 20)
		for i := range want {
			want[i] = i
		}
		require.Equal(t, want, c.seen(), "in order")
		require.Equal(t, want, done)
		require.Equal(t, 2*time.Second+3*ms, c.at[0])
		require.Equal(t, c.at[0], c.at[19])

		// Held by default, released by a condition of the link; and released into a cut.
		n.SetDefault(Conditions{Hold: true})
		e.Go("counter.Add", 100, new(int), func(error) {})
		wait(n, time.Second)
		require.Len(t, c.seen(), 21, "the link is not at the default")
		n.ClearLink("a", "b")
		e.Go("counter.Add", 101, new(int), func(error) {})
		wait(n, time.Second)
		require.Len(t, c.seen(), 21)
		n.SetDefault(Conditions{})
		wait(n, ms)
		require.Len(t, c.seen(), 22)
		n.SetDefault(Conditions{Hold: true})
		var err error
		e.Go("counter.Add", 101, new(int), func(x error) { err = x })
		wait(n, time.Second)
		n.SetLink("a", "b", Conditions{Cut: true})
		wait(n, time.Second)
		require.ErrorIs(t, err, ErrLost)
		require.Len(t, c.seen(), 22)
	})
}

func TestBandwidth(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetLink("a", "b", Conditions{Bandwidth: 2000}) // 2 bytes of payload take 1 ms
		require.Equal(t, 50, many(e, 50))
		for i, at := range c.at {
			require.Equal(t, 2, l.events[i].Bytes)
			require.Equal(t, time.Duration(i+1)*ms, at, "one after the other")
		}
		n.SetLink("a", "b", Conditions{Bandwidth: 2000, Queue: 10})
		require.Equal(t, 11, many(e, 50), "one is on its way, ten wait, the others are lost")
		require.Equal(t, 39, l.count(Dropped))
		require.Equal(t, 11, many(e, 50), "the queue is empty again")
		wait(n, time.Second)
		start := time.Now()
		require.True(t, e.Call("counter.Add", 1, new(int)))
		require.Equal(t, ms, time.Since(start), "an idle link is free at once")
	})
}

func TestPartition(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		names := []string{"a", "b", "c", "d"}
		for _, name := range names {
			serve(n, name)
		}
		reach := func() (s string) {
			for _, from := range names {
				for _, to := range names {
					ok := n.Dial(from, to).Call("counter.Add", 1, new(int))
					require.Equal(t, !ok, n.Conditions(from, to).Cut || n.Conditions(to, from).Cut)
					if ok {
						s += from + to + " "
					}
				}
			}
			return s
		}
		n.Partition([]any{"a", "b"}, []any{"c"})
		require.Equal(t, "aa ab ad ba bb bd cc cd da db dc dd ", reach(), "d is in no group")
		n.Partition([]any{"a"}, []any{"b", "c", "d"})
		n.SetLink("b", "c", Conditions{Cut: true})
		require.Equal(t, "aa bb bd cc cd db dc dd ", reach(), "neither b's requests nor its replies get through to c")
		n.Heal()
		n.ClearLink("b", "c")
		require.Equal(t, "aa ab ac ad ba bb bc bd ca cb cc cd da db dc dd ", reach())
	})
}

// A call each way on a link to itself: request and reply travel on the same link.
func TestLinkToItself(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		c := serve(n, "a")
		e := n.Dial("a", "a")
		n.SetLink("a", "a", Conditions{DropReply: 0.5, DropRequest: 0.5})
		require.InDelta(t, 250, many(e, 1000), 70)
		require.InDelta(t, 500, len(c.seen()), 80)
	})
}

// The names of links are what fmt.Sprint makes of them.
func TestNames(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		serve(n, "1")
		require.True(t, n.Dial(0, 1).Call("counter.Add", 1, new(int)))
		n.SetLink("0", 1, Conditions{Cut: true})
		require.False(t, n.Dial(0, "1").Call("counter.Add", 1, new(int)))
		n.SetLink([]int{1}, map[string]int{}, Conditions{Cut: true}) // as long as it prints
		require.True(t, n.Conditions(fmt.Sprint([]int{1}), "map[]").Cut)
	})
}
