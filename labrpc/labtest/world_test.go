package labtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// Echo is a service whose handler counts its calls; all nodes of the tests below run one.
type Echo struct {
	mu    sync.Mutex
	node  *Node
	calls int
}

type EchoArgs struct{ Text string }
type EchoReply struct{ Text string }

func (e *Echo) Say(args *EchoArgs, reply *EchoReply) {
	e.mu.Lock()
	e.calls++
	calls := e.calls
	e.mu.Unlock()
	e.node.Report("called", struct{ Calls int }{calls})
	reply.Text = args.Text
}

func bootEcho(n *Node) func() {
	n.Serve(labrpc.MakeService(&Echo{node: n}))
	return func() {}
}

// addEchoes adds and starts nodes echo/0, echo/1 …
func addEchoes(w *World, count int) {
	for i := range count {
		w.AddNode(fmt.Sprintf("echo/%d", i), bootEcho).Start()
	}
}

// runOnce runs a scenario once, as seed 1 of a suite without a self-check.
func runOnce(t *testing.T, scenario func(*World)) (*result, *World) {
	r := &runner{t: t, suite: &Suite{Name: "kit"}, sc: Scenario{Name: t.Name(), Limit: time.Hour, Run: scenario}, seed: 1}
	return r.once("", nil)
}

// requireOK fails t unless the run went well.
func requireOK(t *testing.T, res *result) {
	t.Helper()
	require.Empty(t, res.outcome)
	if res.violation != nil {
		t.Fatal(res.violation)
	}
}

// bustle is a scenario with much going on at once: clients that call in the same instants,
// tickers on the nodes, and a crash.
func bustle(w *World) {
	addEchoes(w, 3)
	for c := range 5 {
		name := fmt.Sprintf("client/%d", c)
		w.Go(name, func() {
			for i := range 20 {
				to := fmt.Sprintf("echo/%d", w.Rand(name).IntN(3))
				var reply EchoReply
				if w.Dial(name, to).Call("Echo.Say", &EchoArgs{Text: fmt.Sprint(i)}, &reply) {
					w.Count("ok")
				}
				w.Sleep(10 * time.Millisecond)
			}
		})
	}
	w.Sleep(100 * time.Millisecond)
	w.Node("echo/1").Crash(Lose)
	w.Sleep(50 * time.Millisecond)
	w.Node("echo/1").Restart()
	w.Wait()
}

func TestOneSeedOneHistory(t *testing.T) {
	res, w := runOnce(t, bustle)
	requireOK(t, res)
	require.Greater(t, w.Counter("ok"), int64(60))
	require.Greater(t, w.Counter("failed"), int64(0), "calls to the crashed node fail")
	for range 30 {
		again, _ := runOnce(t, bustle)
		require.Equal(t, res.Digest, again.Digest)
	}
	other := &runner{t: t, suite: &Suite{Name: "kit"}, sc: Scenario{Name: t.Name(), Limit: time.Hour, Run: bustle}, seed: 2}
	res2, _ := other.once("", nil)
	require.NotEqual(t, res.Digest, res2.Digest)
}

func TestSelfCheckCatchesARace(t *testing.T) {
	runs := 0
	r := &runner{t: t, suite: &Suite{Name: "kit"}, seed: 1, sc: Scenario{Name: t.Name(), Limit: time.Hour, Run: func(w *World) {
		runs++
		addEchoes(w, 1)
		w.Sleep(time.Second)
		w.Logf("run %d", runs) // what a run must not know
	}}}
	res := r.run(true)
	require.False(t, res.OK)
	require.Contains(t, res.Failure, "one seed, one history")
	require.Contains(t, res.Failure, "run 1")
	require.Contains(t, res.Failure, "run 2")
}

func TestViolationIsReportedOnceWithAllOneNeeds(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	r := &runner{t: t, suite: &Suite{Name: "kit"}, seed: 7, sc: Scenario{Name: t.Name(), Limit: time.Hour, Run: func(w *World) {
		addEchoes(w, 2)
		w.OnEvent(func(e Event) {
			if e.Kind == "report" {
				w.Violate("silence", "§0", "%s spoke", e.Node)
			}
		})
		w.Go("client", func() {
			w.Dial("client", "echo/1").Call("Echo.Say", EchoArgs{"hello"}, &EchoReply{})
			w.Sleep(time.Second)
			w.Logf("never reached")
		})
		w.Inject(Schedule{{Kind: "clients", Nodes: []string{"echo/0"}}})
		w.Sleep(time.Minute)
	}}}
	res := r.run(false)
	require.False(t, res.OK)
	for _, part := range []string{"silence", "§0", "echo/1 spoke", "seed=7", "-lab.seed=7", "./labrpc/labtest", "TestViolationIsReportedOnceWithAllOneNeeds", ".jsonl", "delivered", "faults.jsonl", "clients echo/0"} {
		require.Contains(t, res.Failure, part)
	}
	require.NotContains(t, res.Failure, "never reached")
}

func TestVacuityIsAFailure(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		w.AtLeast("miracles", 1)
		w.Sleep(time.Second)
	})
	require.ErrorContains(t, res.violation, `"miracles" happened 0 times`)
}

func TestAssertionEndsTheRun(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		w.Go("actor", func() { require.Equal(w, 1, 2, "sums") })
		w.Sleep(time.Hour - 1)
	})
	require.ErrorContains(t, res.violation, "sums")
	require.Less(t, time.Duration(res.VirtualNS), time.Minute)
}

func TestPanicAndTimeLimitAreViolations(t *testing.T) {
	res, _ := runOnce(t, func(w *World) { panic("oh no") })
	require.ErrorContains(t, res.violation, "oh no")
	res, _ = runOnce(t, func(w *World) { <-make(chan int) })
	require.ErrorContains(t, res.violation, "time limit")
}

func TestLeakingNodeIsNamed(t *testing.T) {
	leaky := func(w *World) {
		w.AddNode("leaky", func(*Node) func() {
			go waitForEver()
			return func() {}
		}).Start()
		w.Sleep(time.Second)
	}
	res, _ := runOnce(t, leaky)
	require.ErrorContains(t, res.violation, "waitForEver")
	r := &runner{t: t, suite: &Suite{Name: "kit", MayLeak: true}, sc: Scenario{Name: t.Name(), Limit: time.Hour, Run: leaky}, seed: 1}
	res, _ = r.once("", nil)
	require.Nil(t, res.violation)
}

func TestPausedNodeNeitherHearsNorSpeaks(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		addEchoes(w, 1)
		n := w.Node("echo/0")
		n.Pause()
		var answered time.Duration
		w.Go("client", func() {
			require.True(w, w.Dial("client", "echo/0").Call("Echo.Say", EchoArgs{}, &EchoReply{}))
			answered = w.Now()
		})
		passed := false
		w.Go("loop", func() { n.Gate(); passed = true })
		w.Sleep(5 * time.Second)
		require.Zero(w, answered)
		require.False(w, passed)
		n.Resume()
		w.Wait()
		require.Greater(w, answered, 5*time.Second)
		require.True(w, passed)
	})
	requireOK(t, res)
}

func TestStreamsAreNamed(t *testing.T) {
	var first, second []uint64
	draw := func(to *[]uint64, names ...string) func(*World) {
		return func(w *World) {
			for _, name := range names {
				n := w.Rand(name).Uint64()
				if name == "a" {
					*to = append(*to, n)
				}
			}
		}
	}
	runOnce(t, draw(&first, "a", "b", "a"))
	runOnce(t, draw(&second, "b", "a", "b", "c", "a"))
	require.Equal(t, first, second, "what others draw changes nothing")
	require.NotEqual(t, first[0], first[1])
}

func TestActorsThatAreWokenTogetherTakeTurns(t *testing.T) {
	scenario := func(w *World) {
		gong := make(chan struct{})
		for i := range 8 {
			name := fmt.Sprintf("client/%d", i)
			w.Go(name, func() {
				<-gong // all are woken in one step
				for range 5 {
					w.Sleep(10 * time.Millisecond)
					w.Logf("%s", name)
				}
			})
		}
		w.Sleep(time.Second)
		close(gong)
		w.Wait()
	}
	res, _ := runOnce(t, scenario)
	requireOK(t, res)
	for range 30 {
		again, _ := runOnce(t, scenario)
		require.Equal(t, res.Digest, again.Digest)
	}
}

// A client of the course's tries until it succeeds. When the run is over it is let go, and does not hold up the bubble.
func TestClientThatNeverGivesUpEndsWithTheRun(t *testing.T) {
	returned := false
	res, _ := runOnce(t, func(w *World) {
		end := w.Dial("client/0", "nobody")
		w.Go("client/0", func() {
			for !end.Call("KV.Get", 1, new(int)) {
			}
			returned = true
		})
		w.Sleep(time.Second)
		w.Violate("the scenario's own", "", "enough")
		w.Sleep(0)
	})
	require.Equal(t, "the scenario's own", res.violation.Check)
	require.Empty(t, res.outcome.frozen)
	require.Empty(t, res.outcome.leaked)
	require.False(t, returned)
}
