// Package ctrltest is the conformance suite of shard controllers: the course's scenarios, and
// more, over many seeds.
package ctrltest

import (
	"testing"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft/rafttest"
	"6.824/raft/rsm/rsmtest"
	"6.824/shardctrler"
)

// Config is what a controller's configurations are, whatever package they are of.
type Config = shardctrler.Config

// Clerk is the course's client of a controller. C is a struct like Config.
type Clerk[C any] interface {
	Query(num int) C
	Join(servers map[int][]string)
	Leave(gids []int)
	Move(shard int, gid int)
}

// Peer is what a server of a controller is made from.
type Peer = rsmtest.Peer

// Server is a server of a controller.
type Server = rsmtest.Server

// Suite returns the suite for controllers whose servers are made by server, and whose clients by clerk.
//
//	ctrltest.Suite(func(p ctrltest.Peer) ctrltest.Server {
//		sc := StartServer(p.Ends, p.Me, p.Persister)
//		p.Serve(sc, sc.Raft())
//		return sc
//	}, MakeClerk)
func Suite[K Clerk[C], C ~struct {
	Num    int
	Shards [shardctrler.NShards]int
	Groups map[int][]string
}](server func(Peer) Server, clerk func([]*labrpc.ClientEnd) K, opts ...Option) *labtest.Suite {
	im := implementation{server: server, clerk: func(ends []*labrpc.ClientEnd) Clerk[Config] { return converted[K, C]{clerk(ends)} }}
	s := &labtest.Suite{Name: "shardctrler", Tell: rafttest.TellLeaders}
	for _, opt := range opts {
		opt(&im, s)
	}
	for _, sc := range scenarios() {
		s.Scenarios = append(s.Scenarios, im.scenario(sc))
	}
	return s
}

// Run runs the whole suite, each scenario as a subtest.
func Run[K Clerk[C], C ~struct {
	Num    int
	Shards [shardctrler.NShards]int
	Groups map[int][]string
}](t *testing.T, server func(Peer) Server, clerk func([]*labrpc.ClientEnd) K, opts ...Option) {
	t.Helper()
	Suite[K, C](server, clerk, opts...).Run(t)
}

// converted is a Clerk whose configurations are of another package.
type converted[K Clerk[C], C ~struct {
	Num    int
	Shards [shardctrler.NShards]int
	Groups map[int][]string
}] struct{ clerk K }

func (c converted[K, C]) Query(num int) Config          { return Config(c.clerk.Query(num)) }
func (c converted[K, C]) Join(servers map[int][]string) { c.clerk.Join(servers) }
func (c converted[K, C]) Leave(gids []int)              { c.clerk.Leave(gids) }
func (c converted[K, C]) Move(shard, gid int)           { c.clerk.Move(shard, gid) }

// Option says something about an implementation.
type Option func(*implementation, *labtest.Suite)

// Refuses says that what can't be done (to join a group that is there, to move to one that is not, and so on) makes no
// configuration. The course leaves that open.
func Refuses() Option {
	return func(im *implementation, _ *labtest.Suite) { im.refuses = true }
}

// Machines says that the servers live on their nodes: see rafttest.Machines.
func Machines() Option {
	return func(im *implementation, _ *labtest.Suite) { im.machines = true }
}

// Seeds makes every scenario run this many seeds by default.
func Seeds(n int) Option {
	return func(im *implementation, _ *labtest.Suite) { im.fewSeeds = n }
}

// MayLeak lets goroutines go that are still blocked long after Kill.
func MayLeak() Option {
	return func(_ *implementation, s *labtest.Suite) { s.MayLeak = true }
}

// MayDiffer gives up that one seed has one history: for implementations that draw random numbers from elsewhere than
// their Peer's Rand.
func MayDiffer() Option {
	return func(_ *implementation, s *labtest.Suite) { s.MayDiffer = true }
}

// implementation is what the suite is run against.
type implementation struct {
	server            func(Peer) Server
	clerk             func([]*labrpc.ClientEnd) Clerk[Config]
	refuses, machines bool
	fewSeeds          int // instead of the scenarios' own numbers; 0 means those
}

// scenario is a scenario for one controller.
type scenario struct {
	Name, Doc string
	Course    bool // it is one of the course's
	Seeds     int  // 0 means 10
	Refuses   bool // it needs that
	Crowd     bool // what clients see must be linearizable
	Run       func(*Controller)
}

// scenario makes a scenario of the kit out of one of ours.
func (im implementation) scenario(sc scenario) labtest.Scenario {
	if sc.Seeds == 0 {
		sc.Seeds = 10
	}
	if im.fewSeeds > 0 {
		sc.Seeds = im.fewSeeds
	}
	s := labtest.Scenario{Name: sc.Name, Doc: sc.Doc, Course: sc.Course, Seeds: sc.Seeds}
	if sc.Refuses && !im.refuses {
		s.Skip = "this needs an implementation that refuses what can't be done: see ctrltest.Refuses"
	}
	s.Run = func(w *labtest.World) { sc.Run(newController(w, im, sc, servers)) }
	s.Play = func(w *labtest.World, nodes int) func(int, labtest.Operation) {
		return newController(w, im, sc, nodes).player()
	}
	return s
}
