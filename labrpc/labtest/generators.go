package labtest

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"6.824/labrpc"
)

// Generator draws a schedule for these nodes that lasts about span. The same numbers from r make
// the same schedule.
type Generator func(r *rand.Rand, nodes []string, span time.Duration) Schedule

// Generators are the ready-made ones, by name.
var Generators = map[string]Generator{
	"churn": Churn, "rolling-restarts": RollingRestarts, "random-partitions": RandomPartitions, "bridge": Bridge,
	"majority-ring": MajorityRing, "one-way-cuts": OneWayCuts, "flaky-links": FlakyLinks, "duplicates": Duplicates,
	"swizzle-clog": SwizzleClog, "slow-node": SlowNode, "disk-faults": DiskFaults, "clock-skew": ClockSkew, "pauses": Pauses,
}

// GeneratorNames lists them in order.
func GeneratorNames() []string { return slices.Sorted(maps.Keys(Generators)) }

// spread calls f at random times, about every mean, up to span.
func spread(r *rand.Rand, span, mean time.Duration, f func(at time.Duration)) {
	for at := exp(r, mean); at < span; at += exp(r, mean) {
		f(at)
	}
}

func exp(r *rand.Rand, mean time.Duration) time.Duration {
	return time.Millisecond + time.Duration(r.ExpFloat64()*float64(mean))
}

// between draws from [lo, hi).
func between(r *rand.Rand, lo, hi time.Duration) time.Duration {
	return lo + time.Duration(r.Int64N(int64(hi-lo)))
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// some draws n of the names, in random order.
func some(r *rand.Rand, from []string, n int) []string {
	names := slices.Clone(from)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:n]
}

func minority(nodes []string) int { return (len(nodes) - 1) / 2 }

// anyMode draws a way to crash.
func anyMode(r *rand.Rand) CrashMode { return []CrashMode{Keep, Lose, Torn}[r.IntN(3)] }

// Churn crashes nodes at random and starts them again, never more than a minority at a time: what a
// large fleet always does.
func Churn(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	down := map[string]time.Duration{} // until when
	spread(r, span, span/10+time.Millisecond, func(at time.Duration) {
		count := 0
		for _, until := range down {
			if until > at {
				count++
			}
		}
		n, span := pick(r, nodes), between(r, 50*time.Millisecond, 2*time.Second)
		mode := anyMode(r)
		if count >= minority(nodes) || down[n] > at {
			return
		}
		down[n] = at + span
		s = append(s, Fault{At: at, For: span, Kind: "crash", Nodes: []string{n}, Mode: mode})
	})
	return s
}

// RollingRestarts restarts one node after the other: an upgrade.
func RollingRestarts(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	pause := span / time.Duration(len(nodes)+1)
	for i, n := range some(r, nodes, len(nodes)) {
		s = append(s, Fault{At: time.Duration(i+1) * pause, For: between(r, pause/10+1, pause/2+2), Kind: "crash", Nodes: []string{n}, Mode: Keep})
	}
	return s
}

// RandomPartitions cuts the network into two or three random groups, again and again: switches that
// fail.
func RandomPartitions(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/6+time.Millisecond, func(at time.Duration) {
		groups := make([][]string, 2+r.IntN(2))
		for _, n := range nodes {
			g := r.IntN(len(groups))
			groups[g] = append(groups[g], n)
		}
		groups = slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
		if span := between(r, 100*time.Millisecond, 3*time.Second); len(groups) > 1 {
			s = append(s, Fault{At: at, For: span, Kind: "partition", Groups: groups})
		}
	})
	return s
}

// Bridge cuts the nodes into two halves, but for one that hears both (Jepsen's bridge).
func Bridge(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/5+time.Millisecond, func(at time.Duration) {
		all := some(r, nodes, len(nodes))
		half := all[1:][:len(all[1:])/2]
		s = append(s, Fault{At: at, For: between(r, 200*time.Millisecond, 3*time.Second), Kind: "partition",
			Groups: [][]string{half, all[1+len(half):]}})
	})
	return s
}

// MajorityRing lets every node hear a majority, but no two the same one (Jepsen's majorities-ring).
func MajorityRing(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	if len(nodes) < 4 { // of three, each would hear both others
		return Bridge(r, nodes, span)
	}
	spread(r, span, span/5+time.Millisecond, func(at time.Duration) {
		ring, span := some(r, nodes, len(nodes)), between(r, 200*time.Millisecond, 3*time.Second)
		reach := len(ring) / 4
		if reach == 0 {
			reach = 1
		}
		for i, n := range ring {
			var far []string
			for j, o := range ring {
				if d := (j - i + len(ring)) % len(ring); min(d, len(ring)-d) > reach {
					far = append(far, o)
				}
			}
			s = append(s, Fault{At: at, For: span, Kind: "cut", From: []string{n}, To: far})
		}
	})
	return s
}

// OneWayCuts lets single directions fail: a firewall rule, half a cable.
func OneWayCuts(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/12+time.Millisecond, func(at time.Duration) {
		two := some(r, nodes, 2)
		s = append(s, Fault{At: at, For: between(r, 100*time.Millisecond, 3*time.Second), Kind: "cut", From: two[:1], To: two[1:]})
	})
	return s
}

// FlakyLinks makes a random half of the links lossy and slow.
func FlakyLinks(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/6+time.Millisecond, func(at time.Duration) {
		for _, n := range some(r, nodes, (len(nodes)+1)/2) {
			s = append(s, Fault{At: at, For: between(r, 200*time.Millisecond, 3*time.Second), Kind: "link", From: []string{n}, To: others(nodes, n), Link: &labrpc.Conditions{
				DropRequest: 0.4 * r.Float64(), DropReply: 0.4 * r.Float64(), Delay: labrpc.Exponential(between(r, time.Millisecond, 60*time.Millisecond)),
			}})
		}
	})
	return s
}

// Duplicates makes messages of all links arrive twice and out of order: retransmissions, and routes
// that change.
func Duplicates(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/5+time.Millisecond, func(at time.Duration) {
		s = append(s, Fault{At: at, For: between(r, 200*time.Millisecond, 4*time.Second), Kind: "link", From: nodes, To: nodes, Link: &labrpc.Conditions{
			Duplicate: 0.3 * r.Float64(), Reorder: 0.3 * r.Float64(), ReorderBy: labrpc.Uniform(0, between(r, 10*time.Millisecond, time.Second)),
		}})
	})
	return s
}

func others(nodes []string, not ...string) []string {
	return slices.DeleteFunc(slices.Clone(nodes), func(n string) bool { return slices.Contains(not, n) })
}

// SwizzleClog stops the links of a random set of nodes one after the other, and lets them go in
// another order (FoundationDB's test of that name).
func SwizzleClog(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/4+time.Millisecond, func(at time.Duration) {
		set := some(r, nodes, 1+r.IntN(len(nodes)))
		for i, n := range set {
			begin := at + time.Duration(i)*between(r, time.Millisecond, 100*time.Millisecond)
			end := at + between(r, 500*time.Millisecond, 2*time.Second)
			if end > begin {
				s = append(s, Fault{At: begin, For: end - begin, Kind: "hold", From: others(nodes, n), To: []string{n}})
				s = append(s, Fault{At: begin, For: end - begin, Kind: "hold", From: []string{n}, To: others(nodes, n)})
			}
		}
	})
	return s
}

// SlowNode makes all that goes to and from one node slow, with little bandwidth: a machine that is
// about to die.
func SlowNode(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	spread(r, span, span/3+time.Millisecond, func(at time.Duration) {
		n, span := pick(r, nodes), between(r, 500*time.Millisecond, 5*time.Second)
		slow := &labrpc.Conditions{
			Delay:     labrpc.Bimodal(labrpc.Exponential(20*time.Millisecond), labrpc.Exponential(400*time.Millisecond), 0.2),
			Bandwidth: 20_000 + r.IntN(200_000), Queue: 200,
		}
		s = append(s, Fault{At: at, For: span, Kind: "link", From: others(nodes, n), To: []string{n}, Link: slow},
			Fault{At: at, For: span, Kind: "link", From: []string{n}, To: others(nodes, n), Link: slow})
	})
	return s
}

// DiskFaults lets disks be slow, fail writes, and crash their nodes in the middle of one. A failed
// write ends a node, so that it is started again later. Only a minority of the nodes is hit.
func DiskFaults(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	victims := some(r, nodes, max(1, minority(nodes)))
	next := map[string]time.Duration{}
	spread(r, span, span/8+time.Millisecond, func(at time.Duration) {
		n, span := pick(r, victims), between(r, 200*time.Millisecond, 2*time.Second)
		what, k, mode := r.IntN(3), 1+r.IntN(5), anyMode(r)
		if next[n] > at {
			return
		}
		next[n] = at + span + 100*time.Millisecond
		one := []string{n}
		switch what {
		case 0:
			s = append(s, Fault{At: at, For: span, Kind: "slowdisk", Nodes: one, Latency: labrpc.Exponential(between(r, time.Millisecond, 100*time.Millisecond))})
		case 1:
			s = append(s, Fault{At: at, For: span, Kind: "failwrites", Nodes: one, N: k},
				Fault{At: at + span, Kind: "restart", For: time.Millisecond, Nodes: one, Mode: Lose})
		case 2:
			s = append(s, Fault{At: at, For: span, Kind: "crashatwrite", Nodes: one, N: k, Mode: mode})
		}
	})
	return s
}

// ClockSkew lets some clocks run up to a fifth too fast or too slow.
func ClockSkew(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	for _, n := range some(r, nodes, 1+r.IntN(len(nodes))) {
		at := between(r, 0, span/2+1)
		s = append(s, Fault{At: at, For: span - at, Kind: "skew", Nodes: []string{n}, Pace: 0.8 + 0.4*r.Float64()})
	}
	return s
}

// Pauses stops nodes for longer than an election timeout, as a collection of garbage or the migration
// of a virtual machine does.
func Pauses(r *rand.Rand, nodes []string, span time.Duration) (s Schedule) {
	next := time.Duration(0) // one at a time
	spread(r, span, span/8+time.Millisecond, func(at time.Duration) {
		n, span := pick(r, nodes), between(r, 100*time.Millisecond, 2*time.Second)
		if at >= next {
			next = at + span
			s = append(s, Fault{At: at, For: span, Kind: "pause", Nodes: []string{n}})
		}
	})
	return s
}
