package labtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"6.824/labrpc"
)

// Generator draws schedules of one sort of trouble.
type Generator struct {
	Name string
	Doc  string // a line on what real-world trouble it is
	// Draw draws a schedule for these nodes: the same numbers from r make the same schedule. Every fault
	// ends within span; a crash or pause that could leave less than a majority standing is left out.
	Draw func(r *rand.Rand, nodes []string, span time.Duration) Schedule
}

// Generators lists the ready-made ones.
func Generators() []Generator {
	return []Generator{
		{"churn", "nodes crash at random and come back, their disks intact, without the last writes, or torn", Churn},
		{"rolling-restarts", "one node after the other is restarted, as in an upgrade", RollingRestarts},
		{"random-partitions", "the network falls into groups that don't hear each other, as when a switch fails", RandomPartitions},
		{"bridge", "two halves of the network hear each other only through one node that hears both", Bridge},
		{"majority-ring", "every node hears a majority, and no two the same one", MajorityRing},
		{"one-way-cuts", "messages get through in one direction and not in the other, as with a wrong firewall rule", OneWayCuts},
		{"flaky-links", "some links lose messages and are slow, as with a bad cable or an overloaded network", FlakyLinks},
		{"swizzle-clog", "nodes are cut off one by one and come back in another order, with all that was sent meanwhile", SwizzleClog},
		{"slow-node", "one node hears and answers late, with little bandwidth: a machine that is about to die", SlowNode},
		{"disk-faults", "disks are slow, fail writes, and lose power in the middle of one", DiskFaults},
		{"clock-skew", "clocks run fast or slow", ClockSkew},
		{"pauses", "nodes stand still for a while and don't know it: garbage collection, a virtual machine that moves", Pauses},
		{"duplicates", "messages arrive twice, as when a sender retries too early", Duplicates},
		{"reorder", "messages overtake each other, as when routes change", Reorder},
	}
}

// draw gathers a schedule.
type draw struct {
	r    *rand.Rand
	span time.Duration
	s    Schedule
}

// again calls f at random times within the span, about every mean, and at least once.
func (d *draw) again(mean time.Duration, f func(at time.Duration)) {
	at := d.exp(min(mean, d.span/2))
	for {
		f(min(at, d.span*9/10))
		if at += d.exp(mean); at >= d.span {
			return
		}
	}
}

// inTurn is again for what there is only one of at a time: f returns how long it lasts.
func (d *draw) inTurn(mean time.Duration, f func(at time.Duration) time.Duration) {
	free := time.Duration(0)
	d.again(mean, func(at time.Duration) {
		if at >= free {
			free = at + f(at)
		}
	})
}

// add adds faults that begin at at and last for that long, but not longer than the span.
func (d *draw) add(at, long time.Duration, faults ...Fault) {
	for _, f := range faults {
		f.At = round(at)
		f.For = max(round(min(long, d.span-f.At)), time.Millisecond)
		d.s = append(d.s, f)
	}
}

// round keeps schedules readable.
func round(t time.Duration) time.Duration { return t.Truncate(time.Millisecond) }

func (d *draw) exp(mean time.Duration) time.Duration {
	return time.Millisecond + time.Duration(d.r.ExpFloat64()*float64(mean))
}

// ms draws a time between lo and hi milliseconds.
func (d *draw) ms(lo, hi int) time.Duration {
	return time.Duration(lo+d.r.IntN(hi-lo+1)) * time.Millisecond
}

// chance draws a number between lo and hi, in hundredths.
func (d *draw) chance(lo, hi float64) float64 {
	return math.Round(100*(lo+(hi-lo)*d.r.Float64())) / 100
}

func (d *draw) mode() CrashMode { return []CrashMode{Keep, Lose, Torn}[d.r.IntN(3)] }

// some draws n of the names, in random order.
func some(r *rand.Rand, from []string, n int) []string {
	names := slices.Clone(from)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return names[:n:n]
}

// others are the names without some.
func others(names []string, not ...string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return slices.Contains(not, n) })
}

// minority is how many of n nodes may be down while the others go on; of one or two nodes it is one, and
// the others wait.
func minority(n int) int { return max(1, (n-1)/2) }

// withinMinority leaves out faults that would have more than a minority of the nodes down, paused or
// without a disk at a time.
func (s Schedule) withinMinority(nodes []string) Schedule {
	until := map[string]time.Duration{}
	return slices.DeleteFunc(s.sorted(), func(f Fault) bool {
		switch f.Kind {
		case "crash", "restart", "pause", "crashatwrite", "failwrites":
		default:
			return false
		}
		down := 0
		for _, n := range nodes {
			if among(f.Nodes, n) || until[n] > f.At {
				down++
			}
		}
		if down > minority(len(nodes)) {
			return true
		}
		for _, n := range nodes {
			if among(f.Nodes, n) {
				end := f.At + f.For
				if f.For == 0 && f.Kind != "restart" {
					end = math.MaxInt64
				}
				until[n] = max(until[n], end)
			}
		}
		return false
	})
}

// Churn crashes nodes at random and starts them again, a minority at a time: what a large fleet always
// does. Their disks keep, lose or tear what was not synced.
func Churn(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.again(1200*time.Millisecond, func(at time.Duration) {
		d.add(at, d.ms(50, 2000), Fault{Kind: "crash", Nodes: some(r, nodes, 1), Mode: d.mode()})
	})
	return d.s.withinMinority(nodes)
}

// RollingRestarts restarts one node after the other, each once: an upgrade.
func RollingRestarts(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	turn := span / time.Duration(len(nodes)+1)
	for i, n := range some(r, nodes, len(nodes)) {
		at := turn * time.Duration(i+1)
		d.add(at, min(d.ms(50, 1000), turn*3/4), Fault{Kind: "crash", Nodes: []string{n}, Mode: Keep})
	}
	return d.s.withinMinority(nodes)
}

// RandomPartitions lets the network fall into two groups, or three, or as many as there are nodes, heal,
// and fall apart elsewhere: switches that fail.
func RandomPartitions(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.inTurn(1500*time.Millisecond, func(at time.Duration) time.Duration {
		count := []int{2, 2, 2, 2, 2, 3, 3, len(nodes)}[r.IntN(8)]
		count = min(max(count, 2), len(nodes))
		groups := make([][]string, count)
		for i, n := range some(r, nodes, len(nodes)) {
			g := i // one for each
			if i >= count {
				g = r.IntN(count)
			}
			groups[g] = append(groups[g], n)
		}
		long := d.ms(200, 3000)
		if count > 1 {
			d.add(at, long, Fault{Kind: "partition", Groups: groups})
		}
		return long + d.ms(0, 1000)
	})
	return d.s
}

// Bridge cuts the nodes into two halves, but for one node that hears both (Jepsen's "bridge"): which has
// one half learn of the other's leader without being able to follow it.
func Bridge(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.inTurn(1500*time.Millisecond, func(at time.Duration) time.Duration {
		long, all := d.ms(300, 4000), some(r, nodes, len(nodes))
		if bridge, rest := all[0], all[1:]; len(rest) >= 2 {
			half := len(rest) / 2
			d.add(at, long, Fault{Kind: "partition", Groups: [][]string{
				append([]string{bridge}, rest[:half]...), append([]string{bridge}, rest[half:]...)}})
		}
		return long + d.ms(0, 1000)
	})
	return d.s
}

// MajorityRing puts the nodes on a ring where each hears only its neighbours, just enough of them for a
// majority, and no two nodes the same one (Jepsen's "majorities-ring"). Of less than four nodes it is a
// Bridge.
func MajorityRing(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	if len(nodes) < 4 {
		return Bridge(r, nodes, span)
	}
	d := draw{r: r, span: span}
	reach := (len(nodes)/2 + 1) / 2 // on either side; with the node itself 2·reach+1, a majority
	d.inTurn(1500*time.Millisecond, func(at time.Duration) time.Duration {
		long, ring := d.ms(300, 4000), some(r, nodes, len(nodes))
		groups := make([][]string, len(ring))
		for i := range ring {
			for j := range reach + 1 {
				groups[i] = append(groups[i], ring[(i+j)%len(ring)])
			}
		}
		d.add(at, long, Fault{Kind: "partition", Groups: groups})
		return long + d.ms(0, 1000)
	})
	return d.s
}

// OneWayCuts lets single directions fail, or makes a node mute or deaf: a wrong firewall rule, half a
// cable.
func OneWayCuts(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	if len(nodes) < 2 {
		return nil
	}
	d.again(900*time.Millisecond, func(at time.Duration) {
		two, long := some(r, nodes, 2), d.ms(100, 3000)
		one, rest := two[:1], others(nodes, two[0])
		switch r.IntN(4) {
		case 0:
			d.add(at, long, Fault{Kind: "cut", From: one, To: rest})
		case 1:
			d.add(at, long, Fault{Kind: "cut", From: rest, To: one})
		default:
			d.add(at, long, Fault{Kind: "cut", From: one, To: two[1:]})
		}
	})
	return d.s
}

// FlakyLinks has some links lose messages and be slow, with a long tail, each direction on its own: a bad
// cable, an overloaded network.
func FlakyLinks(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	if len(nodes) < 2 {
		return nil
	}
	d.again(1500*time.Millisecond, func(at time.Duration) {
		long := d.ms(300, 4000)
		for _, from := range some(r, nodes, 1+r.IntN(len(nodes))) {
			to := some(r, others(nodes, from), 1+r.IntN(len(nodes)-1))
			d.add(at, long, Fault{Kind: "link", From: []string{from}, To: to, Link: &labrpc.Conditions{
				DropRequest: d.chance(0.02, 0.4), DropReply: d.chance(0.02, 0.4), Delay: labrpc.Exponential(d.ms(1, 60)),
			}})
		}
	})
	return d.s
}

// SwizzleClog clogs the links of a random set of nodes one node after the other, and lets them go in
// another order, with all that was sent meanwhile (FoundationDB's "swizzle"; it found more bugs there
// than any other network fault).
func SwizzleClog(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.inTurn(time.Second, func(at time.Duration) time.Duration {
		set := some(r, nodes, 1+r.IntN(len(nodes)))
		var last time.Duration
		begins, ends := make([]time.Duration, len(set)), make([]time.Duration, len(set))
		for i := range set {
			begins[i], last = at+last, last+d.ms(10, 300)
		}
		for _, i := range r.Perm(len(set)) {
			last += d.ms(10, 300)
			ends[i] = at + last
		}
		for i, n := range set {
			if begins[i] < span {
				d.add(begins[i], ends[i]-begins[i], Fault{Kind: "hold", Nodes: []string{n}})
			}
		}
		return last + d.ms(200, 1500)
	})
	return d.s
}

// SlowNode makes all that goes to and from one node slow, with a long tail and little bandwidth: a machine
// that is about to die, which is worse than one that is dead.
func SlowNode(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.inTurn(1500*time.Millisecond, func(at time.Duration) time.Duration {
		long := d.ms(500, 5000)
		tail := labrpc.Bimodal(labrpc.Exponential(d.ms(5, 30)), labrpc.Exponential(d.ms(100, 500)), d.chance(0.05, 0.3))
		d.add(at, long, Fault{Kind: "link", Nodes: some(r, nodes, 1), Link: &labrpc.Conditions{Delay: tail, Bandwidth: 1000 * (20 + r.IntN(200)), Queue: 200}})
		return long + d.ms(0, 500)
	})
	return d.s
}

// DiskFaults has disks be slow, fail writes, and lose power in the middle of one. What stops a node hits a
// minority at a time.
func DiskFaults(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.again(800*time.Millisecond, func(at time.Duration) {
		one, long := some(r, nodes, 1), d.ms(200, 2500)
		switch r.IntN(4) {
		case 0:
			d.add(at, long, Fault{Kind: "slowdisk", Nodes: one, Latency: labrpc.Exponential(d.ms(1, 100))})
		case 1:
			d.add(at, long, Fault{Kind: "failwrites", Nodes: one, N: 1 + r.IntN(3)})
		default:
			d.add(at, long, Fault{Kind: "crashatwrite", Nodes: one, N: 1 + r.IntN(8), Mode: d.mode()})
		}
	})
	return d.s.withinMinority(nodes)
}

// ClockSkew lets clocks run up to a third too slow or two fifths too fast, and now and then half or twice
// as fast as they should: worse than real ones, since a run is shorter than a year.
func ClockSkew(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.again(1200*time.Millisecond, func(at time.Duration) {
		widest := 1.4
		if r.IntN(4) == 0 {
			widest = 2
		}
		pace := math.Pow(widest, 2*r.Float64()-1)
		d.add(at, d.ms(500, 6000), Fault{Kind: "skew", Nodes: some(r, nodes, 1), Pace: math.Round(100*pace) / 100})
	})
	return d.s
}

// Pauses has nodes stand still, a minority at a time, often for longer than an election timeout: a garbage
// collection, a virtual machine that is moved, a laptop's lid.
func Pauses(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.again(1200*time.Millisecond, func(at time.Duration) {
		d.add(at, d.ms(20, 2500), Fault{Kind: "pause", Nodes: some(r, nodes, 1)})
	})
	return d.s.withinMinority(nodes)
}

// Duplicates has messages of all links arrive twice: senders that retry too early.
func Duplicates(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.inTurn(1500*time.Millisecond, func(at time.Duration) time.Duration {
		long := d.ms(500, 5000)
		d.add(at, long, Fault{Kind: "link", From: []string{"*"}, To: []string{"*"}, Link: &labrpc.Conditions{Duplicate: d.chance(0.05, 0.5)}})
		return long + d.ms(0, 1000)
	})
	return d.s
}

// Reorder holds back some messages of all links, so that later ones overtake them: routes that change.
func Reorder(r *rand.Rand, nodes []string, span time.Duration) Schedule {
	d := draw{r: r, span: span}
	d.inTurn(1500*time.Millisecond, func(at time.Duration) time.Duration {
		long := d.ms(500, 5000)
		d.add(at, long, Fault{Kind: "link", From: []string{"*"}, To: []string{"*"},
			Link: &labrpc.Conditions{Reorder: d.chance(0.05, 0.6), ReorderBy: labrpc.Uniform(0, d.ms(5, 800))}})
		return long + d.ms(0, 1000)
	})
	return d.s
}

// GeneratorNames lists the names of the ready-made ones.
func GeneratorNames() []string {
	var names []string
	for _, g := range Generators() {
		names = append(names, g.Name)
	}
	return names
}

// generatorOf returns the one of that name.
func generatorOf(name string) (Generator, error) {
	for _, g := range Generators() {
		if g.Name == name {
			return g, nil
		}
	}
	return Generator{}, fmt.Errorf("labtest: there is no generator %q, only %q", name, GeneratorNames())
}
