package mrtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/mr"
	"6.824/mr/store"
)

const coordinator = "mr/coordinator"

// jobBound is the virtual time within which a job must be over when nothing goes wrong any more.
const jobBound = 2 * time.Minute

// Cluster is a coordinator and workers in a world, which it also is, and the job that they are to do: an index of the words of some
// files, each with all of its places, so that nothing can be missing, or there twice, without being seen.
type Cluster struct {
	*labtest.World
	im      Implementation
	setup   setup
	files   []string
	texts   map[string]string
	want    []string // the lines of the output, sorted
	counted int64    // what the counter "words" must come to
	share   *share
	main    *labtest.Node
	workers []*labtest.Node
	rand    *rand.Rand

	// MapTime and ReduceTime say how long a worker takes for a call; a scenario may change them before the work begins.
	MapTime, ReduceTime func(worker int) time.Duration

	mu      sync.Mutex
	coord   Coordinator    // nil while it is down
	mapped  map[string]int // calls of Map that returned, by file
	began   []call         // calls of Map
	reduced map[string]int
	now     [2]map[int]bool // workers that are in a Map, in a Reduce
	most    [2]int          // most at a time
	over    bool            // a coordinator has said that the job is over
	final   string          // the output then
	onCall  func(worker int, phase int, what string)
}

// call is a call of Map.
type call struct {
	worker int
	file   string
	at     time.Duration
}

func newCluster(w *labtest.World, im Implementation, s setup) *Cluster {
	c := &Cluster{
		World: w, im: im, setup: s, share: newShare(s.LocalDisks), rand: w.Rand("scenario"),
		texts: map[string]string{}, mapped: map[string]int{}, reduced: map[string]int{},
		now: [2]map[int]bool{{}, {}}, onCall: func(int, int, string) {},
	}
	if c.setup.Files == 0 {
		c.setup.Files = 8
	}
	if c.setup.Reduces == 0 {
		c.setup.Reduces = 4
	}
	if c.setup.Workers == 0 {
		c.setup.Workers = 3
	}
	c.setup.Files, c.setup.Reduces, c.setup.Workers = w.Size("files", c.setup.Files), w.Size("reduces", c.setup.Reduces), w.Size("workers", c.setup.Workers)
	c.share.watch = c.look
	c.MapTime = func(int) time.Duration { return 300 * time.Millisecond }
	c.ReduceTime = func(int) time.Duration { return 20 * time.Millisecond }
	c.write()
	c.watchReports()
	c.main = w.AddNode(coordinator, c.bootCoordinator)
	for i := range c.setup.Workers {
		c.workers = append(c.workers, w.AddNode(fmt.Sprintf("mr/worker%d", i), func(n *labtest.Node) func() { return c.bootWorker(i, n) }))
	}
	return c
}

// poison is a word at which Map panics.
const poison = "xyzzy"

// write makes the input, and from it what must come out.
func (c *Cluster) write() {
	r := c.Rand("input")
	places := map[string][]string{}
	for f := range c.setup.Files {
		name := fmt.Sprintf("in-%d", f)
		c.files = append(c.files, name)
		var text strings.Builder
		for i := range 20 + r.IntN(20) {
			word := fmt.Sprintf("w%d", r.IntN(40))
			if c.setup.Poison && f == 3 && i == 7 {
				word = poison
			} else {
				places[word] = append(places[word], fmt.Sprintf("%s:%d", name, i))
				c.counted++
			}
			text.WriteString(fmt.Sprintf("%d %s\n", i, word))
		}
		c.texts[name] = text.String()
	}
	for word, at := range places {
		slices.Sort(at)
		c.want = append(c.want, word+" "+strings.Join(at, ","))
	}
	slices.Sort(c.want)
}

// Start starts the coordinator and all workers.
func (c *Cluster) Start() {
	c.main.Start()
	for _, n := range c.workers {
		n.Start()
	}
}

func (c *Cluster) bootCoordinator(node *labtest.Node) (stop func()) {
	vol := node.Disk().Open()
	env := CoordinatorEnv{
		Node: node, Files: c.files, Reduces: c.setup.Reduces, Store: mount{c.share, node, vol}, Journal: journal{vol},
		Hosts: func(m int) []string { return []string{fmt.Sprintf("mr/worker%d", m%c.setup.Workers)} },
		Skip:  c.setup.Skip,
	}
	co, err := c.im.Coordinator(env)
	if err != nil {
		c.Logf("the coordinator does not start: %v", err)
		return func() {}
	}
	node.Serve(labrpc.MakeService(co))
	c.mu.Lock()
	c.coord = co
	c.mu.Unlock()
	return func() {
		c.mu.Lock()
		if c.coord == co {
			c.coord = nil
		}
		c.mu.Unlock()
		co.Kill()
	}
}

// restartAfter is how long it takes until a worker that gave up is started again.
const restartAfter = time.Second

func (c *Cluster) bootWorker(i int, node *labtest.Node) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	env := WorkerEnv{
		Node: node, End: node.Dial(coordinator), App: c.app(i), Store: mount{c.share, node, node.Disk().Open()},
		Input: func(name string) (store.Source, error) {
			node.GateOf("disk")
			text, ok := c.texts[name]
			if !ok {
				return nil, notExist(name)
			}
			return source{bytes.NewReader([]byte(text))}, nil
		},
	}
	go func() {
		err := c.im.Worker(ctx, env)
		node.GateOf("end")
		switch {
		case ctx.Err() != nil:
		case err == nil:
			c.Count("workers that left")
			if !c.whole() {
				c.Violate("workers stay until the end", "course lab 1", "%s has left, and the output is not complete", node.Name())
			}
		default:
			c.Count("workers that gave up")
			c.Logf("%s gave up: %v", node.Name(), err)
			if !c.whole() {
				c.anew(node, restartAfter)
			}
		}
	}()
	return cancel
}

// app is the job's functions, as a worker calls them.
func (c *Cluster) app(worker int) mr.App {
	return mr.App{
		Lines: c.setup.Poison,
		Map: func(t *mr.Task, file, contents string) {
			defer c.enter(worker, 0, file)()
			if c.setup.Nonces {
				nonce := fmt.Sprintf("%s@%v", file, c.Now()) // no two calls end at one time
				for k := range nonces {
					t.Emit(fmt.Sprintf("%s%d", noncePrefix, k), nonce)
				}
			}
			for line := range strings.Lines(contents) {
				place, word, _ := strings.Cut(strings.TrimSpace(line), " ")
				if word == poison {
					c.Count("poison")
					if c.setup.Deadly {
						c.die(worker)
					}
					panic("a bug in the library that parses records")
				}
				t.Emit(word, file+":"+place)
				t.Count("words", 1)
			}
		},
		Reduce: func(_ *mr.Task, key string, values iter.Seq[string]) string {
			defer c.enter(worker, 1, key)()
			return strings.Join(slices.Sorted(values), ",")
		},
	}
}

// die has a worker's process end where it is, and another one start.
func (c *Cluster) die(worker int) {
	c.anew(c.workers[worker], time.Millisecond)
	time.Sleep(10 * time.Millisecond) // it is gone by then
	runtime.Goexit()
}

// anew has a node start anew in a while, as whoever runs the workers would see to. That is no fault, which a smaller case could do without.
func (c *Cluster) anew(node *labtest.Node, after time.Duration) {
	c.Go(fmt.Sprintf("%s after incarnation %d", node.Name(), node.Incarnation()), func() {
		c.Sleep(after)
		node.Crash(labtest.Keep)
		node.Start()
	})
}

// enter notes that a worker is in a call of a function, and has it take its time.
func (c *Cluster) enter(worker, phase int, what string) (leave func()) {
	c.mu.Lock()
	node := c.workers[worker]
	c.now[phase][worker] = true
	c.most[phase] = max(c.most[phase], len(c.now[phase]))
	if phase == 0 {
		c.began = append(c.began, call{worker, what, c.Now()})
	} else {
		c.reduced[what]++
		for _, f := range c.files {
			if c.mapped[f] == 0 {
				c.mu.Unlock()
				c.Violate("reduce begins when map is done", "MapReduce §3.1", "%s reduces %q, and no map task for %s has been done", node.Name(), what, f)
				c.mu.Lock()
				break
			}
		}
	}
	c.mu.Unlock()
	c.onCall(worker, phase, what)
	d := c.MapTime(worker)
	if phase == 1 {
		d = c.ReduceTime(worker)
	}
	if c.setup.Poison && phase == 0 {
		d /= 25 // it is called for each line
	}
	time.Sleep(d)
	node.GateOf("call")
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.now[phase], worker)
		if phase == 0 {
			c.mapped[what]++
		}
	}
}

// isOutput says whether a name is that of an output.
func isOutput(name string) bool {
	rest, ok := strings.CutPrefix(name, "mr-out-")
	return ok && rest != "" && strings.Trim(rest, "0123456789") == ""
}

// look looks at a file that has appeared or changed: an output must be whole from the first moment on.
func (c *Cluster) look(name string, contents []byte) {
	if !isOutput(name) {
		return
	}
	c.Count("outputs")
	if len(contents) > 0 && contents[len(contents)-1] != '\n' {
		c.Violate("outputs are whole", "MapReduce §3.3", "%s can be seen half written: %q", name, contents)
	}
	last := ""
	for line := range strings.Lines(string(contents)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, noncePrefix) {
			continue
		}
		if _, ok := slices.BinarySearch(c.want, line); !ok {
			c.Violate("outputs are right", "MapReduce §3.3", "%s has the line %q, which the sequential run does not have", name, line)
		}
		key, _, _ := strings.Cut(line, " ")
		if key <= last && last != "" {
			c.Violate("keys are in order", "MapReduce §4.2", "%s has %q after %q", name, key, last)
		}
		last = key
	}
}

// output is all output that there is.
func (c *Cluster) output() string {
	var all strings.Builder
	for _, name := range c.share.names("mr-out-") {
		if isOutput(name) {
			b, _ := c.share.read(name)
			fmt.Fprintf(&all, "== %s\n%s", name, b)
		}
	}
	return all.String()
}

// whole says whether the output is that of the sequential run.
func (c *Cluster) whole() bool { return c.difference() == nil }

func (c *Cluster) difference() error {
	var lines []string
	for line := range strings.Lines(c.output()) {
		if !strings.HasPrefix(line, "==") {
			lines = append(lines, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(lines)
	if c.setup.Nonces {
		var err error
		if lines, err = mixed(lines); err != nil {
			return err
		}
	}
	for i, want := range c.want {
		if i >= len(lines) || lines[i] != want {
			got := "nothing more"
			if i < len(lines) {
				got = lines[i]
			}
			return fmt.Errorf("where the sequential run has %q, there is %q", want, got)
		}
	}
	if len(lines) > len(c.want) {
		return errors.New("there are lines that the sequential run does not have")
	}
	return nil
}

// A job with nonces has so many keys of which all map tasks emit, for each, what differs from call to call.
const (
	noncePrefix = "nonce"
	nonces      = 12
)

// mixed says whether different reduce tasks have read the output of different attempts at one map task. It returns the lines that
// are no nonces.
func mixed(lines []string) ([]string, error) {
	seen := ""
	n := 0
	rest := slices.DeleteFunc(lines, func(line string) bool {
		key, values, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(key, noncePrefix) {
			return false
		}
		n++
		if seen == "" {
			seen = values
		} else if seen != values {
			seen = "differ"
		}
		return true
	})
	if n != nonces || seen == "differ" {
		return rest, fmt.Errorf("of %d keys with the same values in each attempt at a map task, %d are there, and their values differ: %v", nonces, n, seen == "differ")
	}
	return rest, nil
}

// Done says whether the coordinator says that the job is over. The first time it does, the output must be there.
func (c *Cluster) Done() bool {
	c.mu.Lock()
	co, over := c.coord, c.over
	c.mu.Unlock()
	if co == nil || !co.Done() {
		return over
	}
	if !over {
		if err := c.difference(); err != nil {
			reason := ""
			if f, ok := co.(interface{ Err() error }); ok && f.Err() != nil {
				reason = "; it says: " + f.Err().Error()
			}
			c.Violate("the output is the sequential one", "MapReduce §3.3", "the coordinator says that the job is over%s, but %v", reason, err)
		}
		if k, ok := co.(Counter); ok {
			if n := k.Counters()["words"]; n != c.counted {
				c.Violate("counters count once", "MapReduce §4.8", `the counter "words" is %d, the sequential run has %d`, n, c.counted)
			}
		}
		c.mu.Lock()
		c.over, c.final = true, c.output()
		c.mu.Unlock()
		c.Count("jobs done")
	}
	return true
}

// AwaitDone waits until the job is over, which it must be in time.
func (c *Cluster) AwaitDone(within time.Duration) {
	if !c.Eventually(within, c.Done) {
		c.Violate("the job ends", "MapReduce §3.3", "%v after everything was well again the job is not over", within)
	}
}

// afterlife is how long it is seen to that nothing happens when the job is over: zombies may be about.
const afterlife = 30 * time.Second

// finish is the end of every scenario.
func (c *Cluster) finish() {
	c.Heal()
	for _, n := range append(slices.Clone(c.workers), c.main) {
		n.Disk().CrashAtWrite(0, labtest.Keep)
		n.Start()
	}
	c.AwaitDone(jobBound)
	c.Sleep(afterlife)
	if now := c.output(); now != c.final {
		c.Violate("nothing happens when the job is over", "MapReduce §3.3", "the output has changed since:\n%s\nand was\n%s", now, c.final)
	}
	c.mu.Lock()
	c.Add("map calls", int64(len(c.began)))
	c.mu.Unlock()
	c.AtLeast("jobs done", 1)
}
