package ledger

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

// check holds all that a pool keeps against what can be worked out from its transactions.
func (p *Pool) check(t testing.TB) {
	t.Helper()
	require.LessOrEqual(t, p.bytes, p.cfg.MaxBytes)
	bytes, spends := 0, 0
	v := newView(p.chain.utxo)
	for _, n := range p.sorted() {
		require.Same(t, n, p.txs[n.id])
		require.Same(t, n, p.byScore[n.at])
		require.Equal(t, n.tx.ID(), n.id)
		require.Equal(t, n.tx.Size(), n.own.size)
		bytes += n.own.size
		// All together, in order, are valid on the tip.
		s, err := checkSpend(p.chain.cfg.Params, n.tx, p.chain.Height()+1, v)
		require.NoError(t, err)
		require.Equal(t, n.own.fee, s.fee)
		require.NoError(t, checkSignatures(p.chain.cfg.Params, n.tx, n.id, s.spent, nil))
		for i := range n.tx.Inputs {
			require.Same(t, n, p.spends[n.tx.Inputs[i].Prev])
			v.spend(n.tx.Inputs[i].Prev)
			spends++
		}
		for i, o := range n.tx.Outputs {
			v.add(OutPoint{n.id, uint32(i)}, Coin{o.Value, o.Owner, uint32(p.chain.Height() + 1), false})
		}
		total := n.own
		for _, d := range n.descendants() {
			require.Greater(t, d.arrival, n.arrival)
			total = total.plus(d.own)
		}
		require.Equal(t, total, n.total)
	}
	require.Equal(t, bytes, p.bytes)
	require.Len(t, p.spends, spends)
	require.Len(t, p.byScore, len(p.txs))
	for i := range p.byScore {
		if i > 0 {
			require.False(t, p.byScore.Less(i, (i-1)/2))
		}
	}
}

// poolWorld is a chain whose first n coinbases can be spent.
func poolWorld(t testing.TB, n int, cfg PoolConfig) (*world, *Pool) {
	w := newWorld(t)
	w.grow(w.chain.Tip(), n+2)
	return w, NewPool(w.chain, cfg)
}

func (w *world) ripe(height int) OutPoint { return w.coinbase(w.chain.At(height)) }

// fee spends coins of alice's, worth 50 each, with that fee; what is left goes to whom.
func (w *world) fee(fee Amount, to wallet, what ...OutPoint) *Tx {
	return w.pay(alice, what, Output{Amount(len(what))*50*coin - fee, to.key})
}

// spends the only output of a transaction.
func (w *world) then(t *Tx, from wallet, fee Amount, to wallet) *Tx {
	return w.pay(from, outs(OutPoint{Tx: t.ID()}), Output{t.Outputs[0].Value - fee, to.key})
}

func TestPoolAdd(t *testing.T) {
	w, p := poolWorld(t, 5, PoolConfig{MinFeeRate: 1000, MaxAncestors: 3, MaxTxBytes: 1000})
	refused := func(tx *Tx, rule *consensus.Rule, class consensus.Class) {
		t.Helper()
		n := p.Len()
		err := p.Add(tx)
		require.ErrorIs(t, err, rule)
		got, ok := consensus.ClassOf(err)
		require.True(t, ok)
		require.Equal(t, class, got)
		require.Equal(t, n, p.Len())
		p.check(t)
	}
	a := w.fee(1000, bob, w.ripe(1))
	require.NoError(t, p.Add(a))
	require.Same(t, a, p.Get(a.ID()))
	refused(a, ErrKnown, consensus.Known)
	refused(w.fee(9000, carol, w.ripe(1)), ErrPoolConflict, consensus.Policy) // though it pays more
	refused(w.fee(9000, carol, w.ripe(2), w.ripe(1)), ErrPoolConflict, consensus.Policy)
	refused(&Tx{Height: 8, Outputs: []Output{{1, bob.key}}}, ErrPoolCoinbase, consensus.Policy)
	refused(w.fee(100, bob, w.ripe(2)), ErrPoolFee, consensus.Policy)
	refused(w.fee(1000, bob, w.ripe(6)), ErrPoolImmature, consensus.Early)
	refused(w.fee(1000, bob, OutPoint{Tx: consensus.Hash{1}}), ErrPoolOrphan, consensus.Orphan)
	refused(w.fee(1000, bob, OutPoint{a.ID(), 1}), ErrMissingInput, consensus.Invalid)
	refused(w.fee(-1, bob, w.ripe(2)), ErrOverspend, consensus.Invalid)
	refused(w.pay(bob, outs(w.ripe(2)), Output{1, bob.key}), ErrSignature, consensus.Invalid)
	refused(w.pay(alice, outs(w.ripe(2)), Output{-1, bob.key}), ErrAmount, consensus.Invalid)
	refused(w.pay(alice, outs(w.ripe(2)), make([]Output, 30)...), ErrPoolSize, consensus.Policy)

	// On one another, up to three.
	b := w.then(a, bob, 1000, bob)
	require.NoError(t, p.Add(b))
	c := w.then(b, bob, 1000, bob)
	require.NoError(t, p.Add(c))
	refused(w.then(c, bob, 1000, bob), ErrPoolChain, consensus.Policy)
	require.Equal(t, []consensus.Hash{a.ID(), b.ID(), c.ID()}, p.IDs())
	id, ok := p.Spender(OutPoint{Tx: a.ID()})
	require.True(t, ok)
	require.Equal(t, b.ID(), id)
	_, ok = p.Spender(OutPoint{Tx: c.ID()})
	require.False(t, ok)
	require.Nil(t, p.Get(consensus.Hash{}))

	// And side by side: two may hang on one.
	wide := w.pay(alice, outs(w.ripe(3)), Output{10 * coin, bob.key}, Output{10 * coin, bob.key}, Output{10 * coin, bob.key})
	require.NoError(t, p.Add(wide))
	for i := range uint32(3) {
		tx := w.pay(bob, outs(OutPoint{wide.ID(), i}), Output{9 * coin, bob.key})
		if i < 2 {
			require.NoError(t, p.Add(tx))
		} else {
			refused(tx, ErrPoolChain, consensus.Policy)
		}
	}
	p.check(t)

	// What is confirmed is known.
	change, err := w.chain.AddBlock(w.build(w.chain.Tip(), 2000, a, b), late)
	require.NoError(t, err)
	p.Update(change)
	p.check(t)
	refused(a, ErrKnown, consensus.Known)
	refused(w.fee(5000, bob, w.ripe(1)), ErrMissingInput, consensus.Invalid)
	require.Nil(t, p.Get(b.ID()))
	require.NotNil(t, p.Get(c.ID()), "what hung on it stays")
}

// TestPoolIsBounded: whoever pays least per byte leaves, with all that hang on it; of equals the last; a poor parent stays for a rich
// child.
func TestPoolIsBounded(t *testing.T) {
	const size = 142 // of one input and one output
	w, p := poolWorld(t, 10, PoolConfig{MaxBytes: 4 * size})
	one := w.fee(1000, bob, w.ripe(1))
	two := w.fee(2000, bob, w.ripe(2))
	three := w.fee(2000, bob, w.ripe(3))
	poor := w.fee(1, bob, w.ripe(4))
	for _, tx := range []*Tx{one, two, three, poor} {
		require.Equal(t, size, tx.Size())
		require.NoError(t, p.Add(tx))
	}
	ids := func() (out []consensus.Hash) { return p.IDs() }
	require.ErrorIs(t, p.Add(w.fee(1, bob, w.ripe(5))), ErrPoolFull, "no better than the worst: first seen wins")
	require.NotNil(t, p.Get(poor.ID()))
	rich := w.then(poor, bob, 9000, carol)
	require.NoError(t, p.Add(rich))
	p.check(t)
	require.Equal(t, []consensus.Hash{two.ID(), three.ID(), poor.ID(), rich.ID()}, ids(), "the poor parent of a rich child outlives one")
	better := w.fee(3000, bob, w.ripe(6))
	require.NoError(t, p.Add(better))
	require.Equal(t, []consensus.Hash{two.ID(), poor.ID(), rich.ID(), better.ID()}, ids(), "of equals the last to come goes")
	// A parent that leaves takes its child along.
	require.NoError(t, p.Add(w.fee(20_000, bob, w.ripe(7))))
	require.NoError(t, p.Add(w.fee(20_000, bob, w.ripe(8))))
	require.NoError(t, p.Add(w.fee(20_000, bob, w.ripe(9))))
	require.Nil(t, p.Get(poor.ID()))
	require.Nil(t, p.Get(rich.ID()))
	p.check(t)
	require.LessOrEqual(t, p.Bytes(), 4*size)
}

// TestPoolAfterReorg: what was in the blocks that went comes back; what conflicts with the blocks that came leaves, with all that
// hangs on it; and so does what spent a coinbase that is gone.
func TestPoolAfterReorg(t *testing.T) {
	w, p := poolWorld(t, 6, PoolConfig{MinFeeRate: 1000})
	base := w.chain.Tip()
	free := w.fee(0, bob, w.ripe(1)) // below what this node relays; but a miner took it
	child := w.then(free, bob, 5000, bob)
	conflicting := w.fee(1000, bob, w.ripe(2))
	onConflicting := w.then(conflicting, bob, 1000, carol)
	both := w.fee(1000, bob, w.ripe(3)) // in both branches
	waiting := w.fee(1000, bob, w.ripe(4))
	for _, tx := range []*Tx{conflicting, onConflicting, both, waiting} {
		require.NoError(t, p.Add(tx))
	}
	follow := func(b *Block) {
		change, err := w.chain.AddBlock(b, late)
		require.NoError(t, err)
		p.Update(change)
		p.check(t)
	}
	follow(w.build(base, 7000, free, child, conflicting, both))
	require.Equal(t, []consensus.Hash{onConflicting.ID(), waiting.ID()}, p.IDs())
	grand := w.then(child, bob, 1000, bob)
	require.NoError(t, p.Add(grand))
	// Three more, so that the coinbase of the first can be spent.
	first := w.chain.Tip()
	for range 2 {
		follow(w.build(w.chain.Tip(), 0))
	}
	ofCoinbase := w.pay(alice, outs(w.coinbase(first)), Output{50 * coin, bob.key})
	require.NoError(t, p.Add(ofCoinbase))

	other := w.fee(1000, carol, w.ripe(2))
	b := w.add(w.build(base, 2000, other, both))
	b = w.grow(b, 2)
	require.NotSame(t, b, w.chain.Tip())
	follow(w.build(b, 0))
	require.Equal(t, []consensus.Hash{free.ID(), child.ID(), waiting.ID(), grand.ID()}, p.IDs())

	// A plain block that conflicts does it too.
	follow(w.build(w.chain.Tip(), 50*coin, w.pay(alice, outs(w.ripe(1)), Output{0, carol.key})))
	require.Equal(t, []consensus.Hash{waiting.ID()}, p.IDs())
}

// TestSelect: by rate, parents first, rich children pull their parents in, and no more than fits.
func TestSelect(t *testing.T) {
	w, p := poolWorld(t, 8, PoolConfig{})
	poor := w.fee(1, bob, w.ripe(1))
	rich := w.then(poor, bob, 9000, carol)
	middle := w.fee(3000, bob, w.ripe(2))
	low := w.fee(1000, bob, w.ripe(3))
	for _, tx := range []*Tx{poor, low, middle, rich} {
		require.NoError(t, p.Add(tx))
	}
	const size = 142
	for room, want := range map[int][]*Tx{
		0: nil, size - 1: nil, size: {middle}, 2 * size: {poor, rich}, 3 * size: {poor, rich, middle}, 4 * size: {poor, rich, middle, low}, 1 << 20: {poor, rich, middle, low},
	} {
		txs, fees := p.Select(room)
		require.Equal(t, want, txs, "room for %d bytes", room)
		var sum Amount
		for _, tx := range txs {
			sum += p.txs[tx.ID()].own.fee
		}
		require.Equal(t, sum, fees)
	}

	// Once a parent was taken for another child, its other child may fit, or be the best.
	w, p = poolWorld(t, 8, PoolConfig{})
	parent := w.pay(alice, outs(w.ripe(1)), Output{10 * coin, bob.key}, Output{40 * coin, bob.key})
	left := w.pay(bob, outs(OutPoint{parent.ID(), 0}), Output{10*coin - 9000, bob.key})
	right := w.pay(bob, outs(OutPoint{parent.ID(), 1}), Output{40*coin - 8000, bob.key})
	alone := w.fee(5000, bob, w.ripe(2))
	modest := w.fee(3700, bob, w.ripe(3))
	for _, tx := range []*Tx{parent, right, left, alone, modest} {
		require.NoError(t, p.Add(tx))
	}
	txs, _ := p.Select(1 << 20)
	require.Equal(t, []*Tx{alone, parent, left, right, modest}, txs, "left with its parent pays less a byte than alone; right with it less than modest, but without it more")

	b := p.Template(bob.key, []byte("x"), late)
	require.Len(t, b.Txs, 6)
	require.EqualValues(t, 50*coin+25_700, b.Txs[0].Outputs[0].Value)
	w.add(w.nonce(b))
	require.Equal(t, b.Hash(), w.chain.Tip().Hash)
}

// TestTemplateTime: now, if the rules allow it, else as little later as they do.
func TestTemplateTime(t *testing.T) {
	p := consensus.Lab()
	for _, v := range []struct {
		at   consensus.Context
		want uint32
	}{
		{consensus.Context{Height: 5, MedianTime: 100, PrevTime: 500, Now: 200}, 200},
		{consensus.Context{Height: 5, MedianTime: 200, PrevTime: 500, Now: 200}, 201},
		{consensus.Context{Height: 20, MedianTime: 100, PrevTime: 500, Now: 200}, 490},
		{consensus.Context{Height: 20, MedianTime: 100, PrevTime: 500, Now: 600}, 600},
	} {
		require.Equal(t, v.want, NewBlock(p, v.at, alice.key, nil, 0, nil).Header.Time, "%+v", v.at)
	}
}

// TestTemplateIsAccepted at any fill, on a net that retargets.
func TestTemplateIsAccepted(t *testing.T) {
	params := consensus.Lab().WithGenesis(consensus.LabEpoch, 0x207fffff)
	params.MaxBlockBytes = 2000
	w := openWorld(t, params, nil)
	p := NewPool(w.chain, PoolConfig{})
	now := int64(consensus.LabEpoch)
	r := rand.New(rand.NewPCG(6, 824))
	full := 0
	for h := range 150 {
		now += int64(r.IntN(8))
		if h > 30 {
			for range r.IntN(15) {
				coins := slices.DeleteFunc(w.chain.Coins(alice.key), func(u Unspent) bool {
					_, taken := p.Spender(u.OutPoint)
					return taken || !w.chain.Mature(u.Coin) || u.Value < 3000
				})
				if len(coins) > 0 {
					c := coins[r.IntN(len(coins))]
					require.NoError(t, p.Add(w.pay(alice, outs(c.OutPoint), Output{c.Value/2 - 1000, alice.key}, Output{c.Value - c.Value/2 - Amount(r.IntN(1000)), alice.key})))
				}
			}
		}
		b := p.Template(alice.key, []byte("0123456789abcdefg")[:r.IntN(18)], now)
		if b.Size() > params.MaxBlockBytes*3/4 {
			full++
		}
		require.LessOrEqual(t, b.Size(), params.MaxBlockBytes)
		change, err := w.chain.AddBlock(w.nonce(b), now)
		require.NoError(t, err, "height %d", h)
		p.Update(change)
		p.check(t)
	}
	require.Greater(t, full, 10)
	require.NotEqualValues(t, 0x207fffff, w.chain.Tip().Header.Bits)
}

// TestPoolAgainstModel: random transactions, blocks and reorgs.
func TestPoolAgainstModel(t *testing.T) {
	reorgs, evictions := 0, 0
	for seed := range uint64(8) {
		r := rand.New(rand.NewPCG(seed, 1))
		w, p := poolWorld(t, 8, PoolConfig{MaxBytes: 2500, MaxAncestors: 6})
		var all []*Tx
		outputs := []Unspent{}
		for h := 1; h <= 8; h++ {
			outputs = append(outputs, Unspent{w.ripe(h), Coin{Value: 50 * coin, Owner: alice.key}})
		}
		tips := []consensus.Hash{w.chain.Tip().Hash}
		for range 250 {
			if r.IntN(4) > 0 {
				from := outputs[r.IntN(len(outputs))]
				fee := min(from.Value/4, Amount(r.IntN(5000)))
				half := (from.Value - fee) / 2
				tx := w.pay(alice, outs(from.OutPoint), Output{half, alice.key}, Output{from.Value - fee - half, alice.key})
				n := p.Len()
				if err := p.Add(tx); err == nil {
					all = append(all, tx)
					for i, o := range tx.Outputs {
						outputs = append(outputs, Unspent{OutPoint{tx.ID(), uint32(i)}, Coin{Value: o.Value, Owner: alice.key}})
					}
					if p.Len() <= n {
						evictions++
					}
				}
			} else {
				on := w.chain.Tree().Get(tips[max(0, len(tips)-1-r.IntN(4))])
				var txs []*Tx
				if on == w.chain.Tip() {
					txs, _ = p.Select(r.IntN(1500))
				}
				b := w.build(on, 0, txs...)
				change, err := w.chain.AddBlock(b, late)
				require.NoError(t, err)
				tips = append(tips, b.Hash())
				before := p.IDs()
				p.Update(change)
				if len(change.Disconnected) > 0 {
					reorgs++
				}
				// Whatever could be in the pool, and was seen, is there, unless there was no room.
				if p.Bytes() < p.cfg.MaxBytes-1000 {
					for _, b := range change.Disconnected {
						for _, tx := range b.Txs[1:] {
							require.True(t, p.Get(tx.ID()) != nil || w.chain.Confirmations(tx.ID()) > 0, "a transaction was lost")
						}
					}
					for _, id := range before {
						require.True(t, p.Get(id) != nil || w.chain.Confirmations(id) > 0, "a transaction was lost")
					}
				}
			}
			p.check(t)
		}
		require.NotEmpty(t, all)
	}
	require.Greater(t, reorgs, 10)
	require.Greater(t, evictions, 10)
}

func TestLoadLess(t *testing.T) {
	loads := []load{{0, 1}, {1, 1000}, {1, 3}, {2, 5}, {1, 2}, {Amount(consensus.MaxMoney) - 1, 1_000_000}, {Amount(consensus.MaxMoney), 1_000_000}, {Amount(consensus.MaxMoney), 1}}
	for i, a := range loads {
		for j, b := range loads {
			require.Equal(t, cmp.Compare(i, j) < 0, a.less(b), "%v < %v", a, b)
		}
	}
	require.False(t, load{2, 4}.less(load{1, 2}))
	require.False(t, load{1, 2}.less(load{2, 4}))
}
