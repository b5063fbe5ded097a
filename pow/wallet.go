package pow

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// Wallet is somebody's key, and knows how to pay with it. Use [NewWallet].
type Wallet struct {
	params  *consensus.Params
	private ed25519.PrivateKey
}

// ErrFunds says that a wallet has not enough coins that it can spend now.
var ErrFunds = errors.New("not enough coins")

// NewWallet is the wallet of the key that a secret stands for. Who knows the secret owns the coins.
func NewWallet(p *consensus.Params, secret []byte) *Wallet {
	seed := consensus.DoubleSHA256(secret)
	return &Wallet{p, ed25519.NewKeyFromSeed(seed[:])}
}

// Key is whom to pay.
func (w *Wallet) Key() ledger.Key { return ledger.PublicKey(w.private) }

// Draft is a signed payment of amount to somebody, and a fee, of coins that are ripe by the chain and that nothing waiting in the
// pool spends; what is left over comes back. It is not sent.
func (w *Wallet) Draft(c *ledger.Chain, p *ledger.Pool, to ledger.Key, amount, fee ledger.Amount) (*ledger.Tx, error) {
	need, ok := amount.Plus(fee)
	if !ok || amount == 0 {
		return nil, fmt.Errorf("a payment of %v and a fee of %v", amount, fee)
	}
	t := &ledger.Tx{}
	var have ledger.Amount
	for _, u := range c.Coins(w.Key()) {
		if _, spent := p.Spender(u.OutPoint); spent || !c.Mature(u.Coin) {
			continue
		}
		t.Inputs = append(t.Inputs, ledger.Input{Prev: u.OutPoint})
		if have += u.Value; have >= need {
			break
		}
	}
	if have < need {
		return nil, fmt.Errorf("%w: %v of %v", ErrFunds, have, need)
	}
	t.Outputs = append(t.Outputs, ledger.Output{Value: amount, Owner: to})
	if rest := have - need; rest > 0 {
		t.Outputs = append(t.Outputs, ledger.Output{Value: rest, Owner: w.Key()})
	}
	return t, t.Sign(w.params, w.private)
}

// Pay drafts a payment by a node's ledger and submits it there.
func (w *Wallet) Pay(n *Node, to ledger.Key, amount, fee ledger.Amount) (*ledger.Tx, error) {
	var t *ledger.Tx
	var err error
	if dead := n.View(func(c *ledger.Chain, p *ledger.Pool) { t, err = w.Draft(c, p, to, amount, fee) }); dead != nil {
		return nil, dead
	}
	if err != nil {
		return nil, err
	}
	return t, n.Submit(t)
}

// Sign signs all inputs of a transaction with the wallet's key.
func (w *Wallet) Sign(t *ledger.Tx) error { return t.Sign(w.params, w.private) }
