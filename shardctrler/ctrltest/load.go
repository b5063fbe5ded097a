package ctrltest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// request is an operation of a client, as the checker sees it.
type request struct {
	Kind   string // join, leave, move, query
	Groups []int  // that join or leave
}

func (r request) String() string { return fmt.Sprintf("%s %v", r.Kind, r.Groups) }

// ReadOnly says that an operation without an answer need not be explained: it changed nothing.
func (r request) ReadOnly() bool { return r.Kind == "query" }

// latest is what a query for the latest configuration has seen.
type latest struct {
	Num    int
	Groups string // sorted
}

// model is what clients must see: the number of requests that were done, and the groups.
var model = porcupine.Model{
	Init: func() any { return latest{Groups: "[]"} },
	Step: func(state, input, output any) (bool, any) {
		at, r := state.(latest), input.(request)
		if r.Kind == "query" {
			seen, answered := output.(latest)
			return !answered || seen == at, at
		}
		at.Num++
		switch r.Kind {
		case "join":
			at.Groups = setOf(append(parse(at.Groups), r.Groups...))
		case "leave":
			at.Groups = setOf(slices.DeleteFunc(parse(at.Groups), func(gid int) bool { return slices.Contains(r.Groups, gid) }))
		}
		return true, at
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v → %v", input, output) },
}

// setOf makes a comparable set of gids, and parse takes it apart.
func setOf(gids []int) string {
	slices.Sort(gids)
	return fmt.Sprint(gids)
}

func parse(set string) (gids []int) {
	for _, f := range strings.Fields(strings.Trim(set, "[]")) {
		var gid int
		fmt.Sscan(f, &gid)
		gids = append(gids, gid)
	}
	return gids
}

// recorded is a clerk whose operations are in a history.
type recorded struct {
	Clerk[Config]
	c      *Controller
	h      *labtest.History
	client int
	seen   map[int]Config // what this client has seen, by number
}

func (r *recorded) Join(servers map[int][]string) {
	var gids []int
	for gid := range servers {
		gids = append(gids, gid)
	}
	slices.Sort(gids)
	done := r.h.Invoke(r.client, request{"join", gids})
	r.Clerk.Join(servers)
	done(nil)
}

func (r *recorded) Leave(gids []int) {
	done := r.h.Invoke(r.client, request{"leave", slices.Clone(gids)})
	r.Clerk.Leave(gids)
	done(nil)
}

func (r *recorded) Move(shard, gid int) {
	done := r.h.Invoke(r.client, request{Kind: "move"})
	r.Clerk.Move(shard, gid)
	done(nil)
}

func (r *recorded) Query(num int) Config {
	done := r.h.Invoke(r.client, request{Kind: "query"})
	config := r.Clerk.Query(num)
	done(latest{config.Num, setOf(config.GIDs())})
	r.seen[config.Num] = config
	return config
}

// crowd has clients make random requests, each about groups of its own, while disturb runs, and then checks the sequence
// of configurations that they made: a history that is linearizable, a configuration for each request, each sound, and one
// step from the one before.
func crowd(c *Controller, clients, requests int, disturb func(), heal func()) {
	h := labtest.NewHistory(c.World, model)
	var all []*recorded
	changes := make([]int, clients)
	for i := range clients {
		name := fmt.Sprint("client ", i)
		ck := &recorded{c.Clerk(fmt.Sprint(i)), c, h, i, map[int]Config{}}
		all = append(all, ck)
		c.Go(name, func() {
			s := &script{c: c, ck: ck, stream: name, from: 1 + i<<20}
			for range requests {
				c.Sleep(time.Duration(c.Rand(name).Int64N(int64(200 * time.Millisecond))))
				if c.Rand(name).IntN(3) == 0 {
					ck.Query(-1)
				} else {
					s.step()
					changes[i]++
				}
			}
		})
	}
	disturb()
	heal()
	c.Wait()
	ck := c.Clerk("auditor")
	var history []Config
	sum := 0
	for i, n := range changes {
		sum += n
		c.Logf("client %d has made %d changes", i, n)
	}
	last := ck.Query(-1)
	c.holds(last.Num == sum, "a request makes one configuration", "%d requests were made, and the latest is %v", sum, last)
	for num := range last.Num + 1 {
		config := ck.Query(num)
		c.holds(config.Num == num, "configurations are numbered", "number %d is %v", num, config)
		c.sound(config)
		if num > 0 {
			c.follows(history[num-1], config)
		}
		for _, ck := range all {
			was, ok := ck.seen[num]
			c.holds(!ok || equal(was, config), "configurations are never changed", "number %d was %v and is %v", num, was, config)
		}
		history = append(history, config)
	}
	c.same(ck, history)
}

// follows makes sure that one request could have made after of before.
func (c *Controller) follows(before, after Config) {
	if setOf(before.GIDs()) != setOf(after.GIDs()) {
		c.minimal(before, after)
		return
	}
	changed := 0
	for shard := range after.Shards {
		if before.Shards[shard] != after.Shards[shard] {
			changed++
		}
	}
	c.holds(changed <= 1, "a move moves one shard", "%v follows %v", after, before)
}

func retriesOnce(c *Controller) {
	c.AtLeast("operations", 50)
	c.AtLeast("answers lost", 20)
	r := c.Rand("lost")
	crowd(c, 4, 20, func() {
		c.Net().Reliable(false)
		remove := c.Net().Hook(func(m *labrpc.Message) (v labrpc.Verdict) {
			if v.Drop = m.Reply && strings.HasPrefix(m.From, "client") && r.IntN(3) == 0; v.Drop {
				c.Count("answers lost")
			}
			return v
		})
		c.Sleep(4 * time.Second)
		remove()
	}, func() {})
}

func leaderCrash(c *Controller) {
	c.AtLeast("operations", 40)
	c.AtLeast("crash", 5)
	crowd(c, 3, 20, func() {
		for range 5 {
			c.Sleep(time.Duration(300+c.rand.IntN(500)) * time.Millisecond)
			i := c.rand.IntN(servers)
			if leader, ok := c.Leader(); ok {
				i = slices.Index(c.Names, leader)
			}
			c.Crash(i)
			c.Sleep(time.Duration(c.rand.IntN(1500)) * time.Millisecond)
			c.Replicas.Start(i)
		}
	}, func() {})
}

const swarmSpan = 5 * time.Second

func linearizable(c *Controller) {
	c.AtLeast("operations", 30)
	c.AtLeastOverall("crash", c.overall(3))
	c.AtLeastOverall("faults", c.overall(10))
	crowd(c, 3, 15, func() {
		r := c.Rand("swarm")
		schedule := labtest.Swarm(r, c.Names, swarmSpan, c.generators()...)
		c.Add("faults", int64(len(schedule)))
		c.Inject(schedule)
		c.Sleep(swarmSpan)
	}, func() {
		c.Heal()
		c.Replicas.Start()
	})
}

// generators names the kit's fault generators that an implementation can be tried with.
func (c *Controller) generators() []string {
	return slices.DeleteFunc(labtest.GeneratorNames(), func(name string) bool {
		return !c.im.machines && (name == "disk-faults" || name == "pauses" || name == "clock-skew")
	})
}
