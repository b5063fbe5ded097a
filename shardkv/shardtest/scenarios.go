package shardtest

import (
	"fmt"
	"slices"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// scenarios are all that there is.
func scenarios() []scenario { return append(course(), beyond()...) }

// beyond are those that are not the course's.
func beyond() []scenario {
	return []scenario{
		{Name: "TestBackAndForth", Doc: "shards go from A to B to A and on, while messages about earlier moves arrive late and twice", MaxRaft: 500, Run: backAndForth},
		{Name: "TestControllerGone", Doc: "the controller dies in the middle of a change, and comes back later", MaxRaft: 500, Run: controllerGone},
		{Name: "TestGroupsRestart", Doc: "whole groups restart in the middle of a change", MaxRaft: 500, Run: groupsRestart},
		{Name: "TestCrashAtEachStep", Doc: "the leader of the giver or of the taker crashes at every message of a hand-over", MaxRaft: 500, Run: crashAtEachStep},
		{Name: "TestCutOffAtEachStep", Doc: "the leader of the giver or of the taker is cut off from its group at every message of a hand-over", MaxRaft: 500, Run: cutOffAtEachStep},
		{Name: "TestOneWayBetweenGroups", Doc: "groups hear each other in one direction only", MaxRaft: 500, Run: oneWay},
		{Name: "TestUnmoved", Doc: "clients of shards that don't move notice nothing of a change", MaxRaft: 1000, Run: unmoved},
		{Name: "TestManyGroups", Doc: "twenty groups join at once, and leave", Groups: 20, MaxRaft: 1000, Run: manyGroups},
		{Name: "TestKept", Doc: "the last group leaves, and what it had is there when one joins again", Needs: Keeping, MaxRaft: 500, Run: kept},
		{Name: "TestRetriesMove", Doc: "answers get lost, and the retries reach another group: each write happens once", MaxRaft: 500, Run: retriesMove},
		{Name: "TestReconfigurations", Doc: "groups join and leave, and shards are moved, at random, under load and a random mix of all faults", Seeds: 10, MaxRaft: 500, Run: reconfigurations},
	}
}

func backAndForth(st *Store) {
	st.AtLeast("late copies", 3)
	st.AtLeast("operations", 20)
	st.Join(0, 1)
	st.OnEvent(func(e labtest.Event) {
		if e.Kind == "delivered" && e.Copy > 0 && between(e.Node, e.To) {
			st.Count("late copies")
		}
	})
	const span = 4500 * time.Millisecond
	st.betweenGroups(labtest.Fault{Kind: "link", For: span, Link: &labrpc.Conditions{Duplicate: 0.8, Reorder: 0.5, ReorderBy: labrpc.Uniform(0, 1200*time.Millisecond)}})
	l := st.Load(Load{Keys: []string{"0", "1", "a"}, Clients: 3})
	for i := 0; st.Now() < span; i++ {
		st.Move(shardOf("0"), i%2)
		if st.rand.IntN(2) == 0 {
			st.Move(shardOf("1"), st.rand.IntN(2))
		}
		st.Sleep(st.ms(0, 500))
	}
	st.Sleep(2 * time.Second)
	l.Stop()
}

// betweenGroups injects a fault into the links between any two groups.
func (st *Store) betweenGroups(f labtest.Fault) {
	var s labtest.Schedule
	for _, from := range st.Groups {
		for _, to := range st.Groups {
			if from != to {
				f.From, f.To = from.Names, to.Names
				s = append(s, f)
			}
		}
	}
	st.inject(s)
}

// shuffle makes a random change: a group joins or leaves, or a shard is moved. There is always one that stays.
func (st *Store) shuffle(in map[int]bool) {
	var inside, outside []int
	for _, g := range st.all() {
		if in[g] {
			inside = append(inside, g)
		} else {
			outside = append(outside, g)
		}
	}
	switch k := st.rand.IntN(3); {
	case k == 0 && len(outside) > 0 || len(inside) == 0:
		g := outside[st.rand.IntN(len(outside))]
		st.Join(g)
		in[g] = true
	case k == 1 && len(inside) > 1:
		g := inside[st.rand.IntN(len(inside))]
		st.Leave(g)
		in[g] = false
	default:
		st.Move(st.rand.IntN(10), inside[st.rand.IntN(len(inside))])
	}
}

func controllerGone(st *Store) {
	st.AtLeast("operations", 60)
	st.AtLeast("crash", 9)
	in := map[int]bool{0: true, 1: true, 2: true}
	st.Join(0, 1, 2)
	b := st.newBook(10, 5)
	l := st.Load(Load{Keys: letters()})
	for range 3 {
		st.shuffle(in)
		st.shuffle(in)
		st.Sleep(st.ms(0, 120))
		st.Ctrler.Crash()
		st.Sleep(st.ms(100, 1000))
		st.Ctrler.Start()
		st.Sleep(st.ms(500, 1000))
	}
	if !in[0] {
		st.Join(0)
	}
	if !in[1] {
		st.Join(1)
	}
	l.Stop()

	// What the groups have heard of they finish without the controller.
	st.Sleep(time.Second)
	st.betweenGroups(labtest.Fault{Kind: "cut", For: time.Second})
	st.Leave(0)
	config := st.Config()
	st.Sleep(150 * time.Millisecond) // they ask every 100 ms, if not more often, and can't give each other anything
	st.Ctrler.Crash()
	if st.moves.allAt(config) {
		st.Count("changes finished alone")
		settled := st.Eventually(4*time.Second, func() bool { return st.moves.settled(config) })
		st.holds(settled, "a change that was begun is finished without the controller", "4 s after the controller died: %s", st.moves)
	}
	st.Heal()
	st.Ctrler.Start()
	b.check()
}

func groupsRestart(st *Store) {
	st.AtLeast("operations", 20)
	st.AtLeast("crash", 15)
	in := map[int]bool{0: true}
	st.Join(0)
	l := st.Load(Load{})
	for range 6 {
		st.shuffle(in)
		st.Sleep(st.ms(0, 150))
		down := st.rand.Perm(len(st.Groups))[:1+st.rand.IntN(len(st.Groups))]
		st.Crash(down...)
		st.Sleep(st.ms(0, 600))
		if st.rand.IntN(2) == 0 {
			st.shuffle(in)
		}
		st.Start(down...)
		st.Sleep(st.ms(0, 700))
	}
	l.Stop()
}

// crashAtEachStep strikes at the n-th event of a message between two groups, for all n that there are.
func crashAtEachStep(st *Store) {
	st.atEachStep(oneOfEach(), 60, 900*time.Millisecond, func(victim string) {
		st.Inject(labtest.Schedule{{Kind: "crash", For: 400 * time.Millisecond, Nodes: []string{victim}, Mode: labtest.Torn}})
	})
}

// cutOffAtEachStep: who is cut off from its own group only can promise the other one what it can't keep; and if its group does hear it, there is
// an entry that the next leader has and nobody commits, since what clients ask for is on its way.
func cutOffAtEachStep(st *Store) {
	moving := slices.DeleteFunc(oneOfEach(), func(key string) bool { return shardOf(key) > 1 })
	st.atEachStep(moving, 20, 1200*time.Millisecond, func(victim string) {
		peers := slices.DeleteFunc(st.names(), func(name string) bool { return name == victim || between(name, victim) })
		cut := labtest.Fault{Kind: "cut", For: 700 * time.Millisecond, From: []string{victim}, To: peers}
		back := cut
		back.From, back.To = cut.To, cut.From
		st.Inject(labtest.Schedule{cut, back}[st.rand.IntN(2):])
	})
}

// atEachStep moves the shards 0 and 1 to and fro, and strikes one of those between whom a message of a hand-over is: at the first that comes, then at
// the second, and so on; now at the giver, and then at the taker. It takes a while for each. Clients write the keys, and some of that must
// succeed.
func (st *Store) atEachStep(keys []string, operations int, each time.Duration, strike func(victim string)) {
	const most = 14
	rounds := st.Size("rounds", most)
	st.AtLeast("struck in a hand-over", int64(6*rounds/most))
	st.AtLeast("operations", int64(operations*rounds/most))
	st.Join(0, 1)
	l := st.Load(Load{Keys: keys, Clients: st.Size("clients", 3), Gap: 80 * time.Millisecond, Writes: true}) // reads would have new leaders commit what they have
	steps, giver := -1, false
	st.OnEvent(func(e labtest.Event) {
		if steps < 0 || !between(e.Node, e.To) || !slices.Contains([]string{"sent", "delivered", "replied", "returned"}, e.Kind) {
			return
		}
		if steps--; steps < 0 {
			victim := e.To
			if giver {
				victim = e.Node
			}
			st.Count("struck in a hand-over")
			strike(victim)
		}
	})
	for round := range rounds {
		steps, giver = round/2, round%2 == 0
		st.Move(0, round%2)
		st.Move(1, (round+1)%2)
		st.Sleep(each)
	}
	steps = -1
	l.Stop()
}

func oneWay(st *Store) {
	st.AtLeastOverall("hit:cut", st.overall(20))
	st.AtLeast("operations", 40)
	in := map[int]bool{0: true}
	st.Join(0)
	l := st.Load(Load{})
	for range 5 {
		one := st.rand.IntN(len(st.Groups))
		from, to := st.Groups[one].Names, slices.DeleteFunc(st.names(), func(name string) bool { return slices.Contains(st.Groups[one].Names, name) })
		if st.rand.IntN(2) == 0 {
			from, to = to, from
		}
		st.inject(labtest.Schedule{{Kind: "cut", For: st.ms(300, 1500), From: from, To: to}})
		st.shuffle(in)
		st.shuffle(in)
		st.Sleep(st.ms(200, 800))
	}
	st.Sleep(1500 * time.Millisecond)
	l.Stop()
}

// unmovedBound is how long an operation may take when nothing is wrong: a few messages, and a commit.
const unmovedBound = 60 * time.Millisecond

func unmoved(st *Store) {
	st.AtLeast("operations", 100)
	st.Join(0, 1)
	b := st.newBook(10, 2000)
	st.Sleep(time.Second)
	for g := range 2 {
		before := st.Config()
		st.Sleep(500 * time.Millisecond)
		moving, to := b.keysOf(before.Shards, g)[:2], (g+1)%2
		stay := slices.DeleteFunc(letters(), func(key string) bool {
			return slices.ContainsFunc(moving, func(other string) bool { return shardOf(key) == shardOf(other) })
		})
		l := st.Load(Load{Keys: stay, Clients: 6, Gap: 20 * time.Millisecond})
		st.Sleep(300 * time.Millisecond)
		for _, key := range moving {
			st.Move(shardOf(key), to)
		}
		st.Sleep(600 * time.Millisecond)
		l.Stop()
		worst := l.Worst(stay...)
		st.holds(worst <= unmovedBound, "shards that don't move are served throughout", "an operation on one of %v took %v, while %v moved", stay, worst, moving)
		b.check(moving...)
	}
}

func manyGroups(st *Store) {
	st.AtLeast("operations", 60)
	st.Join(0)
	b := st.newBook(10, 20)
	l := st.Load(Load{Keys: letters()})
	st.Join(st.all()[1:]...)
	st.Sleep(time.Second)
	b.append(5)
	config := st.Config()
	owners := map[int]bool{}
	for _, gid := range config.Shards {
		owners[gid] = true
	}
	st.holds(len(owners) == 10, "shards are balanced", "%v", config)
	for _, g := range []int{3, 7, 0} {
		st.Leave(g)
	}
	st.Sleep(500 * time.Millisecond)
	st.Leave(slices.DeleteFunc(st.all(), func(g int) bool { return g == 19 || g == 3 || g == 7 || g == 0 })...)
	b.append(5)
	st.Sleep(time.Second) // a group that has not heard yet that it is to leave may have served that
	st.Crash(slices.DeleteFunc(st.all(), func(g int) bool { return g == 19 })...)
	st.Sleep(100 * time.Millisecond)
	b.check()
	l.Stop()
}

func kept(st *Store) {
	st.Join(0, 1)
	b := st.newBook(10, 20)
	st.Leave(1)
	b.check()
	st.Leave(0)
	st.Sleep(st.ms(0, 300))
	if st.rand.IntN(2) == 0 {
		st.Crash(0)
		st.Start(0)
	}
	st.Join(2)
	b.append(5)
	st.Leave(2)
	st.Join(2)
	b.append(5)
	st.Leave(2)
	st.Sleep(st.ms(0, 300))
	st.Join(0, 1)
	b.check()
}

func retriesMove(st *Store) {
	st.AtLeast("reply-dropped", 20)
	st.AtLeast("duplicated", 10)
	st.AtLeast("operations", 60)
	st.Join(0, 1)
	clients, late := []string{"client*"}, labrpc.Uniform(0, 400*time.Millisecond)
	st.inject(labtest.Schedule{
		{Kind: "link", From: st.names(), To: clients, Link: &labrpc.Conditions{DropReply: 0.5}},
		{Kind: "link", From: clients, To: st.names(), Link: &labrpc.Conditions{Duplicate: 0.15, Reorder: 0.15, ReorderBy: late}},
	})
	b := st.newBook(10, 3)
	stop := b.writers(40 * time.Millisecond)
	l := st.Load(Load{Keys: []string{"a", "b", "c"}})
	for range 15 {
		st.Move(st.rand.IntN(10), st.rand.IntN(2))
		st.Sleep(st.ms(50, 250))
	}
	st.Heal()
	stop()
	l.Stop()
	b.check()
}

const reconfigurationSpan = 5 * time.Second

func reconfigurations(st *Store) {
	st.AtLeastOverall("operations", st.overall(250))
	st.AtLeastOverall("changes", st.overall(20))
	st.AtLeastOverall("faults", st.overall(20))
	in := map[int]bool{0: true}
	st.Join(0)
	l := st.Load(Load{Clients: 2 + st.rand.IntN(4)})
	st.swarm(reconfigurationSpan)
	st.Go("operator", func() {
		for st.Now() < reconfigurationSpan {
			st.Sleep(st.ms(0, 800))
			st.shuffle(in)
		}
	})
	st.Sleep(reconfigurationSpan)
	st.Heal()
	st.Ctrler.Start()
	st.Start(st.all()...)
	l.Stop()
	st.Wait()
	st.Logf("%s", fmt.Sprint(in))
}
