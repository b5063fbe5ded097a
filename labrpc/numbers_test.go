package labrpc

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The numbers of Reliable(false), in virtual time.
func TestUnreliableNumbers(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.Reliable(false)
		const calls = 5000
		ok := many(e, calls)
		require.InDelta(t, calls*0.81, ok, 150)
		require.InDelta(t, calls*0.9, len(c.at), 120)
		slots := map[time.Duration]int{}
		for _, at := range c.at {
			slots[at]++
		}
		require.Len(t, slots, 27)
		for at, k := range slots {
			require.True(t, at%ms == 0 && at <= 26*ms)
			require.InDelta(t, calls*0.9/27, k, 60)
		}
		require.Equal(t, 26*ms, l.at[len(l.at)-1], "who has lost is told at once")
		before := n.GetTotalBytes()
		n.Reliable(true)
		require.Equal(t, 10, many(e, 10))
		require.Less(t, before, n.GetTotalBytes())
	})
}

// Nothing but LongReordering, in real time.
func TestLongReordering(t *testing.T) {
	n, _, _ := courseNetwork(t)
	n.LongReordering(true)
	start := time.Now()
	var wg sync.WaitGroup
	for i := range 40 { // it would take a 3^40th chance for none of them to be late
		e := courseEnd(n, i, "server99")
		wg.Go(func() { e.Call("Junk.Twice", 1, new(int)) })
	}
	wg.Wait()
	require.Greater(t, time.Since(start), 200*time.Millisecond)
}

// The numbers of LongReordering.
func TestLongReorderingNumbers(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		e, c, l := pair(n)
		n.LongReordering(true)
		require.Equal(t, 3000, many(e, 3000))
		late := 0
		var sum time.Duration
		for i, ev := range l.events {
			if ev.Kind != Returned || l.at[i] == 0 {
				continue
			}
			require.True(t, l.at[i] >= 200*ms && l.at[i] < 2200*ms)
			late++
			sum += l.at[i]
		}
		require.InDelta(t, 2000, late, 100)
		require.InDelta(t, 700*ms, sum/time.Duration(late), float64(40*ms), "200 + half of what is 1000 on average")
		require.Zero(t, c.at[len(c.at)-1], "requests are not delayed")
	})
}

// A reply that is under way when its server or its end is disconnected still arrives, as in the course.
func TestLongReorderingOutlivesTheServer(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		serve(n, "server")
		e := courseEnd(n, "end", "server")
		l := observe(n)
		n.LongReordering(true)
		n.At(time.Now().Add(ms), "delete", func() { n.DeleteServer("server"); n.Enable("end", false) })
		require.Equal(t, 300, many(e, 300))
		require.Equal(t, 300, l.count(Returned))
	})
}

// When callers learn that nobody is there.
func TestLongDelaysNumbers(t *testing.T) {
	for long, limit := range map[bool]time.Duration{false: 100 * ms, true: 7 * time.Second} {
		simulate(t, 1, func(t *testing.T, n *Network) {
			l := observe(n)
			n.LongDelays(long)
			require.Zero(t, many(n.Dial("a", "nobody"), 2000))
			var sum time.Duration
			k := 0
			for i, ev := range l.events {
				if ev.Kind == Failed {
					k++
					sum += l.at[i]
				}
			}
			require.Equal(t, 2000, k)
			require.InDelta(t, limit/2, sum/2000, float64(limit)/40)
			last := l.at[len(l.at)-1]
			require.True(t, last <= limit && last > limit*99/100)
		})
	}
}
