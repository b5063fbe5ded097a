package shardctrler

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// spread is the difference between the largest and the smallest number of shards that a group has.
func spread(owners, gids []int) int {
	has := map[int]int{}
	for _, gid := range owners {
		has[gid]++
	}
	least, most := len(owners), 0
	for _, gid := range gids {
		least, most = min(least, has[gid]), max(most, has[gid])
	}
	return most - least
}

// moved counts the shards that change hands.
func moved(before, after []int) (n int) {
	for s := range before {
		if before[s] != after[s] {
			n++
		}
	}
	return n
}

// fewestMoves tries all assignments that are balanced.
func fewestMoves(before, gids []int) int {
	fewest, after := len(before)+1, make([]int, len(before))
	var assign func(s int)
	assign = func(s int) {
		if s < len(before) {
			for _, gid := range gids {
				after[s] = gid
				assign(s + 1)
			}
		} else if spread(after, gids) <= 1 {
			fewest = min(fewest, moved(before, after))
		}
	}
	assign(0)
	return fewest
}

// Every assignment of up to 5 shards to up to 3 of 4 groups or nobody, and every set of groups after it.
func TestBalanceAgainstSearch(t *testing.T) {
	all := []int{3, 7, 100, 1002}
	tried := 0
	for shards := 1; shards <= 5; shards++ {
		before := make([]int, shards)
		var try func(s int)
		try = func(s int) {
			if s < shards {
				for _, gid := range append([]int{0}, all...) {
					before[s] = gid
					try(s + 1)
				}
				return
			}
			for set := 1; set < 1<<len(all); set++ {
				var gids []int
				for i, gid := range all {
					if set>>i&1 == 1 {
						gids = append(gids, gid)
					}
				}
				after := balance(before, gids)
				if spread(after, gids) > 1 || slices.ContainsFunc(after, func(gid int) bool { return !slices.Contains(gids, gid) }) {
					t.Fatalf("%v to groups %v: %v is not balanced", before, gids, after)
				}
				if got, want := moved(before, after), fewestMoves(before, gids); got != want {
					t.Fatalf("%v to groups %v: %v moves %d shards, %d would do", before, gids, after, got, want)
				}
				tried++
			}
		}
		try(0)
	}
	require.Greater(t, tried, 50000)
}

// What a search can't reach: the fewest moves are those of the shards beyond the shares of the groups that have most.
func TestBalanceOfMany(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		shards, groups := 1+r.IntN(300), 1+r.IntN(60)
		var gids []int
		for range groups {
			gids = append(gids, 1+r.IntN(1<<30))
		}
		slices.Sort(gids)
		gids = slices.Compact(gids)
		before := make([]int, shards)
		for s := range before {
			if k := r.IntN(len(gids) + 3); k < len(gids) {
				before[s] = gids[k/(1+r.IntN(3))]
			}
		}
		after := balance(before, gids)
		require.LessOrEqual(t, spread(after, gids), 1)
		has := map[int]int{}
		for _, gid := range before {
			has[gid]++
		}
		stay, larger := 0, shards%len(gids) // groups whose share is the larger one
		for _, gid := range gids {
			stay += min(has[gid], shards/len(gids))
			if has[gid] > shards/len(gids) && larger > 0 {
				stay, larger = stay+1, larger-1
			}
		}
		require.Equal(t, shards-stay, moved(before, after), "%v to %v", before, gids)
		shuffled := slices.Clone(gids)
		r.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		require.Equal(t, after, balance(before, shuffled), "the order of the groups must not matter")
	}
}

func TestBalanceOfNobody(t *testing.T) {
	require.Equal(t, []int{0, 0}, balance([]int{5, 0}, nil))
}

func BenchmarkRebalance(b *testing.B) {
	for _, n := range []int{3, 1000} {
		b.Run(fmt.Sprintf("groups=%d", n), func(b *testing.B) {
			m := newMachine()
			groups := map[int][]string{}
			for gid := range n {
				groups[gid+1] = []string{"a", "b", "c"}
			}
			m.Apply(op{Kind: join, Groups: groups})
			c := m.at(-1)
			c.Shards[3] = 7
			for b.Loop() {
				after := c
				after.rebalance()
			}
		})
	}
}
