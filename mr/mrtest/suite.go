// Package mrtest is the suite for MapReduce: deterministic scenarios over the kit's
// network, nodes and disks ([Suite]), and the course's checks on real processes
// ([Commands.Check]). Both take any implementation.
package mrtest

import (
	"context"
	"math/rand/v2"
	"testing"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/mr"
	"6.824/mr/store"
)

// Coordinator hands out the tasks of a job. Its RPC handlers are the methods of the form func(args, *reply), as
// labrpc.MakeService finds them.
type Coordinator interface {
	// Done says whether all output is in its place.
	Done() bool
	// Kill stops the coordinator and all its goroutines.
	Kill()
}

// Counter is a coordinator that sums up what the functions count (the paper's §4.8).
type Counter interface{ Counters() map[string]int64 }

// CoordinatorEnv is what a coordinator is made from.
type CoordinatorEnv struct {
	Node    *labtest.Node // the machine that it runs on
	Files   []string      // the input
	Reduces int           // how many reduce tasks there are to be
	Store   store.Store   // where the output goes, as mr-out-*; all workers share it
	Journal mr.Journal    // outlives the coordinator
	Hosts   func(m int) []string
	Skip    bool // bad records are to be left out
}

// WorkerEnv is what a worker is made from.
type WorkerEnv struct {
	Node  *labtest.Node     // the machine that it runs on
	End   *labrpc.ClientEnd // of the calls to the coordinator
	App   mr.App            // the functions
	Store store.Store       // where files are that others see
	Input func(name string) (store.Source, error)
}

// Rand is the worker's own source of random numbers.
func (e WorkerEnv) Rand() *rand.Rand { return e.Node.Rand("mr") }

// Implementation is what the suite is run against.
type Implementation struct {
	// Coordinator makes a coordinator and starts it. It may fail when its disk does.
	Coordinator func(CoordinatorEnv) (Coordinator, error)
	// Worker works until the job is over, and returns nil if it believes so, or until the context ends.
	Worker func(context.Context, WorkerEnv) error

	// What it can do. A scenario that needs more is skipped.
	Beats    bool // a worker keeps a task that takes longer than any timeout, as long as it lives
	Journals bool // a job outlives its coordinator
	Rebuilds bool // map output that is lost or torn is made again
	Backups  bool // stragglers get backups
	Skips    bool // bad records are left out, also those that end a worker
	Locates  bool // map tasks go to where their input is
}

// Suite returns the suite for an implementation.
func Suite(im Implementation) *labtest.Suite {
	s := &labtest.Suite{Name: "mr", Tell: storyteller}
	for _, sc := range scenarios() {
		s.Scenarios = append(s.Scenarios, im.scenario(sc))
	}
	return s
}

// Run runs the whole suite, each scenario as a subtest.
func Run(t *testing.T, im Implementation) {
	t.Helper()
	Suite(im).Run(t)
}

// scenario is a scenario for one job.
type scenario struct {
	Name, Doc, Paper string

	Course bool
	Seeds  int // 0 means 10
	Needs  func(Implementation) bool
	Setup  setup
	Run    func(*Cluster)
}

// setup is what a job and its cluster are like; zero numbers stand for defaults.
type setup struct {
	Files, Reduces, Workers int
	LocalDisks              bool // what a worker has written is gone while it is down
	Skip                    bool
	Poison                  bool // there are records at which Map panics
	Deadly                  bool // … or rather, which end the process
	Nonces                  bool // what Map emits differs from call to call
}

func (im Implementation) lacks(sc scenario) string {
	if sc.Needs == nil || sc.Needs(im) {
		return ""
	}
	return "this needs something that the implementation was not said to have: see mrtest.Implementation"
}

// scenario makes a scenario of the kit out of one of ours.
func (im Implementation) scenario(sc scenario) labtest.Scenario {
	if sc.Seeds == 0 {
		sc.Seeds = 10
	}
	return labtest.Scenario{
		Name: sc.Name, Doc: sc.Doc, Paper: sc.Paper, Course: sc.Course, Seeds: sc.Seeds, Skip: im.lacks(sc),
		Run: func(w *labtest.World) {
			c := newCluster(w, im, sc.Setup)
			sc.Run(c)
			c.finish()
		},
	}
}
