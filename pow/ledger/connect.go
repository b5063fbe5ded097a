package ledger

import "6.824/pow/consensus"

// coins is where a transaction's inputs are looked up.
type coins interface {
	coin(OutPoint) (Coin, bool)
}

// spending is what a transaction does to the coins it spends.
type spending struct {
	spent []Coin // by input
	fee   Amount
}

// checkSpend checks a transaction, which is not a coinbase and has passed [CheckTx], against the coins it spends, in a block
// of that height: that they are there, ripe, and worth what it pays out (CheckTxInputs in Bitcoin Core). Signatures
// are not looked at.
func checkSpend(p *consensus.Params, t *Tx, height int, from coins) (spending, error) {
	var in Amount
	spent := make([]Coin, len(t.Inputs))
	for i := range t.Inputs {
		prev := t.Inputs[i].Prev
		c, ok := from.coin(prev)
		if !ok {
			return spending{}, consensus.Broken(ErrMissingInput, "%v:%d", prev.Tx, prev.Index)
		}
		if depth := height - int(c.Height); c.Coinbase && depth < p.CoinbaseMaturity {
			return spending{}, consensus.Broken(ErrImmature, "%v is %d blocks deep, not %d", prev.Tx, depth, p.CoinbaseMaturity)
		}
		if in, ok = in.Plus(c.Value); !ok {
			return spending{}, consensus.Broken(ErrAmount, "inputs are worth more than there can be")
		}
		spent[i] = c
	}
	out, err := t.outputSum()
	if err != nil {
		return spending{}, err
	}
	if in < out {
		return spending{}, consensus.Broken(ErrOverspend, "%v in, %v out", in, out)
	}
	return spending{spent, in - out}, nil
}

// checkSignatures checks that the owner of each coin spent has signed.
func checkSignatures(p *consensus.Params, t *Tx, id consensus.Hash, spent []Coin, cache *SigCache) error {
	if cache.has(id) {
		return nil
	}
	hash := t.SigHash(p)
	for i := range t.Inputs {
		if !VerifySignature(spent[i].Owner, hash[:], t.Inputs[i].Signature) {
			return consensus.Broken(ErrSignature, "input %d of %v", i, id)
		}
	}
	cache.add(id)
	return nil
}

// connect applies a block, which has passed [CheckBlock], to the coins in view, and returns how to take it back (ConnectBlock in Bitcoin
// Core). Transactions apply in order: one may spend what an earlier one of the block has made. On an error the view is spoilt. verify
// false leaves signatures out: they were found good before.
func (v *view) connect(p *consensus.Params, b *Block, ids []consensus.Hash, height int, cache *SigCache, verify bool) (*Undo, error) {
	undo := &Undo{}
	var fees Amount
	for i, t := range b.Txs {
		if t.IsCoinbase() {
			if int64(t.Height) != int64(height) {
				return nil, consensus.Broken(ErrCoinbaseHeight, "the coinbase says %d", t.Height)
			}
		} else {
			s, err := checkSpend(p, t, height, v)
			if err != nil {
				return nil, err
			}
			var ok bool
			if fees, ok = fees.Plus(s.fee); !ok {
				return nil, consensus.Broken(ErrAmount, "fees are worth more than there can be")
			}
			undo.Spent = append(undo.Spent, s.spent...)
			for n := range t.Inputs {
				v.spend(t.Inputs[n].Prev)
			}
		}
		for n := range t.Outputs {
			o := OutPoint{ids[i], uint32(n)}
			if _, there := v.coin(o); there {
				return nil, consensus.Broken(ErrOverwrite, "%v:%d", o.Tx, o.Index)
			}
			v.add(o, Coin{t.Outputs[n].Value, t.Outputs[n].Owner, uint32(height), t.IsCoinbase()})
		}
	}
	pays, err := b.Txs[0].outputSum()
	if err != nil {
		return nil, err
	}
	subsidy := Amount(p.Subsidy(height))
	if allowed, ok := subsidy.Plus(fees); !ok || pays > allowed {
		return nil, consensus.Broken(ErrCoinbaseAmount, "it pays %v, the subsidy is %v and the fees are %v", pays, subsidy, fees)
	}
	if !verify {
		return undo, nil
	}
	// Signatures last: they cost more than all the rest.
	spent := undo.Spent
	for i, t := range b.Txs[1:] {
		if err := checkSignatures(p, t, ids[i+1], spent[:len(t.Inputs)], cache); err != nil {
			return nil, err
		}
		spent = spent[len(t.Inputs):]
	}
	return undo, nil
}
