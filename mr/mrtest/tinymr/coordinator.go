// Package tinymr is a MapReduce as a student of the course writes it: one mutex, tasks that are given to somebody else after ten seconds, a
// file per map task and reduce task. It shares no code with the reference but the types of the course, and that is its purpose:
// the suite mrtest has to accept it.
package tinymr

import (
	"fmt"
	"sync"
	"time"

	"6.824/mr/store"
)

// lease is how long a worker may be at a task before it is given to another.
const lease = 10 * time.Second

// AskArgs asks for work.
type AskArgs struct{}

// Order is what a worker is to do.
type Order struct {
	Kind    string // map, reduce, wait or leave; "" if the coordinator is gone
	N       int    // of the task
	Attempt int    // no two orders have one
	File    string // of a map task
	Reduces int
	Maps    []int // of a reduce task: by map task, the attempt to read
}

// DoneArgs says that an attempt at a task has its output.
type DoneArgs struct {
	Kind       string
	N, Attempt int
}

// DoneReply is the answer.
type DoneReply struct{ OK bool }

// Coordinator hands out the tasks of a job.
type Coordinator struct {
	mu       sync.Mutex
	files    []string
	store    store.Store
	maps     []task
	reduces  []task
	attempts int
}

type task struct {
	given time.Time
	done  int  // the attempt whose output counts, 0 if there is none yet
	busy  bool // somebody's output is being put into its place
}

// NewCoordinator makes a coordinator.
func NewCoordinator(files []string, reduces int, s store.Store) *Coordinator {
	return &Coordinator{files: files, store: s, maps: make([]task, len(files)), reduces: make([]task, reduces)}
}

// Ask is the RPC with which a worker gets work.
func (c *Coordinator) Ask(_ *AskArgs, o *Order) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o.Reduces = len(c.reduces)
	phase := c.maps
	o.Kind = "map"
	if all(c.maps) {
		phase = c.reduces
		o.Kind = "reduce"
	}
	if all(phase) {
		o.Kind = "leave"
		return
	}
	for n := range phase {
		t := &phase[n]
		if t.done != 0 || !t.given.IsZero() && time.Since(t.given) < lease {
			continue
		}
		t.given = time.Now()
		c.attempts++
		o.N, o.Attempt = n, c.attempts
		if o.Kind == "map" {
			o.File = c.files[n]
			return
		}
		for _, m := range c.maps {
			o.Maps = append(o.Maps, m.done)
		}
		return
	}
	o.Kind = "wait"
}

// Finish is the RPC with which a worker says that it has done a task. The first one to say so of a task has its output taken.
func (c *Coordinator) Finish(args *DoneArgs, reply *DoneReply) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reply.OK = true
	if args.Kind == "map" {
		if t := &c.maps[args.N]; t.done == 0 {
			t.done = args.Attempt
		}
		return
	}
	t := &c.reduces[args.N]
	if t.done != 0 {
		return
	}
	reply.OK = false // the worker tries again
	if t.busy {
		return
	}
	t.busy = true
	c.mu.Unlock() // disks can be slow, and others must get on meanwhile
	err := c.store.Rename(output(args.N, args.Attempt), fmt.Sprintf("mr-out-%d", args.N))
	c.mu.Lock()
	if t.busy = false; err == nil {
		t.done, reply.OK = args.Attempt, true
	}
}

// Done says whether all output is there.
func (c *Coordinator) Done() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return all(c.maps) && all(c.reduces)
}

// Kill has nothing to do: there are no goroutines.
func (c *Coordinator) Kill() {}

func all(tasks []task) bool {
	for _, t := range tasks {
		if t.done == 0 {
			return false
		}
	}
	return true
}

// Names of the files of an attempt.
func intermediate(m, r, attempt int) string { return fmt.Sprintf("mr-%d-%d-%d", m, r, attempt) }
func output(r, attempt int) string          { return fmt.Sprintf("mr-reduced-%d-%d", r, attempt) }
