package labtest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// bootClerk boots a node that does something all the time: it calls its peers and writes to its disk, and
// stops when a write fails.
func bootClerk(n *Node) func() {
	quit, gone := make(chan struct{}), make(chan struct{})
	v := n.Disk().Open()
	n.Serve(labrpc.MakeService(&Echo{node: n}))
	var ends []*labrpc.ClientEnd
	for _, peer := range n.w.Nodes() {
		if peer != n {
			ends = append(ends, n.Dial(peer.Name()))
		}
	}
	r := n.Rand("clerk")
	go func() {
		defer close(gone)
		for i := 0; ; i++ {
			select {
			case <-quit:
				return
			case <-time.After(time.Duration(float64(20*time.Millisecond+time.Duration(r.IntN(1e6))) / n.Pace())):
			}
			n.Gate()
			err := v.Append("log", []byte("a line"))
			if err == nil {
				err = v.Sync()
			}
			if errors.Is(err, ErrDisk) {
				n.Report("stopped", nil)
				return
			}
			for _, e := range ends {
				e.Go("Echo.Say", &EchoArgs{fmt.Sprint(i)}, &EchoReply{}, func(error) {})
			}
		}
	}()
	return func() { close(quit); <-gone }
}

func addClerks(w *World, count int) (names []string) {
	for i := range count {
		names = append(names, w.AddNode(fmt.Sprintf("clerk/%d", i), bootClerk).Name())
	}
	for _, n := range w.Nodes() {
		n.Start()
	}
	return names
}

func TestEveryKindOfFaultHitsAWorld(t *testing.T) {
	res, w := runOnce(t, func(w *World) {
		names := addClerks(w, 3)
		w.Go("client", func() {
			for range 300 {
				w.Sleep(50 * time.Millisecond)
				w.Dial("client", names[0]).Call("Echo.Say", &EchoArgs{}, &EchoReply{})
			}
		})
		at := time.Duration(0)
		for _, f := range oneOfEach() {
			at += 600 * time.Millisecond
			f.At, f.For = at, 500*time.Millisecond
			if f.Kind == "restart" {
				f.For = 0
			}
			if f.Link != nil {
				f.Link.Bandwidth, f.Link.Queue = 100, 1
			}
			for _, names := range [][]string{f.Nodes, f.From, f.To} {
				for i := range names {
					if len(names[i]) == len("raft/0") {
						names[i] = "clerk/" + names[i][5:]
					}
				}
			}
			if f.Kind == "partition" {
				f.Groups = [][]string{names[:1], names[1:]}
			}
			w.Inject(Schedule{f})
		}
		w.Wait()
		w.Heal()
		w.Sleep(time.Second)
		for _, n := range w.Nodes() {
			require.True(w, n.Up(), n.Name())
			require.False(w, n.Paused(), n.Name())
			require.Equal(w, 1.0, n.Pace(), n.Name())
		}
		require.Equal(w, baseConditions, w.Net().Conditions(names[0], names[1]))
		require.Empty(w, w.faults.list())
		before := w.Counter("dropped")
		w.Sleep(time.Second)
		require.Equal(w, before, w.Counter("dropped"), "healed")
	})
	requireOK(t, res)
	for _, kind := range append(Kinds(), "drop", "duplicate", "reorder", "delay", "queue") {
		require.Positive(t, w.Counter("hit:"+kind), kind)
	}
	for _, kind := range Kinds() {
		require.Positive(t, w.Counter("fault:"+kind), kind)
	}
}

// Each kind that a client can notice, alone: its calls fail, or wait, while the fault lasts, and no longer.
func TestClientNoticesFaults(t *testing.T) {
	one, client := []string{"echo/0"}, []string{"client"}
	const begin, long = time.Second, time.Second
	for _, x := range []struct {
		f           Fault
		fail, waits bool
	}{
		{Fault{Kind: "partition", Groups: [][]string{client, one}}, true, false},
		{Fault{Kind: "cut", From: one, To: client}, true, false},
		{Fault{Kind: "cut", From: client, To: one}, true, false},
		{Fault{Kind: "isolate", Nodes: one}, true, false},
		{Fault{Kind: "clients", Nodes: one}, true, false},
		{Fault{Kind: "link", From: client, To: one, Link: &labrpc.Conditions{DropRequest: 1}}, true, false},
		{Fault{Kind: "link", From: one, To: client, Link: &labrpc.Conditions{DropReply: 1}}, true, false},
		{Fault{Kind: "link", Nodes: one, Link: &labrpc.Conditions{Delay: labrpc.Constant(300 * time.Millisecond)}}, false, true},
		{Fault{Kind: "hold", Nodes: one}, false, true},
		{Fault{Kind: "pause", Nodes: one}, false, true},
		{Fault{Kind: "crash", Nodes: one}, true, false},
		{Fault{Kind: "skew", Nodes: one, Pace: 1.1}, false, false},
	} {
		x.f.At, x.f.For = begin, long
		res, w := runOnce(t, func(w *World) {
			addEchoes(w, 1)
			w.Inject(Schedule{x.f})
			w.Go("client", func() {
				end := w.Dial("client", "echo/0")
				for w.Now() < 3*time.Second {
					began := w.Now()
					ok := end.Call("Echo.Say", &EchoArgs{}, &EchoReply{})
					during := began > begin && began < begin+long
					switch {
					case !during && !ok && began > begin+long:
						w.Violate("healed", "", "a call failed at %v", began)
					case during && !ok:
						w.Count("failed during")
					case during && w.Now()-began > 100*time.Millisecond:
						w.Count("waited during")
					}
					w.Sleep(20 * time.Millisecond)
				}
			})
			w.Wait()
			require.Empty(w, w.faults.list())
		})
		requireOK(t, res)
		require.Equal(t, x.fail, w.Counter("failed during") > 5, "%v: %d", x.f, w.Counter("failed during"))
		require.Equal(t, x.waits, w.Counter("waited during") > 0, "%v: %d", x.f, w.Counter("waited during"))
		require.Positive(t, w.Counter("hit:"+x.f.Kind), "%v", x.f)
	}
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

func TestNodeWithAFailedDiskLivesAgain(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		names := addClerks(w, 1)
		w.Inject(Schedule{{At: time.Second, For: time.Second, Kind: "failwrites", Nodes: names, N: 1}})
		w.Sleep(1900 * time.Millisecond)
		require.Equal(w, 1, w.Node(names[0]).Incarnation())
		w.Sleep(time.Second)
		require.Equal(w, 2, w.Node(names[0]).Incarnation())
	})
	requireOK(t, res)
}

func TestFaultThatMakesNoSenseFailsTheRun(t *testing.T) {
	res, _ := runOnce(t, func(w *World) {
		addClerks(w, 1)
		w.Inject(Schedule{{Kind: "crash", Nodes: []string{"clark/0"}}})
		w.Sleep(time.Second)
	})
	require.ErrorContains(t, res.violation, `nobody here is called "clark/0"`)
}

// swarmOfClerks is a scenario with everything that this package can do to nodes.
func swarmOfClerks(w *World) {
	names := addClerks(w, 5)
	const span = 5 * time.Second
	w.Inject(Swarm(w.Rand("faults"), names, span))
	last := ""
	w.OnEvent(func(e Event) {
		if e.Kind == "sync" {
			last = e.Node
		}
	})
	h := Hunter{
		Leader: func() (string, bool) { return last, last != "" },
		Moment: func(e Event) bool { return e.Kind == "delivered" && e.Node == last },
	}
	h.Hunt(w, span)
	w.Heal()
	w.Sleep(500 * time.Millisecond)
}

func runSeed(t *testing.T, seed int64, faults Schedule, scenario func(*World)) (*result, *World) {
	r := &runner{t: t, suite: &Suite{Name: "kit"}, sc: Scenario{Name: t.Name(), Limit: time.Hour, Run: scenario}, seed: seed, faults: faults}
	return r.once("", nil)
}

func TestFaultsAreDeterministic(t *testing.T) {
	hunted := int64(0)
	for seed := range int64(6) {
		res, w := runSeed(t, seed, nil, swarmOfClerks)
		requireOK(t, res)
		again, _ := runSeed(t, seed, nil, swarmOfClerks)
		require.Equal(t, res.Digest, again.Digest, "seed %d", seed)
		hunted += w.Counter("hunted")
	}
	require.Greater(t, hunted, int64(12))
}

// What a hunter did is a schedule that does the same again, and any part of a schedule is one, too.
func TestRunIsReplayedFromItsSchedule(t *testing.T) {
	for seed := range int64(6) {
		first, w := runSeed(t, seed, nil, swarmOfClerks)
		requireOK(t, first)
		var file bytes.Buffer
		_, err := w.injected.WriteTo(&file)
		require.NoError(t, err)
		schedule, err := LoadSchedule(&file)
		require.NoError(t, err)
		require.NotEmpty(t, schedule)

		replayed, _ := runSeed(t, seed, schedule, swarmOfClerks)
		requireOK(t, replayed)
		require.Equal(t, first.Digest, replayed.Digest, "seed %d", seed)

		r := rand.New(rand.NewPCG(uint64(seed), 0))
		part := Schedule{}
		for _, f := range schedule {
			if r.IntN(3) == 0 {
				part = append(part, f)
			}
		}
		res, w := runSeed(t, seed, part, swarmOfClerks)
		requireOK(t, res)
		require.LessOrEqual(t, w.Counter("fault:crash")+w.Counter("fault:pause"), int64(len(part)))
		for _, n := range w.Nodes() {
			require.GreaterOrEqual(t, n.Incarnation(), 1)
		}
	}
}

func TestHunterStrikesOnlyTheLeader(t *testing.T) {
	leader := "clerk/2"
	kinds := map[string]bool{}
	for seed := range int64(10) {
		res, w := runSeed(t, seed, nil, func(w *World) {
			addClerks(w, 5)
			h := Hunter{Leader: func() (string, bool) { return leader, w.Now() > 2*time.Second }}
			h.Hunt(w, 20*time.Second)
			require.Equal(w, 20*time.Second, w.Now(), "it comes home in time")
			w.Heal()
		})
		requireOK(t, res)
		require.EqualValues(t, len(w.injected), w.Counter("hunted"))
		require.Greater(t, len(w.injected), 2)
		free := 2 * time.Second
		for _, f := range w.injected {
			require.GreaterOrEqual(t, f.At, free, "one at a time, and only while there is a leader")
			free = f.At + f.For
			require.LessOrEqual(t, free, 20*time.Second+aMoment)
			kinds[f.Kind] = true
			switch f.Kind {
			case "partition":
				require.Equal(t, leader, f.Groups[0][0])
				require.Less(t, len(f.Groups[0]), 3, "a leader with a majority")
				require.Len(t, append(f.Groups[0], f.Groups[1]...), 5)
			case "cut", "hold":
				require.Contains(t, [][]string{f.From, f.To}, []string{leader})
			default:
				require.Equal(t, []string{leader}, f.Nodes)
			}
		}
	}
	require.Len(t, kinds, 7, "%v", kinds)
}

// A strike after a moment falls right after it.
func TestHunterStrikesAtMoments(t *testing.T) {
	var moments, strikes []time.Duration
	res, _ := runOnce(t, func(w *World) {
		addClerks(w, 3)
		h := Hunter{
			Leader: func() (string, bool) { return "clerk/0", false || len(moments) > 0 },
			Moment: func(e Event) bool { return e.Kind == "delivered" && e.Node == "clerk/0" },
		}
		moment := h.Moment
		h.Moment = func(e Event) bool {
			if moment(e) {
				moments = append(moments, e.At)
			}
			return moment(e)
		}
		w.OnEvent(func(e Event) {
			if e.Kind == "began" {
				strikes = append(strikes, e.At)
			}
		})
		h.Hunt(w, 30*time.Second)
		w.Heal()
	})
	requireOK(t, res)
	right := 0
	for _, s := range strikes {
		for _, m := range moments {
			if s == m+aMoment {
				right++
				break
			}
		}
	}
	require.Greater(t, right, len(strikes)/2, "%d of %d", right, len(strikes))
	require.Greater(t, right, 3)
}
