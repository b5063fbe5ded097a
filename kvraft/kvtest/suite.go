// Package kvtest is a conformance suite for key/value services with the course's API: servers that replicate a store, and clerks that
// put, append and get. Every scenario runs over many seeds in a simulated world (package labtest), and what concurrent clients saw is
// decided by porcupine.
//
// A test file that hands an implementation to the suite:
//
//	func TestKV(t *testing.T) {
//		kvtest.Run(t,
//			func(p kvtest.Peer) *KVServer {
//				kv := StartKVServer(p.Ends, p.Me, p.Persister, p.MaxRaftState)
//				p.Serve(kv, kv.rf)
//				return kv
//			},
//			func(d kvtest.Dialer) *Clerk { return MakeClerk(d.Ends) },
//			kvtest.MayDiffer())
//	}
package kvtest

import (
	"log/slog"
	"math/rand/v2"
	"testing"

	"6.824/kvraft"
	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft"
	"6.824/raft/rafttest"
	"6.824/raft/rsm"
)

// Server is one server of the store, as the course has it.
type Server interface {
	// Kill stops the server and all its goroutines.
	Kill()
}

// Clerk is a client of the store as the course has it. A method returns when the operation is done, however long that takes.
type Clerk interface {
	// Get returns the value of a key, "" if there is none.
	Get(key string) string
	Put(key, value string)
	Append(key, value string)
}

// Peer is what a server is made from.
type Peer struct {
	Ends         []*labrpc.ClientEnd // of the calls to each server; this one's own is unused
	Me           int                 // this server's place among them
	Persister    *raft.Persister     // what an earlier incarnation of this server has saved
	MaxRaftState int                 // the size in bytes of the Raft state at which a snapshot is due; -1: no snapshots
	MaxSessions  int                 // how many sessions a server with [Expiry] keeps; 0: as many as it likes
	Node         *labtest.Node       // the machine that the server runs on

	host *host
}

// Serve registers what has RPC handlers: the server and its Raft, which the suite looks at too: it knows the leader by a method
// GetState() (term int, leads bool).
func (p Peer) Serve(receivers ...any) {
	for _, r := range receivers {
		if s, ok := r.(stater); ok {
			p.host.raft = s
		}
		p.Node.Serve(labrpc.MakeService(r))
	}
}

type stater interface{ GetState() (term int, leads bool) }

// Gate is to be called before a message of applyCh is taken, by a server that wants one seed to have one history: it makes an event of its
// own of each. Otherwise, what a Raft goes on to do when it has sent the message happens at the same time.
func (p Peer) Gate() { p.Node.GateOf("service") }

// Rand is a source of random numbers for this server. One that draws from elsewhere has other histories each time.
func (p Peer) Rand(name string) *rand.Rand { return p.Node.Rand(name) }

// Options are those with which kvraft.StartKVServer starts a server of a simulated world: one that draws from Rand, and lives by
// the clock of Node and stands still while that is paused.
func (p Peer) Options() []kvraft.Option {
	quiet := slog.New(slog.DiscardHandler)
	return []kvraft.Option{func(c *rsm.Config) {
		c.Rand, c.Logger, c.MaxSessions = p.Rand("rsm"), quiet, p.MaxSessions
		c.Gate = p.Gate
		c.Raft = append(c.Raft, raft.WithRand(p.Rand("raft")), raft.WithHost(p.Node), raft.WithLogger(quiet))
		if p.Node.Traced() {
			c.Raft = append(c.Raft, raft.WithObserver(func(t raft.Transition) { p.Node.Show(t.Event, t) }))
		}
	}}
}

// Dialer is what a client is made from.
type Dialer struct {
	Ends []*labrpc.ClientEnd // of the calls to the servers, in an order of the client's own
	Rand *rand.Rand          // the client's
}

// Suite returns the suite for servers and clerks made by these. What else they can do is told by opts.
func Suite[S Server, C Clerk](server func(Peer) S, clerk func(Dialer) C, opts ...Option) *labtest.Suite {
	im := implementation{
		server: func(p Peer) Server { return server(p) },
		clerk:  func(d Dialer) Clerk { return clerk(d) },
		can:    map[Ability]bool{},
	}
	s := &labtest.Suite{Name: "kvraft", Tell: rafttest.TellLeaders}
	for _, opt := range opts {
		opt(&im, s)
	}
	for _, sc := range scenarios() {
		s.Scenarios = append(s.Scenarios, im.scenario(sc))
	}
	return s
}

// Run runs the whole suite, each scenario as a subtest.
func Run[S Server, C Clerk](t *testing.T, server func(Peer) S, clerk func(Dialer) C, opts ...Option) {
	t.Helper()
	Suite(server, clerk, opts...).Run(t)
}

// implementation is what the suite is run against.
type implementation struct {
	server   func(Peer) Server
	clerk    func(Dialer) Clerk
	client   func(Dialer) Client // nil: there is no such
	can      map[Ability]bool
	fewSeeds int // at most so many; 0 means the scenarios' own numbers
}

// seeds is how many seeds a scenario runs by default.
func (im implementation) seeds(own int) int {
	if im.fewSeeds > 0 {
		return min(im.fewSeeds, own)
	}
	return own
}

// scenario is a scenario for one cluster.
type scenario struct {
	Name  string
	Doc   string
	Paper string // of "Raft extended" where it is only a section

	Course bool // it is one of the course's
	Seeds  int  // 0 means 5
	Needs  []Ability
	Setup  setup
	Run    func(*Cluster)
}

const anySize = -1

const defaultSeeds = 5

// setup is what a cluster is like.
type setup struct {
	Servers      int  // 0 means 3, anySize 3, 5 or 7, by the seed
	MaxRaftState int  // 0 means none
	MaxSessions  int  // 0 means the implementation's own
	Unreliable   bool // the network is the course's unreliable one
}

// scenario makes a scenario of the kit out of one of ours.
func (im implementation) scenario(sc scenario) labtest.Scenario {
	if sc.Seeds == 0 {
		sc.Seeds = defaultSeeds
	}
	return labtest.Scenario{
		Name: sc.Name, Doc: sc.Doc, Paper: sc.Paper, Course: sc.Course, Seeds: im.seeds(sc.Seeds), Skip: im.lacks(sc.Needs),
		Run: func(w *labtest.World) {
			s := sc.Setup
			switch s.Servers {
			case 0:
				s.Servers = 3
			case anySize:
				s.Servers = []int{3, 5, 5, 7}[w.Rand("size").IntN(4)]
			}
			if s.MaxRaftState == 0 {
				s.MaxRaftState = -1
			}
			sc.Run(newCluster(w, im, s))
		},
		Play: func(w *labtest.World, nodes int) func(int, labtest.Operation) {
			s := sc.Setup
			s.Servers, s.Unreliable = nodes, false // that is among the faults
			if s.MaxRaftState == 0 {
				s.MaxRaftState = -1
			}
			return newCluster(w, im, s).player()
		},
	}
}
