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
	sc := s.benched(b, scenario)
	b.ReportAllocs()
	var virtual time.Duration
	var events int
	for seed := int64(1); b.Loop(); seed++ {
		res := s.benchSeed(b, sc, seed, "")
		virtual += time.Duration(res.VirtualNS)
		events += res.Events
	}
	b.ReportMetric(virtual.Seconds()/b.Elapsed().Seconds(), "virtual-s/s")
	b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
}

// BenchRecording runs one seed after another of a scenario, once as it is and once recorded in a trace, and reports by
// how many per cent the latter takes longer.
func (s *Suite) BenchRecording(b *testing.B, scenario string) {
	b.Helper()
	sc, dir := s.benched(b, scenario), b.TempDir()
	var took [2]time.Duration
	for seed := int64(1); b.Loop(); seed++ {
		for i, traceDir := range []string{"", dir} {
			start := time.Now()
			s.benchSeed(b, sc, seed, traceDir)
			took[i] += time.Since(start)
		}
	}
	b.ReportMetric(100*(took[1].Seconds()/took[0].Seconds()-1), "%recording")
}

// benched finds a scenario.
func (s *Suite) benched(b *testing.B, scenario string) Scenario {
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
	return sc
}

func (s *Suite) benchSeed(b *testing.B, sc Scenario, seed int64, traceDir string) *result {
	b.Helper()
	r := &runner{t: new(testing.T), suite: s, sc: sc, seed: seed} // a bubble wants a T, and nothing of it
	res, _ := r.once(traceDir, nil)
	if res.violation != nil || res.outcome.frozen != "" {
		b.Fatalf("seed %d failed; to see how: %s", seed, res.Repro)
	}
	return res
}
