package powtest

import (
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// attacks are those that spend real work, or cut somebody off.
func attacks() []scenario {
	fast := setup{Nodes: 3, Also: []string{"liar"}}
	fast.Rate = 4 * 32.0 / 10 // four times what the first difficulty is for
	many := consensus.RegTest()
	many.Name, many.RetargetInterval, many.TargetTimespan, many.MaxFutureTime = "many", 1, 10, 7200
	many.PowLimit, _, _ = consensus.DecodeCompact(0x2007ffff)
	many = many.WithGenesis(consensus.LabEpoch-10, 0x2007ffff)
	return []scenario{
		{Name: "TestDeepReorg", Doc: "a majority shows a chain from twenty blocks down, with more work, and further down than blocks are fetched ahead: everybody goes over, and payments come back", Paper: "§11", Setup: setup{Nodes: 3, Also: []string{"liar"}, Limits: pow.Limits{Blocks: 1}}, Run: deepReorg},
		{Name: "TestLessWork", Doc: "a chain of more blocks but less work is not the longest", Paper: "§5", Setup: fast, Run: lessWork},
		{Name: "TestTieStays", Doc: "a block as good as the tip, shown later, moves nobody", Paper: "§5: nodes work on the first one they received", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: tieStays},
		{Name: "TestWithheld", Doc: "a miner with a third of the hash power withholds its blocks and shows them to take away what others have found: all still agree", Paper: "Eyal and Sirer, \"Majority is not Enough\", §3", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: withheld},
		{Name: "TestDoublePay", Doc: "a payment with confirmations is overtaken by a majority's chain with another of the same coin: one of them confirms, everywhere", Paper: "§11", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: doublePay},
		{Name: "TestEclipse", Doc: "a node whose peers all lie believes them; one honest peer is enough to free it", Paper: "Heilman et al., \"Eclipse Attacks on Bitcoin's Peer-to-Peer Network\"", Setup: setup{Nodes: 4, Only: []string{"liar", "liar 2"}}, Run: eclipse},
		{Name: "TestStaleRate", Doc: "of real nodes' blocks as many are stale as delay says", Paper: "Decker and Wattenhofer, \"Information Propagation in the Bitcoin Network\"", Seeds: 1,
			Setup: setup{Nodes: 8, Params: many}, Run: staleRate},
	}
}

func deepReorg(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 8)
	f := n.newForge(0)
	from := f.chain.Tip()
	t := n.Pay(n.richest(), n.purse("shop").Key(), 500, 10)
	n.Confirmed(t.ID(), 3)
	n.Grow(0, 20)
	n.Still()
	old, _ := n.Status(0)
	e := from
	for e.Work.Cmp(old.Work) <= 0 {
		e = f.add(f.block(e, nil))
	}
	l.serve(f.upTo(e, 0)...)
	l.show(f.chain.Block(e.Hash))
	if !n.Eventually(n.settleBound(), func() bool { s, _ := n.Status(1); return s.Tip == e.Hash }) {
		n.Violate("the most work is the best chain", "§5", "%v with work %v is not the tip, though %v has only %v", e.Hash, e.Work, old.Tip, old.Work)
	}
	n.Agree()
	for i := range n.N {
		n.View(i, func(_ *ledger.Chain, p *ledger.Pool) {
			if p.Get(t.ID()) == nil {
				n.Violate("what a reorg takes back waits again", "§5", "%s has lost a payment", n.names[i])
			}
		})
	}
	n.Mining(true, n.All()...)
	n.Submit(0, t) // pools die with their nodes
	n.Confirmed(t.ID(), 1)
	n.AtLeast("reorgs", int64(n.N))
}

func lessWork(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, n.Params.RetargetInterval+10)
	tip := n.Still()
	f := n.newForge(0)
	honest := f.chain.Tip()
	// The first period as slowly as dates allow, so that the next is easy.
	e := f.chain.Tree().Genesis()
	late := uint32(n.now() + n.Params.MaxFutureTime - 5)
	for e.Height < honest.Height+5 {
		next := f.block(e, func(b *ledger.Block) {
			b.Header.Time = e.MedianTime() + 1
			if h := e.Height + 1; h >= n.Params.RetargetInterval-1 {
				b.Header.Time = max(late, e.MedianTime()+1)
			}
		})
		at := f.chain.Tree().Next(e, n.now())
		if bits := at.Bits; bits != next.Header.Bits {
			n.Violate("a forge's own block", "", "bits")
		}
		if w, _ := f.chain.AddHeader(&next.Header, n.now()); w == nil || w.Work.Cmp(honest.Work) >= 0 {
			break
		}
		e = f.add(next)
	}
	if e.Height <= honest.Height || e.Work.Cmp(honest.Work) >= 0 {
		return // vacuous
	}
	n.Count("longer chains of less work")
	l.serve(f.upTo(e, 0)...)
	for range 3 {
		l.show(f.chain.Block(e.Hash))
		n.Sleep(15 * time.Second)
	}
	for i := range n.N {
		if s, _ := n.Status(i); s.Tip != tip {
			n.Violate("work counts, not length", "§5", "%s went from height %d, work %v to height %d, work %v", n.names[i], honest.Height, honest.Work, s.Height, s.Work)
		}
	}
	n.AtLeast("longer chains of less work", 1)
	n.AtLeast("liar asked for headers", 1)
}

func tieStays(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 6)
	tip := n.Still()
	f := n.newForge(0)
	rival := f.block(f.chain.Tip().Parent(), nil)
	f.add(rival)
	l.serve(f.upTo(f.chain.Tree().Get(rival.Hash()), 0)...)
	for range 3 {
		l.show(rival)
		n.Sleep(15 * time.Second)
	}
	for i := range n.N {
		if s, _ := n.Status(i); s.Tip != tip {
			n.Violate("a tie stays with the first seen", "§5", "%s has left %v for %v, which came later", n.names[i], tip, s.Tip)
		}
	}
	// The tie is broken by the next block, on whichever side.
	next := f.grow(f.chain.Tree().Get(rival.Hash()), 1)
	l.serve(f.upTo(f.chain.Tree().Get(next[0].Hash()), 0)...)
	l.show(next[0])
	if !n.Eventually(n.settleBound(), func() bool { s, _ := n.Status(2); return s.Tip == next[0].Hash() }) {
		n.Violate("the next block breaks a tie", "§5", "%v is not followed", next[0].Hash())
	}
	n.AtLeast("reorgs", int64(n.N))
}

// withheld plays the selfish strategy with half the honest rate, in real time: it always shows what it has when the others are about to
// draw level.
func withheld(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 4)
	f := n.newForge(0)
	secret := f.chain.Tip()
	taken := 0
	for end := n.Now() + 15*time.Minute; n.Now() < end; n.Sleep(2 * time.Second) {
		if n.rand.Float64() < 0.2/2 { // a block of its own in 20 s on average
			secret = f.add(f.block(secret, nil))
		}
		var public *headers.Entry
		n.View(0, func(c *ledger.Chain, _ *ledger.Pool) { public = c.Tip() })
		if public == nil {
			continue
		}
		switch lead := secret.Height - public.Height; {
		case lead < 0:
			f.follow(0)
			secret = f.chain.Tip()
		case lead <= 1 && secret.Work.Cmp(public.Work) >= 0 && public.Hash != secret.Hash && headers.Fork(f.known(public, 0), secret) != secret:
			l.serve(f.upTo(secret, 0)...)
			l.show(f.chain.Block(secret.Hash))
			taken++
		}
	}
	n.Grow(0, 6)
	n.Agree()
	n.Add("shown", int64(taken))
	n.AtLeast("shown", 2)
	n.AtLeastOverall("reorgs", 5)
}

// known is the forge's own entry of a header that a node has; it learns the node's chain for it.
func (f *forge) known(e *headers.Entry, node int) *headers.Entry {
	if f.chain.Tree().Get(e.Hash) == nil {
		f.follow(node)
	}
	if got := f.chain.Tree().Get(e.Hash); got != nil {
		return got
	}
	return f.chain.Tree().Genesis()
}

func doublePay(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 8)
	rich := n.richest()
	a, b := n.doubled(rich)
	f := n.newForge(0)
	from := f.chain.Tip()
	if err := n.Submit(0, a); err != nil {
		n.Violate("a good payment is taken", "", "%v", err)
	}
	n.Confirmed(a.ID(), 6)
	n.Still()
	old, _ := n.Status(0)
	e := f.add(f.block(from, nil, b))
	for e.Work.Cmp(old.Work) <= 0 {
		e = f.add(f.block(e, nil))
	}
	l.serve(f.upTo(e, 0)...)
	l.show(f.chain.Block(e.Hash))
	n.Eventually(n.settleBound(), func() bool { s, _ := n.Status(1); return s.Tip == e.Hash })
	n.Mining(true, n.All()...)
	n.Submit(1, a)
	n.exactlyOne(a, b)
	if n.Confirmations(0, b.ID()) == 0 {
		n.Violate("the chain decides between two payments", "§2", "the one on the chain with more work has no confirmations")
	}
	n.AtLeast("decided", 1)
	n.AtLeast("reorgs", int64(n.N))
}

func eclipse(n *Network) {
	l, l2 := n.newLiar("liar"), n.newLiar("liar 2")
	for i := 1; i < n.N; i++ {
		n.nodes[i].Start()
	}
	n.Grow(1, 15)
	f := n.newForge(1)
	fork := f.chain.Tip().Ancestor(4)
	lie := f.grow(fork, 5) // less work than the others have
	line := append(f.upTo(fork, 0), lie...)
	l.serve(line...)
	l2.serve(line...)
	n.Mining(false, 0)
	n.Sleep(time.Second)
	l.show(lie[4], 0)
	if !n.Eventually(n.settleBound(), func() bool { s, _ := n.Status(0); return s.Tip == lie[4].Hash() }) {
		n.Violate("an eclipsed node follows what it is shown", "", "it does not: the scenario tries nothing")
	}
	n.Count("eclipsed")
	n.Grow(1, 5)
	if s, _ := n.Status(0); s.Tip != lie[4].Hash() {
		n.Violate("an eclipsed node hears nobody else", "", "it is at height %d", s.Height)
	}
	n.mu.Lock()
	n.friends = []string{n.names[1]}
	n.mu.Unlock()
	n.nodes[0].Crash(labtest.Keep)
	n.nodes[0].Start()
	n.Agree()
	n.AtLeast("eclipsed", 1)
	n.AtLeast("reorgs", 1)
}

// staleRate has eight nodes mine with messages of half a second. A block is at the others after three of them: the announcement, the
// question, the answer.
func staleRate(n *Network) {
	const one = 500 * time.Millisecond
	n.Net().SetDefault(labrpc.Conditions{Delay: labrpc.Constant(one)})
	n.Start()
	n.Grow(0, 250)
	n.Still()
	mined, height := float64(n.Counter("mined")), float64(n.Height(0))
	stale := 1 - height/mined
	d := (3 * one).Seconds() / float64(n.Params.Spacing()) * float64(n.N-1) / float64(n.N)
	want := d / (1 + d)
	sigma := sqrt(want * (1 - want) / mined)
	n.Logf("%v of %v blocks are stale, %.3f; delay says %.3f ± %.3f", mined-height, mined, stale, want, sigma)
	if stale < want-5*sigma || stale > want+5*sigma {
		n.Violate("stale rate against delay", "Decker and Wattenhofer, §IV", "%.4f of %v blocks are stale, the formula says %.4f ± %.4f (1σ)", stale, mined, want, sigma)
	}
	n.AtLeast("mined", 250)
}
