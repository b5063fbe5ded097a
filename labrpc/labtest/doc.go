// Package labtest is the kit that every suite of this module is built from:
// a world with one seed and one history.
//
// A [Suite] is a list of named [Scenario]s. A scenario is a function over a
// [World]: a testing/synctest bubble with virtual time, a simulated network
// ([6.824/labrpc]), nodes that start, crash, restart, pause and resume, a disk
// per node, fault schedules as data, a recorder that sees every event, and
// checks that look at each of them.
//
// # One seed, one history
//
// The same seed gives the same history, event for event, with and without
// -race, at any GOMAXPROCS, on a loaded machine or an idle one. What makes it
// hold:
//
//   - The network's engine is the world's only clock hand. Message deliveries,
//     faults, and the waking of drivers and clients ([World.Sleep]) are events
//     of one queue, ordered by (time, key, count).
//   - Before each event the engine waits until every goroutine of the bubble
//     is at rest (synctest.Wait). So each event has all its consequences before
//     the next one happens, whatever the Go scheduler did in between.
//   - What different goroutines did within one such step must commute: sends
//     are put in order of (link, bytes) before their fates are drawn, and
//     events that nodes report are put in order of (time, lane, the lane's own
//     count) before they are numbered, checked and digested.
//   - Every random choice comes from a stream named by its owner, [World.Rand].
//
// What is left to the nodes: take events one at a time, draw random numbers
// from a stream of their own, and never let map order reach a message, a log or
// a snapshot. Each suite run repeats a share of its seeds and compares
// digests; a mismatch fails the test and names the first event that differs.
//
// # A run
//
//	var suite = labtest.Suite{Name: "echo", Scenarios: []labtest.Scenario{{
//		Name: "TestEcho", Doc: "an echo comes back", Seeds: 10, Limit: time.Minute,
//		Run: func(w *labtest.World) { ... },
//	}}}
//
//	func TestEcho(t *testing.T) { suite.Test(t) }
//
// # A failure, made smaller
//
// With -lab.shrink the first failing seed of a scenario becomes a [Case]: what was
// broken in the world, and what clients asked for, as data. Delta debugging leaves
// out faults, operations and nodes, shortens and narrows what remains, and lets it
// come sooner, as long as the same check fails; since fates are keyed, what stays
// behaves as it did. A [Player] plays such a case instead of the scenario, so only
// what holds in every world can fail in it: invariants, and linearizability. What
// only a scenario's own expectations find is run with the scenario's own clients,
// and only loses faults, and becomes smaller where it says how large it is: by Size.
//
// A case is a small text file. -lab.replay runs it again and compares digests. With
// -lab.save it lies in testdata/regressions beside the suite's tests, and each run
// of them begins with it, until it holds and for ever after.
//
// Flags (see flags.go): -lab.seed, -lab.seeds, -lab.digest, -lab.trace,
// -lab.faults, -lab.results, -lab.list, -lab.patience, -lab.shrink, -lab.budget,
// -lab.save, -lab.replay.
package labtest
