package labtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

func TestScheduleSurvivesItsFile(t *testing.T) {
	nodes := []string{"n/0", "n/1", "n/2", "n/3", "n/4"}
	for _, name := range GeneratorNames() {
		for seed := range uint64(20) {
			s := Generators[name](rand.New(rand.NewPCG(seed, 0)), nodes, 10*time.Second)
			require.NoError(t, s.Validate(nodes), name)
			var file bytes.Buffer
			_, err := s.WriteTo(&file)
			require.NoError(t, err)
			again, err := LoadSchedule(&file)
			require.NoError(t, err, name)
			require.Equal(t, s.String(), again.String())
			same := Generators[name](rand.New(rand.NewPCG(seed, 0)), nodes, 10*time.Second)
			require.Equal(t, s.String(), same.String(), "one seed, one schedule")
		}
	}
}

func TestGeneratorsMakeFaults(t *testing.T) {
	nodes := []string{"n/0", "n/1", "n/2"}
	for _, name := range GeneratorNames() {
		total := 0
		for seed := range uint64(10) {
			total += len(Generators[name](rand.New(rand.NewPCG(seed, 0)), nodes, 10*time.Second))
		}
		require.Positive(t, total, name)
	}
}

func TestSwarmTurnsKindsOff(t *testing.T) {
	nodes := []string{"n/0", "n/1", "n/2", "n/3", "n/4"}
	with, without := map[string]int{}, map[string]int{}
	for seed := range uint64(50) {
		kinds := map[string]bool{}
		for _, f := range Swarm(rand.New(rand.NewPCG(seed, 0)), nodes, 10*time.Second) {
			kinds[f.Kind] = true
		}
		for _, k := range []string{"crash", "partition", "cut", "pause", "skew", "hold", "link"} {
			if kinds[k] {
				with[k]++
			} else {
				without[k]++
			}
		}
	}
	for k, n := range with {
		require.Positive(t, n, k)
		require.Positive(t, without[k], k)
	}
}

func TestBadScheduleIsRefusedByLine(t *testing.T) {
	good := `{"at":"1s","kind":"crash","nodes":["a"]}`
	for _, c := range []struct{ line, want string }{
		{`{"at":"1s","kind":"earthquake"}`, "earthquake"},
		{`{"at":"1s","kind":"crash","victims":["a"]}`, "victims"},
		{`{"at":"-1s","kind":"crash"}`, "negative"},
		{`{"at":"soon","kind":"crash"}`, "soon"},
		{`{"at":"1s","kind":"crash","mode":"gently"}`, "gently"},
		{`{"at":"1s","kind":"skew","nodes":["a"]}`, "pace"},
		{`{"at":"1s","kind":"link","from":["a"],"to":["b"]}`, "conditions"},
		{`crash a`, "invalid"},
	} {
		_, err := LoadSchedule(strings.NewReader("# a comment\n" + good + "\n\n" + c.line + "\n"))
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "line 4")
	}
	s, err := LoadSchedule(strings.NewReader(good))
	require.NoError(t, err)
	require.ErrorContains(t, s.Validate([]string{"b"}), "names a")
}

// talk has a client call echo/0 every 20 ms for a while; it counts what came of it.
func talk(w *World, d time.Duration) {
	w.Go("client", func() {
		end := w.Dial("client", "echo/0")
		for w.Now() < d {
			if end.Call("Echo.Say", EchoArgs{}, &EchoReply{}) {
				w.Count("ok")
			} else {
				w.Count("not ok")
			}
			w.Sleep(20 * time.Millisecond)
		}
	})
	w.Wait()
}

// TestEveryKindOfFaultHits injects each kind alone and looks at what it did.
func TestEveryKindOfFaultHits(t *testing.T) {
	at, span := 500*time.Millisecond, time.Second
	link := func(c labrpc.Conditions) Fault {
		return Fault{Kind: "link", From: []string{"client"}, To: []string{"echo/0"}, Link: &c}
	}
	for _, c := range []struct {
		fault   Fault
		counter string
		cut     bool // calls fail meanwhile
	}{
		{Fault{Kind: "partition", Groups: [][]string{{"client"}, {"echo/0"}}}, "hit:partition", true},
		{Fault{Kind: "cut", From: []string{"echo/0"}, To: []string{"client"}}, "hit:cut", true},
		{Fault{Kind: "isolate", Nodes: []string{"echo/0"}}, "hit:isolate", true},
		{Fault{Kind: "clients", Nodes: []string{"echo/0"}}, "hit:clients", true},
		{Fault{Kind: "hold", From: []string{"client"}, To: []string{"echo/0"}}, "held", false},
		{link(labrpc.Conditions{DropRequest: 1}), "hit:link", true},
		{link(labrpc.Conditions{Duplicate: 1}), "duplicated", false},
		{link(labrpc.Conditions{Delay: labrpc.Constant(50 * time.Millisecond)}), "hit:link", false},
		{Fault{Kind: "crash", Nodes: []string{"echo/0"}, Mode: Lose}, "crash", true},
		{Fault{Kind: "restart", Nodes: []string{"echo/0"}}, "restart", false},
		{Fault{Kind: "pause", Nodes: []string{"echo/0"}}, "pause", false},
		{Fault{Kind: "skew", Nodes: []string{"echo/0"}, Pace: 1.1}, "hit:skew", false},
		{Fault{Kind: "slowdisk", Nodes: []string{"echo/0"}, Latency: labrpc.Constant(1)}, "hit:slowdisk", false},
		{Fault{Kind: "failwrites", Nodes: []string{"echo/0"}, N: 1}, "hit:failwrites", false},
		{Fault{Kind: "crashatwrite", Nodes: []string{"echo/0"}, N: 1}, "hit:crashatwrite", false},
	} {
		c.fault.At, c.fault.For = at, span
		require.NoError(t, c.fault.check())
		res, w := runOnce(t, func(w *World) {
			addEchoes(w, 1)
			w.Inject(Schedule{c.fault})
			talk(w, 3*time.Second)
			require.Empty(w, w.faults.list(), "it has ended")
			require.True(w, w.Node("echo/0").Up())
		})
		requireOK(t, res)
		require.Positive(t, w.Counter(c.counter), "%v", c.fault)
		require.Equal(t, c.cut, w.Counter("not ok") > 5, "%v: %d calls failed", c.fault, w.Counter("not ok"))
		require.Greater(t, w.Counter("ok"), int64(20), "%v: it was well before and after", c.fault)
	}
}

func TestFaultsOverlapAndEndInAnyOrder(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		addEchoes(w, 1)
		crash := func(at, span time.Duration) Fault {
			return Fault{At: at, For: span, Kind: "crash", Nodes: []string{"echo/0"}}
		}
		cut := func(at, span time.Duration) Fault {
			return Fault{At: at, For: span, Kind: "cut", From: []string{"client"}, To: []string{"echo/0"}}
		}
		w.Dial("client", "echo/0")
		w.Inject(Schedule{crash(time.Second, 2*time.Second), crash(2*time.Second, 3*time.Second), cut(time.Second, 4*time.Second), cut(2*time.Second, time.Second)})
		up := func() string {
			return fmt.Sprint(w.Node("echo/0").Up(), w.Net().Conditions("client", "echo/0").Cut)
		}
		w.Sleep(1500 * time.Millisecond)
		require.Equal(w, "false true", up())
		w.Sleep(2 * time.Second) // 3.5 s: one of each has ended
		require.Equal(w, "false true", up())
		w.Sleep(2 * time.Second)
		require.Equal(w, "true false", up())
	})
	requireOK(t, res)
}

func TestHealEndsEverything(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		addEchoes(w, 2)
		w.Inject(Schedule{
			{Kind: "isolate", Nodes: []string{"echo/0"}}, {Kind: "crash", Nodes: []string{"echo/1"}}, {Kind: "pause", Nodes: []string{"echo/0"}},
		})
		w.Sleep(time.Second)
		require.False(w, w.Node("echo/1").Up())
		w.Heal()
		require.True(w, w.Node("echo/1").Up())
		require.False(w, w.Node("echo/0").Paused())
		require.True(w, w.Dial("client", "echo/0").Call("Echo.Say", EchoArgs{}, &EchoReply{}))
	})
	requireOK(t, res)
}
