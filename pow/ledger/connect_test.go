package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

// TestBlockRules breaks one rule of place at a time, in a block with all the work it needs. Each is remembered as bad, with what
// is built on it, and leaves the coins as they were.
func TestBlockRules(t *testing.T) {
	const most = Amount(consensus.MaxMoney)
	for name, v := range map[string]struct {
		rule  *consensus.Rule
		build func(w *world, ripe, young OutPoint) *Block
	}{
		"good": {nil, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), coin, w.pay(alice, outs(ripe), Output{49 * coin, bob.key}))
		}},
		"pays itself less than it may": {nil, func(w *world, _, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), -1)
		}},
		"inflated": {ErrCoinbaseAmount, func(w *world, _, _ OutPoint) *Block { return w.build(w.chain.Tip(), 1) }},
		"inflated beyond fees": {ErrCoinbaseAmount, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), coin+1, w.pay(alice, outs(ripe), Output{49 * coin, bob.key}))
		}},
		"wrong height": {ErrCoinbaseHeight, func(w *world, _, _ OutPoint) *Block {
			b := w.build(w.chain.Tip(), 0)
			b.Txs[0].Height--
			return w.solve(b)
		}},
		"height far off": {ErrCoinbaseHeight, func(w *world, _, _ OutPoint) *Block {
			b := w.build(w.chain.Tip(), 0)
			b.Txs[0].Height += 1 << 31
			return w.solve(b)
		}},
		"unknown coin": {ErrMissingInput, func(w *world, _, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(OutPoint{consensus.Hash{1}, 0}), Output{1, bob.key}))
		}},
		"no such output": {ErrMissingInput, func(w *world, ripe, _ OutPoint) *Block {
			ripe.Index = 1
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(ripe), Output{1, bob.key}))
		}},
		"double spend in the block": {ErrMissingInput, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(ripe), Output{50 * coin, bob.key}), w.pay(alice, outs(ripe), Output{50 * coin, carol.key}))
		}},
		"replayed in the block": {ErrMissingInput, func(w *world, ripe, _ OutPoint) *Block {
			tx := w.pay(alice, outs(ripe), Output{50 * coin, bob.key})
			more := w.pay(bob, outs(OutPoint{Tx: tx.ID()}), Output{50 * coin, bob.key})
			return w.build(w.chain.Tip(), 0, tx, more, tx)
		}},
		"spent before it is made": {ErrMissingInput, func(w *world, ripe, _ OutPoint) *Block {
			tx := w.pay(alice, outs(ripe), Output{50 * coin, bob.key})
			return w.build(w.chain.Tip(), 0, w.pay(bob, outs(OutPoint{Tx: tx.ID()}), Output{50 * coin, carol.key}), tx)
		}},
		"spent after it is made": {nil, func(w *world, ripe, _ OutPoint) *Block {
			tx := w.pay(alice, outs(ripe), Output{50 * coin, bob.key})
			return w.build(w.chain.Tip(), 0, tx, w.pay(bob, outs(OutPoint{Tx: tx.ID()}), Output{50 * coin, carol.key}))
		}},
		"unripe": {ErrImmature, func(w *world, _, young OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(young), Output{50 * coin, bob.key}))
		}},
		"overspend": {ErrOverspend, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(ripe), Output{50*coin + 1, bob.key}))
		}},
		"overflow": {ErrAmount, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(ripe), Output{most, bob.key}, Output{most, bob.key}))
		}},
		"negative": {ErrAmount, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(alice, outs(ripe), Output{-50 * coin, bob.key}, Output{100 * coin, bob.key}))
		}},
		"not the owner": {ErrSignature, func(w *world, ripe, _ OutPoint) *Block {
			return w.build(w.chain.Tip(), 0, w.pay(bob, outs(ripe), Output{50 * coin, bob.key}))
		}},
		"second input not signed": {ErrSignature, func(w *world, ripe, _ OutPoint) *Block {
			tx := w.pay(alice, outs(ripe), Output{50 * coin, bob.key})
			more := w.pay(bob, outs(OutPoint{Tx: tx.ID()}), Output{50 * coin, bob.key})
			more.Inputs[0].Signature[0] ^= 1
			return w.build(w.chain.Tip(), 0, tx, more)
		}},
		"two coinbases": {ErrCoinbaseMultiple, func(w *world, _, _ OutPoint) *Block {
			b := w.build(w.chain.Tip(), 0)
			b.Txs = append(b.Txs, &Tx{Height: b.Txs[0].Height, Extra: []byte("2"), Outputs: b.Txs[0].Outputs})
			return w.solve(b)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.grow(w.chain.Tip(), 1)
			tip := w.grow(first, 3)
			b := v.build(w, w.coinbase(first), w.coinbase(tip))
			before := w.chain.UTXO().Digest()
			change, err := w.chain.AddBlock(b, late)
			if v.rule == nil {
				require.NoError(t, err)
				require.Equal(t, []*Block{b}, change.Connected)
				return
			}
			require.ErrorIs(t, err, v.rule)
			var broken *consensus.RuleError
			require.ErrorAs(t, err, &broken)
			require.Equal(t, 5, broken.Height)
			require.Equal(t, b.Hash(), broken.Block)
			require.Same(t, tip, w.chain.Tip())
			require.Equal(t, before, w.chain.UTXO().Digest())
			require.Empty(t, change.Connected)
			// Bad for good, and so is what is built on it.
			_, err = w.chain.AddBlock(b, late)
			require.ErrorIs(t, err, consensus.ErrBadPrev)
			require.True(t, w.chain.Tree().Get(b.Hash()).Failed())
			child := w.build(w.chain.Tree().Get(b.Hash()), 0)
			_, err = w.chain.AddBlock(child, late)
			require.ErrorIs(t, err, consensus.ErrBadPrev)
			// And the chain goes on.
			w.grow(tip, 1)
		})
	}
}

// TestMaturity: to the block.
func TestMaturity(t *testing.T) {
	w := newWorld(t)
	made := w.grow(w.chain.Tip(), 1) // at height 1: may be spent from height 4 on
	spend := w.pay(alice, outs(w.coinbase(made)), Output{50 * coin, bob.key})
	w.grow(made, 1)
	early := w.build(w.chain.Tip(), 0, spend)
	_, err := w.chain.AddBlock(early, late)
	require.ErrorIs(t, err, ErrImmature)
	w.grow(w.chain.Tip(), 1)
	w.add(w.build(w.chain.Tip(), 0, spend))
	require.Equal(t, 1, w.chain.Confirmations(spend.ID()))
}

// TestUndoIsExact: every block taken back gives the set before it, bit for bit; another block's record does not.
func TestUndoIsExact(t *testing.T) {
	w := newWorld(t)
	tip := w.grow(w.chain.Tip(), 5)
	a := w.pay(alice, outs(w.coinbase(w.chain.At(1)), w.coinbase(w.chain.At(2))), Output{60 * coin, bob.key}, Output{39 * coin, alice.key})
	b := w.pay(bob, outs(OutPoint{Tx: a.ID()}), Output{60 * coin, carol.key})
	c := w.pay(alice, outs(w.coinbase(w.chain.At(3)), OutPoint{a.ID(), 1}), Output{89 * coin, carol.key})
	block := w.build(tip, coin, a, b, c)
	ids := block.TxIDs()

	u := w.chain.utxo
	before, total := u.append(nil), u.Total()
	v := newView(u)
	undo, err := v.connect(w.p, block, ids, 6, nil, true)
	require.NoError(t, err)
	require.Len(t, undo.Spent, 5)
	require.Equal(t, before, u.append(nil), "nothing happens before flush")
	v.flush()
	after := u.append(nil)
	require.NotEqual(t, before, after)
	require.Equal(t, total+50*coin, u.Total(), "a block makes its subsidy and no more")

	spoil := func(undo Undo) error { return newView(u).disconnect(block, ids, 6, &undo) }
	require.ErrorIs(t, spoil(Undo{undo.Spent[1:]}), ErrCorrupt)
	require.ErrorIs(t, spoil(Undo{append([]Coin{{}}, undo.Spent...)}), ErrCorrupt)
	require.ErrorIs(t, newView(u).disconnect(block, ids, 7, undo), ErrCorrupt)

	v = newView(u)
	require.NoError(t, v.disconnect(block, ids, 6, undo))
	require.Equal(t, after, u.append(nil))
	v.flush()
	require.Equal(t, before, u.append(nil))
	require.Equal(t, total, u.Total())
	require.ErrorIs(t, spoil(*undo), ErrCorrupt, "a block that is not connected cannot be taken back")
}

// TestNothingIsOverwritten: BIP 30. Heights in coinbases see to it that it never happens; the rule stands all the same.
func TestNothingIsOverwritten(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.chain.Tip(), 0)
	ids := b.TxIDs()
	v := newView(w.chain.utxo)
	v.add(OutPoint{Tx: ids[0]}, Coin{Value: 1})
	_, err := v.connect(w.p, b, ids, 1, nil, true)
	require.ErrorIs(t, err, ErrOverwrite)
}

// TestCoinsEncoding: the snapshot's form.
func TestCoinsEncoding(t *testing.T) {
	w := newWorld(t)
	w.grow(w.chain.Tip(), 20)
	b := w.chain.utxo.append(nil)
	r := &reader{b: b}
	u := r.utxo()
	require.NoError(t, r.end("coins"))
	require.Equal(t, w.chain.utxo, u)
	require.Equal(t, b, u.append(nil))
	// Out of order, or twice the same: another form of a set.
	const one = outPointSize + coinSize
	swapped := append([]byte{20}, b[1+one:1+2*one]...)
	swapped = append(append(swapped, b[1:1+one]...), b[1+2*one:]...)
	r = &reader{b: swapped}
	r.utxo()
	require.ErrorIs(t, r.err, ErrDecode)
	twice := append([]byte{2}, b[1:1+one]...)
	r = &reader{b: append(twice, b[1:1+one]...)}
	r.utxo()
	require.ErrorIs(t, r.err, ErrDecode)
}

// BenchmarkConnect is blocks with in-memory state, from AddBlock: of a coinbase alone as main net's early blocks are, and with payments,
// verified and with signatures remembered from the mempool.
func BenchmarkConnect(b *testing.B) {
	for name, v := range map[string]struct {
		payments int
		cached   bool
	}{"coinbase only": {0, false}, "10 payments": {10, false}, "10 payments, signatures known": {10, true}} {
		b.Run(name, func(b *testing.B) {
			const n = 300
			p := smallNet()
			sigs := (*SigCache)(nil)
			if v.cached {
				sigs = NewSigCache(n * 10)
			}
			w := openWorld(b, p, nil)
			var blocks []*Block
			tip := w.grow(w.chain.Tip(), 4)
			for h := 1; h <= 4; h++ {
				blocks = append(blocks, w.chain.Block(w.chain.At(h).Hash))
			}
			last := w.coinbase(w.chain.At(1))
			for range n {
				var txs []*Tx
				for range v.payments {
					tx := w.pay(alice, outs(last), Output{50 * coin, alice.key})
					last = OutPoint{Tx: tx.ID()}
					txs = append(txs, tx)
					if sigs != nil {
						sigs.add(tx.ID())
					}
				}
				block := w.build(tip, 0, txs...)
				tip = w.add(block)
				blocks = append(blocks, block)
			}
			b.ResetTimer()
			done := 0
			for b.Loop() {
				c, err := Open(Config{Params: p, Sigs: sigs})
				require.NoError(b, err)
				for _, block := range blocks {
					if _, err := c.AddBlock(block, late); err != nil {
						b.Fatal(err)
					}
				}
				done += len(blocks)
			}
			b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "blocks/s")
		})
	}
}
