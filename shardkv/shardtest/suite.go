// Package shardtest is the conformance suite of sharded key/value stores: the course's scenarios, and
// more, over many seeds.
//
//	var suite = shardtest.Suite(shardtest.Implementation{
//		Server: func(p shardtest.Peer) shardtest.Server {
//			kv := StartServer(p.Ends, p.Me, p.Persister, p.MaxRaftState, p.GID, p.Ctrlers, p.Dial)
//			p.Serve(kv, kv.rf)
//			return kv
//		},
//		Clerk: func(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) shardtest.Clerk {
//			return MakeClerk(ctrlers, makeEnd)
//		},
//	})
package shardtest

import (
	"testing"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft/rsm/rsmtest"
	"6.824/shardctrler"
	"6.824/shardctrler/ctrltest"
)

// Peer is what a server is made from.
type Peer struct {
	rsmtest.Peer
	GID          int                 // its group's
	MaxRaftState int                 // -1 for no snapshots
	Ctrlers      []*labrpc.ClientEnd // of the controller's servers
}

// Server is a server of a group.
type Server = rsmtest.Server

// Clerk is the course's client.
type Clerk interface {
	Get(key string) string
	Put(key string, value string)
	Append(key string, value string)
}

// Implementation is what the suite is run against.
type Implementation struct {
	Server func(Peer) Server
	Clerk  func(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) Clerk

	// The controller and its client; nil stands for those of package shardctrler.
	Ctrler func(ctrltest.Peer) ctrltest.Server
	Admin  func(ctrlers []*labrpc.ClientEnd) ctrltest.Clerk[shardctrler.Config]

	can      map[Ability]bool
	fewSeeds int
}

// Ability is something that not every implementation can do. A scenario that needs it is skipped for those that can't.
type Ability string

const (
	// Machines: its servers live on their nodes: see rafttest.Machines.
	Machines Ability = "machines"
	// Keeping: a shard that a configuration gives to nobody is not lost, but there again when one gives it to a group.
	Keeping Ability = "keeping"
)

// Option says something about an implementation.
type Option func(*Implementation, *labtest.Suite)

// Can says that the implementation has these abilities.
func Can(abilities ...Ability) Option {
	return func(im *Implementation, _ *labtest.Suite) {
		for _, a := range abilities {
			im.can[a] = true
		}
	}
}

// Seeds makes every scenario run this many seeds by default.
func Seeds(n int) Option {
	return func(im *Implementation, _ *labtest.Suite) { im.fewSeeds = n }
}

// MayLeak lets goroutines go that are still blocked long after Kill.
func MayLeak() Option {
	return func(_ *Implementation, s *labtest.Suite) { s.MayLeak = true }
}

// MayDiffer gives up that one seed has one history: for implementations that draw random numbers from elsewhere than
// their Peer's Rand.
func MayDiffer() Option {
	return func(_ *Implementation, s *labtest.Suite) { s.MayDiffer = true }
}

// Suite returns the suite for an implementation.
func Suite(im Implementation, opts ...Option) *labtest.Suite {
	s := &labtest.Suite{Name: "shardkv", Tell: storyteller}
	im.can = map[Ability]bool{}
	if im.Ctrler == nil {
		im.Ctrler = func(p ctrltest.Peer) ctrltest.Server {
			sc := shardctrler.StartServer(p.Ends, p.Me, p.Persister, p.Simulated)
			p.Serve(sc, sc.Raft())
			return sc
		}
	}
	if im.Admin == nil {
		im.Admin = func(ends []*labrpc.ClientEnd) ctrltest.Clerk[shardctrler.Config] { return shardctrler.MakeClerk(ends) }
	}
	for _, opt := range opts {
		opt(&im, s)
	}
	for _, sc := range scenarios() {
		s.Scenarios = append(s.Scenarios, im.scenario(sc))
	}
	return s
}

// Run runs the whole suite, each scenario as a subtest.
func Run(t *testing.T, im Implementation, opts ...Option) {
	t.Helper()
	Suite(im, opts...).Run(t)
}

// scenario is a scenario for one store.
type scenario struct {
	Name, Doc  string
	Course     bool    // it is one of the course's
	Seeds      int     // 0 means 5
	Needs      Ability // "" for none
	Groups     int     // 0 means 3
	MaxRaft    int     // maxraftstate; 0 means -1
	Unreliable bool    // the network is the course's unreliable one
	Run        func(*Store)
}

const limit = 2 * time.Minute

// scenario makes a scenario of the kit out of one of ours.
func (im Implementation) scenario(sc scenario) labtest.Scenario {
	if sc.Seeds == 0 {
		sc.Seeds = 5
	}
	if im.fewSeeds > 0 {
		sc.Seeds = im.fewSeeds
	}
	if sc.Groups == 0 {
		sc.Groups = 3
	}
	s := labtest.Scenario{Name: sc.Name, Doc: sc.Doc, Course: sc.Course, Seeds: sc.Seeds, Limit: limit}
	if sc.Needs != "" && !im.can[sc.Needs] {
		s.Skip = "this needs the ability \"" + string(sc.Needs) + "\" of the implementation: see shardtest.Ability"
	}
	s.Run = func(w *labtest.World) {
		st := newStore(w, im, sc, perGroup*(1+sc.Groups))
		sc.Run(st)
		st.quiesce()
	}
	s.Play = func(w *labtest.World, nodes int) func(int, labtest.Operation) {
		sc := sc
		sc.Unreliable = false // it is among the faults
		return newStore(w, im, sc, nodes).player()
	}
	return s
}
