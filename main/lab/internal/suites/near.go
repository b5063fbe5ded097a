package suites

import (
	"cmp"
	"slices"
	"strings"
)

// Near picks the few names that a person who typed name may have meant, the nearest
// first: names that hold what was typed, and names that few keystrokes turn into it.
func Near(name string, names []string) []string {
	type guess struct {
		name     string
		distance int
	}
	typed := strings.TrimPrefix(strings.ToLower(name), "test")
	if typed == "" { // a few keystrokes turn it into any short name
		return nil
	}
	var guesses []guess
	for _, candidate := range names {
		known := strings.TrimPrefix(strings.ToLower(candidate), "test")
		d := distance(typed, known)
		switch {
		case len(typed) >= 3 && strings.Contains(known, typed):
			d = 0
		case d > max(2, len(typed)/3):
			continue
		}
		guesses = append(guesses, guess{candidate, d})
	}
	slices.SortStableFunc(guesses, func(a, b guess) int { return cmp.Compare(a.distance, b.distance) })
	var near []string
	for _, g := range guesses[:min(3, len(guesses))] {
		near = append(near, g.name)
	}
	return near
}

// distance is how many single letters must be put in, left out, changed or swapped with
// their neighbour to turn a into b.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}
