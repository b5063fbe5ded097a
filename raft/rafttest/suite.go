package rafttest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"testing"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft"
)

// Raft is a peer as the course has it. What else a peer can do, the suite sees from its methods: see [Snapshotter], [Reader],
// [Transferrer] and [Failer]. Its RPC handlers are the methods of the form func(args, *reply), as labrpc.MakeService finds them.
type Raft interface {
	// Start asks for a command to be committed; see raft.Raft.
	Start(command any) (index, term int, isLeader bool)
	// GetState returns the current term, and whether this peer believes that it leads.
	GetState() (term int, isLeader bool)
	// Kill stops the peer and all its goroutines.
	Kill()
}

// Snapshotter is a peer whose log can be compacted (the course's lab 2D).
type Snapshotter interface {
	Snapshot(index int, snapshot []byte)
}

// Reader is a peer that can vouch for a read without a log entry (Ongaro's dissertation, §6.4): a state in which everything up to
// the index that ReadIndex returns is applied may answer a read that began before the call.
type Reader interface {
	ReadIndex(context.Context) (int, error)
}

// Transferrer is a leader that can hand its lead to another peer (Ongaro's dissertation, §3.10).
type Transferrer interface {
	TransferLeadership(ctx context.Context, to int) error
}

// Failer is a peer that notices when its disk fails: it is silent from then on, and Err says why. With the course's Persister, whose
// methods return nothing, nobody can.
type Failer interface {
	Err() error
}

// Peer is what a peer is made from.
type Peer struct {
	Ends      []*labrpc.ClientEnd // of the calls to each peer; this one's own is unused
	Me        int                 // this peer's place among them
	Persister *raft.Persister     // what an earlier incarnation of this peer has saved
	ApplyCh   chan raft.ApplyMsg  // the service reads it
	Node      *labtest.Node       // the machine that the peer runs on
}

// Rand is the peer's own source of random numbers. One that draws its election timeouts from elsewhere has other histories
// each time.
func (p Peer) Rand() *rand.Rand { return p.Node.Rand("raft") }

// Options are those with which raft.Make makes a peer of a simulated world: one that draws from Rand, lives by the clock of Node and
// stands still while that is paused, and reports its transitions for the checks.
func (p Peer) Options() []raft.Option {
	return []raft.Option{
		raft.WithRand(p.Rand()), raft.WithHost(p.Node), raft.WithLogger(slog.New(slog.DiscardHandler)),
		raft.WithObserver(func(t raft.Transition) { p.Node.Report(t.Event, t) }),
	}
}

// Maker makes a peer and starts it.
type Maker func(Peer) Raft

// Suite returns the suite for peers made by mk. What they can do is seen from the methods of R, and told by opts.
func Suite[R Raft](mk func(Peer) R, opts ...Option) *labtest.Suite {
	im := implementation{make: func(p Peer) Raft { return mk(p) }, can: abilitiesOf[R]()}
	s := &labtest.Suite{Name: "raft", Tell: storyteller}
	for _, opt := range opts {
		opt(&im, s)
	}
	for _, sc := range scenarios() {
		s.Scenarios = append(s.Scenarios, im.scenario(sc))
	}
	return s
}

// Run runs the whole suite, each scenario as a subtest.
func Run[R Raft](t *testing.T, mk func(Peer) R, opts ...Option) {
	t.Helper()
	Suite(mk, opts...).Run(t)
}

// implementation is what the suite is run against.
type implementation struct {
	make     Maker
	can      map[Ability]bool
	fewSeeds int // instead of the scenarios' own numbers; 0 means those
}

// seeds is how many seeds a scenario runs by default.
func (im implementation) seeds(own int) int {
	if im.fewSeeds > 0 {
		return im.fewSeeds
	}
	return own
}

// scenario is a scenario for one cluster.
type scenario struct {
	Name  string
	Doc   string
	Paper string // of "Raft extended" where it is only a section

	Course  bool      // it is one of the course's
	Servers int       // 0 means 3, anySize 3, 5 or 7, by the seed
	Seeds   int       // 0 means 10
	Needs   []Ability // what an implementation must be able to do
	Setup   setup
	Run     func(*Cluster)
}

const anySize = -1

// setup is what a cluster is like.
type setup struct {
	Snapshots  bool // the service takes a snapshot every SnapshotInterval commands
	Staggered  bool // the services' snapshots end at different indices
	Pad        int  // bytes by which a snapshot is larger than it has to be
	Unreliable bool // the network is the course's unreliable one
}

// scenario makes a scenario of the kit out of one of ours.
func (im implementation) scenario(sc scenario) labtest.Scenario {
	if sc.Servers == 0 {
		sc.Servers = 3
	}
	if sc.Seeds == 0 {
		sc.Seeds = 10
	}
	if sc.Setup.Snapshots {
		sc.Needs = append(sc.Needs, Snapshots)
	}
	return labtest.Scenario{
		Name: sc.Name, Doc: sc.Doc, Paper: sc.Paper, Course: sc.Course, Seeds: im.seeds(sc.Seeds), Skip: im.lacks(sc.Needs),
		Run: func(w *labtest.World) {
			n := sc.Servers
			if n == anySize {
				n = []int{3, 5, 5, 7}[w.Rand("size").IntN(4)]
			}
			c := newCluster(w, im, n, sc.Setup)
			sc.Run(c)
			c.finish()
		},
		Play: func(w *labtest.World, nodes int) func(int, labtest.Operation) {
			s := sc.Setup
			s.Unreliable = false // it is among the faults
			c := newCluster(w, im, nodes, s)
			l := &Load{c: c, history: labtest.NewHistory(w, registerModel)}
			return func(actor int, op labtest.Operation) { c.play(l, actor, op) }
		},
	}
}
