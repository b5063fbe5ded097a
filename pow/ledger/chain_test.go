package ledger

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// TestTieStaysWithFirst, and one block more moves the tip.
func TestTieStaysWithFirst(t *testing.T) {
	w := newWorld(t)
	g := w.chain.Tip()
	a := w.grow(g, 2)
	b := w.grow(g, 2)
	require.Same(t, a, w.chain.Tip())
	last := w.build(b, 0)
	change, err := w.chain.AddBlock(last, late)
	require.NoError(t, err)
	require.Equal(t, last.Hash(), w.chain.Tip().Hash)
	hashes := func(bs []*Block) (out []consensus.Hash) {
		for _, b := range bs {
			out = append(out, b.Hash())
		}
		return out
	}
	require.Equal(t, []consensus.Hash{a.Hash, a.Parent().Hash}, hashes(change.Disconnected))
	require.Equal(t, []consensus.Hash{b.Parent().Hash, b.Hash, last.Hash()}, hashes(change.Connected))
	_, err = w.chain.AddBlock(last, late)
	require.ErrorIs(t, err, ErrKnown)
	_, err = w.chain.AddBlock(w.chain.Block(a.Hash), late)
	require.ErrorIs(t, err, ErrKnown)
}

// TestReorgIsAsIfItHadNeverBeen: the set after a reorg is that of a node that never saw the other branch.
func TestReorgIsAsIfItHadNeverBeen(t *testing.T) {
	w := newWorld(t)
	base := w.grow(w.chain.Tip(), 4)
	digest := w.chain.UTXO().Digest()
	paid := w.pay(alice, outs(w.coinbase(w.chain.At(1))), Output{30 * coin, bob.key}, Output{19 * coin, alice.key})
	a := w.add(w.build(base, coin, paid))
	a = w.add(w.build(a, 0, w.pay(bob, outs(OutPoint{Tx: paid.ID()}), Output{30 * coin, carol.key})))
	require.Equal(t, 2, w.chain.Confirmations(paid.ID()))
	got, _ := w.chain.Balance(carol.key)
	require.Equal(t, Amount(30*coin), got)

	// The same coin goes elsewhere: a double spend across forks.
	other := w.pay(alice, outs(w.coinbase(w.chain.At(1))), Output{50 * coin, carol.key})
	b := w.add(w.build(base, 0, other))
	b = w.grow(b, 2)
	require.Same(t, b, w.chain.Tip())
	require.Zero(t, w.chain.Confirmations(paid.ID()))
	require.Equal(t, 3, w.chain.Confirmations(other.ID()))

	fresh := openWorld(t, w.p, nil)
	for h := 1; h <= w.chain.Height(); h++ {
		fresh.add(w.chain.Block(w.chain.At(h).Hash))
	}
	require.Equal(t, fresh.chain.UTXO().Digest(), w.chain.UTXO().Digest())
	require.Equal(t, fresh.chain.UTXO().Total(), w.chain.UTXO().Total())
	require.Equal(t, fresh.chain.txs[other.ID()].Hash, w.chain.txs[other.ID()].Hash)
	require.Len(t, w.chain.txs, len(fresh.chain.txs))

	// And back again.
	a = w.grow(a, 2)
	require.Same(t, a, w.chain.Tip())
	require.Equal(t, 4, w.chain.Confirmations(paid.ID()))
	require.NotEqual(t, digest, w.chain.UTXO().Digest())
}

// TestFailedReorgRollsBack: the branch with more work has a bad block in its middle. The tip stays where it was, to the bit; the bad
// block and what stands on it are marked; what stands below it is not, and if that is the best then it wins.
func TestFailedReorgRollsBack(t *testing.T) {
	w := newWorld(t)
	base := w.grow(w.chain.Tip(), 4)
	tip := w.grow(base, 3)
	digest, total := w.chain.UTXO().Digest(), w.chain.UTXO().Total()

	good := w.grow(base, 2)
	bad := w.add(w.build(good, 1)) // pays itself too much; not looked at yet
	require.Equal(t, tip, w.chain.Tip())
	top := w.build(bad, 0)
	change, err := w.chain.AddBlock(top, late)
	require.ErrorIs(t, err, consensus.ErrBadPrev)
	require.ErrorContains(t, err, bad.Hash.String())
	require.Len(t, change.Failed, 1)
	require.ErrorIs(t, change.Failed[0], ErrCoinbaseAmount)
	require.Empty(t, change.Connected)
	require.Empty(t, change.Disconnected)
	require.Same(t, tip, w.chain.Tip())
	require.Equal(t, digest, w.chain.UTXO().Digest())
	require.Equal(t, total, w.chain.UTXO().Total())
	require.True(t, bad.Failed())
	require.True(t, w.chain.Tree().Get(top.Hash()).Failed())
	require.False(t, good.Failed())

	// The good part grows past the tip.
	won := w.grow(good, 2)
	require.Same(t, won, w.chain.Tip())
}

// TestValidPartOfABadBranchWins: bodies come from the top down, so that all become candidates at once.
func TestValidPartOfABadBranchWins(t *testing.T) {
	w := newWorld(t)
	base := w.grow(w.chain.Tip(), 1)
	tip := w.grow(base, 1)

	var branch []*Block
	on := base
	for i := range 6 {
		fee := Amount(0)
		if i == 4 {
			fee = 1
		}
		b := w.build(on, fee)
		e, err := w.chain.AddHeader(&b.Header, late)
		require.NoError(t, err)
		branch, on = append(branch, b), e
	}
	for i := 5; i > 0; i-- {
		change, err := w.chain.AddBlock(branch[i], late)
		require.NoError(t, err)
		require.Empty(t, change.Connected)
	}
	require.Same(t, tip, w.chain.Tip())
	change, err := w.chain.AddBlock(branch[0], late)
	require.NoError(t, err, "it is not this block's fault")
	require.Equal(t, branch[3].Hash(), w.chain.Tip().Hash, "the best that is valid")
	require.Len(t, change.Connected, 4)
	require.Len(t, change.Failed, 1)
	require.ErrorIs(t, change.Failed[0], ErrCoinbaseAmount)
}

// TestTieOfBodies: two branches that become whole in one instant. Whose body came first wins, whichever header did.
func TestTieOfBodies(t *testing.T) {
	w := newWorld(t)
	base := w.build(w.chain.Tip(), 0)
	e, err := w.chain.AddHeader(&base.Header, late)
	require.NoError(t, err)
	a, b := w.build(e, 0), w.build(e, 0)
	for _, block := range []*Block{b, a} {
		_, err = w.chain.AddHeader(&block.Header, late)
		require.NoError(t, err)
	}
	w.add(a)
	w.add(b)
	require.Zero(t, w.chain.Height())
	w.add(base)
	require.Equal(t, a.Hash(), w.chain.Tip().Hash)

	w = newWorld(t)
	for _, block := range []*Block{base, a, b} {
		_, err = w.chain.AddHeader(&block.Header, late)
		require.NoError(t, err)
	}
	w.add(a)
	w.add(b)
	w.add(base)
	require.Equal(t, a.Hash(), w.chain.Tip().Hash)
}

// TestMutatedBody: a body that is not the header's says nothing about the header (CVE-2012-2459).
func TestMutatedBody(t *testing.T) {
	w := newWorld(t)
	tip := w.grow(w.chain.Tip(), 5)
	a := w.pay(alice, outs(w.coinbase(w.chain.At(1))), Output{50 * coin, bob.key})
	b := w.pay(alice, outs(w.coinbase(w.chain.At(2))), Output{50 * coin, bob.key})
	honest := w.build(tip, 0, a, b)
	for name, v := range map[string]struct {
		rule *consensus.Rule
		txs  []*Tx
	}{
		"last doubled": {ErrMutated, append(append([]*Tx{}, honest.Txs...), b)},
		"one missing":  {ErrMerkleRoot, honest.Txs[:2]},
		"none":         {ErrMerkleRoot, nil},
	} {
		_, err := w.chain.AddBlock(&Block{honest.Header, v.txs}, late)
		require.ErrorIs(t, err, v.rule, name)
		class, _ := consensus.ClassOf(err)
		require.Equal(t, consensus.Mutated, class)
		require.False(t, w.chain.Tree().Get(honest.Hash()).Failed())
	}
	w.add(honest)
	require.Equal(t, honest.Hash(), w.chain.Tip().Hash, "the honest body of that header is as welcome as ever")
}

func TestTooNewIsTakenLater(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.chain.Tip(), 0)
	_, err := w.chain.AddBlock(b, int64(b.Header.Time)-w.p.MaxFutureTime-1)
	require.ErrorIs(t, err, consensus.ErrTimeTooNew)
	class, _ := consensus.ClassOf(err)
	require.Equal(t, consensus.Early, class)
	_, err = w.chain.AddBlock(b, int64(b.Header.Time)-w.p.MaxFutureTime)
	require.NoError(t, err)

	orphan := w.build(w.chain.Tip(), 0)
	orphan.Header.Prev[0] ^= 1
	_, err = w.chain.AddBlock(w.nonce(orphan), late)
	require.ErrorIs(t, err, consensus.ErrOrphan)
}

func TestQueries(t *testing.T) {
	w := newWorld(t)
	w.grow(w.chain.Tip(), 4)
	pay := w.pay(alice, outs(w.coinbase(w.chain.At(1))), Output{20 * coin, bob.key}, Output{29 * coin, alice.key})
	e := w.add(w.build(w.chain.Tip(), coin, pay))
	ripe, unripe := w.chain.Balance(alice.key)
	// Coinbases of heights 2 and 3 and the change; of 4 and 5 not yet.
	require.Equal(t, Amount((50+50+29)*coin), ripe)
	require.Equal(t, Amount((50+51)*coin), unripe)
	ripe, unripe = w.chain.Balance(bob.key)
	require.Equal(t, []Amount{20 * coin, 0}, []Amount{ripe, unripe})
	require.Equal(t, []Unspent{{OutPoint{pay.ID(), 0}, Coin{20 * coin, bob.key, 5, false}}}, w.chain.Coins(bob.key))
	require.Len(t, w.chain.Coins(alice.key), 5)
	require.Equal(t, []Movement{{pay.ID(), 5, 20 * coin, 0}}, w.chain.History(bob.key))
	history := w.chain.History(alice.key)
	require.Len(t, history, 6)
	require.Equal(t, Movement{pay.ID(), 5, 29 * coin, 50 * coin}, history[5])
	require.Equal(t, Amount(5*50*coin), w.chain.UTXO().Total())

	require.Nil(t, w.chain.At(-1))
	require.Nil(t, w.chain.At(6))
	require.True(t, w.chain.Active(e))
	require.False(t, w.chain.Active(nil))
	require.Nil(t, w.chain.Block(consensus.Hash{9}))
	require.Nil(t, w.chain.Block(w.p.Genesis.Hash()))
	require.Zero(t, w.chain.Confirmations(consensus.Hash{9}))
}

// TestRandomForks: blocks good and bad on random tips, in a random order. After each, the chain is the valid one with the
// most work, its set is that of a node that saw nothing else, and no more money exists than the schedule allows.
func TestRandomForks(t *testing.T) {
	reorgs := 0
	for seed := range uint64(15) {
		r := rand.New(rand.NewPCG(seed, 6824))
		w := newWorld(t)
		maker := openWorld(t, w.p, nil) // knows all headers, and so can build anywhere
		tips := []*headers.Entry{maker.chain.Tip()}
		bad := map[consensus.Hash]bool{}
		var blocks []*Block
		for range 60 {
			on := tips[max(0, len(tips)-1-r.IntN(5))]
			fee := Amount(0)
			if r.IntN(12) == 0 {
				fee = 1
			}
			var txs []*Tx
			if from := on.Ancestor(on.Height - 3); from != nil && from.Height > 0 && r.IntN(2) == 0 {
				for _, b := range blocks {
					if b.Hash() == from.Hash && fee == 0 {
						txs = append(txs, maker.pay(alice, outs(OutPoint{Tx: b.Txs[0].ID()}), Output{49 * coin, bob.key}, Output{b.Txs[0].Outputs[0].Value - 49*coin, carol.key}))
					}
				}
			}
			b := maker.build(on, fee, txs...)
			e, err := maker.chain.AddHeader(&b.Header, late)
			require.NoError(t, err)
			bad[b.Hash()] = fee > 0 || bad[on.Hash]
			tips, blocks = append(tips, e), append(blocks, b)
		}
		// Nearly in order, so that some wait for what is below them.
		for i := range blocks {
			j := min(len(blocks)-1, i+r.IntN(4))
			blocks[i], blocks[j] = blocks[j], blocks[i]
		}
		for _, b := range blocks {
			_, err := w.chain.AddHeader(&b.Header, late)
			if err != nil {
				class, _ := consensus.ClassOf(err)
				require.True(t, class == consensus.Orphan || bad[b.Hash()], "%v", err)
			}
		}
		for range 3 {
			for _, b := range blocks {
				change, err := w.chain.AddBlock(b, late)
				if len(change.Disconnected) > 0 {
					reorgs++
				}
				if class, broken := consensus.ClassOf(err); broken && class == consensus.Invalid {
					require.True(t, bad[b.Hash()], "%v", err)
				}
				require.NoError(t, w.chain.Err())
				tip := w.chain.Tip()
				require.False(t, bad[tip.Hash])
				for _, other := range blocks {
					if e := w.chain.Tree().Get(other.Hash()); e != nil && !bad[e.Hash] && w.chain.bodies[e].isComplete() {
						require.LessOrEqual(t, e.Work.Cmp(tip.Work), 0)
					}
				}
				require.LessOrEqual(t, int64(w.chain.UTXO().Total()), w.p.Supply(w.chain.Height()))
			}
		}
		fresh := openWorld(t, w.p, nil)
		for h := 1; h <= w.chain.Height(); h++ {
			fresh.add(w.chain.Block(w.chain.At(h).Hash))
		}
		require.Equal(t, fresh.chain.utxo, w.chain.utxo)
		require.Len(t, w.chain.txs, len(fresh.chain.txs))
	}
	require.Greater(t, reorgs, 30)
}
