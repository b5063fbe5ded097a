package labtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// fakeStage is a stage on which everything happens at once.
type fakeStage struct {
	a          *applied
	time       time.Duration
	names      []string
	down       map[string]bool
	paused     map[string]bool
	paces      map[string]float64
	disks      map[string]*Disk
	fold       func(from, to string) labrpc.Conditions
	counts     map[string]int
	did        []string // crashes and restarts, in order
	record     []string // what began and ended
	complaints []string

	unreliable, longReordering bool
}

func newFakeStage(names ...string) *fakeStage {
	s := &fakeStage{names: names, down: map[string]bool{}, paused: map[string]bool{}, paces: map[string]float64{}, disks: map[string]*Disk{}, counts: map[string]int{}}
	for i, n := range names {
		s.disks[n] = newDisk(rand.New(rand.NewPCG(uint64(i), 0)), func(DiskWrite) {})
		s.disks[n].onCrash = func(m CrashMode) { s.crash(n, m) }
		s.paces[n] = 1
	}
	s.fold = func(from, to string) labrpc.Conditions { return baseConditions }
	s.a = newAppliedTo(s)
	return s
}

func (s *fakeStage) now() time.Duration { return s.time }
func (s *fakeStage) nodes() []string    { return s.names }
func (s *fakeStage) knows(name string) bool {
	return isClient(name) || slices.ContainsFunc(s.names, func(n string) bool { return matches(name, n) })
}
func (s *fakeStage) up(node string) bool { return !s.down[node] }
func (s *fakeStage) crash(node string, mode CrashMode) {
	if !s.down[node] {
		s.down[node], s.paused[node] = true, false
		s.disks[node].crash(mode)
		s.did = append(s.did, fmt.Sprintf("crash %s %s", node, mode))
	}
}
func (s *fakeStage) restart(node string) {
	if s.down[node] {
		s.down[node] = false
		s.did = append(s.did, "restart "+node)
	}
}
func (s *fakeStage) pause(node string)                 { s.paused[node] = !s.down[node] }
func (s *fakeStage) resume(node string)                { s.paused[node] = false }
func (s *fakeStage) setPace(node string, pace float64) { s.paces[node] = pace }
func (s *fakeStage) disk(node string) *Disk            { return s.disks[node] }
func (s *fakeStage) setConditions(fold func(from, to string) labrpc.Conditions) {
	s.fold = fold
}
func (s *fakeStage) setCourse(unreliable, longReordering bool) {
	s.unreliable, s.longReordering = unreliable, longReordering
}
func (s *fakeStage) began(f Fault)  { s.record = append(s.record, "began "+f.Kind) }
func (s *fakeStage) ended(f Fault)  { s.record = append(s.record, "ended "+f.Kind) }
func (s *fakeStage) count(c string) { s.counts[c]++ }
func (s *fakeStage) complain(format string, args ...any) {
	s.complaints = append(s.complaints, fmt.Sprintf(format, args...))
}

// begin begins a fault and returns what ends it.
func (s *fakeStage) begin(f Fault) (end func()) {
	s.time += time.Second
	s.a.begin(&f)
	return func() {
		s.time += time.Second
		s.a.end(&f)
	}
}

// cuts lists the links among names that are cut.
func (s *fakeStage) cuts(names ...string) (cut []string) {
	for _, from := range names {
		for _, to := range names {
			if s.fold(from, to).Cut {
				cut = append(cut, from+to)
			}
		}
	}
	return cut
}

func on(nodes ...string) []string { return nodes }

func TestKindsOfCuts(t *testing.T) {
	for _, x := range []struct {
		f    Fault
		want []string
	}{
		{Fault{Kind: "partition", Groups: [][]string{{"a"}, {"b", "c"}}}, []string{"ab", "ac", "ba", "ca"}},
		{Fault{Kind: "partition", Groups: [][]string{{"a", "b"}, {"b", "c"}}}, []string{"ac", "ca"}}, // a bridge
		{Fault{Kind: "partition", Groups: [][]string{{"a"}, {"b"}}}, []string{"ab", "ba"}},           // c hears everybody
		{Fault{Kind: "cut", From: on("a"), To: on("b")}, []string{"ab"}},
		{Fault{Kind: "cut", From: on("*"), To: on("c")}, []string{"ac", "bc", "clientc"}},
		{Fault{Kind: "isolate", Nodes: on("a")}, []string{"ab", "ac", "aclient", "ba", "ca", "clienta"}},
		{Fault{Kind: "clients", Nodes: on("a", "b")}, []string{"aclient", "bclient", "clienta", "clientb"}},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Cut: true}}, []string{"ab", "ac", "aclient", "ba", "ca", "clienta"}},
	} {
		s := newFakeStage("a", "b", "c")
		end := s.begin(x.f)
		require.Equal(t, x.want, s.cuts("a", "b", "c", "client"), x.f)
		require.Equal(t, []Fault{x.f}, s.a.list())
		end()
		require.Empty(t, s.cuts("a", "b", "c", "client"), x.f)
		require.Equal(t, []string{"began " + x.f.Kind, "ended " + x.f.Kind}, s.record)
		require.Equal(t, map[string]int{"fault:" + x.f.Kind: 1}, s.counts)
		end()
		require.Len(t, s.record, 2, "a fault ends once")
	}
}

func TestNetworkFaultsAreAFold(t *testing.T) {
	s := newFakeStage("a", "b")
	slow, slower := labrpc.Exponential(time.Second), labrpc.Constant(time.Minute)
	first := s.begin(Fault{Kind: "link", From: on("a"), To: on("b"), Link: &labrpc.Conditions{DropRequest: 0.5, Delay: slow, Bandwidth: 100, Queue: 5}})
	second := s.begin(Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{DropRequest: 0.5, Delay: slower, Bandwidth: 200, Queue: 9, Reorder: 0.1, ReorderBy: slow}})
	hold := s.begin(Fault{Kind: "hold", From: on("a"), To: on("b")})
	require.Equal(t, labrpc.Conditions{DropRequest: 0.75, Delay: slower, Bandwidth: 100, Queue: 5, Reorder: 0.1, ReorderBy: slow, Hold: true}, s.fold("a", "b"))
	require.Equal(t, labrpc.Conditions{DropRequest: 0.5, Delay: slower, Bandwidth: 200, Queue: 9, Reorder: 0.1, ReorderBy: slow}, s.fold("b", "a"))
	require.Equal(t, baseConditions, s.fold("b", "client"))
	second()
	require.Equal(t, labrpc.Conditions{DropRequest: 0.5, Delay: slow, Bandwidth: 100, Queue: 5, Hold: true}, s.fold("a", "b"))
	first()
	hold()
	require.Equal(t, baseConditions, s.fold("a", "b"))
}

// Any subset of overlapping faults, ended in any order, leaves the world as it was, and while they last the
// state is that of those that are active: what shrinking a schedule needs.
func TestFaultsOverlapAndEndInAnyOrder(t *testing.T) {
	faults := []Fault{
		{Kind: "crash", Nodes: on("a"), Mode: Lose}, {Kind: "crash", Nodes: on("a", "b")}, {Kind: "pause", Nodes: on("a")}, {Kind: "pause", Nodes: on("*")},
		{Kind: "skew", Nodes: on("a"), Pace: 2}, {Kind: "skew", Nodes: on("a"), Pace: 0.25},
		{Kind: "isolate", Nodes: on("b")}, {Kind: "partition", Groups: [][]string{{"a"}, {"b"}}},
		{Kind: "crashatwrite", Nodes: on("b"), N: 5}, {Kind: "failwrites", Nodes: on("c"), N: -1},
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 0))
		s := newFakeStage("a", "b", "c")
		active := map[int]func(){}
		for range 60 {
			i := r.IntN(len(faults))
			if end := active[i]; end != nil {
				end()
				delete(active, i)
			} else {
				active[i] = s.begin(faults[i])
			}
			is := func(i int) bool { return active[i] != nil }
			require.Equal(t, is(0) || is(1), s.down["a"])
			require.Equal(t, is(1), s.down["b"])
			require.Equal(t, (is(2) || is(3)) && !s.down["a"], s.paused["a"])
			pace := 1.0
			if is(4) {
				pace *= 2
			}
			if is(5) {
				pace /= 4
			}
			require.Equal(t, pace, s.paces["a"])
			require.Equal(t, is(6) || is(7), s.fold("a", "b").Cut)
			require.Equal(t, is(6), s.fold("c", "b").Cut)
			if !s.down["c"] {
				require.Equal(t, is(9), s.disks["c"].failing != 0)
			}
		}
		s.a.healAll()
		require.Empty(t, s.a.list())
		require.Empty(t, s.complaints)
		require.Equal(t, map[string]bool{"a": false, "b": false}, s.down)
		require.Equal(t, baseConditions, s.fold("a", "b"))
		require.Equal(t, 1.0, s.paces["a"])
		require.Zero(t, s.disks["b"].crashIn)
		require.Zero(t, s.disks["c"].failing)
		for _, end := range active {
			end() // healed: these do nothing
		}
		require.Equal(t, len(s.record)/2*2, len(s.record))
	}
}

func TestNodeThatTheScenarioCrashedIsLeftToIt(t *testing.T) {
	s := newFakeStage("a")
	s.crash("a", Keep)
	end := s.begin(Fault{Kind: "crash", Nodes: on("a")})
	require.Zero(t, s.counts["hit:crash"], "it hit nobody")
	end()
	require.True(t, s.down["a"])
	s.restart("a")

	end = s.begin(Fault{Kind: "crash", Nodes: on("a")})
	require.Equal(t, 1, s.counts["hit:crash"])
	end()
	require.False(t, s.down["a"])
	s.crash("a", Keep)
	end = s.begin(Fault{Kind: "crash", Nodes: on("a")})
	end()
	require.True(t, s.down["a"], "also if a fault had it down before")
}

func TestRestartIsAMoment(t *testing.T) {
	s := newFakeStage("a")
	end := s.begin(Fault{Kind: "crash", Nodes: on("a")})
	s.begin(Fault{Kind: "restart", Nodes: on("a")})
	require.False(t, s.down["a"])
	require.Len(t, s.a.list(), 1)
	end()
	s.begin(Fault{Kind: "restart", Nodes: on("a"), Mode: Torn})
	require.Equal(t, []string{"crash a keep", "restart a", "crash a torn", "restart a"}, s.did)
	require.Equal(t, 1, s.counts["hit:restart"], "it crashed the node once")
}

func TestCrashAtWriteRestartsWhatItCrashed(t *testing.T) {
	s := newFakeStage("a", "b")
	end := s.begin(Fault{Kind: "crashatwrite", Nodes: on("a", "b"), N: 2, Mode: Lose})
	v := s.disks["a"].Open()
	require.NoError(t, v.Append("log", []byte("x")))
	require.Zero(t, s.counts["hit:crashatwrite"])
	require.ErrorIs(t, v.Sync(), ErrCrashed)
	require.Equal(t, []string{"crash a lose"}, s.did)
	require.Equal(t, 1, s.counts["hit:crashatwrite"])
	// It stays down while another crash lasts, and while this one does.
	crash := s.begin(Fault{Kind: "crash", Nodes: on("a")})
	crash()
	require.True(t, s.down["a"])
	end()
	require.Equal(t, []string{"crash a lose", "restart a"}, s.did)
	require.NoError(t, s.disks["b"].Open().Sync(), "of the other it was called off")
	require.NoError(t, s.disks["b"].Open().Sync())
}

func TestFailedDiskIsReplacedAtTheEnd(t *testing.T) {
	s := newFakeStage("a", "b")
	end := s.begin(Fault{Kind: "failwrites", Nodes: on("a", "b"), N: 1})
	v := s.disks["a"].Open()
	require.ErrorIs(t, v.Sync(), ErrDisk)
	require.NoError(t, v.Sync())
	require.Empty(t, s.did)
	end()
	require.Equal(t, []string{"crash a lose", "restart a"}, s.did, "b has not noticed anything")
	require.Equal(t, 1, s.counts["hit:failwrites"])
	require.NoError(t, s.disks["b"].Open().Sync())
}

func TestSlowDiskIsAsSlowAsTheLastSays(t *testing.T) {
	s := newFakeStage("a")
	first := s.begin(Fault{Kind: "slowdisk", Nodes: on("a"), Latency: labrpc.Constant(1)})
	second := s.begin(Fault{Kind: "slowdisk", Nodes: on("a"), Latency: labrpc.Constant(2)})
	require.Equal(t, labrpc.Constant(2), s.disks["a"].latency)
	second()
	require.Equal(t, labrpc.Constant(1), s.disks["a"].latency)
	require.Zero(t, s.counts["hit:slowdisk"])
	require.NoError(t, s.disks["a"].Open().Sync())
	require.Equal(t, 1, s.counts["hit:slowdisk"])
	first()
	require.True(t, s.disks["a"].latency.IsZero())
}

func TestSenselessFaultIsComplainedOf(t *testing.T) {
	s := newFakeStage("a")
	s.begin(Fault{Kind: "crash", Nodes: on("z")})()
	s.begin(Fault{Kind: "crash"})()
	s.begin(Fault{Kind: "meteor", Nodes: on("a")})()
	require.Len(t, s.complaints, 3)
	require.Contains(t, s.complaints[0], `nobody here is called "z"`)
	require.Empty(t, s.record)
	require.Empty(t, s.counts)
}

func TestHitsAreMessagesThatAFaultReallyTouched(t *testing.T) {
	soon := time.Unix(1, 0)
	for _, x := range []struct {
		f    Fault
		e    labrpc.Event
		want []string
	}{
		{Fault{Kind: "cut", From: on("a"), To: on("b")}, labrpc.Event{Kind: labrpc.Dropped, Why: "cut"}, on("cut")},
		{Fault{Kind: "cut", From: on("b"), To: on("a")}, labrpc.Event{Kind: labrpc.Dropped, Why: "cut"}, nil},
		{Fault{Kind: "cut", From: on("b"), To: on("a")}, labrpc.Event{Kind: labrpc.ReplyDropped, Reply: true, Why: "cut"}, on("cut")},
		{Fault{Kind: "isolate", Nodes: on("b")}, labrpc.Event{Kind: labrpc.Dropped, Why: "cut"}, on("isolate")},
		{Fault{Kind: "isolate", Nodes: on("c")}, labrpc.Event{Kind: labrpc.Dropped, Why: "cut"}, nil},
		{Fault{Kind: "isolate", Nodes: on("b")}, labrpc.Event{Kind: labrpc.Dropped, Why: "no server"}, nil},
		{Fault{Kind: "isolate", Nodes: on("b")}, labrpc.Event{Kind: labrpc.Delivered}, nil},
		{Fault{Kind: "partition", Groups: [][]string{{"a"}, {"b"}}}, labrpc.Event{Kind: labrpc.Dropped, Why: "cut"}, on("partition")},
		{Fault{Kind: "hold", Nodes: on("a")}, labrpc.Event{Kind: labrpc.Held}, on("hold")},
		{Fault{Kind: "pause", Nodes: on("a")}, labrpc.Event{Kind: labrpc.Held}, on("pause")}, // the node, once
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{DropRequest: 0.1}}, labrpc.Event{Kind: labrpc.Dropped, Why: "drop"}, on("drop", "link")},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{DropReply: 0.1}}, labrpc.Event{Kind: labrpc.Dropped, Why: "drop"}, nil},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{DropReply: 0.1}}, labrpc.Event{Kind: labrpc.ReplyDropped, Reply: true, Why: "drop"}, on("drop", "link")},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Bandwidth: 1, Queue: 1}}, labrpc.Event{Kind: labrpc.Dropped, Why: "queue full"}, on("link", "queue")},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Duplicate: 0.1}}, labrpc.Event{Kind: labrpc.Duplicated, Due: soon}, on("duplicate", "link")},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Duplicate: 0.1}}, labrpc.Event{Kind: labrpc.Sent, Due: soon}, nil},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Reorder: 0.1}}, labrpc.Event{Kind: labrpc.Sent, Due: soon, Why: "reorder"}, on("link", "reorder")},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Delay: labrpc.Constant(1)}}, labrpc.Event{Kind: labrpc.Replied, Reply: true, Due: soon}, on("delay", "link")},
		{Fault{Kind: "link", Nodes: on("a"), Link: &labrpc.Conditions{Delay: labrpc.Constant(1)}}, labrpc.Event{Kind: labrpc.Sent}, nil},
	} {
		s := newFakeStage("a", "b", "c")
		end := s.begin(x.f)
		e := x.e
		e.From, e.To = "a", "b"
		s.a.observe(e)
		var hits []string
		for _, name := range []string{"cut", "delay", "drop", "duplicate", "hold", "isolate", "link", "partition", "pause", "queue", "reorder"} {
			if s.counts["hit:"+name] > 0 {
				require.Equal(t, 1, s.counts["hit:"+name])
				hits = append(hits, name)
			}
		}
		require.Equal(t, x.want, hits, "%v: %v", x.f, x.e)
		end()
		before := len(s.counts)
		s.a.observe(e)
		require.Len(t, s.counts, before)
	}
}
