// Package sweep parts a run among processes that know nothing of each other, such as
// the tasks of a job array, and makes one verdict of what they leave behind.
//
// Each takes its [Share] of every scenario's seeds and writes one result [File]; [Merge]
// reads them all.
package sweep

import (
	"fmt"
	"strconv"
	"strings"
)

// Share is the I-th of N parts, I from 1. The zero value is no share.
type Share struct {
	I int `json:"share"`
	N int `json:"of"`
}

func (s Share) String() string { return fmt.Sprintf("%d/%d", s.I, s.N) }

// ParseShare reads I/N.
func ParseShare(text string) (Share, error) {
	first, second, ok := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(first)
	n, err2 := strconv.Atoi(second)
	switch {
	case !ok || err1 != nil || err2 != nil:
		return Share{}, fmt.Errorf("%q is not a share: 1/4 is the first of four, 4/4 the last", text)
	case n < 1 || i < 1 || i > n:
		return Share{}, fmt.Errorf("there is no share %s: shares are numbered from 1 to how many there are", text)
	}
	return Share{i, n}, nil
}

// Of is the share's part of consecutive seeds: the first of them and how many. The parts
// of the N shares are each seed once, and of equal size but for one seed. Which share
// has more, changes with turn, so that a share's rests in many scenarios even out.
func (s Share) Of(first int64, seeds, turn int) (int64, int) {
	k := (s.I - 1 + turn) % s.N
	begin, end := cut(seeds, k, s.N), cut(seeds, k+1, s.N)
	return first + int64(begin), end - begin
}

// cut is seeds*k/n, which may not be computed so: it could overflow.
func cut(seeds, k, n int) int { return seeds/n*k + seeds%n*k/n }
