package labtest

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// failing makes the first of minimize: a candidate fails if it has all that is needed.
func failing(needed []int, tried *int) func([][]int) int {
	return func(candidates [][]int) int {
		*tried += len(candidates)
		return slices.IndexFunc(candidates, func(c []int) bool {
			return !slices.ContainsFunc(needed, func(n int) bool { return !slices.Contains(c, n) })
		})
	}
}

func TestMinimizeFindsWhatIsNeeded(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		items := r.Perm(r.IntN(60))
		needed := items[:r.IntN(min(len(items), 5)+1)]
		want := slices.DeleteFunc(slices.Clone(items), func(i int) bool { return !slices.Contains(needed, i) })
		for _, beside := range []int{1, 2, 7} {
			tried := 0
			require.ElementsMatch(t, want, minimize(items, beside, failing(needed, &tried)))
		}
	}
}

func TestMinimizeTakesFewTries(t *testing.T) {
	items := make([]int, 1000)
	for i := range items {
		items[i] = i
	}
	tried := 0
	require.Equal(t, []int{100, 700}, minimize(items, 1, failing([]int{100, 700}, &tried)))
	require.Less(t, tried, 80)
}

// Not only the best but also the order of the tries is the same however many are tried at a time.
func TestMinimizeSideBySideIsTheSame(t *testing.T) {
	sum := func(candidates [][]int) int { // not monotonic: there is more than one minimum
		return slices.IndexFunc(candidates, func(c []int) bool {
			n := 0
			for _, i := range c {
				n += i
			}
			return n%7 == 3
		})
	}
	items := []int{1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 15, 16, 21}
	one := minimize(items, 1, sum)
	require.NotEqual(t, items, one)
	for beside := range 6 {
		require.Equal(t, one, minimize(items, beside+1, sum))
	}
}

func TestMinimizeStops(t *testing.T) {
	rounds := 0
	got := minimize([]int{1, 2, 3, 4, 5, 6, 7, 8}, 1, func([][]int) int {
		if rounds++; rounds > 3 {
			return -2
		}
		return []int{-1, 0, -1}[rounds-1]
	})
	require.Equal(t, []int{5, 6, 7, 8}, got, "what it has by then")
}
