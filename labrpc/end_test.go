package labrpc

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Go encodes before it returns, calls done once, and sends in the order of the calls.
func TestGo(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, _ := pair(n)
		args, replies, done := 0, make([]int, 100), make([]int, 100)
		for i := range 100 {
			args = 99 - i // in the order of content it would be the other way around
			e.Go("counter.Add", &args, &replies[i], func(err error) {
				if err != nil {
					t.Error(err)
				}
				done[i]++
			})
		}
		args = -1
		wait(n, ms)
		for i := range 100 {
			require.Equal(t, 99-i, c.got[i])
			require.Equal(t, i+1, replies[i])
			require.Equal(t, 1, done[i])
		}
	})
}

// Done never runs on the goroutine that called Go, nor on that of Cleanup: whoever calls them may hold what done needs.
func TestGoDoesNotCallBack(t *testing.T) {
	logged(t)
	for _, simulated := range []bool{true, false} {
		t.Run(fmt.Sprintf("simulated=%v", simulated), func(t *testing.T) {
			run := func(t *testing.T, n *Network) {
				serve(n, "b")
				n.SetLink("lost", "b", Conditions{Cut: true})
				n.SetLink("held", "b", Conditions{Hold: true})
				var mu sync.Mutex
				var wg sync.WaitGroup
				call := func(from string, args any) {
					wg.Add(1)
					n.Dial(from, "b").Go("counter.Add", args, new(int), func(error) {
						mu.Lock()
						defer mu.Unlock()
						wg.Done()
					})
				}
				mu.Lock()
				call("ok", 1)
				call("lost", 1)
				call("wrong", nil)
				n.Hangup(n.Dial("x", "b"))
				mu.Unlock()
				wg.Wait()
				mu.Lock()
				call("held", 1)
				n.Cleanup()
				call("late", 1)
				call("late", nil)
				mu.Unlock()
				wg.Wait()
			}
			if simulated {
				simulate(t, 1, run)
			} else {
				run(t, NewNetwork(Options{Seed: 1}))
			}
		})
	}
}

// Replies that come twice, or late, call done once.
func TestGoDoneOnce(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, _, _ := pair(n)
		n.SetDefault(Conditions{Duplicate: 0.9, DropReply: 0.3, DropRequest: 0.3, Delay: Uniform(0, 50*ms)})
		done := make([]int, 1000)
		for i := range done {
			e.Go("counter.Add", i, new(int), func(error) { done[i]++ })
		}
		wait(n, time.Minute)
		for i := range done {
			require.Equal(t, 1, done[i])
		}
	})
}

// After Hangup the calls under way fail, what they have sent arrives, and Cleanup finds those that were made later.
func TestHangup(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.SetDefault(Conditions{Delay: Constant(10 * ms)})
		errs := make(chan error, 10)
		done := func(err error) { errs <- err }
		e.Go("counter.Add", 1, new(int), done) // its request will be under way
		wait(n, 5*ms)
		n.Hangup(e)
		require.ErrorIs(t, <-errs, ErrLost)
		require.Less(t, time.Since(l.start), 105*ms+1)
		wait(n, time.Second)
		require.Len(t, c.seen(), 1)
		require.Equal(t, []string{"sent", "delivered"}, l.kinds(1)[:2])

		e = n.Dial("a", "b")
		e.Go("counter.Add", 2, new(int), done) // its reply will be under way
		wait(n, 15*ms)
		n.Hangup(e)
		require.ErrorIs(t, <-errs, ErrLost)
		wait(n, time.Second)
		require.Equal(t, 1, l.count(Ignored)+l.count(ReplyDropped)-1)

		require.ErrorContains(t, e.Do("counter.Add", 3, new(int)), "the end is deleted")
		require.Empty(t, n.ends)
		n.LongDelays(true)
		e.Go("counter.Add", 3, new(int), done)
		require.Len(t, n.ends, 1)
		n.Cleanup()
		require.ErrorIs(t, <-errs, ErrClosed)
		n.Hangup(e)
	})
}

// A call belongs to the server that is there when it arrives, and its reply to that one alone.
func TestServerIsReplaced(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		old, young := &gate{open: make(chan bool)}, &gate{open: make(chan bool)}
		close(young.open)
		add := func(g *gate) {
			s := MakeServer()
			s.AddService(MakeService(g))
			n.AddServer("b", s)
		}
		add(old)
		n.SetLink("a", "b", Conditions{Delay: Constant(10 * ms)})
		e := n.Dial("a", "b")
		errs := make(chan error, 10)
		e.Go("gate.Pass", 1, new(int), func(err error) { errs <- err }) // reaches the old one
		wait(n, 5*ms)
		e.Go("gate.Pass", 2, new(int), func(err error) { errs <- err }) // will reach the new one
		wait(n, 7*ms)
		add(young)
		require.NoError(t, <-errs)
		require.ErrorIs(t, <-errs, ErrLost)
		require.Equal(t, []int{1}, old.came)
		require.Equal(t, []int{2}, young.came)
		l := observe(n)
		close(old.open) // its reply comes to nothing
		wait(n, time.Second)
		require.Empty(t, errs)
		require.Equal(t, []string{"reply-dropped"}, l.kinds(1))
	})
}

// A gate lets calls pass when it opens.
type gate struct {
	open chan bool
	mu   sync.Mutex
	came []int
}

func (g *gate) Pass(args int, reply *int) {
	g.mu.Lock()
	g.came = append(g.came, args)
	g.mu.Unlock()
	<-g.open
}

// An end that is used by the same calls from many goroutines at one instant: which calls are lost does not depend on who comes first.
func TestSimultaneousCallsHaveAnOrder(t *testing.T) {
	run := func() (ok []bool) {
		simulate(t, 1, func(t *testing.T, n *Network) {
			e, _, _ := pair(n)
			n.SetDefault(Conditions{DropRequest: 0.5})
			ok = make([]bool, 50)
			var wg sync.WaitGroup
			for i := range ok {
				wg.Go(func() { ok[i] = e.Call("counter.Add", i, new(int)) })
			}
			wg.Wait()
		})
		return ok
	}
	want := run()
	for range 20 {
		require.Equal(t, want, run())
	}
}

// Two goroutines that use Go on ends of their own, of one link: each keeps its order, and the ends are in order.
func TestSimultaneousGoHasAnOrder(t *testing.T) {
	for range 20 {
		simulate(t, 1, func(t *testing.T, n *Network) {
			c := serve(n, "b")
			ends := [2]*ClientEnd{n.Dial("a", "b"), n.Dial("a", "b")}
			var wg sync.WaitGroup
			var want []int
			for i := range 20 {
				want = append(want, 19-i)
			}
			for k := range ends {
				wg.Go(func() {
					for i := range 10 {
						ends[1-k].Go("counter.Add", 10*k+9-i, new(int), func(error) {})
						runtime.Gosched()
					}
				})
			}
			wg.Wait()
			wait(n, ms)
			require.Equal(t, want, c.got)
		})
	}
}

// The list of calls under way is whole whichever of them ends first.
func TestListOfCalls(t *testing.T) {
	n := MakeNetwork()
	defer n.Cleanup()
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		e := n.Dial("a", "b")
		want := map[*call]bool{}
		for range 50 {
			if k := len(want); k == 0 || r.IntN(k+5) < 5 {
				c := &call{end: e, ready: make(chan struct{}, 1)}
				require.True(t, e.enlist(c))
				want[c] = true
			} else {
				cs := slices.Collect(maps.Keys(want))
				c := cs[r.IntN(len(cs))]
				delete(want, c)
				require.True(t, c.claim(nil, nil))
				require.False(t, c.claim(nil, nil))
			}
			got := map[*call]bool{}
			for _, c := range e.underway() {
				got[c] = true
			}
			require.True(t, maps.Equal(want, got))
		}
	}
}

// A handler does not begin at a server that is gone, nor for an end that is disabled.
func TestBegin(t *testing.T) {
	n := MakeNetwork()
	defer n.Cleanup()
	e := n.Dial("a", "b")
	serve(n, "b")
	c := &call{end: e}
	c.setRoute()
	s := c.destination()
	require.True(t, c.begin(s))
	n.AddServer("b", MakeServer())
	require.False(t, c.begin(s))
	s = c.destination()
	e.enabled.Store(false)
	require.False(t, c.begin(s))
	require.Equal(t, 1, c.handlers)
}

// Servers that are deleted while calls reach them: no call is forgotten.
func TestDeletionRaces(t *testing.T) {
	n := MakeNetwork()
	defer n.Cleanup()
	g := &gate{open: make(chan bool)}
	defer close(g.open)
	var wg sync.WaitGroup
	for i := range 3000 {
		s := MakeServer()
		s.AddService(MakeService(g))
		n.AddServer(i, s)
		e := n.Dial("a", i)
		wg.Add(3)
		e.Go("gate.Pass", 1, new(int), func(error) { wg.Done() })
		go func() {
			e.Go("gate.Pass", 1, new(int), func(error) { wg.Done() })
			e.Go("gate.Pass", 1, new(int), func(error) { wg.Done() })
		}()
		n.DeleteServer(i)
	}
	over := make(chan bool)
	go func() { wg.Wait(); close(over) }()
	select {
	case <-over:
	case <-time.After(10 * time.Second):
		t.Fatal("calls hang")
	}
}
