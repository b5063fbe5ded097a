package powtest

import (
	"math"
	"math/rand/v2"

	"6.824/labrpc/labtest"
	"6.824/pow/consensus"
	"6.824/pow/headers"
)

func sqrt(x float64) float64 { return math.Sqrt(x) }

// theory is what the literature has formulas for: each is simulated, with the implementation's own tree of headers where the rule of
// the first seen decides, and compared within five standard deviations.
func theory() []scenario {
	return []scenario{
		{Name: "TestRace", Doc: "the race of a double spend against z confirmations: the exact probabilities, strict and with ties won", Paper: "§11; Rosenfeld, \"Analysis of Hashrate-Based Double-Spending\"", Seeds: 1, Alone: race},
		{Name: "TestNakamotoTable", Doc: "the paper's table is its Poisson approximation", Paper: "§11", Seeds: 1, Alone: nakamotoTable},
		{Name: "TestSelfishMining", Doc: "a selfish miner's revenue, with delivery order for γ", Paper: "Eyal and Sirer, \"Majority is not Enough\", equation 8", Seeds: 1, Alone: selfishMining},
		{Name: "TestForksAgainstDelay", Doc: "stale blocks of many miners against delay", Paper: "Decker and Wattenhofer", Seeds: 1, Alone: forksAgainstDelay},
		{Name: "TestBackbone", Doc: "common prefix, chain quality and chain growth below one half; none of them above", Paper: "Garay, Kiayias and Leonardos, \"The Bitcoin Backbone Protocol\"", Seeds: 1, Alone: backbone},
	}
}

// within checks a measured mean of n trials against p, with 5σ of a binomial.
func within(w *labtest.World, what, paper string, hits, n int, p float64) {
	got, sigma := float64(hits)/float64(n), math.Sqrt(p*(1-p)/float64(n))
	w.Logf("%s: %d of %d, %.6f; the formula says %.6f ± %.6f", what, hits, n, got, p, sigma)
	w.Add("trials", int64(n))
	if math.Abs(got-p) > 5*sigma {
		w.Violate(what, paper, "%d of %d trials, %.6f; the formula says %.6f ± %.6f (1σ)", hits, n, got, p, sigma)
	}
}

// strict is the probability that an attacker with share q gets strictly ahead, who begins when the payment is made and shows when it
// has z confirmations or later; tied that it draws level, which is Rosenfeld's.
func strict(q float64, z int) float64 { return catchUp(q, z, 1) }
func tied(q float64, z int) float64   { return catchUp(q, z, 0) }

func catchUp(q float64, z, ahead int) float64 {
	p := 1 - q
	sum, nb, mass := 0.0, math.Pow(p, float64(z)), 0.0 // nb: that the attacker has k blocks when the others have z
	for k := 0; k < z+ahead; k++ {
		sum += nb * math.Pow(q/p, float64(z+ahead-k))
		mass += nb
		nb *= q * float64(z+k) / float64(k+1)
	}
	return sum + 1 - mass
}

// nakamoto is the formula of §11: the attacker's progress as a Poisson variable.
func nakamoto(q float64, z int) float64 {
	p := 1 - q
	lambda := float64(z) * q / p
	sum, poisson := 1.0, math.Exp(-lambda)
	for k := 0; k <= z; k++ {
		sum -= poisson * (1 - math.Pow(q/p, float64(z-k)))
		poisson *= lambda / float64(k+1)
	}
	return sum
}

const hopeless = 60 // blocks behind, an attacker below one half gives up: (q/p)⁶⁰ is nothing

// raceOnce is one race; won says whether the attacker gets that far ahead.
func raceOnce(r *rand.Rand, q float64, z, ahead int) bool {
	honest, attacker := 0, 0
	for honest < z {
		if r.Float64() < q {
			attacker++
		} else {
			honest++
		}
	}
	for lead := attacker - honest; ; {
		switch {
		case lead >= ahead:
			return true
		case lead < -hopeless:
			return false
		case r.Float64() < q:
			lead++
		default:
			lead--
		}
	}
}

// easyTree is a tree of headers where every block is worth the same and about every second hash will do.
type easyTree struct {
	*headers.Tree
	p    *consensus.Params
	salt uint64
}

func newEasyTree() *easyTree {
	p := consensus.RegTest()
	return &easyTree{Tree: headers.NewTree(p), p: p}
}

// mine is a header on e, not added yet.
func (t *easyTree) mine(e *headers.Entry) *consensus.Header {
	t.salt++
	h := &consensus.Header{Version: 4, Prev: e.Hash, Time: e.MedianTime() + 1, Bits: e.Header.Bits}
	for i := range 8 {
		h.MerkleRoot[i] = byte(t.salt >> (8 * i))
	}
	for target, _, _ := consensus.DecodeCompact(h.Bits); h.Hash().Num().Cmp(target) > 0; h.Nonce++ {
	}
	return h
}

func (t *easyTree) add(h *consensus.Header) *headers.Entry {
	e, err := t.Tree.Add(h, math.MaxInt64/2)
	if err != nil {
		panic(err) // of a header made here: becomes a violation
	}
	return e
}

// treeRace is raceOnce on a tree: the merchant's view, which the attacker shows its blocks when that would move the tip, and no
// sooner. So who wins a tie is the tree's own rule.
func treeRace(r *rand.Rand, q float64, z int) bool {
	t := newEasyTree()
	genesis := t.Genesis()
	honest, secret := genesis, []*consensus.Header(nil)
	last := genesis
	private := newEasyTree() // the attacker's own
	private.salt = 1 << 40
	for honest.Height < z || len(secret) < honest.Height+1 {
		if honest.Height-len(secret) > 25 {
			break
		}
		if r.Float64() < q {
			h := private.mine(last)
			last = private.add(h)
			secret = append(secret, h)
		} else {
			honest = t.add(t.mine(honest))
		}
		if honest.Height >= z && len(secret) >= honest.Height {
			for _, h := range secret {
				t.add(h)
			}
			if t.Best().Hash == last.Hash {
				return true // the first at which the tip moves: strictly ahead
			}
		}
	}
	return t.Best() != honest
}

func race(w *labtest.World) {
	r := w.Rand("race")
	for _, v := range []struct {
		q            float64
		z            int
		strict, tied float64
	}{
		{.1, 1, .031111, .2}, {.1, 2, .009511, .056}, {.1, 3, 0, .01712}, {.1, 4, 0, .00546}, {.1, 5, 0, .00178}, {.1, 6, .000110, .000591}, {.3, 6, .089107, .156450},
	} {
		if v.strict > 0 && math.Abs(strict(v.q, v.z)-v.strict) > 6e-7 || math.Abs(tied(v.q, v.z)-v.tied) > 6e-6 {
			w.Violate("the closed form", "Rosenfeld", "q=%v z=%d: %.7f and %.7f, not %v and %v", v.q, v.z, strict(v.q, v.z), tied(v.q, v.z), v.strict, v.tied)
		}
		const trials = 200_000
		hits, ties := 0, 0
		for range trials {
			if raceOnce(r, v.q, v.z, 1) {
				hits++
			}
			if raceOnce(r, v.q, v.z, 0) {
				ties++
			}
		}
		within(w, "strict race", "§11", hits, trials, strict(v.q, v.z))
		within(w, "race with ties won", "Rosenfeld, §3", ties, trials, tied(v.q, v.z))
	}
	for _, v := range []struct {
		q float64
		z int
	}{{.1, 1}, {.3, 2}, {.3, 6}} {
		const trials = 1500
		hits := 0
		for range trials {
			if treeRace(r, v.q, v.z) {
				hits++
			}
		}
		within(w, "race on a tree of headers, first seen wins ties", "§5, §11", hits, trials, strict(v.q, v.z))
	}
	w.AtLeast("trials", 2_800_000)
}

func nakamotoTable(w *labtest.World) {
	for z, want := range []float64{1, .2045873, .0509779, .0131722, .0034552, .0009137, .0002428} {
		if got := nakamoto(.1, z); math.Abs(got-want) > 6e-8 {
			w.Violate("the paper's table", "§11", "q=0.1 z=%d: %.7f, not %.7f", z, got, want)
		}
		w.Count("rows")
	}
	w.AtLeast("rows", 7)
}

// revenue is equation 8 of Eyal and Sirer.
func revenue(a, g float64) float64 {
	return (a*(1-a)*(1-a)*(4*a+g*(1-2*a)) - a*a*a) / (1 - a*(1+(2-a)*a))
}

// selfish plays the strategy of Eyal and Sirer's Algorithm 1 for so many blocks, against two groups of honest miners: to γ of them the
// selfish miner's block is delivered first when two race, to the others last. Each group mines on what its own tree says is best.
// It returns which of the blocks of the chain that all have in the end are whose, and the most that it may be off.
func selfish(r *rand.Rand, a, g float64, blocks int) (own, honest, honestFound int) {
	near, far := newEasyTree(), newEasyTree()
	far.salt = 1 << 40
	mine := map[consensus.Hash]bool{}
	var secret []*headers.Entry // not shown yet
	private := near.Genesis()   // its tip, in near's tree once shown
	secretTree := newEasyTree()
	secretTree.salt = 1 << 50
	private = secretTree.Genesis()
	tie := false
	both := func(h *consensus.Header) {
		near.add(h)
		far.add(h)
	}
	show := func(k int) {
		for _, e := range secret[:k] {
			both(&e.Header)
		}
		secret = secret[k:]
	}
	lead := func() int { return private.Height - near.Best().Height }
	for range blocks {
		if r.Float64() < a {
			private = secretTree.add(secretTree.mine(private))
			mine[private.Hash] = true
			secret = append(secret, private)
			if tie { // it was a race of one against one: won
				show(len(secret))
				tie = false
			}
			continue
		}
		honestFound++
		// The group that finds it mines on its own best.
		group := far
		if r.Float64() < g {
			group = near
		}
		h := group.mine(group.Best())
		before := lead()
		switch {
		case tie: // decided, by whoever found it
			both(h)
			tie = false
			secretTree.follow(near.Best())
			private, secret = secretTree.Get(near.Best().Hash), nil
		case before <= 0:
			both(h)
			secretTree.follow(near.Best())
			private = secretTree.Get(near.Best().Hash)
		case before == 1: // show the one: near gets it first
			rival := secret[0].Header
			near.add(&rival)
			near.add(h)
			far.add(h)
			far.add(&rival)
			secret, tie = nil, true
		case before == 2: // show all, and win by one
			both(h)
			show(len(secret))
		default: // show as many as keep it level with the others
			both(h)
			show(1)
		}
	}
	show(len(secret))
	for e := near.Best(); e.Height > 0; e = e.Parent() {
		if mine[e.Hash] {
			own++
		} else {
			honest++
		}
	}
	return own, honest, honestFound
}

// follow has a tree learn the chain of e.
func (t *easyTree) follow(e *headers.Entry) {
	var missing []*headers.Entry
	for ; t.Get(e.Hash) == nil; e = e.Parent() {
		missing = append(missing, e)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		t.add(&missing[i].Header)
	}
}

func selfishMining(w *labtest.World) {
	for _, v := range []struct{ g, at4, threshold float64 }{{0, .483721, 1. / 3}, {.5, .525581, .25}, {1, .567442, 0}} {
		if got := revenue(.4, v.g); math.Abs(got-v.at4) > 6e-7 {
			w.Violate("the closed form", "Eyal and Sirer, equation 8", "α=0.4 γ=%v: %.7f", v.g, got)
		}
		const e = 1e-3
		if a := v.threshold; a > 0 && revenue(a-e, v.g) >= a-e || revenue(a+e, v.g) <= a+e {
			w.Violate("the threshold", "Eyal and Sirer, §4.4", "γ=%v: at α=%v selfish mining does not begin to pay", v.g, a)
		}
		r := w.Rand("selfish")
		const runs, blocks = 20, 1500
		var sum, squares float64
		for range runs {
			own, honest, found := selfish(r, .4, v.g, blocks)
			share := float64(own) / float64(own+honest)
			sum, squares = sum+share, squares+share*share
			if own+honest < found {
				w.Violate("chain growth", "Garay, Kiayias and Leonardos, Theorem 13", "honest miners found %d blocks, and the chain has %d", found, own+honest)
			}
		}
		mean := sum / runs
		sigma := math.Sqrt((squares/runs-mean*mean)/(runs-1)) + 1./blocks
		w.Logf("γ=%v: revenue %.4f ± %.4f; the formula says %.4f", v.g, mean, sigma, v.at4)
		w.Add("selfish blocks", runs*blocks)
		if math.Abs(mean-v.at4) > 5*sigma {
			w.Violate("a selfish miner's revenue", "Eyal and Sirer, equation 8", "α=0.4 γ=%v: %.4f ± %.4f (1σ); the formula says %.6f", v.g, mean, sigma, v.at4)
		}
	}
	w.AtLeast("selfish blocks", 90_000)
}

// staleFraction simulates many miners who hear of a block after d, in units of the mean time between blocks.
func staleFraction(r *rand.Rand, d float64, blocks int) float64 {
	const miners = 100_000
	now, height := 0.0, 0
	type news struct {
		at     float64
		height int
		by     int
	}
	var fresh []news // that not everybody has heard
	known := 0
	for range blocks {
		now += r.ExpFloat64()
		for len(fresh) > 0 && fresh[0].at+d <= now {
			known = max(known, fresh[0].height)
			fresh = fresh[1:]
		}
		by, on := r.IntN(miners), known
		for _, n := range fresh {
			if n.by == by {
				on = max(on, n.height)
			}
		}
		fresh = append(fresh, news{now, on + 1, by})
		height = max(height, on+1)
	}
	return 1 - float64(height)/float64(blocks)
}

func forksAgainstDelay(w *labtest.World) {
	r := w.Rand("forks")
	for _, d := range []float64{.01, .1, .5, 1, 3} {
		const runs, blocks = 20, 20_000
		var sum, squares float64
		for range runs {
			s := staleFraction(r, d, blocks)
			sum, squares = sum+s, squares+s*s
		}
		mean := sum / runs
		sigma := math.Sqrt((squares/runs - mean*mean) / (runs - 1))
		want := d / (1 + d)
		w.Logf("D/T=%v: %.5f ± %.5f; the formula says %.5f", d, mean, sigma, want)
		w.Count("delays")
		if math.Abs(mean-want) > 5*sigma+1./blocks {
			w.Violate("stale rate against delay", "Decker and Wattenhofer", "D/T=%v: %.5f ± %.5f (1σ); the formula says %.5f", d, mean, sigma, want)
		}
	}
	w.AtLeast("delays", 5)
}

func backbone(w *labtest.World) {
	r := w.Rand("backbone")
	// Common prefix: a private chain that undoes k blocks.
	const trials = 100_000
	last := 1.0
	for _, k := range []int{2, 6, 12, 24} {
		hits := 0
		for range trials {
			if raceOnce(r, .3, k, 1) {
				hits++
			}
		}
		within(w, "a prefix of depth k is undone", "Theorem 15", hits, trials, strict(.3, k))
		if got := float64(hits) / trials; got > last/2 {
			w.Violate("common prefix", "Theorem 15", "at depth %d it is undone with %.5f, half as deep with %.5f", k, got, last)
		} else {
			last = got
		}
	}
	// The negative control: above one half, no depth is safe.
	for _, k := range []int{6, 24} {
		hits := 0
		for range 2000 {
			if raceOnce(r, .6, k, 1) {
				hits++
			}
		}
		if hits < 1990 {
			w.Violate("a majority undoes any depth", "§11", "%d of 2000 at depth %d", hits, k)
		}
	}
	// Chain quality: at least 1 − α/(1−α) of the blocks are honest, whatever a minority does; selfish mining with γ = 1 is the worst.
	for _, a := range []float64{.1, .25, .4} {
		own, honest, found := selfish(r, a, 1, 20_000)
		quality, bound := float64(honest)/float64(own+honest), 1-a/(1-a)
		w.Logf("α=%v: quality %.4f, at least %.4f; growth %d of %d", a, quality, bound, own+honest, found)
		if quality < bound-.02 {
			w.Violate("chain quality", "Theorem 16", "α=%v: %.4f of the blocks are honest, the bound is %.4f", a, quality, bound)
		}
		if own+honest < found {
			w.Violate("chain growth", "Theorem 13", "α=%v: %d blocks of %d", a, own+honest, found)
		}
		w.Count("qualities")
	}
	if own, honest, _ := selfish(r, .6, 1, 20_000); float64(honest)/float64(own+honest) > .05 {
		w.Violate("a majority leaves no quality", "Theorem 16", "%d of %d blocks are honest", honest, own+honest)
	}
	w.AtLeast("qualities", 3)
	w.AtLeast("trials", 400_000)
}
