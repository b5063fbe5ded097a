package ctrltest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"

	"6.824/labrpc/labtest"
	"6.824/raft/rsm/rsmtest"
)

// servers is how many servers a controller has.
const servers = 3

// Controller is a controller in a world, which it also is.
type Controller struct {
	*labtest.World
	*rsmtest.Replicas
	im      implementation
	seeds   int              // that run by default
	rand    *rand.Rand       // of the scenario
	history *labtest.History // nil if there is none

	mu   sync.Mutex
	seen map[int]Config // that somebody has seen, by number
}

// newController starts a controller of n servers.
func newController(w *labtest.World, im implementation, sc scenario, n int) *Controller {
	c := &Controller{World: w, im: im, seeds: sc.Seeds, rand: w.Rand("scenario"), Replicas: rsmtest.NewReplicas(w, "ctrler", n, im.server), seen: map[int]Config{}}
	if sc.Crowd {
		c.history = labtest.NewHistory(w, model)
	}
	c.Start()
	return c
}

// Name is the scenario's.
func (c *Controller) Name() string { return c.World.Name() }

// Clerk makes a client, "client/N" for the number N, which no two may have.
func (c *Controller) Clerk(number int) Clerk[Config] {
	name := fmt.Sprintf("client/%d", number)
	return &recorded{c.im.clerk(c.Ends(name)), c, name, number}
}

// serversOf are made-up servers of a group.
func serversOf(gid int) []string {
	return []string{fmt.Sprintf("%da", gid), fmt.Sprintf("%db", gid), fmt.Sprintf("%dc", gid)}
}

func groups(gids ...int) map[int][]string {
	m := map[int][]string{}
	for _, gid := range gids {
		m[gid] = serversOf(gid)
	}
	return m
}

// expect makes sure that the latest configuration has these groups and no others, and is balanced.
func (c *Controller) expect(ck Clerk[Config], gids ...int) Config {
	config := ck.Query(-1)
	slices.Sort(gids)
	c.holds(slices.Equal(config.GIDs(), gids), "a configuration has the groups that joined and have not left", "%v has not the groups %v", config, gids)
	c.balanced(config)
	return config
}

// overall is how often something must have happened over all seeds that run by default, if it must n times in ten.
func (c *Controller) overall(n int) int64 { return int64(n * c.seeds / 10) }

// holds reports a violation if ok is false, and ends the scenario.
func (c *Controller) holds(ok bool, check, format string, args ...any) {
	if !ok {
		c.Violate(check, "", format, args...)
		c.Sleep(0) // does not return
	}
}
