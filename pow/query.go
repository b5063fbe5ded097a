package pow

import (
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// Status is where a node stands.
type Status struct {
	Tip    consensus.Hash
	Height int
	Work   consensus.Uint256
	Supply ledger.Amount // what all unspent outputs are worth
	Pool   int           // transactions that wait
	Known  int           // headers that are stored, forks included
}

// Status asks the node where it stands; [ErrDead] if it does not any more.
func (n *Node) Status() (s Status, err error) {
	err = n.View(func(c *ledger.Chain, p *ledger.Pool) {
		tip := c.Tip()
		s = Status{tip.Hash, tip.Height, tip.Work, c.UTXO().Total(), p.Len(), c.Tree().Len()}
	})
	return s, err
}

// View has f look at the node's ledger, on the node's loop: it must not block, change anything or keep what it was given.
func (n *Node) View(f func(*ledger.Chain, *ledger.Pool)) error {
	if n.box.ask(func() { f(n.chain, n.pool) }) {
		return nil
	}
	return ErrDead
}

// Balance is what an owner's coins are worth: what the next block may spend, and what has to ripen.
func (n *Node) Balance(owner ledger.Key) (spendable, immature ledger.Amount, err error) {
	err = n.View(func(c *ledger.Chain, _ *ledger.Pool) { spendable, immature = c.Balance(owner) })
	return spendable, immature, err
}

// Confirmations is how deep a transaction lies: 1 in the tip's block, 0 if it is not in the active chain.
func (n *Node) Confirmations(tx consensus.Hash) (k int, err error) {
	err = n.View(func(c *ledger.Chain, _ *ledger.Pool) { k = c.Confirmations(tx) })
	return k, err
}

// History is what happened to an owner on the active chain, the oldest first.
func (n *Node) History(owner ledger.Key) (h []ledger.Movement, err error) {
	err = n.View(func(c *ledger.Chain, _ *ledger.Pool) { h = c.History(owner) })
	return h, err
}
