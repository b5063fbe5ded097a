package labrpc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The same conditions mean the same in real time.
func TestConditionsInRealTime(t *testing.T) {
	n := NewNetwork(Options{Seed: 1})
	defer n.Cleanup()
	e, c, l := pair(n)
	start := time.Now()
	n.SetLink("a", "b", Conditions{Delay: Constant(20 * ms), DropRequest: 0.2, Duplicate: 0.2})
	n.SetLink("b", "a", Conditions{Delay: Constant(20 * ms), DropReply: 0.2})
	ok := many(e, 1000)
	require.Equal(t, ok, l.count(Returned))
	require.Greater(t, time.Since(start), 40*ms)
	require.InDelta(t, 690, ok, 80)
	require.InDelta(t, 960, len(c.seen()), 80)
	n.SetDefault(Conditions{Hold: true})
	n.ClearLink("a", "b")
	n.ClearLink("b", "a")
	done := make(chan error)
	e.Go("counter.Add", 1, new(int), func(err error) { done <- err })
	select {
	case <-done:
		t.Fatal("the link is on hold")
	case <-time.After(30 * ms):
	}
	n.SetDefault(Conditions{})
	require.NoError(t, <-done)
}

// In real time a network that nothing was asked of takes a short way. Each thing that can be asked for closes it.
func TestShortWay(t *testing.T) {
	for name, ask := range map[string]func(n *Network){
		"default":   func(n *Network) { n.SetDefault(Conditions{DropReply: 1}) },
		"link":      func(n *Network) { n.SetLink("b", "a", Conditions{DropReply: 1}) },
		"partition": func(n *Network) { n.Partition([]any{"b"}, []any{"a"}) },
		"hook":      func(n *Network) { n.Hook(func(*Message) Verdict { return Verdict{Drop: true} }) },
	} {
		t.Run(name, func(t *testing.T) {
			n := MakeNetwork()
			defer n.Cleanup()
			serve(n, "b")
			e := n.Dial("a", "b")
			require.True(t, n.policy.Load().plain)
			require.True(t, e.Call("counter.Add", 1, new(int)))
			ask(n)
			require.False(t, e.Call("counter.Add", 1, new(int)))
		})
	}
	n := MakeNetwork()
	defer n.Cleanup()
	n.SetLink("a", "b", Conditions{Cut: true})
	n.SetLink("a", "b", Conditions{Hold: true})
	n.ClearLink("a", "b")
	n.ClearLink("a", "b")
	n.Partition([]any{"a"}, []any{"b"})
	n.Heal()
	n.Reliable(false)
	n.Reliable(true)
	n.LongReordering(true)
	n.LongReordering(false)
	n.SetDefault(Conditions{Cut: true})
	n.SetDefault(Conditions{})
	n.Hook(func(*Message) Verdict { return Verdict{} })()
	n.Observe(func(Event) {})
	n.Observe(nil)
	require.True(t, n.policy.Load().plain, "it is open again")
}
