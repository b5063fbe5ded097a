package shardctrler

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// NShards is the number of shards.
const NShards = 10

// Config is a configuration: an assignment of shards to groups.
type Config struct {
	Num    int              // its number
	Shards [NShards]int     // the gid of the group that serves a shard, 0 for nobody
	Groups map[int][]string // the servers of each group, by gid
}

// GIDs lists the groups in order.
func (c Config) GIDs() []int { return slices.Sorted(maps.Keys(c.Groups)) }

// String is a line for people: the number, then for each group its gid, its shards and its servers.
func (c Config) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "config %d", c.Num)
	for _, gid := range c.GIDs() {
		fmt.Fprintf(&b, " | %d: %s of %s", gid, c.shardsOf(gid), strings.Join(c.Groups[gid], " "))
	}
	if nobodys := c.shardsOf(0); nobodys != "nothing" {
		fmt.Fprintf(&b, " | nobody: %s", nobodys)
	}
	return b.String()
}

// shardsOf lists the shards of a group, as in "0-3,7".
func (c Config) shardsOf(gid int) string {
	var runs []string
	for from := 0; from < NShards; from++ {
		if c.Shards[from] != gid {
			continue
		}
		to := from
		for to+1 < NShards && c.Shards[to+1] == gid {
			to++
		}
		if to == from {
			runs = append(runs, fmt.Sprint(from))
		} else {
			runs = append(runs, fmt.Sprintf("%d-%d", from, to))
		}
		from = to
	}
	if runs == nil {
		return "nothing"
	}
	return strings.Join(runs, ",")
}
