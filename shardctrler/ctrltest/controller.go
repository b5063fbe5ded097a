package ctrltest

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"6.824/labrpc/labtest"
	"6.824/raft/rsm/rsmtest"
)

// servers is how many servers a controller has.
const servers = 3

// Controller is a controller in a world, which it also is.
type Controller struct {
	*labtest.World
	*rsmtest.Replicas
	im    implementation
	seeds int        // that run by default
	rand  *rand.Rand // of the scenario
}

func newController(w *labtest.World, im implementation, seeds int) *Controller {
	c := &Controller{World: w, im: im, seeds: seeds, rand: w.Rand("scenario"), Replicas: rsmtest.NewReplicas(w, "ctrler", servers, im.server)}
	c.Start()
	return c
}

// Name is the scenario's.
func (c *Controller) Name() string { return c.World.Name() }

// Clerk makes a client. No two may have one name.
func (c *Controller) Clerk(name string) Clerk[Config] { return c.im.clerk(c.Ends("client/" + name)) }

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
	c.sound(config)
	c.balanced(config)
	return config
}

// sound makes sure that a configuration makes sense in itself.
func (c *Controller) sound(config Config) {
	for _, gid := range config.GIDs() {
		c.holds(slices.Equal(config.Groups[gid], serversOf(gid)), "a group has the servers that it joined with", "%v", config)
	}
	for shard, gid := range config.Shards {
		known := config.Groups[gid] != nil
		if len(config.Groups) == 0 {
			known = gid == 0
		}
		c.holds(known, "every shard has a group of the configuration, if there is one", "shard %d belongs to %d in %v", shard, gid, config)
	}
}

// counts are how many shards each group has.
func counts(config Config) map[int]int {
	has := map[int]int{}
	for _, gid := range config.Shards {
		has[gid]++
	}
	return has
}

func (c *Controller) balanced(config Config) {
	has := counts(config)
	least, most := len(config.Shards), 0
	for gid := range config.Groups {
		least, most = min(least, has[gid]), max(most, has[gid])
	}
	c.holds(len(config.Groups) == 0 || most-least <= 1, "no group has more than one shard more than another", "%v", config)
}

// minimal makes sure that after is balanced, and that from before to it no shard has moved that need not. That is so
// when as many stay as can: of every group's up to the smaller share, and one more of as many groups as
// have the larger one.
func (c *Controller) minimal(before, after Config) {
	c.balanced(after)
	if len(after.Groups) == 0 {
		return
	}
	has, small, larger := counts(before), len(after.Shards)/len(after.Groups), len(after.Shards)%len(after.Groups)
	could := 0
	for gid := range after.Groups {
		could += min(has[gid], small)
		if has[gid] > small && larger > 0 {
			could, larger = could+1, larger-1
		}
	}
	stay := 0
	for shard, gid := range after.Shards {
		if gid == before.Shards[shard] {
			stay++
		}
	}
	c.holds(stay == could, "no shard moves that need not", "of %v to %v only %d shards have stayed where they were; %d could have", before, after, stay, could)
	c.Count("rebalanced")
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
