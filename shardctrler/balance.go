package shardctrler

import (
	"cmp"
	"slices"
)

// balance assigns shards to groups anew, where owners[s] is the gid that has shard s: so that no group
// has more than one shard more than another, and as few as possible change hands. It is a function of its arguments, whatever the
// order of gids.
//
// Of n groups, some get ⌈shards/n⌉ shards and the others ⌊shards/n⌋. A group that has more than its share must give the
// rest away, so the larger shares go to the groups that have most: nothing else could leave more shards
// where they are. Ties go to the lower gid.
func balance(owners []int, gids []int) []int {
	after := make([]int, len(owners))
	if len(gids) == 0 {
		return after
	}
	has := map[int]int{}
	for _, gid := range owners {
		has[gid]++
	}
	groups := slices.Clone(gids)
	slices.SortFunc(groups, func(a, b int) int { return cmp.Or(cmp.Compare(has[b], has[a]), cmp.Compare(a, b)) })
	room := map[int]int{} // of what is each group's share, how much it has not got yet
	for i, gid := range groups {
		room[gid] = len(owners) / len(groups)
		if i < len(owners)%len(groups) {
			room[gid]++
		}
	}
	var free []int
	for shard, gid := range owners {
		if room[gid] > 0 { // never of a group that has left
			room[gid]--
			after[shard] = gid
		} else {
			free = append(free, shard)
		}
	}
	for _, gid := range groups {
		for ; room[gid] > 0; room[gid]-- {
			after[free[0]] = gid
			free = free[1:]
		}
	}
	return after
}
