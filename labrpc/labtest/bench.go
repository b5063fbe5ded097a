package labtest

import (
	"slices"
	"testing"
	"time"
)

// Bench runs one seed after another of a scenario, b.N in all, and reports what it costs to simulate: virtual seconds and events
// per second of wall time.
func (s *Suite) Bench(b *testing.B, scenario string) {
	b.Helper()
	i := slices.IndexFunc(s.Scenarios, func(sc Scenario) bool { return sc.Name == scenario })
	if i < 0 {
		b.Fatalf("suite %s has no scenario %s", s.Name, scenario)
	}
	sc := s.Scenarios[i]
	if sc.Skip != "" {
		b.Skip(sc.Skip)
	}
	if sc.Limit == 0 {
		sc.Limit = defaultLimit
	}
	b.ReportAllocs()
	var virtual time.Duration
	var events int
	for seed := int64(1); b.Loop(); seed++ {
		r := &runner{t: new(testing.T), suite: s, sc: sc, seed: seed} // a bubble wants a T, and nothing of it
		res, _ := r.once("", nil)
		if res.violation != nil || res.outcome.frozen != "" {
			b.Fatalf("seed %d failed; to see how: %s", seed, res.Repro)
		}
		virtual += time.Duration(res.VirtualNS)
		events += res.Events
	}
	b.ReportMetric(virtual.Seconds()/b.Elapsed().Seconds(), "virtual-s/s")
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}
