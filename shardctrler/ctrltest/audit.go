package ctrltest

import "slices"

// audit is what every configuration goes through that a client is told: it must make sense in itself, be what it
// always was, and follow from the one before, as far as that was seen.
func (c *Controller) audit(config Config) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was, known := c.seen[config.Num]
	c.holds(!known || equal(was, config), "configurations are never changed", "number %d was %v and is %v", config.Num, was, config)
	if known {
		return
	}
	c.seen[config.Num] = config
	c.sound(config)
	if before, ok := c.seen[config.Num-1]; ok {
		c.follows(before, config)
	}
	if after, ok := c.seen[config.Num+1]; ok {
		c.follows(config, after)
	}
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
