package powtest

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// badPeers is what Byzantine peers do besides bad blocks: they lie about what they have, stall, flood, and speak in others' names.
func badPeers() []scenario {
	liar := setup{Nodes: 3, Also: []string{"liar"}}
	flooded := liar
	flooded.Pool = ledger.PoolConfig{MaxBytes: 8000}
	gated := liar
	gated.Limits = pow.Limits{GateDepth: 8, Headers: 100, Pending: 500}
	looped := liar
	looped.Limits = pow.Limits{Headers: 5}
	var sybils []string
	for i := range 2000 {
		sybils = append(sybils, fmt.Sprintf("sybil %d", i))
	}
	return []scenario{
		{Name: "TestBadTxs", Doc: "forged, negative and overflowing payments cost a peer its standing; one that is only late does not", Paper: "§2", Setup: setup{Nodes: 3, Also: []string{"late", "forged", "negative", "overflow", "overspend", "twice", "garbage", "coinbase"}}, Run: badTxs},
		{Name: "TestStall", Doc: "a peer announces everything first and never answers", Paper: "§5", Setup: liar, Run: stall},
		{Name: "TestNoBody", Doc: "a header with real work has no body: nobody waits for it, and it is overtaken", Paper: "§5", Setup: liar, Run: noBody},
		{Name: "TestLocatorLoop", Doc: "a peer answers every locator with the same full batch of headers: nobody goes round in circles", Setup: looped, Run: locatorLoop},
		{Name: "TestOrphanFlood", Doc: "a thousand headers that build on nothing known: none is stored", Seeds: 2, Setup: liar, Run: orphanFlood},
		{Name: "TestLowWorkFlood", Doc: "long chains of cheap headers: none is stored, and who shows too many loses its standing", Setup: gated, Run: lowWorkFlood},
		{Name: "TestTxFlood", Doc: "payments without fees fill the pool to its bound and no further, and one with a fee gets through", Setup: flooded, Run: txFlood},
		{Name: "TestFraming", Doc: "lies and floods in the names of honest nodes cost these nothing", Seeds: 2, Setup: liar, Run: framing},
		{Name: "TestHugeMessages", Doc: "calls that are malformed or huge are answered with nothing", Seeds: 2, Setup: liar, Run: hugeMessages},
		{Name: "TestFalseInventory", Doc: "payments are announced that nobody has", Seeds: 2, Setup: liar, Run: falseInventory},
		{Name: "TestSybils", Doc: "two thousand names without hash power, on a chain of their own, change nothing", Paper: "§4: one CPU, one vote", Seeds: 1, Setup: setup{Nodes: 3, Also: sybils}, Run: sybilsTest},
	}
}

func badTxs(n *Network) {
	names := n.setup.Also
	liars := map[string]*liar{}
	for _, name := range names {
		liars[name] = n.newLiar(name)
	}
	n.Start()
	n.Grow(0, 8)
	rich := n.richest()
	w := n.wallet(rich)
	good := n.drafted(rich, n.purse("shop").Key(), 1000, 10)
	bad := func(change func(*ledger.Tx), sign bool) *ledger.Tx {
		t := &ledger.Tx{Inputs: slices.Clone(good.Inputs), Outputs: slices.Clone(good.Outputs)}
		change(t)
		if sign {
			w.Sign(t)
		}
		return t
	}
	thief := n.purse("thief").Key()
	lies := map[string]*ledger.Tx{
		"forged":   bad(func(t *ledger.Tx) { t.Outputs[0].Owner = thief }, false),
		"negative": bad(func(t *ledger.Tx) { t.Outputs[0].Value = -5 }, true),
		"overflow": bad(func(t *ledger.Tx) {
			o := t.Outputs[0]
			o.Value = 1 << 62
			t.Outputs = []ledger.Output{o, o, o, o, good.Outputs[0]}
		}, true),
		"overspend": bad(func(t *ledger.Tx) { t.Outputs[0].Value += 1000 * consensus.Coin }, true),
		"twice":     bad(func(t *ledger.Tx) { t.Inputs = append(t.Inputs, t.Inputs[0]) }, true),
		"coinbase":  {Height: 9, Outputs: []ledger.Output{{Value: 7, Owner: thief}}},
		"garbage":   bad(func(t *ledger.Tx) { t.Outputs[0].Value = 999 }, true),
	}
	for _, name := range names {
		t := lies[name]
		if t == nil {
			continue
		}
		l := liars[name]
		if name == "garbage" {
			l.txs[t.ID()] = append(t.Append(nil), 1)
			l.say(&pow.AnnounceArgs{From: l.name, Txs: []consensus.Hash{t.ID()}})
		} else {
			l.offer([]*ledger.Tx{t})
		}
		n.expectBans(name, n.N)
	}
	// A payment that conflicts with one that waits here, or is spent here, may be right elsewhere.
	if err := n.Submit(0, good); err != nil {
		n.Violate("a good payment is taken", "§2", "%v", err)
	}
	n.Confirmed(good.ID(), 1)
	late := bad(func(t *ledger.Tx) { t.Outputs[0].Owner = thief }, true)
	for range 20 {
		liars["late"].offer([]*ledger.Tx{late})
		n.Sleep(time.Second)
	}
	if asked := liars["late"].Asked("txs"); asked == 0 || asked > n.N {
		n.Violate("what was refused once is not asked for again", "", "%d nodes asked %d times for the same payment", n.N, asked)
	}
	if n.bans("late") > 0 {
		n.Violate("a payment that comes late is no lie", "§2", "%d nodes have banned its sender", n.bans("late"))
	}
	n.AtLeast("banned", int64(n.N*len(lies)))
	n.Agree()
}

func stall(n *Network) {
	l := n.newLiar("liar")
	l.mute = true
	l.echoes = true
	n.Start()
	n.Grow(0, 25)
	n.Agree()
	n.AtLeast("stalled", 3)
	n.AtLeast("liar asked for headers", 1)
}

func noBody(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 6)
	f := n.newForge(0)
	ghost := f.block(f.chain.Tip(), nil)
	f.add(ghost)
	l.serve(f.upTo(f.chain.Tip(), 0)...)
	delete(l.bodies, ghost.Hash())
	l.show(ghost)
	n.Grow(0, 15)
	tip := n.Agree()
	f.follow(0)
	if e := f.chain.Tree().Get(tip); e.Ancestor(int(ghost.Txs[0].Height)).Hash == ghost.Hash() {
		n.Violate("a header without a body is overtaken", "§5", "%v is on the chain", ghost.Hash())
	}
	n.AtLeast("liar asked for blocks", 1)
}

func locatorLoop(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 12)
	f := n.newForge(0)
	l.serve(f.upTo(f.chain.Tip(), 0)...)
	batch := l.line[:5*consensus.HeaderSize]
	l.tricks = func(*pow.GetHeadersArgs) ([]byte, bool) { return batch, true }
	before, t0 := l.Asked("headers"), n.Now()
	orphan := &ledger.Block{Header: consensus.Header{Version: 4, Prev: consensus.Hash{9}, Time: 1, Bits: f.chain.Tip().Header.Bits}}
	f.solve(orphan)
	for range 10 {
		l.show(orphan)
		n.Sleep(3 * time.Second)
	}
	n.Grow(0, 5)
	asked := l.Asked("headers") - before
	// Each announcement may bring one question, and each poll.
	if most := n.N * (10 + int((n.Now()-t0)/time.Second)); asked > most {
		n.Violate("an answer that brings nothing new is not followed", "", "the liar was asked %d times for headers in %v", asked, n.Now()-t0)
	}
	n.AtLeast("liar asked for headers", 10)
	n.Agree()
}

// known is how many headers a node has stored.
func (n *Network) known(i int) int {
	s, _ := n.Status(i)
	return s.Known
}

func orphanFlood(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 6)
	f := n.newForge(0)
	bits := f.chain.Tip().Header.Bits
	n.Still()
	before := n.known(1)
	// First some that nobody has worked for: they are not worth a question.
	asked := l.Asked("headers")
	for k := range 50 {
		h := consensus.Header{Version: 4, Prev: consensus.DoubleSHA256(fmt.Append(nil, "free", k)), Time: 5, Bits: 0x1d00ffff}
		l.say(&pow.AnnounceArgs{From: l.name, Header: h.Append(nil)})
		n.Sleep(10 * time.Millisecond)
	}
	if more := l.Asked("headers") - asked; more > 10*n.N { // of polls, and what was still under way
		n.Violate("a header without work is worth no question", "", "%d questions followed fifty of them", more)
	}
	for k := range 1000 {
		b := &ledger.Block{Header: consensus.Header{Version: 4, Prev: consensus.DoubleSHA256(fmt.Append(nil, "nowhere", k)), Time: 5, Bits: bits}}
		f.solve(b)
		args := &pow.AnnounceArgs{From: l.name, Header: b.Header.Append(nil)}
		for i := range n.N {
			l.ends[i].Go("Node.Announce", args, new(pow.Ack), func(error) {})
		}
		if k%100 == 0 {
			n.Sleep(100 * time.Millisecond)
		}
	}
	n.Sleep(10 * time.Second)
	for i := range n.N {
		if n.known(i) > before+5 {
			n.Violate("orphans are bounded", "", "%s has %d headers, %d before the flood", n.names[i], n.known(i), before)
		}
	}
	if asked := l.Asked("headers"); asked > 500 {
		n.Violate("a flood is not answered in kind", "", "the flooder was asked %d times", asked)
	}
	n.AtLeast("delivered", 2000)
	n.Mining(true, n.All()...)
	n.Grow(0, 3)
	n.Agree()
}

func lowWorkFlood(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 40)
	n.Still()
	before := n.known(1)
	// A thousand headers on genesis, each of two hashes of work.
	f := n.newForge(0)
	h := consensus.Header{Version: 4, Prev: n.Params.Genesis.Hash(), Time: n.Params.Genesis.Time, Bits: 0x207fffff}
	var last *ledger.Block
	for range 1000 {
		h.Time++
		b := &ledger.Block{Header: h}
		f.solve(b)
		l.line = b.Header.Append(l.line)
		h.Prev, h.Time, last = b.Hash(), b.Header.Time, b
	}
	// Nor are single ones taken: they are good headers, but old.
	old := f.chain.Tip().Ancestor(2)
	for range 50 {
		b := f.block(old, nil)
		l.show(b)
	}
	l.tricks = func(args *pow.GetHeadersArgs) ([]byte, bool) { // in batches, as long as they are asked for
		for at := 0; at+consensus.HeaderSize <= len(l.line); at += consensus.HeaderSize {
			if len(args.Locator) > 0 && consensus.DoubleSHA256(l.line[at:at+consensus.HeaderSize]) == args.Locator[0] {
				from := at + consensus.HeaderSize
				return l.line[from:min(len(l.line), from+100*consensus.HeaderSize)], true
			}
		}
		return l.line[:100*consensus.HeaderSize], true
	}
	l.show(last)
	n.expectBans("liar", n.N)
	for i := range n.N {
		if n.known(i) != before {
			n.Violate("a chain of too little work is not stored", "nMinimumChainWork in Bitcoin Core", "%s has %d headers, %d before the flood", n.names[i], n.known(i), before)
		}
	}
	n.AtLeast("liar asked for headers", 6)
}

func txFlood(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 10)
	rich := n.richest()
	w := n.wallet(rich)
	fan := n.drafted(rich, w.Key(), 1000, 10)
	fan.Outputs = fan.Outputs[:1]
	for range 150 {
		fan.Outputs = append(fan.Outputs, ledger.Output{Value: 1000, Owner: w.Key()})
	}
	w.Sign(fan)
	if err := n.Submit(0, fan); err != nil {
		n.Violate("a good payment is taken", "", "%v", err)
	}
	n.Confirmed(fan.ID(), 1)
	n.Mining(false, n.All()...)
	var flood []*ledger.Tx
	for i := range 150 {
		t := &ledger.Tx{Inputs: []ledger.Input{{Prev: ledger.OutPoint{Tx: fan.ID(), Index: uint32(i)}}}, Outputs: []ledger.Output{{Value: 1000, Owner: n.purse("nobody").Key()}}}
		w.Sign(t)
		flood = append(flood, t)
	}
	for k := 0; k < len(flood); k += 50 {
		l.offer(flood[k : k+50])
		n.Sleep(2 * time.Second)
	}
	paid := &ledger.Tx{Inputs: []ledger.Input{{Prev: ledger.OutPoint{Tx: fan.ID(), Index: 150}}}, Outputs: []ledger.Output{{Value: 500, Owner: n.purse("shop").Key()}}}
	w.Sign(paid)
	if err := n.Submit(1, paid); err != nil {
		n.Violate("a fee gets one through a flood", "", "%v", err)
	}
	for i := range n.N {
		n.View(i, func(_ *ledger.Chain, p *ledger.Pool) {
			if p.Bytes() > n.setup.Pool.MaxBytes {
				n.Violate("the pool is bounded", "", "%s holds %d bytes, of %d", n.names[i], p.Bytes(), n.setup.Pool.MaxBytes)
			}
			if p.Bytes() > n.setup.Pool.MaxBytes*3/4 {
				n.Count("full pools")
			}
		})
	}
	n.Mining(true, n.All()...)
	n.Submit(1, paid) // pools die with their nodes
	n.Confirmed(paid.ID(), 1)
	n.AtLeast("full pools", int64(n.N))
}

func framing(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 5)
	f := n.newForge(0)
	bad := f.block(f.chain.Tip(), func(b *ledger.Block) { b.Txs[0].Outputs[0].Value++; b.Seal() })
	free := bad.Header // which nobody has worked for
	free.Bits = 0x1d00ffff
	for k := range 150 {
		for i, name := range n.names {
			b := &ledger.Block{Header: consensus.Header{Version: 4, Prev: consensus.DoubleSHA256(fmt.Append(nil, k, i)), Time: 5, Bits: bad.Header.Bits}}
			f.solve(b)
			for _, args := range []*pow.AnnounceArgs{
				{From: name, Header: b.Header.Append(nil)}, {From: name, Header: bad.Header.Append(nil)},
				{From: name, Header: []byte("x")}, {From: name, Header: free.Append(nil)}, {From: name, Txs: []consensus.Hash{{byte(k), byte(i)}}},
			} {
				for j := range n.N {
					l.ends[j].Go("Node.Announce", args, new(pow.Ack), func(error) {})
				}
			}
		}
		if k%20 == 0 {
			n.Sleep(time.Second)
		}
	}
	n.nobodyFramed()
	n.Grow(0, 10)
	n.Agree()
	n.AtLeast("delivered", 1500)
}

func hugeMessages(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 3)
	many := make([]consensus.Hash, 5_000)
	for i := range n.N {
		end := l.ends[i]
		var headers pow.HeadersReply
		var blocks pow.BlocksReply
		var txs pow.TxsReply
		if end.Call("Node.GetHeaders", &pow.GetHeadersArgs{Locator: many}, &headers) && len(headers.Headers) > 0 ||
			end.Call("Node.GetBlocks", &pow.GetBlocksArgs{Hashes: many}, &blocks) && len(blocks.Blocks) > 0 ||
			end.Call("Node.GetTxs", &pow.GetTxsArgs{IDs: many}, &txs) && len(txs.Txs) > 0 {
			n.Violate("a huge question has no answer", "", "%s has answered one", n.names[i])
		}
		for _, b := range [][]byte{nil, {1}, bytes.Repeat([]byte{7}, 79), bytes.Repeat([]byte{7}, 80), make([]byte, 200_000)} {
			end.Call("Node.Announce", &pow.AnnounceArgs{From: "liar", Header: b, Txs: many[:len(b)%200]}, new(pow.Ack))
			end.Call("Node.Announce", &pow.AnnounceArgs{From: string(b)}, new(pow.Ack))
		}
		if !end.Call("Node.GetHeaders", &pow.GetHeadersArgs{}, &headers) || len(headers.Headers) == 0 {
			n.Violate("a node lives on", "", "%s does not answer an honest question", n.names[i])
		}
		n.Count("questions answered")
	}
	n.Grow(0, 3)
	n.Agree()
	n.AtLeast("questions answered", int64(n.N))
}

func falseInventory(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 5)
	for k := range 600 {
		var ids []consensus.Hash
		for i := range 2 {
			ids = append(ids, consensus.DoubleSHA256(fmt.Append(nil, k, i)))
		}
		l.say(&pow.AnnounceArgs{From: l.name, Txs: ids})
		n.Sleep(10 * time.Millisecond)
	}
	n.Sleep(30 * time.Second)
	t := n.Pay(n.richest(), n.purse("shop").Key(), 500, 10)
	n.Confirmed(t.ID(), 1)
	// 200 announcements of a slice of time are heeded, and a question is asked for each at most; the flood touches two slices.
	if asked := l.Asked("txs"); asked > 410*n.N {
		n.Violate("false inventory is asked for a bounded number of times", "", "%d questions", asked)
	}
	n.AtLeast("liar asked for txs", int64(n.N))
}

func sybilsTest(n *Network) {
	n.Start()
	n.Grow(0, 4)
	f := n.newForge(0)
	fork := f.grow(f.chain.Tree().Genesis(), 3) // less work than the honest chain
	for _, name := range n.setup.Also {
		l := n.newLiar(name)
		l.serve(fork...)
		l.show(fork[2], n.rand.IntN(n.N))
	}
	n.Grow(0, 3)
	n.Agree()
	f.follow(0)
	if f.chain.Tip().Ancestor(1).Hash == fork[0].Hash() {
		n.Violate("names have no vote", "§4", "the chain of the Sybils is the best")
	}
	n.AtLeast("sent", 16_000)
}
