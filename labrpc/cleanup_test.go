package labrpc

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// ours returns the stacks of the goroutines that run the network's code.
func ours() (stacks []string) {
	buf := make([]byte, 1<<20)
	for _, s := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		for _, f := range []string{"labrpc.(*Network).", "labrpc.(*workers).", "labrpc.(*ClientEnd)."} {
			if strings.Contains(s, f) {
				stacks = append(stacks, s)
				break
			}
		}
	}
	return stacks
}

func TestCleanup(t *testing.T) {
	n := MakeNetwork()
	g := &gate{open: make(chan bool)}
	s := MakeServer()
	s.AddService(MakeService(g))
	s.AddService(MakeService(&Junk{}))
	n.AddServer("b", s)
	n.SetLink("slow", "b", Conditions{Delay: Constant(time.Hour)})
	n.SetLink("held", "b", Conditions{Hold: true})
	const each = 100
	errs := make(chan error, 10*each)
	for range each {
		for _, from := range []string{"a", "slow", "held"} {
			go func() { errs <- n.Dial(from, "b").Do("gate.Pass", 1, new(int)) }()
			n.Dial(from, "b").Go("gate.Pass", 1, new(int), func(err error) { errs <- err })
		}
		require.True(t, n.Dial("a", "b").Call("Junk.Twice", 1, new(int)))
	}
	require.Eventually(t, func() bool { return n.GetTotalCount() == 7*each }, time.Second, time.Millisecond)
	require.True(t, n.Dial("a", "b").Call("Junk.Twice", 1, new(int))) // leaves an idle worker
	require.NotEmpty(t, ours())
	n.At(time.Now().Add(200*ms), "never", func() { t.Error("a callback after Cleanup") })
	n.Cleanup()
	for range 6 * each {
		require.ErrorIs(t, <-errs, ErrClosed)
	}
	n.Cleanup()
	require.ErrorIs(t, n.Dial("a", "b").Do("gate.Pass", 1, new(int)), ErrClosed)
	require.False(t, n.MakeEnd("x").Call("gate.Pass", 1, new(int)))
	n.At(time.Now(), "never", func() { t.Error("a callback after Cleanup") })
	n.DeleteServer("b")
	n.SetDefault(Conditions{})
	close(g.open) // the handlers come to their ends
	require.Eventually(t, func() bool { return len(ours()) == 0 }, 2*time.Second, time.Millisecond, "%v", ours())
	time.Sleep(250 * ms)
}

// Calls and Cleanup at the same time: each call comes to an end.
func TestCleanupRaces(t *testing.T) {
	for i := range 50 {
		n := NewNetwork(Options{Seed: int64(i)})
		serve(n, "b")
		if i%2 == 0 {
			n.Reliable(false)
		}
		var wg sync.WaitGroup
		var dones atomic.Int64
		for range 4 {
			wg.Go(func() {
				e := n.Dial("a", "b")
				for k := 0; e.Call("counter.Add", 1, new(int)) || !n.closed.Load(); k++ {
					wg.Add(1)
					e.Go("counter.Add", 1, new(int), func(error) { dones.Add(1); wg.Done() })
					if k%10 == 5 {
						n.Hangup(e)
						e = n.Dial("a", "b")
					}
				}
			})
		}
		time.Sleep(ms)
		n.Cleanup()
		over := make(chan bool)
		go func() { wg.Wait(); close(over) }()
		select {
		case <-over:
		case <-time.After(10 * time.Second):
			t.Fatalf("calls hang:\n%s", strings.Join(ours(), "\n\n"))
		}
	}
}

// In a bubble nothing of ours is left when it ends, or the bubble would panic: from wherever Cleanup is called.
func TestCleanupInBubble(t *testing.T) {
	for name, cleanup := range map[string]func(n *Network){
		"idle":     func(n *Network) { n.Cleanup() },
		"callback": func(n *Network) { n.At(time.Now().Add(ms), "x", n.Cleanup) },
		"done": func(n *Network) {
			n.Dial("x", "nobody").Go("gate.Pass", 1, new(int), func(error) { n.Cleanup() })
		},
		"handler": func(n *Network) {
			s := MakeServer()
			s.AddService(MakeService(&closer{n}))
			n.AddServer("closer", s)
			n.Dial("x", "closer").Call("closer.Close", 1, new(int))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := NewNetwork(Options{Seed: 1, Settle: synctest.Wait})
				l := observe(n)
				g := &gate{open: make(chan bool)}
				s := MakeServer()
				s.AddService(MakeService(g))
				n.AddServer("b", s)
				n.SetLink("slow", "b", Conditions{Delay: Constant(time.Hour)})
				n.SetLink("held", "b", Conditions{Hold: true})
				errs := make(chan error, 100)
				for _, from := range []string{"a", "slow", "held"} {
					go func() { errs <- n.Dial(from, "b").Do("gate.Pass", 1, new(int)) }()
					n.Dial(from, "b").Go("gate.Pass", 2, new(int), func(err error) { errs <- err })
				}
				for i := range 20 {
					from := fmt.Sprint("x", i)
					n.SetLink(from, "b", Conditions{Hold: true})
					n.Dial(from, "b").Go("gate.Pass", 2, new(int), func(err error) { errs <- err })
				}
				time.Sleep(ms)
				cleanup(n)
				for range 26 {
					require.ErrorIs(t, <-errs, ErrClosed)
				}
				close(g.open)
				time.Sleep(time.Second)
				var failed []string
				for _, e := range l.events {
					if e.Kind == Failed && e.To == "b" {
						failed = append(failed, fmt.Sprintf("%s #%d", e.From, e.N))
					}
				}
				require.Len(t, failed, 26)
				require.True(t, slices.IsSorted(failed), "%v", failed)
			})
		})
	}
}

type closer struct{ n *Network }

func (c *closer) Close(args int, reply *int) { c.n.Cleanup() }
