package labtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"6.824/labrpc"
)

// toy is a store of three nodes with a bug: the first sends what it was asked to put to the second, and acknowledges
// it after a while, but does not care whether it has arrived. If it crashes then, what was acknowledged is lost. The third has
// nothing to do with it.
type toy struct {
	w    *World
	node []*Node
	ack  []int
	held map[int]bool // by the second
}

type ToyArgs struct{ Value int }
type ToyReply struct{}

// Toy is the service of a node.
type Toy struct {
	put func(int)
}

func (t *Toy) Put(args *ToyArgs, reply *ToyReply) { t.put(args.Value) }

func newToy(w *World, nodes int) *toy {
	y := &toy{w: w, held: map[int]bool{}}
	for i := range nodes {
		y.node = append(y.node, w.AddNode(fmt.Sprintf("toy/%d", i), func(n *Node) func() {
			n.Serve(labrpc.MakeService(&Toy{func(v int) {
				switch i {
				case 0:
					go n.Dial("toy/1").Call("Toy.Put", &ToyArgs{v}, &ToyReply{})
					time.Sleep(20 * time.Millisecond)
				case 1:
					n.Report("held", v)
				}
			}}))
			return func() {}
		}))
	}
	for _, n := range y.node {
		n.Start()
	}
	w.OnEvent(func(e Event) {
		switch {
		case e.Kind == "report":
			y.held[e.State.(int)] = true
		case e.Kind == "crash" && e.Node == "toy/0":
			for _, v := range y.ack {
				if !y.held[v] && nodes > 1 { // alone it does what it can
					w.Violate("what was acknowledged survives", "§1", "%d was acknowledged, and is lost", v)
					return
				}
			}
		}
	})
	return y
}

// put is an operation of a client.
func (y *toy) put(client string, v int) {
	asked := y.w.Asks("put", "toy/0", v)
	if y.w.Dial(client, "toy/0").Call("Toy.Put", &ToyArgs{v}, &ToyReply{}) {
		asked()
		y.ack = append(y.ack, v)
	}
}

// toySuite tries it with all sorts of faults, and with one more node than it needs.
func toySuite() *Suite {
	return &Suite{Name: "toy", Tell: func() func(Event) string {
		return func(e Event) string { return fmt.Sprint("holds ", e.State) }
	}, Scenarios: []Scenario{{
		Name: "TestToy", Limit: time.Hour,
		Run: func(w *World) {
			y := newToy(w, 3)
			w.Inject(Schedule{
				{At: 100 * time.Millisecond, For: time.Second, Kind: "skew", Nodes: []string{"toy/*"}, Pace: 1.5},
				{At: 300 * time.Millisecond, For: time.Second, Kind: "isolate", Nodes: []string{"toy/2"}},
				{At: 2 * time.Second, For: 2 * time.Second, Kind: "link", From: []string{"toy/0", "toy/2"}, To: []string{"toy/1", "toy/2"},
					Link: &labrpc.Conditions{DropRequest: 1, Duplicate: 0.5}},
				{At: 2500 * time.Millisecond, For: time.Second, Kind: "pause", Nodes: []string{"toy/2"}},
				{At: 9 * time.Second, For: time.Second, Kind: "pause", Nodes: []string{"toy/1"}},
			})
			w.Go("client", func() {
				for v := range 40 {
					w.Sleep(107 * time.Millisecond)
					y.put("client", v)
				}
			})
			w.Sleep(3 * time.Second)
			y.node[2].Crash(Keep)
			y.node[0].Crash(Torn)
			w.Sleep(time.Minute)
		},
		Play: func(w *World, nodes int) func(int, Operation) {
			y := newToy(w, nodes)
			return func(actor int, op Operation) {
				var v int
				if err := json.Unmarshal(op.Arg, &v); err != nil || op.Op != "put" {
					w.Violate("the case makes sense", "", "%v", op)
				}
				y.put(fmt.Sprintf("client/%d", actor), v)
			}
		},
	}}}
}

// shrunkToy is what becomes of the toy's failure.
func shrunkToy(t *testing.T) (*runner, *Shrunk) {
	s := toySuite()
	r := &runner{t: t, suite: s, sc: s.Scenarios[0], seed: 3}
	res, _ := r.once("", nil)
	require.NotNil(t, res.violation)
	require.Equal(t, "what was acknowledged survives", res.violation.Check)
	shrunk := r.shrink(res)
	require.NotNil(t, shrunk)
	return r, shrunk
}

// One operation is needed, a fault that loses a message, and a crash: that is what remains, however many cores there are.
func TestShrink(t *testing.T) {
	_, shrunk := shrunkToy(t)
	require.Equal(t, 2, shrunk.Faults)
	require.Equal(t, 1, shrunk.Ops)
	require.Equal(t, 7, shrunk.FaultsBefore, "five by Inject, and two crashes")
	require.False(t, shrunk.Stopped)
	require.True(t, shrunk.Played)
	var file bytes.Buffer
	_, err := shrunk.Case.WriteTo(&file)
	require.NoError(t, err)
	require.Equal(t, `# toy/TestToy seed=3, shrunk from 7 faults and 23 operations to 2 and 1. It may be edited.
{"case":"toy/TestToy","package":"./labrpc/labtest","test":"TestShrink","seed":3,"check":"what was acknowledged survives","played":true,"nodes":2,"until":"165ms","digest":"269cd078c3d138542d59f5ace9ea7ce4"}
{"at":"92ms","for":"16ms","kind":"link","from":["toy/0"],"to":["toy/1"],"dropRequest":1}
{"at":"105ms","op":"put","node":"toy/0","arg":22}
{"at":"155ms","kind":"crash","nodes":["toy/0"],"mode":"keep"}
`, file.String())
}

func TestStoryOfAShrunkFailure(t *testing.T) {
	_, shrunk := shrunkToy(t)
	require.Equal(t, strings.TrimPrefix(`
   0.092000s  FAULT    link toy/0 → toy/1 dropRequest=1, for 16ms
   0.105000s  toy/0    is asked: put 22
   0.108000s  over     link toy/0 → toy/1 dropRequest=1, for 16ms
   0.155000s  FAULT    crash toy/0 keep
   0.155000s  toy/0    crashes
   0.155000s  the step in which it broke: crash toy/0 keep
   0.155000s  BROKEN   what was acknowledged survives`, "\n"), shrunk.Story)
}

func TestReplay(t *testing.T) {
	r, shrunk := shrunkToy(t)
	path := filepath.Join(t.TempDir(), "toy.case")
	save := func(change func(c *Case)) *Case {
		c := shrunk.Case.clone()
		change(c)
		require.NoError(t, c.save(path))
		read, err := LoadCaseFile(path)
		require.NoError(t, err)
		return read
	}
	again := func(change func(c *Case)) *result { return r.suite.runCase(t, r.sc, save(change), path) }

	res := again(func(c *Case) {})
	require.False(t, res.OK)
	require.Equal(t, shrunk.Case.Digest, res.Digest)
	require.Contains(t, res.Failure, "as the file says: this is the same history")
	require.Contains(t, res.Failure, shrunk.Story[:20])

	res = again(func(c *Case) { c.Digest = "0123" })
	require.Contains(t, res.Failure, "and the file says 0123: this is another history")

	res = again(func(c *Case) { c.Digest = "" })
	require.Contains(t, res.Failure, "(the file has none)")

	// A person edits it: it is run as it is now.
	res = again(func(c *Case) { c.Ops[0].Arg = json.RawMessage("17") })
	require.False(t, res.OK)
	require.Contains(t, res.Failure, "17 was acknowledged, and is lost")
	require.Contains(t, res.Failure, "this is another history")

	res = again(func(c *Case) { c.Ops = nil })
	require.True(t, res.OK)
	require.Contains(t, res.Replayed, "what was acknowledged survives holds")

	res = again(func(c *Case) { c.Ops[0].Op = "putt" })
	require.Contains(t, res.Failure, "check   the case makes sense (not what was acknowledged survives, of which the file speaks)")
}

// In memory the faults of a case may be in any order; what is in the file must be the same history all the same.
func TestACaseIsWhatItsFileSays(t *testing.T) {
	r, shrunk := shrunkToy(t)
	c := shrunk.Case.clone()
	c.Faults = Schedule{
		{At: 50 * time.Millisecond, For: 30 * time.Millisecond, Kind: "isolate", Nodes: []string{"toy/1"}}, // both end at once
		{At: 40 * time.Millisecond, For: 40 * time.Millisecond, Kind: "pause", Nodes: []string{"toy/0"}},
	}
	run := func(c *Case) string {
		again := *r
		again.plan = c
		res, _ := again.once("", nil)
		return res.Digest
	}
	var file bytes.Buffer
	_, err := c.WriteTo(&file)
	require.NoError(t, err)
	read, err := LoadCase(&file)
	require.NoError(t, err)
	require.Equal(t, run(c), run(read))
}

// A run that is cut short in the middle of a call says nothing about what was left running, and its clients end, even those whose calls
// are made by other goroutines of theirs.
func TestCutShort(t *testing.T) {
	for _, stubborn := range []bool{false, true} { // one that never gives up
		var left bool
		s := &Suite{Name: "toy", Scenarios: []Scenario{{Name: "TestLong", Limit: time.Hour, Run: func(w *World) {
			newToy(w, 1)
			history := NewHistory(w, porcupine.Model{Init: func() any { return 0 }, Step: func(state, _, _ any) (bool, any) { return true, state }})
			defer func() { left = true }()
			for {
				done := history.Invoke(0, "put")
				for ok := false; !ok; {
					answer := make(chan bool)
					go func() { answer <- w.Dial("client/0", "toy/0").Call("Toy.Put", &ToyArgs{1}, &ToyReply{}) }()
					ok = <-answer || !stubborn
				}
				done("ok")
			}
		}}}}
		r := &runner{t: t, suite: s, sc: s.Scenarios[0], seed: 1, plan: &Case{Suite: "toy", Scenario: "TestLong", Until: time.Second}}
		res, _ := r.once("", nil)
		require.Nil(t, res.violation)
		require.Greater(t, res.Counters["operations"], int64(5))
		require.NotEqual(t, stubborn, left)
	}
}

func TestVariantsOfOperations(t *testing.T) {
	variants := func(arg string) (texts []string) {
		for _, o := range (Operation{Op: "x", Arg: json.RawMessage(arg)}).variants() {
			texts = append(texts, string(o.Arg))
		}
		return texts
	}
	require.Empty(t, variants(""))
	require.Empty(t, variants("17"))
	require.Empty(t, variants(`"short"`))
	require.Equal(t, []string{`"x"`}, variants(`"a text that is longer"`))
	require.Equal(t, []string{`{"b":12345678901234567890,"g":[2,3],"k":"a text that is longer"}`, `{"b":12345678901234567890,"g":[1,3],"k":"a text that is longer"}`,
		`{"b":12345678901234567890,"g":[1,2],"k":"a text that is longer"}`, `{"b":12345678901234567890,"g":[1,2,3],"k":"x"}`},
		variants(`{"g":[1,2,3],"b":12345678901234567890,"k":"a text that is longer"}`))
	require.Empty(t, variants(`{"g":[1],"k":"<"}`))
}

func TestInTurn(t *testing.T) {
	var mu sync.Mutex
	var order []string
	first, began := make(chan bool), make(chan bool)
	made := 0
	do := InTurn(func(name string) string { made++; return "client " + name + ": " }, func(client string, op Operation) {
		if op.Op == "a" {
			close(began)
			<-first
		}
		mu.Lock()
		order = append(order, client+op.Op)
		mu.Unlock()
	})
	over := make(chan bool)
	go func() {
		do(0, Operation{Node: "1", Op: "a"})
		close(over)
	}()
	<-began
	do(1, Operation{Node: "1", Op: "b"}) // waits, but not its caller
	do(2, Operation{Node: "2", Op: "c"})
	do(3, Operation{Node: "1", Op: "d"})
	close(first)
	<-over
	do(4, Operation{Node: "1", Op: "e"})
	require.Equal(t, []string{"client 2: c", "client 1: a", "client 1: b", "client 1: d", "client 1: e"}, order)
	require.Equal(t, 2, made)
}

func TestRegressionsRunFirst(t *testing.T) {
	r, shrunk := shrunkToy(t)
	dir := t.TempDir()
	file := filepath.Join(dir, shrunk.Case.fileName())
	require.Equal(t, "TestToy-what-was-acknowledged-survives-seed3.case", filepath.Base(file))
	require.NoError(t, shrunk.Case.save(file))
	all, err := loadRegressions(dir)
	require.NoError(t, err)
	require.Len(t, all, 1)

	failures, err := r.suite.again(t, r.sc, all)
	require.NoError(t, err)
	require.Len(t, failures, 1)
	require.Contains(t, failures[0], file+" fails again\n")
	require.Contains(t, failures[0], "what was acknowledged survives")

	failures, err = r.suite.again(t, Scenario{Name: "TestOther"}, all)
	require.NoError(t, err)
	require.Empty(t, failures, "they are of another scenario")

	other := *r.suite
	other.Name = "other"
	_, err = other.again(t, r.sc, all)
	require.NoError(t, err, "another suite of the package has nothing to do with it")

	renamed := *r.suite
	renamed.Scenarios = []Scenario{{Name: "TestToys"}}
	_, err = renamed.again(t, renamed.Scenarios[0], all)
	require.EqualError(t, err, file+`: line 2: the suite toy has no scenario "TestToy" (any more)`)

	driven := *r.suite
	driven.Scenarios = []Scenario{{Name: "TestToy"}}
	_, err = driven.again(t, driven.Scenarios[0], all)
	require.EqualError(t, err, file+`: line 2: operations of TestToy can't be played, so it can't be "played"`)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "bad.case"), []byte("{}\n"), 0o644))
	_, err = loadRegressions(dir)
	require.ErrorContains(t, err, filepath.Join(dir, "bad.case")+": line 1: ")
}

// A scenario without a Player keeps its clients, and only loses faults that it does not need.
func TestShrinkOfADrivenScenario(t *testing.T) {
	s := toySuite()
	s.Scenarios[0].Play = nil
	r := &runner{t: t, suite: s, sc: s.Scenarios[0], seed: 3}
	res, _ := r.once("", nil)
	shrunk := r.shrink(res)
	require.NotNil(t, shrunk)
	require.False(t, shrunk.Played)
	require.Len(t, shrunk.Case.Faults, 1)
	require.Equal(t, "link", shrunk.Case.Faults[0].Kind)
	again := s.runCase(t, r.sc, shrunk.Case, "x")
	require.Contains(t, again.Failure, "this is the same history")
}

// What a driven scenario needs to happen must happen in the shrunk case, too: else it would fail for another reason.
func TestShrinkKeepsWhatAScenarioNeeds(t *testing.T) {
	s := &Suite{Name: "toy", Scenarios: []Scenario{{Name: "TestNeedy", Limit: time.Hour, Run: func(w *World) {
		w.AtLeast("fault:isolate", 2)
		newToy(w, 2)
		for at := range 4 {
			w.Inject(Schedule{{At: time.Duration(at) * time.Second, For: time.Second, Kind: "isolate", Nodes: []string{"toy/0"}}})
		}
		w.Sleep(10 * time.Second)
		w.Violate("always", "", "it fails")
	}}}}
	r := &runner{t: t, suite: s, sc: s.Scenarios[0], seed: 1}
	res, _ := r.once("", nil)
	shrunk := r.shrink(res)
	require.NotNil(t, shrunk)
	require.Len(t, shrunk.Case.Faults, 2)
}

func TestShrinkMakesSizesSmaller(t *testing.T) {
	s := &Suite{Name: "toy", Scenarios: []Scenario{{Name: "TestSized", Limit: time.Hour, Run: func(w *World) {
		nodes, work := w.Size("nodes", 9), w.Size("work", 100)
		newToy(w, nodes)
		w.Sleep(time.Second)
		if nodes >= 3 && work >= 41 {
			w.Violate("too much", "", "of it all")
		}
	}}}}
	r := &runner{t: t, suite: s, sc: s.Scenarios[0], seed: 1}
	res, _ := r.once("", nil)
	shrunk := r.shrink(res)
	require.NotNil(t, shrunk)
	require.Equal(t, map[string]int{"nodes": 3, "work": 41}, shrunk.Case.Sizes)
	require.Equal(t, "nodes 9 to 3, work 100 to 41", shrunk.Sizes)
	path := filepath.Join(t.TempDir(), "sized.case")
	require.NoError(t, shrunk.Case.save(path))
	read, err := LoadCaseFile(path)
	require.NoError(t, err)
	require.Contains(t, s.runCase(t, r.sc, read, path).Failure, "this is the same history")

	read.Sizes = map[string]int{"nodes": 3, "wrok": 41}
	require.Contains(t, s.runCase(t, r.sc, read, path).Failure, "too much", "which comes first")
	read.Sizes["nodes"] = 2
	require.Contains(t, s.runCase(t, r.sc, read, path).Failure, `the scenario has no size "wrok"`)
}

func TestNotEverythingCanBeShrunk(t *testing.T) {
	for _, check := range []string{"not vacuous", "one seed, one history", "virtual time goes on", ""} {
		require.False(t, shrinkable(check), check)
	}
	s := &Suite{Name: "toy", Scenarios: []Scenario{{Name: "TestOnce", Limit: time.Hour}}}
	runs := 0
	s.Scenarios[0].Run = func(w *World) {
		newToy(w, 1)
		w.Sleep(time.Second)
		if runs++; runs == 1 {
			w.Violate("once", "", "a failure that does not come back")
		}
	}
	r := &runner{t: t, suite: s, sc: s.Scenarios[0], seed: 1}
	res, _ := r.once("", nil)
	require.NotNil(t, res.violation)
	require.Nil(t, r.shrink(res))
}

func TestShrinkStopsWhenTheTimeIsUp(t *testing.T) {
	before := *flags.budget
	*flags.budget = 0
	defer func() { *flags.budget = before }()
	_, shrunk := shrunkToy(t)
	require.True(t, shrunk.Stopped)
	require.LessOrEqual(t, shrunk.Faults, 7)
	require.NotEmpty(t, shrunk.Story)
}

func TestAStoryFitsOnAScreen(t *testing.T) {
	s := &story{tell: func(Event) string { return "does something" }}
	for i := range 100 {
		s.see(Event{At: time.Duration(i), Kind: "report", Node: "n"})
		if i%10 == 0 {
			s.see(Event{At: time.Duration(i), Kind: "began", Text: "0.0s for 1s pause n"})
		}
	}
	text := s.end(&result{})
	require.LessOrEqual(t, strings.Count(text, "\n"), screenful+12)
	require.Equal(t, 10, strings.Count(text, "FAULT    pause n, for 1s"), "what was done is never left out for what came of it")
	require.Contains(t, text, "lines left out")
}
