package powtest

import (
	"errors"
	"slices"
	"time"

	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// payments is what becomes of people's money.
func payments() []scenario {
	return []scenario{
		{Name: "TestPayments", Doc: "people pay each other at all nodes, and all of it confirms", Paper: "§2, §5", Run: pay},
		{Name: "TestDoubleSpend", Doc: "two payments of one coin are sent to different nodes at once: exactly one confirms, everywhere", Paper: "§2", Run: doubleSpend},
		{Name: "TestReturn", Doc: "a payment on the losing side of a partition waits again, and confirms on the other; of two that conflict one does", Paper: "§5", Run: comesBack},
		{Name: "TestReplay", Doc: "a payment that has confirmed is sent again, and again: it happens once", Paper: "§2", Run: replay},
		{Name: "TestOrphanPayments", Doc: "payments that build on one another come in the wrong order", Setup: setup{Nodes: 3, Also: []string{"liar"}}, Run: orphanPayments},
	}
}

// confirmedAt waits until a node has a transaction so deep.
func (n *Network) confirmedAt(i int, id consensus.Hash, depth int) bool {
	for end := n.Now() + n.settleBound(); n.Now() < end; n.Sleep(n.pollEvery()) {
		if n.Confirmations(i, id) >= depth {
			return true
		}
	}
	return false
}

// Confirmed makes sure that a transaction gets so deep at all nodes.
func (n *Network) Confirmed(id consensus.Hash, depth int) {
	for i := range n.N {
		if !n.confirmedAt(i, id, depth) {
			n.Violate("an honest payment confirms", "§5", "%v has not got %d confirmations at %s within %v", id, depth, n.names[i], n.settleBound())
			n.Sleep(0)
		}
	}
	n.Count("confirmed")
}

func pay(n *Network) {
	n.Start()
	n.Grow(0, 8)
	shop := n.purse("shop").Key()
	var txs []*ledger.Tx
	var total ledger.Amount
	for range 20 {
		amount := ledger.Amount(1 + n.rand.IntN(1_000_000))
		txs = append(txs, n.Pay(n.rand.IntN(n.N), shop, amount, ledger.Amount(n.rand.IntN(1000))))
		total += amount
		n.Sleep(time.Duration(n.rand.Int64N(int64(8 * time.Second))))
	}
	for _, t := range txs {
		n.Confirmed(t.ID(), 3)
	}
	n.Agree()
	for i := range n.N {
		n.View(i, func(c *ledger.Chain, _ *ledger.Pool) {
			has, _ := c.Balance(shop)
			var received ledger.Amount
			for _, m := range c.History(shop) {
				received += m.Received - m.Spent
			}
			if has != total || received != total {
				n.Violate("what was paid is there", "§2", "%s has %v for the shop, and a history of %v; it was paid %v", n.names[i], has, received, total)
			}
		})
	}
	n.AtLeast("confirmed", 20)
}

// doubled is two payments of the same coins of a node's wallet, to two shops.
func (n *Network) doubled(i int) (a, b *ledger.Tx) {
	a = n.drafted(i, n.purse("shop").Key(), 700, 10)
	b = &ledger.Tx{Inputs: slices.Clone(a.Inputs), Outputs: slices.Clone(a.Outputs)}
	b.Outputs[0].Owner = n.purse("other shop").Key()
	n.wallet(i).Sign(b)
	return a, b
}

// exactlyOne makes sure that of two payments all nodes have the same one, and not both.
func (n *Network) exactlyOne(a, b *ledger.Tx) {
	n.Grow(0, 6)
	n.Agree()
	first := n.Confirmations(0, a.ID()) > 0
	for i := range n.N {
		hasA, hasB := n.Confirmations(i, a.ID()) > 0, n.Confirmations(i, b.ID()) > 0
		if hasA == hasB {
			n.Violate("of two payments of one coin exactly one confirms", "§2", "%s has both, or none: %t, %t", n.names[i], hasA, hasB)
		}
		if hasA != first {
			n.Violate("of two payments of one coin all nodes have the same", "§2", "%s and %s differ", n.names[0], n.names[i])
		}
	}
	for i := range n.N {
		n.View(i, func(_ *ledger.Chain, p *ledger.Pool) {
			if p.Get(b.ID()) != nil || p.Get(a.ID()) != nil {
				n.Violate("what conflicts with the chain leaves the pool", "§5", "%s keeps it", n.names[i])
			}
		})
	}
	n.Count("decided")
}

func doubleSpend(n *Network) {
	n.Start()
	n.Grow(0, 8)
	for range 4 {
		a, b := n.doubled(n.richest())
		if n.Submit(1, a) == nil && n.Submit(2, b) == nil {
			n.Count("both taken")
		}
		n.exactlyOne(a, b)
	}
	n.AtLeast("decided", 4)
	n.AtLeastOverall("both taken", 1)
}

// richest is a node whose wallet has a ripe coin.
func (n *Network) richest() (rich int) {
	for end := n.Now() + n.settleBound(); n.Now() < end; n.Sleep(n.pollEvery()) {
		found := false
		n.View(0, func(c *ledger.Chain, p *ledger.Pool) {
			for i := range n.N {
				if _, err := n.wallet(i).Draft(c, p, ledger.Key{}, 1000, 10); err == nil && !found {
					rich, found = i, true
				}
			}
		})
		if found {
			return rich
		}
	}
	return 0
}

func comesBack(n *Network) {
	n.Mining(true, n.All()...)
	n.Grow(0, 8)
	n.Agree()
	// Nodes 2 and 3 lose: node 3 stops mining. What they are paid comes back.
	rich := n.richest()
	a, b := n.doubled(rich)
	n.Net().Partition([]any{n.names[0], n.names[1]}, []any{n.names[2], n.names[3]})
	n.Mining(false, 3)
	n.Submit(0, a)
	n.Submit(2, b)
	var alone *ledger.Tx
	n.View(2, func(c *ledger.Chain, p *ledger.Pool) {
		for i := range n.N {
			if t, err := n.wallet(i).Draft(c, p, n.purse("inn").Key(), 300, 10); err == nil {
				alone = t
				return
			}
		}
	})
	if alone == nil || n.Submit(2, alone) != nil {
		alone = nil // nobody had a second coin: of this seed there is no more to see than the conflict
	} else if !n.confirmedAt(2, alone.ID(), 1) {
		n.Violate("an honest payment confirms", "§5", "not in the smaller half")
	}
	// Until the other half is ahead.
	for n.Now() < n.settleBound()*10 {
		x, _ := n.Status(0)
		y, _ := n.Status(2)
		if x.Work.Cmp(y.Work) > 0 && n.Confirmations(0, a.ID()) > 0 && (alone == nil || n.Confirmations(2, alone.ID()) > 0) {
			break
		}
		n.Sleep(n.pollEvery())
	}
	n.Mining(false, 2)
	n.Grow(0, 2)
	n.Net().Heal()
	n.Agree()
	if alone != nil {
		n.Confirmed(alone.ID(), 2)
		n.Count("came back")
	}
	n.exactlyOne(a, b)
	n.AtLeast("reorgs", 1)
	n.AtLeastOverall("came back", 2)
}

func replay(n *Network) {
	n.Start()
	n.Grow(0, 8)
	t := n.Pay(n.richest(), n.purse("shop").Key(), 500, 10)
	n.Confirmed(t.ID(), 2)
	for i := range n.N {
		if err := n.Submit(i, t); err == nil {
			n.Violate("a payment happens once", "§2", "%s takes again what has confirmed", n.names[i])
		} else if !errors.Is(err, pow.ErrDead) {
			n.Count("replays refused")
		}
		n.Grow(0, 2)
	}
	n.Agree()
	n.View(0, func(c *ledger.Chain, _ *ledger.Pool) {
		if got, _ := c.Balance(n.purse("shop").Key()); got != 500 {
			n.Violate("a payment happens once", "§2", "the shop has %v", got)
		}
	})
	n.AtLeast("replays refused", int64(n.N))
}

// orphanPayments is a chain of four payments, of which the liar tells the last first. It tells the truth.
func orphanPayments(n *Network) {
	l := n.newLiar("liar")
	n.Start()
	n.Grow(0, 8)
	rich := n.richest()
	first := n.drafted(rich, n.wallet(rich).Key(), 1000, 10)
	chain := []*ledger.Tx{first}
	for range 3 {
		last := chain[len(chain)-1]
		t := &ledger.Tx{
			Inputs:  []ledger.Input{{Prev: ledger.OutPoint{Tx: last.ID()}}},
			Outputs: []ledger.Output{{Value: last.Outputs[0].Value - 10, Owner: n.wallet(rich).Key()}},
		}
		n.wallet(rich).Sign(t)
		chain = append(chain, t)
	}
	for _, t := range slices.Backward(chain) {
		l.offer([]*ledger.Tx{t})
		n.Sleep(500 * time.Millisecond)
	}
	for _, t := range chain {
		n.Confirmed(t.ID(), 1)
	}
	n.AtLeast("liar asked for txs", 4)
	n.AtLeast("confirmed", 4)
}

// crashes is nodes that die, and disks that do not do what they should.
func crashes() []scenario {
	return []scenario{
		{Name: "TestCrash", Doc: "nodes crash at any time and lose what they had not synced", Paper: "§5", Run: crash},
		{Name: "TestCrashInReorg", Doc: "a node's power fails in every single write of a reorg: it finds the old tip or the new", Seeds: 4, Run: crashInReorg},
		{Name: "TestDisks", Doc: "disks are slow, fail, and tear what is written", Run: disks},
	}
}

func crash(n *Network) {
	n.Start()
	n.Inject(labtest.Churn(n.Rand("churn"), n.names, 5*time.Minute))
	n.Sleep(5 * time.Minute)
	n.Heal()
	n.Grow(0, 5)
	n.Agree()
	n.AtLeast("crash", 3)
}

func crashInReorg(n *Network) {
	n.Start()
	n.Grow(0, 5)
	for k := 1; k <= 8; k++ {
		n.Agree()
		n.Net().Partition([]any{n.names[0]}, []any{n.names[1], n.names[2], n.names[3]})
		at := n.Height(1)
		for n.Height(0) < at+2 || n.Height(1) < at+3 {
			n.Sleep(n.pollEvery())
		}
		x, _ := n.Status(0)
		y, _ := n.Status(1)
		if x.Work.Cmp(y.Work) < 0 {
			n.Count("behind")
		}
		n.Mining(false, 0) // so that the writes are the reorg's
		n.nodes[0].Disk().CrashAtWrite(k, []labtest.CrashMode{labtest.Lose, labtest.Torn, labtest.Keep}[k%3])
		before := n.Counter("crash")
		n.Net().Heal()
		n.Sleep(20 * time.Second)
		if n.Counter("crash") > before {
			n.Count("crashed in a reorg")
		}
		n.nodes[0].Disk().CrashAtWrite(0, labtest.Keep)
		n.Mining(true, 0)
	}
	n.Grow(0, 3)
	n.Agree()
	n.AtLeast("crashed in a reorg", 4)
	n.AtLeast("behind", 4)
}

func disks(n *Network) {
	n.Start()
	n.Inject(labtest.DiskFaults(n.Rand("disks"), n.names, 5*time.Minute))
	n.Sleep(5 * time.Minute)
	n.Heal()
	n.Grow(0, 5)
	n.Agree()
	n.AtLeastOverall("failed", 2)
}

// swarms does everything at once.
func swarms() []scenario {
	return []scenario{{
		Name: "TestSwarm", Doc: "a random mix of all faults of the kit, with payments", Paper: "§5", Seeds: 6, Setup: setup{Nodes: 5}, Run: swarm,
	}}
}

func swarm(n *Network) {
	n.Start()
	const span = 5 * time.Minute
	n.Inject(labtest.Swarm(n.Rand("swarm"), n.names, span))
	var sent []*ledger.Tx
	for end := n.Now() + span; n.Now() < end; n.Sleep(time.Duration(n.rand.Int64N(int64(20 * time.Second)))) {
		i := n.rand.IntN(n.N)
		var t *ledger.Tx
		n.View(i, func(c *ledger.Chain, p *ledger.Pool) { t, _ = n.wallet(i).Draft(c, p, n.purse("shop").Key(), 100, 10) })
		if t != nil && n.Submit(i, t) == nil {
			sent = append(sent, t)
			n.Count("payments")
		}
	}
	n.Heal()
	n.Grow(0, 10)
	n.Agree()
	n.CommonPrefix(10)
	// A payment may be lost with the only node that knew it; what one chain has, all have.
	for _, t := range sent {
		k := n.Confirmations(0, t.ID())
		if k > 0 {
			n.Count("confirmed")
		}
	}
	n.AtLeastOverall("confirmed", 12)
	n.AtLeastOverall("reorgs", 6)
	n.AtLeastOverall("crash", 3)
}
