package powtest

import (
	"fmt"
	"strings"
	"time"

	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// badBlocks is blocks that break a rule, and what comes of them.
func badBlocks() []scenario {
	var liars []string
	for _, c := range badBlockCases() {
		liars = append(liars, "liar "+c.name)
	}
	return []scenario{
		{Name: "TestBadBlocks", Doc: "blocks that break each rule once, with real work: all honest nodes refuse them by that rule, and who sent them", Paper: "§5, step 5",
			Seeds: 3, Setup: setup{Nodes: 3, Also: liars}, Run: badBlock},
		{Name: "TestMutated", Doc: "a body with its last transactions doubled is refused, and the honest body of the same header is still taken", Paper: "CVE-2012-2459",
			Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: mutatedBody},
		{Name: "TestTimeTooNew", Doc: "a block from the future is not taken, nor is anybody blamed; when its time has come it is", Paper: "§3", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: timeTooNew},
		{Name: "TestTimeWarp", Doc: "a period that begins long before the last one ended is refused", Paper: "BIP 94", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: timeWarp},
		{Name: "TestBadBelow", Doc: "a chain of more work on a bad block is refused as a whole, and costs the old tip nothing", Paper: "§5", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: badBelow},
		{Name: "TestWrongDates", Doc: "nodes whose dates are seconds apart, and clocks that run fast and slow, agree", Paper: "§3",
			Setup: setup{Ahead: func(i int) time.Duration { return time.Duration(i-2) * 6 * time.Second }}, Run: wrongDates},
	}
}

// badBlockCase is a block with one fault. make has its way with a good block before the nonce is looked for; serve, if any,
// with what is handed out instead of the body.
type badBlockCase struct {
	name  string
	rule  *consensus.Rule
	make  func(*badKit, *ledger.Block)
	after func(*badKit, *ledger.Block)        // with the nonce that was found
	serve func(*badKit, *ledger.Block) []byte // instead of the body
}

// badKit is what faults are made of.
type badKit struct {
	*forge
	tip   *headers.Entry
	mine  *pow.Wallet      // has coins
	coins []ledger.Unspent // its ripe coins
	young []ledger.Unspent // and those that are not
	spent ledger.OutPoint  // was once its coin
}

// pay is a signed transaction of the kit's wallet.
func (k *badKit) pay(from []ledger.OutPoint, amounts ...ledger.Amount) *ledger.Tx {
	t := &ledger.Tx{}
	for _, o := range from {
		t.Inputs = append(t.Inputs, ledger.Input{Prev: o})
	}
	for _, a := range amounts {
		t.Outputs = append(t.Outputs, ledger.Output{Value: a, Owner: k.net.purse("thief").Key()})
	}
	k.mine.Sign(t)
	return t
}

func (k *badKit) coin(i int) []ledger.OutPoint { return []ledger.OutPoint{k.coins[i].OutPoint} }

// with makes a fault of transactions in the body.
func with(txs func(*badKit) []*ledger.Tx) func(*badKit, *ledger.Block) {
	return func(k *badKit, b *ledger.Block) {
		b.Txs = append(b.Txs, txs(k)...)
		b.Seal()
	}
}

func one(tx func(*badKit) *ledger.Tx) func(*badKit, *ledger.Block) {
	return with(func(k *badKit) []*ledger.Tx { return []*ledger.Tx{tx(k)} })
}

func badBlockCases() []badBlockCase {
	coinbase := func(change func(*badKit, *ledger.Tx)) func(*badKit, *ledger.Block) {
		return func(k *badKit, b *ledger.Block) {
			change(k, b.Txs[0])
			b.Seal()
		}
	}
	return []badBlockCase{
		{name: "no work", rule: consensus.ErrHighHash, after: func(k *badKit, b *ledger.Block) {
			target, _, _ := consensus.DecodeCompact(b.Header.Bits)
			for b.Hash().Num().Cmp(target) <= 0 {
				b.Header.Nonce++
			}
		}},
		{name: "easy bits", rule: consensus.ErrBadBits, make: func(_ *badKit, b *ledger.Block) { b.Header.Bits = 0x207fffff }},
		{name: "hard bits", rule: consensus.ErrBadBits, make: func(_ *badKit, b *ledger.Block) { b.Header.Bits-- }},
		{name: "time too old", rule: consensus.ErrTimeTooOld, make: func(k *badKit, b *ledger.Block) { b.Header.Time = k.tip.MedianTime() }},

		{name: "bad root", rule: ledger.ErrMerkleRoot, make: func(_ *badKit, b *ledger.Block) { b.Header.MerkleRoot[5] ^= 1 }},
		{name: "garbage", rule: ledger.ErrDecode, serve: func(_ *badKit, b *ledger.Block) []byte { return []byte("garbage") }},
		{name: "truncated", rule: ledger.ErrDecode, serve: func(_ *badKit, b *ledger.Block) []byte { raw := b.Append(nil); return raw[:len(raw)-1] }},
		{name: "trailing", rule: ledger.ErrDecode, serve: func(_ *badKit, b *ledger.Block) []byte { return append(b.Append(nil), 0) }},
		{name: "nothing", rule: ledger.ErrDecode, serve: func(*badKit, *ledger.Block) []byte { return []byte{} }},
		{name: "huge", rule: ledger.ErrBlockSize, serve: func(k *badKit, b *ledger.Block) []byte { return make([]byte, k.net.Params.MaxBlockBytes+1) }},
		{name: "another block", rule: ledger.ErrDecode, serve: func(k *badKit, b *ledger.Block) []byte {
			return k.chain.Block(k.tip.Hash).Append(nil)
		}},
		{name: "too large", rule: ledger.ErrBlockSize, make: one(func(k *badKit) *ledger.Tx {
			t := k.pay(k.coin(0), 1)
			for len(t.Outputs) < k.net.Params.MaxBlockBytes/40 {
				t.Outputs = append(t.Outputs, t.Outputs[0])
			}
			k.mine.Sign(t)
			return t
		})},
		{name: "empty", rule: ledger.ErrBlockSize, make: func(_ *badKit, b *ledger.Block) { b.Txs = nil; b.Seal() }},

		{name: "coinbase inflated", rule: ledger.ErrCoinbaseAmount, make: coinbase(func(_ *badKit, t *ledger.Tx) { t.Outputs[0].Value++ })},
		{name: "coinbase of another height", rule: ledger.ErrCoinbaseHeight, make: coinbase(func(_ *badKit, t *ledger.Tx) { t.Height-- })},
		{name: "coinbase that rambles", rule: ledger.ErrCoinbaseLength, make: coinbase(func(_ *badKit, t *ledger.Tx) { t.Extra = make([]byte, ledger.MaxExtra+1) })},
		{name: "coinbase twice", rule: ledger.ErrCoinbaseMultiple, make: with(func(k *badKit) []*ledger.Tx {
			return []*ledger.Tx{{Height: uint32(k.tip.Height + 1), Outputs: []ledger.Output{{Value: 1, Owner: k.mine.Key()}}}}
		})},
		{name: "no coinbase", rule: ledger.ErrCoinbaseMissing, make: func(k *badKit, b *ledger.Block) {
			b.Txs = []*ledger.Tx{k.pay(k.coin(0), 1)}
			b.Seal()
		}},
		{name: "early spend", rule: ledger.ErrImmature, make: one(func(k *badKit) *ledger.Tx {
			return k.pay([]ledger.OutPoint{k.young[len(k.young)-1].OutPoint}, 1)
		})},

		{name: "forged signature", rule: ledger.ErrSignature, make: one(func(k *badKit) *ledger.Tx {
			t := k.pay(k.coin(0), 1)
			t.Inputs[0].Signature[3] ^= 1
			return t
		})},
		{name: "stolen coin", rule: ledger.ErrSignature, make: one(func(k *badKit) *ledger.Tx {
			t := k.pay(k.coin(0), 1)
			k.net.purse("thief").Sign(t)
			return t
		})},
		{name: "overspend", rule: ledger.ErrOverspend, make: one(func(k *badKit) *ledger.Tx { return k.pay(k.coin(0), k.coins[0].Value+1) })},
		{name: "negative", rule: ledger.ErrAmount, make: one(func(k *badKit) *ledger.Tx { return k.pay(k.coin(0), -1, k.coins[0].Value+1) })},
		{name: "overflow", rule: ledger.ErrAmount, make: one(func(k *badKit) *ledger.Tx {
			const half = 1 << 62
			return k.pay(k.coin(0), half, half, half, half, 1) // 2⁶⁴+1, which is 1 to a sum that wraps (CVE-2010-5139)
		})},
		{name: "more than there is", rule: ledger.ErrAmount, make: one(func(k *badKit) *ledger.Tx {
			return k.pay(k.coin(0), ledger.Amount(consensus.MaxMoney), 1)
		})},
		{name: "one input twice", rule: ledger.ErrDoubleInput, make: one(func(k *badKit) *ledger.Tx {
			return k.pay(append(k.coin(0), k.coin(0)...), 2*k.coins[0].Value)
		})},
		{name: "double spend in a block", rule: ledger.ErrMissingInput, make: with(func(k *badKit) []*ledger.Tx {
			return []*ledger.Tx{k.pay(k.coin(0), 1), k.pay(k.coin(0), 2)}
		})},
		{name: "double spend across blocks", rule: ledger.ErrMissingInput, make: one(func(k *badKit) *ledger.Tx { return k.pay([]ledger.OutPoint{k.spent}, 1) })},
		{name: "coin of nowhere", rule: ledger.ErrMissingInput, make: one(func(k *badKit) *ledger.Tx {
			return k.pay([]ledger.OutPoint{{Tx: consensus.Hash{1, 2, 3}}}, 1)
		})},
		{name: "replayed payment", rule: ledger.ErrMissingInput, make: one(func(k *badKit) *ledger.Tx {
			for _, b := range k.upTo(k.tip, 0) {
				if len(b.Txs) > 1 {
					return b.Txs[1]
				}
			}
			return nil
		})},
		{name: "no outputs", rule: ledger.ErrNoOutputs, make: one(func(k *badKit) *ledger.Tx { return k.pay(k.coin(0)) })},
	}
}

func badBlock(n *Network) {
	liars := map[string]*liar{}
	for _, c := range badBlockCases() {
		liars[c.name] = n.newLiar("liar " + c.name)
	}
	n.Start()
	n.Grow(0, 12)
	paid := n.Pay(0, n.purse("shop").Key(), 1000, 10)
	n.Eventually(n.settleBound(), func() bool { return n.Confirmations(0, paid.ID()) > 0 })
	n.Grow(0, 3)
	n.Still()
	f := n.newForge(0)
	tip := f.chain.Tip()
	k := &badKit{forge: f, tip: tip, spent: paid.Inputs[0].Prev}
	for i := range n.N { // who has found enough blocks
		k.mine, k.coins, k.young = n.wallet(i), nil, nil
		for _, c := range f.chain.Coins(k.mine.Key()) {
			if f.chain.Mature(c.Coin) {
				k.coins = append(k.coins, c)
			}
		}
		if len(k.coins) > 0 {
			break
		}
	}
	// The payer of what was spent signs for it.
	for i := range n.N {
		w := n.wallet(i)
		for _, c := range f.chain.Coins(w.Key()) {
			if !f.chain.Mature(c.Coin) && len(k.young) == 0 {
				k.young = append(k.young, c)
			}
		}
	}
	n.AtLeast("refused blocks", int64(n.N*len(liars)))
	n.AtLeast("payments", 1)
	for _, c := range badBlockCases() {
		l := liars[c.name]
		bad := f.block(tip, func(b *ledger.Block) {
			if c.make != nil {
				c.make(k, b)
			}
		})
		if c.after != nil {
			c.after(k, bad)
		}
		// A child, so that the chain is asked for, and has more work than any other.
		child := &ledger.Block{Header: consensus.Header{Version: 4, Prev: bad.Hash(), Time: bad.Header.Time + 1, Bits: tip.Header.Bits}}
		f.solve(child)
		l.serve(append(f.upTo(tip, 0), bad, child)...)
		if c.serve != nil {
			l.bodies[bad.Hash()] = c.serve(k, bad)
		}
		l.show(child)
		if !n.Eventually(n.settleBound(), func() bool { return n.bans(l.name) == n.N }) {
			n.Violate("a block that breaks a rule is refused, and who has sent it", "§5, step 5", "%d of %d nodes have refused a block with %q", n.bans(l.name), n.N, c.name)
			return
		}
		n.oracle.mu.Lock()
		for by, why := range n.oracle.banned[l.name] {
			n.Add("refused blocks", 1)
			if !strings.Contains(why, c.rule.Name) {
				n.oracle.mu.Unlock()
				n.Violate("a block is refused by the rule it breaks", "§5, step 5", "%s refuses %q for another reason than %s: %s", by, c.name, c.rule.Name, why)
				return
			}
		}
		n.oracle.mu.Unlock()
		for i := range n.N {
			if s, ok := n.Status(i); !ok || s.Tip != tip.Hash {
				n.Violate("a bad block costs nothing", "§5", "after %q %s is at %v, height %d, not at %v", c.name, n.names[i], s.Tip, s.Height, tip.Hash)
				return
			}
		}
	}
	n.Mining(true, n.All()...)
	n.Grow(0, 3)
	n.Agree()
}

func mutatedBody(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 8)
	n.Still()
	f := n.newForge(0)
	tip := f.chain.Tip()
	var txs []*ledger.Tx
	for i := range n.N {
		for _, c := range f.chain.Coins(n.wallet(i).Key()) {
			if f.chain.Mature(c.Coin) && len(txs) < 2 {
				t := &ledger.Tx{Inputs: []ledger.Input{{Prev: c.OutPoint}}, Outputs: []ledger.Output{{Value: 5, Owner: n.purse("shop").Key()}}}
				n.wallet(i).Sign(t)
				txs = append(txs, t)
			}
		}
	}
	n.AtLeast("honest bodies taken", 1)
	if len(txs) < 2 {
		return // vacuous, and so a failure
	}
	good := f.block(tip, func(b *ledger.Block) { b.Txs = append(b.Txs, txs...); b.Seal() })
	mutant := *good
	mutant.Txs = append(append([]*ledger.Tx(nil), good.Txs...), good.Txs[2])
	if mutant.Seal(); mutant.Hash() != good.Hash() {
		n.Violate("the mutant has the same root", "CVE-2012-2459", "%v, not %v", mutant.Header.MerkleRoot, good.Header.MerkleRoot)
	}
	f.add(good)
	l.serve(append(f.upTo(tip, 0), good)...)
	l.bodies[good.Hash()] = mutant.Append(nil)
	l.show(good)
	n.expectBans("liar", n.N)
	// Now an honest miner, who has that block, turns up as node 0's disk would have it: by the front door.
	n.handTo(0, f, good)
	if !n.Eventually(n.settleBound(), func() bool { s, _ := n.Status(2); return s.Tip == good.Hash() }) {
		n.Violate("a mutated body is not held against its header", "CVE-2012-2459", "the honest body of %v is not taken", good.Hash())
	}
	n.Count("honest bodies taken")
}

// handTo has a fresh peer, an honest one, give a node a block; its chain is the forge's.
func (n *Network) handTo(node int, f *forge, b *ledger.Block) {
	n.salt++
	name := fmt.Sprintf("friend %d", n.salt)
	friend := n.newLiar(name) // who tells the truth
	friend.serve(append(f.upTo(f.chain.Tree().Get(b.Header.Prev), 0), b)...)
	n.mu.Lock()
	n.friends = append(n.friends, name)
	n.mu.Unlock()
	n.nodes[node].Crash(labtest.Keep)
	n.nodes[node].Start()
	friend.show(b, node)
}

func timeTooNew(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 5)
	tip := n.Still()
	f := n.newForge(0)
	const early = 60 // seconds beyond what is allowed
	b := f.block(f.chain.Tip(), func(b *ledger.Block) { b.Header.Time = uint32(n.now() + n.Params.MaxFutureTime + early) })
	f.add(b)
	l.serve(f.upTo(f.chain.Tree().Get(b.Hash()), 0)...)
	l.show(b)
	n.Sleep(20 * time.Second)
	for i := range n.N {
		if s, _ := n.Status(i); s.Tip != tip {
			n.Violate("a block from the future waits", "§3", "%s has taken a block dated %d s beyond the bound", n.names[i], early)
		}
	}
	if n.bans("liar") > 0 {
		n.Violate("too early is nobody's fault", "§3", "%d nodes have banned the peer", n.bans("liar"))
	}
	n.AtLeast("liar asked for headers", 1)
	n.Sleep(early * time.Second)
	l.show(b)
	if !n.Eventually(n.settleBound(), func() bool { s, _ := n.Status(1); return s.Tip == b.Hash() }) {
		n.Violate("a block from the future is taken when its time has come", "§3", "%v is not", b.Hash())
	}
	n.Agree()
}

func timeWarp(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 5)
	n.Still()
	f := n.newForge(0)
	// The forge finishes the period, with the last block dated as late as is allowed, and begins the next far back.
	period := n.Params.RetargetInterval
	e := f.chain.Tip()
	for (e.Height+1)%period != 0 {
		e = f.add(f.block(e, func(b *ledger.Block) {
			if (e.Height+2)%period == 0 {
				b.Header.Time = uint32(n.now() + n.Params.MaxFutureTime - 1)
			}
		}))
	}
	warp := f.block(e, func(b *ledger.Block) { b.Header.Time = e.MedianTime() + 1 })
	child := &ledger.Block{Header: consensus.Header{Version: 4, Prev: warp.Hash(), Time: warp.Header.Time + 1, Bits: warp.Header.Bits}}
	f.solve(child)
	l.serve(append(f.upTo(e, 0), warp, child)...)
	l.show(child)
	n.expectBans("liar", n.N)
	for by, why := range n.oracle.banned["liar"] {
		if !strings.Contains(why, consensus.ErrTimeWarp.Name) {
			n.Violate("a time warp is refused as one", "BIP 94", "%s: %s", by, why)
		}
	}
	n.AtLeast("banned", int64(n.N))
}

func badBelow(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 8)
	tip := n.Still()
	f := n.newForge(0)
	// A branch that forks off three blocks deep, and whose second block pays too much. Its work is a lot, so it must be tried; a reorg
	// that does not roll back would leave a node in the middle.
	from := f.chain.Tip().Ancestor(f.chain.Height() - 3)
	line := f.upTo(from, 0)
	good := f.block(from, nil)
	e := f.add(good)
	line = append(line, good)
	bad := f.block(e, func(b *ledger.Block) { b.Txs[0].Outputs[0].Value++; b.Seal() })
	line = append(line, bad)
	// Headers alone know nothing of it; so a tree of them can carry on.
	tree := headers.NewTree(n.Params)
	for _, b := range line {
		tree.Add(&b.Header, n.now()+1000)
	}
	at := tree.Get(bad.Hash())
	for range 6 {
		ctx := tree.Next(at, n.now())
		n.salt++
		b := ledger.NewBlock(n.Params, ctx, n.purse("forge").Key(), nil, 0, []byte(fmt.Sprint("below", n.salt)))
		f.solve(b)
		at, _ = tree.Add(&b.Header, n.now()+1000)
		line = append(line, b)
	}
	l.serve(line...)
	l.show(line[len(line)-1])
	n.expectBans("liar", n.N)
	for i := range n.N {
		if s, _ := n.Status(i); s.Tip != tip {
			n.Violate("a reorg that fails is rolled back", "§5", "%s was at %v and is at %v, height %d", n.names[i], tip, s.Tip, s.Height)
		}
	}
	n.Mining(true, n.All()...)
	n.Grow(0, 3)
	n.Agree()
}

func wrongDates(n *Network) {
	n.Inject(labtest.Schedule{
		{Kind: "skew", Nodes: []string{n.names[0]}, Pace: 1.02}, {Kind: "skew", Nodes: []string{n.names[3]}, Pace: 0.98},
	})
	n.Start()
	n.Grow(1, 50)
	n.Agree()
}
