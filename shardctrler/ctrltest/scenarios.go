package ctrltest

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// scenarios are all that there is.
func scenarios() []scenario {
	return []scenario{
		{Name: "TestBasic", Doc: "joins and leaves, one at a time and many at once; past configurations; moves", Course: true, Run: basic},
		{Name: "TestMulti", Doc: "many groups join and leave in one request, and all servers agree", Course: true, Run: multi},
		{Name: "TestMinimalAgain", Doc: "a long random sequence of requests, gids far apart: always balanced, never a move too many", Course: true, Run: minimalAgain},
		{Name: "TestMoveHolds", Doc: "a move holds until the next join or leave, and past configurations stay as they were", Run: moveHolds},
		{Name: "TestRefusals", Doc: "what can't be done makes no configuration and breaks nothing", Refuses: true, Run: refusals},
		{Name: "TestRetriesOnce", Doc: "answers get lost, and still every request makes one configuration", Crowd: true, Run: retriesOnce},
		{Name: "TestLeaderCrash", Doc: "the leader crashes over and over while groups come and go", Crowd: true, Run: leaderCrash},
		{Name: "TestRestart", Doc: "all servers crash, and know every configuration when they are back", Run: restart},
		{Name: "TestLinearizable", Doc: "clients join, leave, move and query under a random mix of all faults", Seeds: 20, Crowd: true, Run: linearizable},
	}
}

func basic(c *Controller) {
	c.AtLeast("rebalanced", 2)
	ck := c.Clerk(0)
	const g1, g2 = 1, 2
	first := c.expect(ck)
	c.holds(first.Num == 0, "configuration 0 is the first", "%v", first)
	history := []Config{first}
	note := func(config Config) Config {
		history = append(history, config)
		return config
	}
	ck.Join(groups(g1))
	note(c.expect(ck, g1))
	ck.Join(groups(g2))
	note(c.expect(ck, g1, g2))
	ck.Leave([]int{g1})
	note(c.expect(ck, g2))
	ck.Leave([]int{g2})
	note(c.expect(ck))
	c.same(ck, history)

	// Moves.
	const g3, g4 = 503, 504
	ck.Join(groups(g3))
	ck.Join(groups(g4))
	c.expect(ck, g3, g4)
	for shard := range first.Shards {
		to := g3
		if shard >= len(first.Shards)/2 {
			to = g4
		}
		before := ck.Query(-1)
		ck.Move(shard, to)
		after := ck.Query(-1)
		c.holds(before.Shards[shard] == to || after.Num > before.Num, "a move makes a configuration", "%v is still the latest", after)
	}
	moved := ck.Query(-1)
	for shard, gid := range moved.Shards {
		c.holds(gid == g3 == (shard < len(first.Shards)/2), "a shard is where it was moved to", "%v", moved)
	}
	ck.Leave([]int{g3})
	ck.Leave([]int{g4})

	// Clients that come and go at once.
	const clients = 10
	var stay []int
	for i := range clients {
		gid := i*10 + 100
		stay = append(stay, gid)
		own := c.Clerk(1 + i)
		c.Go(fmt.Sprint("client ", i), func() {
			own.Join(groups(gid + 1000))
			own.Join(groups(gid))
			own.Leave([]int{gid + 1000})
		})
	}
	c.Wait()
	c.expect(ck, stay...)

	// The course looks at gids here that do not exist.
	all := slices.Clone(stay)
	for i := range 5 {
		ck.Join(groups(5000 + i))
		all = append(all, 5000+i)
		c.expect(ck, all...)
	}
	for i := range 5 {
		ck.Leave([]int{5000 + i})
		all = slices.DeleteFunc(all, func(gid int) bool { return gid == 5000+i })
		c.expect(ck, all...)
	}
}

// same makes sure that past configurations are what they were, and that numbers that are too large, or -1, mean the latest.
func (c *Controller) same(ck Clerk[Config], history []Config) {
	for num, was := range history {
		is := ck.Query(num)
		c.holds(equal(is, was) && is.Num == num, "configurations are never changed", "number %d was %v and is %v", num, was, is)
	}
	latest := history[len(history)-1]
	for _, num := range []int{-1, latest.Num + 1, latest.Num + 1000} {
		is := ck.Query(num)
		c.holds(equal(is, latest), "-1 and numbers that are too large mean the latest configuration", "number %d is %v, and the latest is %v", num, is, latest)
	}
}

func equal(a, b Config) bool {
	return a.Num == b.Num && a.Shards == b.Shards && maps.EqualFunc(a.Groups, b.Groups, slices.Equal)
}

func multi(c *Controller) {
	c.AtLeast("rebalanced", 6)
	ck := c.Clerk(0)
	before := c.expect(ck)
	change := func(f func(), gids ...int) {
		f()
		after := c.expect(ck, gids...)
		c.holds(after.Num == before.Num+1, "a request makes one configuration", "%v follows %v", after, before)
		before = after
	}
	change(func() { ck.Join(groups(1, 2)) }, 1, 2)
	change(func() { ck.Join(groups(3)) }, 1, 2, 3)
	change(func() { ck.Leave([]int{1, 3}) }, 2)
	change(func() { ck.Leave([]int{2}) })
	many := []int{17, 4, 999, 1 << 20, 23, 1002, 1001, 12345, 8, 77, 311, 12}
	change(func() { ck.Join(groups(many...)) }, slices.Clone(many)...)
	change(func() { ck.Leave(many[:9]) }, slices.Clone(many[9:])...)
	change(func() { ck.Join(groups(5, 6, 7, 9)) }, append([]int{5, 6, 7, 9}, many[9:]...)...)
	c.agree(ck)
}

// agree makes sure that all servers say the same, whichever of them is down.
func (c *Controller) agree(ck Clerk[Config]) {
	want := ck.Query(-1)
	for i := range servers {
		c.Crash(i)
		c.Sleep(100 * time.Millisecond)
		is := ck.Query(-1)
		c.holds(equal(is, want), "all servers have the same configurations", "without server %d it is %v, and was %v", i, is, want)
		c.Replicas.Start(i)
		c.Sleep(500 * time.Millisecond)
	}
}

// script is a random sequence of requests by one client, who knows what the groups are.
type script struct {
	c      *Controller
	ck     Clerk[Config]
	stream string
	gids   []int // of the present groups
	from   int   // gids that are drawn begin here
}

// anyGID draws a gid that is not there.
func (s *script) anyGID() int {
	for {
		gid := s.from + s.c.Rand(s.stream).IntN(1<<16)
		if !slices.Contains(s.gids, gid) {
			return gid
		}
	}
}

// step makes one request. It says whether the groups have changed.
func (s *script) step() (regroup bool) {
	r := s.c.Rand(s.stream)
	switch k := r.IntN(8); {
	case k < 2 && len(s.gids) > 0:
		s.ck.Move(r.IntN(len(Config{}.Shards)), s.gids[r.IntN(len(s.gids))])
		return false
	case k < 5 && len(s.gids) > 0:
		r.Shuffle(len(s.gids), func(i, j int) { s.gids[i], s.gids[j] = s.gids[j], s.gids[i] })
		n := 1 + r.IntN(min(3, len(s.gids)))
		s.ck.Leave(slices.Clone(s.gids[:n]))
		s.gids = s.gids[n:]
	default:
		var coming []int
		for range 1 + r.IntN(4) {
			gid := s.anyGID()
			coming, s.gids = append(coming, gid), append(s.gids, gid)
		}
		s.ck.Join(groups(coming...))
	}
	return true
}

func minimalAgain(c *Controller) {
	c.AtLeast("rebalanced", 25)
	s := &script{c: c, ck: c.Clerk(0), stream: "script", from: 1}
	history := []Config{s.ck.Query(-1)}
	for range 60 {
		before := history[len(history)-1]
		regroup := s.step()
		after := s.ck.Query(-1)
		c.holds(after.Num == before.Num+1, "a request makes one configuration", "%v follows %v", after, before)
		if regroup {
			c.expect(s.ck, slices.Clone(s.gids)...)
		}
		history = append(history, after)
	}
	c.same(s.ck, history)
	c.agree(s.ck)
}

func moveHolds(c *Controller) {
	c.AtLeast("rebalanced", 2)
	ck := c.Clerk(0)
	ck.Join(groups(10, 20, 30))
	history := []Config{ck.Query(0), c.expect(ck, 10, 20, 30)}
	for shard := range history[0].Shards {
		before := history[len(history)-1]
		ck.Move(shard, 20)
		after := ck.Query(-1)
		want := before.Shards
		want[shard] = 20
		c.holds(after.Num == before.Num+1 && after.Shards == want, "a move moves one shard", "moving shard %d to 20 made %v of %v", shard, after, before)
		history = append(history, after)
	}
	ck.Leave([]int{10})
	history = append(history, c.expect(ck, 20, 30))
	ck.Join(groups(40))
	history = append(history, c.expect(ck, 20, 30, 40))
	c.same(ck, history)
}

func refusals(c *Controller) {
	ck := c.Clerk(0)
	ck.Move(0, 1)
	ck.Leave([]int{1})
	ck.Join(groups(1, 2))
	want := c.expect(ck, 1, 2)
	c.holds(want.Num == 1, "what can't be done makes no configuration", "there is %v after one join", want)
	for _, request := range []func(){
		func() { ck.Join(groups(2, 3)) },
		func() { ck.Join(map[int][]string{}) },
		func() { ck.Join(map[int][]string{0: serversOf(0)}) },
		func() { ck.Join(map[int][]string{-5: serversOf(-5)}) },
		func() { ck.Join(map[int][]string{5: nil}) },
		func() { ck.Leave([]int{1, 3}) },
		func() { ck.Leave(nil) },
		func() { ck.Move(3, 3) },
		func() { ck.Move(3, 0) },
		func() { ck.Move(-1, 1) },
		func() { ck.Move(len(want.Shards), 1) },
	} {
		request()
		is := ck.Query(-1)
		c.holds(equal(is, want), "what can't be done makes no configuration", "there is %v after %v", is, want)
	}
	ck.Join(groups(3))
	c.expect(ck, 1, 2, 3)
}

func restart(c *Controller) {
	c.AtLeast("restart", 9)
	s := &script{c: c, ck: c.Clerk(0), stream: "script", from: 1}
	history := []Config{s.ck.Query(-1)}
	for range 3 {
		for range 6 {
			s.step()
			history = append(history, s.ck.Query(-1))
		}
		c.Crash()
		c.Replicas.Start()
		c.same(s.ck, history)
	}
}
