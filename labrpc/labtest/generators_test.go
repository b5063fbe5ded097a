package labtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

func nodeNames(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("raft/%d", i))
	}
	return names
}

func dice(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// forEachDraw calls f with many schedules of a generator.
func forEachDraw(g Generator, f func(nodes []string, span time.Duration, s Schedule)) {
	for _, n := range []int{1, 2, 3, 4, 5, 7, 9} {
		for _, span := range []time.Duration{100 * time.Millisecond, 3 * time.Second, 30 * time.Second} {
			for seed := range uint64(20) {
				f(nodeNames(n), span, g.Draw(dice(seed), nodeNames(n), span))
			}
		}
	}
}

// mostDown is how many nodes are down, paused or have a failing disk at a time, at most.
func mostDown(s Schedule, nodes []string) (most int) {
	for _, at := range s {
		down := map[string]bool{}
		for _, f := range s {
			over := f.For > 0 && at.At >= f.At+f.For
			if f.At > at.At || over || f.Kind == "slowdisk" || kinds[f.Kind].link != nil || f.Kind == "skew" {
				continue
			}
			for _, n := range f.Nodes {
				down[n] = true
			}
		}
		most = max(most, len(down))
	}
	return most
}

func TestGeneratorsKeepTheirPromises(t *testing.T) {
	names := map[string]bool{}
	for _, g := range Generators() {
		require.False(t, names[g.Name], g.Name)
		names[g.Name] = true
		require.NotEmpty(t, g.Doc)
		drawn, largest := map[string]bool{}, 0
		forEachDraw(g, func(nodes []string, span time.Duration, s Schedule) {
			require.NoError(t, s.Validate(nodes), g.Name)
			require.LessOrEqual(t, s.end(), span, g.Name)
			for _, f := range s {
				require.Positive(t, f.For, "%s: %v", g.Name, f)
				require.Zero(t, f.At%time.Millisecond, "%s: %v", g.Name, f)
			}
			if len(nodes) >= 3 {
				require.NotEmpty(t, s, g.Name)
			}
			require.LessOrEqual(t, mostDown(s, nodes), minority(len(nodes)), "%s:\n%s", g.Name, s)
			drawn[s.String()] = true
			largest = max(largest, len(s))
			var b bytes.Buffer
			_, err := s.WriteTo(&b)
			require.NoError(t, err)
			loaded, err := LoadSchedule(&b)
			require.NoError(t, err)
			require.Equal(t, s.String(), loaded.String())
		})
		require.Greater(t, len(drawn), 50, g.Name) // of 60 dice and spans, where the nodes play no part
		require.GreaterOrEqual(t, largest, 4, g.Name)
		require.Equal(t, g.Draw(dice(3), nodeNames(5), time.Minute), g.Draw(dice(3), nodeNames(5), time.Minute), "the same dice make the same schedule")
	}
}

// kindsOf draws much of a generator and returns the kinds of faults in it.
func kindsOf(s Schedule) (kinds []string) {
	for _, f := range s {
		kinds = append(kinds, f.Kind)
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

func TestGeneratorsDoWhatTheirNamesSay(t *testing.T) {
	nodes, span := nodeNames(5), 10*time.Minute
	for name, want := range map[string][]string{
		"churn": {"crash"}, "rolling-restarts": {"crash"}, "random-partitions": {"partition"}, "bridge": {"partition"}, "majority-ring": {"partition"},
		"one-way-cuts": {"cut"}, "flaky-links": {"link"}, "swizzle-clog": {"hold"}, "slow-node": {"link"},
		"disk-faults": {"crashatwrite", "failwrites", "slowdisk"}, "clock-skew": {"skew"}, "pauses": {"pause"}, "duplicates": {"link"}, "reorder": {"link"},
	} {
		g, err := generatorOf(name)
		require.NoError(t, err)
		require.Equal(t, want, kindsOf(g.Draw(dice(1), nodes, span)), name)
	}
	require.Len(t, Generators(), 14)

	var restarted []string
	for _, f := range RollingRestarts(dice(1), nodes, span) {
		restarted = append(restarted, f.Nodes...)
	}
	require.Len(t, restarted, 5)
	require.ElementsMatch(t, nodes, restarted, "each once")

	modes := map[CrashMode]bool{}
	for _, f := range Churn(dice(1), nodes, span) {
		modes[f.Mode] = true
	}
	require.Len(t, modes, 3)
}

// hears says whom a node hears in a partition, itself included.
func hears(f Fault, nodes []string, node string) (all []string) {
	effect := partitionEffect(&f)
	for _, from := range nodes {
		var c labrpc.Conditions
		if effect(from, node, &c); !c.Cut {
			all = append(all, from)
		}
	}
	return all
}

func TestBridgeHasOneNodeThatHearsBothHalves(t *testing.T) {
	for _, n := range []int{3, 4, 5, 7, 9} {
		nodes := nodeNames(n)
		for _, f := range Bridge(dice(uint64(n)), nodes, time.Minute) {
			bridges, sizes := 0, 0
			for _, node := range nodes {
				h := len(hears(f, nodes, node))
				if h == n {
					bridges++
				} else {
					sizes += h
					require.InDelta(t, float64(n+1)/2, h, 0.5, "the halves are halves")
				}
			}
			require.Equal(t, 1, bridges, f)
		}
	}
}

func TestMajorityRingShowsEachItsOwnMajority(t *testing.T) {
	for _, n := range []int{4, 5, 6, 7, 8, 9} {
		nodes := nodeNames(n)
		for _, f := range MajorityRing(dice(uint64(n)), nodes, time.Minute) {
			views := map[string]bool{}
			for _, node := range nodes {
				h := hears(f, nodes, node)
				require.Greater(t, len(h), n/2, "%d nodes: %v", n, f)
				require.Less(t, len(h), n, "%d nodes: %v", n, f)
				views[strings.Join(h, " ")] = true
			}
			require.Len(t, views, n, "no two the same: %v", f)
		}
	}
}

func TestSwizzleClogUnclogsInAnotherOrder(t *testing.T) {
	same, swizzled := 0, 0
	for seed := range uint64(100) {
		s := SwizzleClog(dice(seed), nodeNames(5), 6*time.Second).sorted()
		byEnd := slices.SortedStableFunc(slices.Values(s), func(a, b Fault) int { return int(a.At + a.For - b.At - b.For) })
		if slices.EqualFunc(s, byEnd, func(a, b Fault) bool { return a.String() == b.String() }) {
			same++
		} else {
			swizzled++
		}
	}
	require.Greater(t, swizzled, same)
}

func TestWithinMinorityLeavesOutWhatIsTooMuch(t *testing.T) {
	const s = time.Second
	nodes := nodeNames(5)
	kept := Schedule{
		{At: 1 * s, For: 10 * s, Kind: "crash", Nodes: nodes[:1]},
		{At: 2 * s, For: 1 * s, Kind: "pause", Nodes: nodes[1:2]},
		{At: 2 * s, For: 9 * s, Kind: "crash", Nodes: nodes[:1]}, // the same node
		{At: 2 * s, For: 9 * s, Kind: "isolate", Nodes: nodes},
		{At: 3 * s, For: 1 * s, Kind: "failwrites", N: 1, Nodes: nodes[2:3]},
		{At: 12 * s, Kind: "crash", Nodes: nodes[3:]}, // for good
	}
	tooMuch := Schedule{
		{At: 2500 * time.Millisecond, For: 1, Kind: "crash", Nodes: nodes[2:3]},
		{At: 2500 * time.Millisecond, Kind: "restart", Nodes: nodes[2:3]},
		{At: 3500 * time.Millisecond, For: 1, Kind: "crashatwrite", Nodes: nodes[3:4]},
		{At: 5 * s, For: 1, Kind: "pause", Nodes: nodes[1:3]},
		{At: time.Hour, For: 1, Kind: "crash", Nodes: nodes[:1]},
	}
	require.Equal(t, kept.sorted(), append(slices.Clone(kept), tooMuch...).withinMinority(nodes))
}

func TestSwarmTurnsKindsOffAndKeepsAMajority(t *testing.T) {
	nodes := nodeNames(5)
	names := map[string]string{} // a kind of fault that only this generator makes
	for gen, kind := range map[string]string{"disk-faults": "failwrites", "clock-skew": "skew", "pauses": "pause", "one-way-cuts": "cut", "swizzle-clog": "hold"} {
		names[gen] = kind
	}
	on := map[string]int{}
	shares := map[int]bool{}
	for seed := range uint64(400) {
		s := Swarm(dice(seed), nodes, 20*time.Second)
		require.NotEmpty(t, s)
		require.NoError(t, s.Validate(nodes))
		require.LessOrEqual(t, s.end(), 20*time.Second)
		require.LessOrEqual(t, mostDown(s, nodes), 2)
		require.Equal(t, s, Swarm(dice(seed), nodes, 20*time.Second))
		for gen, kind := range names {
			if slices.Contains(kindsOf(s), kind) {
				on[gen]++
			}
		}
		if cuts := Swarm(dice(seed), nodes, 20*time.Second, "one-way-cuts"); seed < 100 {
			require.Equal(t, []string{"cut"}, kindsOf(cuts), "never nothing at all")
			shares[len(cuts)] = true
		}
	}
	for gen, n := range on {
		require.InDelta(t, 200, n, 50, gen)
	}
	require.Greater(t, len(shares), 10, "intensities differ")
	require.PanicsWithError(t, `labtest: there is no generator "meteors", only `+fmt.Sprintf("%q", GeneratorNames()), func() { Swarm(dice(1), nodes, time.Second, "meteors") })
}

// What a generator draws in a mix does not depend on which others are in it.
func TestSwarmGivesEachItsOwnStream(t *testing.T) {
	only := func(s Schedule, kind string) (t []Fault) {
		for _, f := range s {
			if f.Kind == kind {
				t = append(t, f)
			}
		}
		return t
	}
	for seed := range uint64(50) {
		a := Swarm(dice(seed), nodeNames(5), 20*time.Second, "clock-skew", "bridge", "one-way-cuts")
		b := Swarm(dice(seed), nodeNames(5), 20*time.Second, "one-way-cuts", "clock-skew")
		if x, y := only(a, "skew"), only(b, "skew"); len(x) > 1 && len(y) > 1 {
			require.Equal(t, x[1:], y[len(y)-len(x)+1:])
		}
	}
}
