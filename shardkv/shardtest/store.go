package shardtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/raft/rsm/rsmtest"
	"6.824/shardctrler"
	"6.824/shardctrler/ctrltest"
)

// perGroup is how many servers a group has, and the controller.
const perGroup = 3

// Store is a controller and a number of groups in a world, which it also is. Groups go by their numbers, from 0.
type Store struct {
	*labtest.World
	Ctrler *rsmtest.Replicas
	Groups []*rsmtest.Replicas

	im        Implementation
	setup     scenario
	rand      *rand.Rand // of the scenario
	admin     ctrltest.Clerk[shardctrler.Config]
	history   *labtest.History
	sequences rsmtest.Sequences
	ids       int // of clients

	mu    sync.Mutex // guards what actors and the scenario share
	moves *monitor
}

// newStore starts the controller and the groups, none of which has joined yet. There are at most so many servers: the last groups
// may have fewer than the others, or not be there.
func newStore(w *labtest.World, im Implementation, setup scenario, servers int) *Store {
	if setup.MaxRaft == 0 {
		setup.MaxRaft = -1
	}
	st := &Store{World: w, im: im, setup: setup, rand: w.Rand("scenario"), history: labtest.NewHistory(w, model), moves: newMonitor(w)}
	st.Ctrler = rsmtest.NewReplicas(w, "ctrler", min(servers, perGroup), im.Ctrler)
	for g := range min(setup.Groups, (servers-1)/perGroup) {
		st.Groups = append(st.Groups, rsmtest.NewReplicas(w, fmt.Sprint("g", gidOf(g)), min(servers-(g+1)*perGroup, perGroup), func(p rsmtest.Peer) rsmtest.Server {
			peer := Peer{Peer: p, GID: gidOf(g), MaxRaftState: setup.MaxRaft}
			for _, name := range st.Ctrler.Names {
				peer.Ctrlers = append(peer.Ctrlers, p.Dial(name))
			}
			return im.Server(peer)
		}))
	}
	if setup.Unreliable {
		w.Unreliable(true)
	}
	st.admin = im.Admin(st.Ctrler.Ends(administrator))
	st.Ctrler.Start()
	for _, g := range st.Groups {
		g.Start()
	}
	return st
}

// gidOf is the gid of a group.
func gidOf(g int) int { return 100 + g }

func gidsOf(groups []int) (gids []int) {
	for _, g := range groups {
		gids = append(gids, gidOf(g))
	}
	return gids
}

// names are those of all servers of the groups.
func (st *Store) names() (all []string) {
	for _, g := range st.Groups {
		all = append(all, g.Names...)
	}
	return all
}

// Join has groups join.
func (st *Store) Join(groups ...int) {
	servers := map[int][]string{}
	for _, g := range groups {
		servers[gidOf(g)] = st.Groups[g].Names
	}
	st.change("join", asked{Groups: gidsOf(groups)}, func() { st.admin.Join(servers) })
}

// Leave has groups leave.
func (st *Store) Leave(groups ...int) {
	gids := gidsOf(groups)
	st.change("leave", asked{Groups: gids}, func() { st.admin.Leave(gids) })
}

// Move moves a shard.
func (st *Store) Move(shard, group int) {
	st.change("move", asked{Shard: shard, Groups: gidsOf([]int{group})}, func() { st.admin.Move(shard, gidOf(group)) })
}

// change has the administrator make a change.
func (st *Store) change(what string, a asked, make func()) {
	st.Asks(what, administrator, a)()
	make()
	st.ExitIfOver()
	st.Count("changes")
}

// Config is the latest configuration.
func (st *Store) Config() shardctrler.Config {
	config := st.admin.Query(-1)
	st.ExitIfOver()
	return config
}

// Crash crashes all servers of groups, and Start starts them.
func (st *Store) Crash(groups ...int) {
	for _, g := range groups {
		st.Groups[g].Crash()
	}
}

// Start starts all servers of groups that are down.
func (st *Store) Start(groups ...int) {
	for _, g := range groups {
		st.Groups[g].Start()
	}
}

// all are the numbers of all groups.
func (st *Store) all() []int {
	all := make([]int, len(st.Groups))
	for g := range all {
		all[g] = g
	}
	return all
}

// Stored is what all groups together have on their disks, in bytes.
func (st *Store) Stored() (total int) {
	for _, g := range st.Groups {
		total += g.Stored()
	}
	return total
}

// holds reports a violation if ok is false, and ends the scenario.
func (st *Store) holds(ok bool, check, format string, args ...any) {
	if !ok {
		st.Violate(check, "", format, args...)
		st.Sleep(0) // does not return
	}
}

// checkLogs makes sure that logs are compacted: the course's bound.
func (st *Store) checkLogs() {
	if st.setup.MaxRaft < 0 {
		return
	}
	for _, g := range st.Groups {
		for i, size := range g.StateSizes() {
			st.holds(size <= 8*st.setup.MaxRaft, "logs are compacted", "Raft's state at %s has %d bytes, with a maxraftstate of %d", g.Names[i], size, st.setup.MaxRaft)
		}
	}
}

// between says whether a message goes from one group to another.
func between(from, to string) bool {
	a, _, ok := strings.Cut(from, "/")
	b, _, also := strings.Cut(to, "/")
	return ok && also && a != b && a[0] == 'g' && b[0] == 'g'
}

// overall is how often something must have happened over all seeds that run by default, if it must n times in five.
func (st *Store) overall(n int) int64 { return int64(n * st.setup.Seeds / 5) }

// ms draws a time between lo and hi milliseconds.
func (st *Store) ms(lo, hi int) time.Duration {
	return time.Duration(lo+st.rand.IntN(hi-lo+1)) * time.Millisecond
}

// healthy is how long the last shard may take to be served again, after a change or after the last fault has ended, when all groups are there.
const healthy = 8 * time.Second

// quiesce is the end of every scenario: faults end, and every shard that a group has is served, and in a while nothing is left to hand over.
func (st *Store) quiesce() {
	st.Heal()
	st.Unreliable(false)
	st.Ctrler.Start()
	st.Start(st.all()...)
	began := st.Now()
	config := st.Config()
	if len(config.Groups) == 0 {
		return
	}
	ck := st.Clerk()
	for _, key := range oneOfEach() {
		ck.Put(key, "quiet")
		ck.Append(key, "!")
		ck.Get(key)
	}
	took := st.Now() - began
	st.holds(took <= healthy, "all shards are served in the end", "after the last fault had ended it took %v to write and read a key of each shard", took)
	settled := st.Eventually(max(healthy-took, 0), func() bool { return st.moves.settled(config) })
	st.holds(settled, "nothing is left to hand over in the end", "%v after the last fault had ended: %s", healthy, st.moves)
}

// oneOfEach is a key of each shard.
func oneOfEach() []string {
	return strings.Split("0123456789", "")
}

// letters are another key of each shard, that books have not.
func letters() []string { return strings.Split("abcdefghij", "") }

// shardOf is the shard of a key, by the course's rule.
func shardOf(key string) int {
	if key == "" {
		return 0
	}
	return int(key[0]) % shardctrler.NShards
}

// Clerk makes a client, whose operations are in the history. Only the scenario itself may call it.
func (st *Store) Clerk() *recorded {
	st.ids++
	return st.clerk(st.ids)
}

func (st *Store) clerk(id int) *recorded {
	name := fmt.Sprintf("client/%d", id)
	ck := st.im.Clerk(st.Ctrler.Ends(name), func(server string) *labrpc.ClientEnd { return st.Dial(name, server) })
	return &recorded{ck, st, id}
}

// generators names the kit's fault generators that an implementation can be tried with.
func (st *Store) generators() []string {
	return slices.DeleteFunc(labtest.GeneratorNames(), func(name string) bool {
		return !st.im.can[Machines] && (name == "disk-faults" || name == "pauses" || name == "clock-skew")
	})
}
