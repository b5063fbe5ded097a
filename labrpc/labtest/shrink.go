package labtest

import (
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Shrunk is what became of a failure when it was made smaller.
type Shrunk struct {
	Case         *Case         `json:"-"`
	Story        string        `json:"story"`
	What         string        `json:"what"` // was seen when the check failed in the shrunk case
	File         string        `json:"file"`
	Digest       string        `json:"digest"`
	Played       bool          `json:"played"` // what clients asked for is data, too
	FaultsBefore int           `json:"faults_before"`
	OpsBefore    int           `json:"ops_before"`
	Faults       int           `json:"faults"`
	Ops          int           `json:"ops"`
	Sizes        string        `json:"sizes"` // that are smaller: "files 8 to 1"; "" if none is
	Runs         int           `json:"runs"`
	Took         time.Duration `json:"took"`
	Stopped      bool          `json:"stopped"` // the time was up, or it would perhaps be smaller
}

// shrinker makes a failure smaller while the same check fails.
type shrinker struct {
	*runner
	deadline time.Time
	began    time.Time
	told     time.Time // when the progress was
	check    string
	counted  map[string]int64 // in the run that failed: of what a candidate that is not played needs, that much will do
	names    []string
	fixed    Schedule // the first faults of a case that is not played: its scenario counts on them

	best   *Case
	result *result // of best
	runs   int
	late   bool
}

// shrinkable says whether a failure of this check comes of what happened in the world.
func shrinkable(check string) bool {
	return !slices.Contains([]string{"", "not vacuous", "one seed, one history", "virtual time goes on", "trace", "the fault schedule makes sense"}, check)
}

// shrink makes the failure of a run smaller, within the budget of -lab.budget. It returns nil if it can't.
func (r *runner) shrink(first *result) *Shrunk {
	if first.world == nil || first.violation == nil || !shrinkable(first.violation.Check) {
		return nil
	}
	w, check := first.world, first.violation.Check
	now := time.Now()
	s := &shrinker{runner: r, began: now, told: now, deadline: now.Add(*flags.budget), check: check}
	for _, n := range w.Nodes() {
		s.names = append(s.names, n.name)
	}
	s.counted = maps.Clone(w.counters)
	data := w.asData(true)
	shrunk := &Shrunk{FaultsBefore: len(data.all()), OpsBefore: len(data.ops)}
	if !s.begin(w, first.violation.At) {
		return nil
	}
	for before := ""; before != s.size() && !s.late; {
		before = s.size()
		s.fewer()
		if s.best.Played { // a scenario counts on its faults to be as they are
			s.simpler()
		}
	}
	shrunk.Stopped = s.late
	s.late, s.deadline = false, time.Now().Add(lastRuns)
	s.tidy()
	shrunk.Case, shrunk.Faults, shrunk.Ops = s.best, len(s.best.Faults), len(s.best.Ops)
	if shrunk.Played = s.best.Played; !shrunk.Played { // the rest happened all the same
		data := s.result.world.asData(true)
		shrunk.Faults, shrunk.Ops = len(data.all()), len(data.ops)
	}
	shrunk.Sizes = smallerSizes(first.world.noted.sizes, s.best.Sizes)
	s.best.comments = []string{fmt.Sprintf("%s seed=%d, shrunk from %s and %s to %d and %d. It may be edited.",
		s.best.name(), s.seed, counted(shrunk.FaultsBefore, "fault"), counted(shrunk.OpsBefore, "operation"), shrunk.Faults, shrunk.Ops)}
	shrunk.What = s.result.violation.Text
	shrunk.Digest, shrunk.Runs = s.best.Digest, s.runs
	shrunk.Story = r.story(s.best)
	shrunk.Took = time.Since(s.began)
	return shrunk
}

// begin finds a first case that fails: all that happened as data, or just the faults that were injected.
func (s *shrinker) begin(w *World, at time.Duration) bool {
	for _, played := range []bool{true, false} {
		for _, apart := range []bool{true, false} {
			c := Case{
				Suite: s.suite.Name, Scenario: s.sc.Name, Package: packageDir(), Test: s.t.Name(), Seed: s.seed, Check: s.check,
				Until: at + spare, Played: played,
			}
			data := w.asData(apart)
			s.fixed = data.now
			c.Faults = slices.Concat(data.now, data.later)
			if played {
				s.fixed = nil
				c.Nodes, c.Faults, c.Ops = len(s.names), data.all(), data.ops
			}
			possible := !played || s.sc.Play != nil && s.check != timeLimit // which a run that is played to its end reaches anyway
			if possible && s.first([]*Case{&c}) == 0 {
				return true
			}
		}
	}
	return false
}

// spare is how much longer than to its failure a played run may take.
const spare = 10 * time.Millisecond

// size changes whenever the best case does.
func (s *shrinker) size() string { return fmt.Sprint(*s.best) }

// first tries candidates side by side and makes the first of them that fails the best case. It returns its
// index, -1 if none fails, or -2 if the time is up.
func (s *shrinker) first(candidates []*Case) int {
	if s.late = s.late || s.best != nil && time.Now().After(s.deadline); s.late {
		return -2
	}
	results := make([]*result, len(candidates))
	var all sync.WaitGroup
	for i, c := range candidates {
		all.Go(func() {
			r := *s.runner
			r.plan = c
			onACore(func() { results[i], _ = r.once("", nil) })
		})
	}
	all.Wait()
	s.runs += len(candidates)
	for i, res := range results {
		if s.same(candidates[i], res) {
			s.best, s.result = candidates[i], res
			s.best.Digest = res.Digest
			s.trim()
			s.progress()
			return i
		}
	}
	s.progress()
	return -1
}

// same says whether a run of c shows the failure. When the scenario drives the clients, it may expect things
// of a world in which faults happen that are left out now: then as much must have happened as it needs, and
// it must not have gone on for longer.
func (s *shrinker) same(c *Case, res *result) bool {
	if res.violation == nil || res.violation.Check != s.check {
		return false
	}
	if c.Played || s.best == nil {
		return true
	}
	if res.world == nil {
		return false
	}
	vacuous := slices.ContainsFunc(res.world.atLeast, func(q quota) bool { return res.Counters[q.counter] < min(q.n, s.counted[q.counter]) })
	return !vacuous && res.violation.At <= s.result.violation.At
}

// trim takes out of the best case what comes after its failure.
func (s *shrinker) trim() {
	if !s.best.Played {
		return
	}
	at := s.result.violation.At
	s.best.Faults = slices.DeleteFunc(s.best.Faults, func(f Fault) bool { return f.At > at })
	s.best.Ops = slices.DeleteFunc(s.best.Ops, func(op Operation) bool { return op.At > at })
}

// progress tells how far it has come, if somebody wants to know.
func (s *shrinker) progress() {
	if !testing.Verbose() || time.Since(s.told) < time.Second {
		return
	}
	s.told = time.Now()
	fmt.Fprintf(os.Stderr, "lab.shrink: %s seed=%d: %d faults, %d operations after %d runs, %.0f s\n",
		s.best.name(), s.seed, len(s.best.Faults), len(s.best.Ops), s.runs, time.Since(s.began).Seconds())
}

// try tries one change of the best case; change returns false if there is nothing to change.
func (s *shrinker) try(change func(c *Case) bool) bool {
	c := s.best.clone()
	return change(c) && s.first([]*Case{c}) == 0
}

// fewer leaves out operations, faults and nodes.
func (s *shrinker) fewer() {
	beside := runtime.GOMAXPROCS(0)
	s.fewerNodes()
	s.smaller()
	minimize(s.best.Faults[len(s.fixed):], beside, func(lists [][]Fault) int {
		return s.first(candidates(s.best, lists, func(c *Case, l []Fault) { c.Faults = append(slices.Clip(s.fixed), l...) }))
	})
	minimize(s.best.Ops, beside, func(lists [][]Operation) int {
		return s.first(candidates(s.best, lists, func(c *Case, l []Operation) { c.Ops = l }))
	})
}

func candidates[T any](of *Case, lists [][]T, set func(*Case, []T)) (all []*Case) {
	for _, l := range lists {
		c := of.clone()
		set(c, slices.Clone(l))
		all = append(all, c)
	}
	return all
}

// smaller makes the sizes of a scenario that drives itself smaller.
func (s *shrinker) smaller() {
	sizes := s.result.world.noted.sizes
	for _, name := range slices.Sorted(maps.Keys(sizes)) {
		for again := true; again && !s.best.Played; {
			now := s.result.world.noted.sizes[name]
			again = slices.ContainsFunc([]int{1, now / 2, now - 1}, func(n int) bool {
				return n >= 1 && n < now && s.try(func(c *Case) bool {
					if c.Sizes == nil {
						c.Sizes = map[string]int{}
					}
					c.Sizes[name] = n
					return true
				})
			})
		}
	}
}

// smallerSizes says which sizes have become smaller.
func smallerSizes(were, are map[string]int) string {
	var texts []string
	for _, name := range slices.Sorted(maps.Keys(are)) {
		texts = append(texts, fmt.Sprintf("%s %d to %d", name, were[name], are[name]))
	}
	return strings.Join(texts, ", ")
}

// fewerNodes leaves out nodes, the last first, with what happened to them.
func (s *shrinker) fewerNodes() {
	drop := func(n int) func(c *Case) bool {
		return func(c *Case) bool {
			if c.Nodes <= n {
				return false
			}
			c.Nodes -= n
			gone := func(name string) bool { return slices.Contains(s.names[c.Nodes:], name) }
			c.Faults = c.Faults.without(gone)
			c.Ops = slices.DeleteFunc(c.Ops, func(op Operation) bool { return gone(op.Node) })
			return true
		}
	}
	for s.best.Played && (s.try(drop(2)) || s.try(drop(1))) {
	}
}

// without is s where some names are not meant any more; faults that hit nobody else are left out.
func (s Schedule) without(gone func(string) bool) (rest Schedule) {
	rest = Schedule{}
	for _, f := range s {
		names := func(all []string) []string { return slices.DeleteFunc(slices.Clone(all), gone) }
		nodes, from, to := names(f.Nodes), names(f.From), names(f.To)
		var groups [][]string
		for _, g := range f.Groups {
			if g = names(g); len(g) > 0 {
				groups = append(groups, g)
			}
		}
		nobody := len(f.Nodes) > 0 && len(nodes) == 0 || len(f.From) > 0 && (len(from) == 0 || len(to) == 0) || len(f.Groups) > 0 && len(groups) < 2
		if !nobody {
			f.Nodes, f.From, f.To, f.Groups = nodes, from, to, groups
			rest = append(rest, f)
		}
	}
	return rest
}
