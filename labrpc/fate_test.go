package labrpc

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Each answer is uniform over the calls of one link, over links, over seeds, over questions and over copies.
func TestFatesAreUniform(t *testing.T) {
	const draws, bins = 100_000, 100
	streams := map[string]func(i int) float64{
		"calls":     func(i int) float64 { return fateOf(keyOf(1, "a", "b"), uint64(i)).unit(askDropRequest, 0) },
		"links":     func(i int) float64 { return fateOf(keyOf(1, "a", fmt.Sprint(i)), 1).unit(askDropRequest, 0) },
		"back":      func(i int) float64 { return fateOf(keyOf(1, fmt.Sprint(i), "a"), 1).unit(askDropRequest, 0) },
		"seeds":     func(i int) float64 { return fateOf(keyOf(int64(i), "a", "b"), 1).unit(askDropRequest, 0) },
		"questions": func(i int) float64 { return fateOf(keyOf(1, "a", "b"), 1).unit(question(i), 0) },
		"copies":    func(i int) float64 { return fateOf(keyOf(1, "a", "b"), 1).unit(askDropRequest, i) },
	}
	for name, draw := range streams {
		t.Run(name, func(t *testing.T) {
			var count [bins]int
			for i := range draws {
				u := draw(i)
				require.True(t, u >= 0 && u < 1)
				count[int(u*bins)]++
			}
			chi2 := 0.0
			for _, c := range count {
				d := float64(c) - draws/bins
				chi2 += d * d / (draws / bins)
			}
			// 99 degrees of freedom: mean 99, standard deviation 14. Beyond 5 of them is no accident, on either side.
			require.InDelta(t, bins-1, chi2, 70)
		})
	}
}

// Neighbours are independent of each other, whichever way they are neighbours.
func TestFatesAreIndependent(t *testing.T) {
	const draws = 100_000
	at := func(n int, link string, q question, copy int) float64 {
		return fateOf(keyOf(7, "a", link), uint64(n)).unit(q, copy)
	}
	pairs := map[string]func(i int) (x, y float64){
		"calls": func(i int) (x, y float64) { return at(i, "b", 1, 0), at(i+1, "b", 1, 0) },
		"links": func(i int) (x, y float64) { return at(i, "b", 1, 0), at(i, "c", 1, 0) },
		"both ways": func(i int) (x, y float64) {
			return fateOf(keyOf(7, "a", "b"), uint64(i)).unit(1, 0), fateOf(keyOf(7, "b", "a"), uint64(i)).unit(1, 0)
		},
		"seeds": func(i int) (x, y float64) {
			return fateOf(keyOf(7, "a", "b"), uint64(i)).unit(1, 0), fateOf(keyOf(8, "a", "b"), uint64(i)).unit(1, 0)
		},
		"questions":         func(i int) (x, y float64) { return at(i, "b", 1, 0), at(i, "b", 2, 0) },
		"copies":            func(i int) (x, y float64) { return at(i, "b", 1, 0), at(i, "b", 1, 1) },
		"question and copy": func(i int) (x, y float64) { return at(i, "b", 1, 2), at(i, "b", 2, 1) },
	}
	for name, draw := range pairs {
		t.Run(name, func(t *testing.T) {
			sum := 0.0 // of (x-1/2)(y-1/2), each of variance 1/144
			for i := range draws {
				x, y := draw(i)
				sum += (x - 0.5) * (y - 0.5)
			}
			require.Less(t, math.Abs(sum)/(math.Sqrt(draws)/12), 5.0)
		})
	}
}

// The two numbers that a distribution is drawn from are independent.
func TestSampleUsesTwoNumbers(t *testing.T) {
	d, above := Bimodal(Uniform(0, 10*ms), Uniform(100*ms, 110*ms), 0.5), 0
	for i := range 10000 {
		if fateOf(1, uint64(i)).sample(d, askDelayRequest, 0) >= 105*ms {
			above++
		}
	}
	require.InDelta(t, 2500, above, 250)
}

// The history of a seed is forever. If this fails, every recorded seed means something else from now on: say so in the commit.
func TestFatesAreForever(t *testing.T) {
	f := fateOf(keyOf(42, "a", "b"), 7)
	require.Equal(t, uint64(0x9a1cd9673760ce57), f.bits(askDropRequest, 0))
	require.Equal(t, uint64(0x40d3d1dade454aac), f.bits(askDelayReply2, 3))
	require.NotEqual(t, keyOf(1, "ab", "c"), keyOf(1, "a", "bc"))
	require.NotEqual(t, keyOf(1, "a", "b"), keyOf(1, "b", "a"))
	require.Equal(t, 21, int(askCourseReorderBy), "questions go at the end")
}

// fates sends 200 calls a→b one after the other, one a millisecond, and as many on other links as it is told, and lists what
// happens to those on a→b.
func fates(t *testing.T, others int, c Conditions, prepare func(*Network)) (lines []string) {
	simulate(t, 3, func(t *testing.T, n *Network) {
		l := observe(n)
		for _, name := range []string{"b", "x"} {
			s := MakeServer()
			s.AddService(MakeService(&Junk{}))
			n.AddServer(name, s)
		}
		n.SetDefault(c)
		prepare(n)
		ab, ax, xb := n.Dial("a", "b"), n.Dial("a", "x"), n.Dial("x", "b")
		for range 200 {
			ab.Go("Junk.Twice", 1, new(int), func(error) {})
			for range others {
				ax.Go("Junk.Twice", 1, new(int), func(error) {})
				xb.Go("Junk.Twice", 1, new(int), func(error) {})
			}
			wait(n, time.Millisecond)
		}
		wait(n, time.Minute)
		for i, line := range l.lines() {
			if l.events[i].From == "a" && l.events[i].To == "b" {
				lines = append(lines, line)
			}
		}
	})
	return lines
}

// The two directions of a link have fates of their own.
func TestFatesOfTheWayBack(t *testing.T) {
	simulate(t, 1, func(t *testing.T, n *Network) {
		n.SetDefault(Conditions{DropRequest: 0.5})
		var lost [2][]bool
		for i, way := range [2][2]string{{"a", "b"}, {"b", "a"}} {
			serve(n, way[1])
			e := n.Dial(way[0], way[1])
			for range 100 {
				lost[i] = append(lost[i], !e.Call("counter.Add", 1, new(int)))
			}
		}
		require.NotEqual(t, lost[0], lost[1])
	})
}

var rough = Conditions{
	DropRequest: 0.1, DropReply: 0.1, Duplicate: 0.2, Delay: Exponential(3 * time.Millisecond), Reorder: 0.2, ReorderBy: Uniform(0, 10*time.Millisecond),
}

// What happens on one link does not depend on the traffic of others.
func TestFatesDoNotDependOnOtherLinks(t *testing.T) {
	alone := fates(t, 0, rough, func(*Network) {})
	busy := fates(t, 3, rough, func(*Network) {})
	require.Greater(t, len(alone), 800)
	require.Equal(t, alone, busy)
}

// A fault that is taken out leaves all other messages as they were.
func TestFatesSurviveWithoutAFault(t *testing.T) {
	byCall := func(c Conditions, prepare func(*Network)) map[string][]string {
		m := map[string][]string{}
		for _, line := range fates(t, 0, c, prepare) {
			var at, kind, way, method, number string
			_, err := fmt.Sscan(line, &at, &kind, &way, &method, &number)
			require.NoError(t, err)
			number = number[:len(number)-2] // without the copy
			m[number] = append(m[number], line)
		}
		return m
	}
	want := byCall(rough, func(*Network) {})
	t.Run("drop of one message", func(t *testing.T) {
		got := byCall(rough, func(n *Network) {
			n.Hook(func(m *Message) Verdict { return Verdict{Drop: m.N == 50 && !m.Reply} })
		})
		require.NotEqual(t, want["#50"], got["#50"])
		delete(got, "#50")
		for number := range got {
			require.Equal(t, want[number], got[number], "call %s", number)
		}
	})
	t.Run("duplication", func(t *testing.T) {
		c := rough
		c.Duplicate = 0
		changed := 0
		for number, got := range byCall(c, func(*Network) {}) {
			if len(got) != len(want[number]) {
				changed++ // it was doubled
				continue
			}
			require.Equal(t, want[number], got, "call %s", number)
		}
		require.InDelta(t, 200*0.4, changed, 40)
	})
}
