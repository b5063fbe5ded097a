package ledger

import (
	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// Params are the network's constants.
func (c *Chain) Params() *consensus.Params { return c.cfg.Params }

// Tree is all headers. It is to be read only.
func (c *Chain) Tree() *headers.Tree { return c.tree }

// UTXO is the unspent outputs at the tip. It is to be read only, and changes with the chain.
func (c *Chain) UTXO() *UTXO { return c.utxo }

// Tip is the last block of the active chain.
func (c *Chain) Tip() *headers.Entry { return c.active[len(c.active)-1] }

// Height is the tip's; genesis has height 0.
func (c *Chain) Height() int { return len(c.active) - 1 }

// At is the block of the active chain at a height, nil if it does not reach that far.
func (c *Chain) At(height int) *headers.Entry {
	if height < 0 || height >= len(c.active) {
		return nil
	}
	return c.active[height]
}

// Active reports whether a block is on the active chain.
func (c *Chain) Active(e *headers.Entry) bool { return e != nil && c.At(e.Height) == e }

// Block is the block of that hash, on whatever chain; nil if it is not here, as genesis never is. It is to be read only.
func (c *Chain) Block(hash consensus.Hash) *Block {
	if b := c.bodies[c.tree.Get(hash)]; b != nil {
		return b.block
	}
	return nil
}

// Confirmations is how deep a transaction lies: 1 in the tip's block, 0 if it is not in the active chain.
func (c *Chain) Confirmations(tx consensus.Hash) int {
	e := c.txs[tx]
	if e == nil {
		return 0
	}
	return c.Height() - e.Height + 1
}

// Unspent is a coin and its name.
type Unspent struct {
	OutPoint
	Coin
}

// Coins are the unspent outputs of an owner, in the order of their names. It looks at all coins of the set.
func (c *Chain) Coins(owner Key) []Unspent {
	var out []Unspent
	for _, o := range c.utxo.sorted(func(coin Coin) bool { return coin.Owner == owner }) {
		out = append(out, Unspent{o, c.utxo.coins[o]})
	}
	return out
}

// Mature reports whether the next block may spend a coin.
func (c *Chain) Mature(coin Coin) bool {
	return !coin.Coinbase || c.Height()+1-int(coin.Height) >= c.cfg.Params.CoinbaseMaturity
}

// Balance is what an owner's coins are worth: those that can be spent in the next block, and those that have to ripen. It looks at
// all coins of the set.
func (c *Chain) Balance(owner Key) (spendable, immature Amount) {
	for _, coin := range c.utxo.coins { // in any order: a sum
		switch {
		case coin.Owner != owner:
		case c.Mature(coin):
			spendable += coin.Value
		default:
			immature += coin.Value
		}
	}
	return spendable, immature
}

// Movement is what a transaction did to an owner.
type Movement struct {
	Tx       consensus.Hash
	Height   int
	Received Amount
	Spent    Amount
}

// History is all transactions of the active chain that paid an owner or spent what was theirs, the oldest first. It looks at
// all blocks.
func (c *Chain) History(owner Key) []Movement {
	var history []Movement
	for _, e := range c.active[1:] {
		b := c.bodies[e]
		spent := b.undo.Spent
		for i, t := range b.block.Txs {
			m := Movement{Tx: b.ids[i], Height: e.Height}
			touched := false
			for _, o := range t.Outputs {
				if o.Owner == owner {
					m.Received += o.Value
					touched = true
				}
			}
			for _, coin := range spent[:len(t.Inputs)] {
				if coin.Owner == owner {
					m.Spent += coin.Value
					touched = true
				}
			}
			spent = spent[len(t.Inputs):]
			if touched {
				history = append(history, m)
			}
		}
	}
	return history
}
