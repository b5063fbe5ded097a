package labtest

import (
	"math/rand/v2"
	"time"
)

// Swarm mixes generators, by name (all of them, if none is named): each draw leaves about half of
// them out. A mix of everything all the time hides what only shows when something is absent; that
// is swarm testing (Groce et al., ISSTA 2012).
func Swarm(r *rand.Rand, nodes []string, span time.Duration, generators ...string) (s Schedule) {
	if len(generators) == 0 {
		generators = GeneratorNames()
	}
	for _, name := range generators {
		on, seed := r.IntN(2) == 0, r.Uint64()
		if g := Generators[name]; on && g != nil {
			s = append(s, g(rand.New(rand.NewPCG(seed, 0)), nodes, span)...)
		}
	}
	return s.sorted()
}
