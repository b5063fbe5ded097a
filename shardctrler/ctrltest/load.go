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

// crowd has clients make random requests, each about groups of its own, while disturb runs, and then checks the sequence
// of configurations that they made: a history that is linearizable, a configuration for each request, each sound, and one
// step from the one before.
func crowd(c *Controller, clients, requests int, disturb func(), heal func()) {
	changes := make([]int, clients)
	for i := range clients {
		name := fmt.Sprint("client ", i)
		ck := c.Clerk(i)
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
	c.history.Check()
	ck := c.Clerk(clients)
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
		history = append(history, config)
	}
	c.same(ck, history)
}

func retriesOnce(c *Controller) {
	c.AtLeast("operations", 50)
	c.AtLeast("reply-dropped", 20)
	const long = 4 * time.Second
	crowd(c, 4, 20, func() {
		c.Unreliable(true)
		c.Inject(labtest.Schedule{{Kind: "link", For: long, From: c.Names, To: []string{"client*"}, Link: &labrpc.Conditions{DropReply: 0.35}}})
		c.Sleep(long)
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
