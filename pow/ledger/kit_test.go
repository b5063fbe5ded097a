package ledger

import (
	"crypto/ed25519"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/mining"
)

// late is a time at which nothing that these tests make is too new.
const late = consensus.LabEpoch + 1_000_000_000

// wallet is somebody with a key.
type wallet struct {
	private ed25519.PrivateKey
	key     Key
}

func newWallet(name string) wallet {
	seed := consensus.DoubleSHA256([]byte(name))
	private := ed25519.NewKeyFromSeed(seed[:])
	return wallet{private, PublicKey(private)}
}

var alice, bob, carol = newWallet("alice"), newWallet("bob"), newWallet("carol")

// smallNet is regtest with coinbases that ripen in three blocks.
func smallNet() *consensus.Params {
	p := consensus.RegTest()
	p.CoinbaseMaturity = 3
	p.MaxBlockBytes = 20_000
	return p
}

// world is a chain and what it takes to make blocks for it, on any block of its tree.
type world struct {
	testing.TB
	p     *consensus.Params
	chain *Chain
	salt  byte
}

func newWorld(t testing.TB) *world { return openWorld(t, smallNet(), nil) }

func openWorld(t testing.TB, p *consensus.Params, d Disk) *world {
	c, err := Open(Config{Params: p, Disk: d, SnapshotEvery: 4})
	require.NoError(t, err)
	return &world{TB: t, p: p, chain: c}
}

// build makes a block on parent that pays alice the subsidy and fees. Each is unlike all others.
func (w *world) build(parent *headers.Entry, fees Amount, txs ...*Tx) *Block {
	w.salt++
	at := w.chain.Tree().Next(parent, int64(parent.Header.Time)+600)
	return w.solve(NewBlock(w.p, at, alice.key, txs, fees, []byte{w.salt, 0}))
}

// solve finds the nonce, for the body that the block has now.
func (w *world) solve(b *Block) *Block {
	b.Seal()
	return w.nonce(b)
}

func (w *world) nonce(b *Block) *Block {
	target, _, _ := consensus.DecodeCompact(b.Header.Bits)
	nonce, _, found := mining.NewSearch(b.Header, target).Run(0, 1<<32)
	require.True(w, found)
	b.Header.Nonce = nonce
	return b
}

// add adds a block that must be good, and returns its place.
func (w *world) add(b *Block) *headers.Entry {
	w.Helper()
	_, err := w.chain.AddBlock(b, late)
	require.NoError(w, err)
	return w.chain.Tree().Get(b.Hash())
}

// grow adds n blocks of nothing on a block.
func (w *world) grow(on *headers.Entry, n int) *headers.Entry {
	w.Helper()
	for range n {
		on = w.add(w.build(on, 0))
	}
	return on
}

// coinbase is the output of the coinbase of a block.
func (w *world) coinbase(e *headers.Entry) OutPoint {
	return OutPoint{Tx: w.chain.Block(e.Hash).Txs[0].ID()}
}

// pay spends outputs of one owner. Each pair is who gets how much.
func (w *world) pay(from wallet, what []OutPoint, to ...Output) *Tx {
	t := &Tx{Outputs: to}
	for _, o := range what {
		t.Inputs = append(t.Inputs, Input{Prev: o})
	}
	require.NoError(w, t.Sign(w.p, from.private))
	return t
}

func outs(o ...OutPoint) []OutPoint { return o }

const coin = consensus.Coin
