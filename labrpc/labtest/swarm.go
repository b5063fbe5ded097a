package labtest

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Swarm mixes generators, by name (see [Generators]; all of them if none is named). Each draw turns about
// half of them off altogether, and of each other one leaves out a random share of the faults. A mix of
// everything all the time hides what only shows where something is absent: that is swarm testing (Groce
// et al., ISSTA 2012). Taken together, too, crashes and pauses leave a majority standing. A name that
// no generator has is a panic.
func Swarm(r *rand.Rand, nodes []string, span time.Duration, generators ...string) Schedule {
	all := Generators()
	if len(generators) > 0 {
		all = all[:0]
		for _, name := range generators {
			g, err := generatorOf(name)
			if err != nil {
				panic(err)
			}
			all = append(all, g)
		}
	}
	key := r.Uint64() // each generator has a stream of its own, so that it draws the same in any mix
	streams, on := make([]*rand.Rand, len(all)), make([]bool, len(all))
	for i, g := range all {
		streams[i] = rand.New(rand.NewPCG(key, sum([]byte(g.Name))))
		on[i] = streams[i].IntN(2) == 0
	}
	if len(all) > 0 && !slices.Contains(on, true) {
		on[r.IntN(len(all))] = true
	}
	var s Schedule
	for i, g := range all {
		if !on[i] {
			continue
		}
		share := 0.2 + 0.8*streams[i].Float64()
		for _, f := range g.Draw(streams[i], nodes, span) {
			if stays := streams[i].Float64() < share; stays || len(s) == 0 {
				s = append(s, f)
			}
		}
	}
	return s.withinMinority(nodes)
}
