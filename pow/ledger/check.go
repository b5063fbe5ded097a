package ledger

import "6.824/pow/consensus"

// CheckTx reports the first rule that a transaction breaks whatever the chain looks like (CheckTransaction in Bitcoin Core).
func CheckTx(t *Tx) error {
	if len(t.Outputs) == 0 {
		return consensus.Broken(ErrNoOutputs, "it makes nothing")
	}
	if t.Size() == 64 {
		return consensus.Broken(ErrTxSize64, "it could be taken for two hashes")
	}
	if _, err := t.outputSum(); err != nil {
		return err
	}
	if t.IsCoinbase() {
		if len(t.Extra) > MaxExtra {
			return consensus.Broken(ErrCoinbaseLength, "%d extra bytes, %d are allowed", len(t.Extra), MaxExtra)
		}
		return nil
	}
	// Two inputs alike would count one coin twice: from 2017 to 2018 Bitcoin Core left this check out for blocks, and anybody
	// with a miner could have made money out of nothing (CVE-2018-17144).
	if len(t.Inputs) > 1 {
		seen := make(map[OutPoint]struct{}, len(t.Inputs))
		for i := range t.Inputs {
			prev := t.Inputs[i].Prev
			if _, twice := seen[prev]; twice {
				return consensus.Broken(ErrDoubleInput, "%v:%d", prev.Tx, prev.Index)
			}
			seen[prev] = struct{}{}
		}
	}
	return nil
}

// outputSum is what the outputs are worth together, each and every partial sum in range. In 2010 two outputs of 2⁶³ together came
// to little, and 184 billion coins were made (CVE-2010-5139).
func (t *Tx) outputSum() (sum Amount, err error) {
	for i := range t.Outputs {
		var ok bool
		if sum, ok = sum.Plus(t.Outputs[i].Value); !ok {
			return 0, consensus.Broken(ErrAmount, "output %d of %v", i, t.Outputs[i].Value)
		}
	}
	return sum, nil
}

// CheckBlock reports the first rule that a block breaks whatever the chain looks like (CheckBlock in Bitcoin Core). Its header is
// not looked at: that is for [consensus.Params.CheckHeader].
//
// Whether the body is the header's own comes first. Only then can a fault in it be held against the header: an error
// of class [consensus.Mutated] says that somebody gave this body to a header that may have a better one.
func CheckBlock(p *consensus.Params, b *Block) error {
	_, err := checkBlock(p, b)
	return err
}

// checkBlock is CheckBlock; it also returns the transactions' ids, which cost a hash each.
func checkBlock(p *consensus.Params, b *Block) (ids []consensus.Hash, err error) {
	ids = b.TxIDs()
	root, doubled := consensus.MerkleRoot(ids)
	if root != b.Header.MerkleRoot {
		return nil, consensus.Broken(ErrMerkleRoot, "the body has %v, the header %v", root, b.Header.MerkleRoot)
	}
	if doubled {
		return nil, consensus.Broken(ErrMutated, "two equal neighbours in the Merkle tree of %d transactions", len(ids))
	}
	// Before anything is held against the header: two ids of an honest block, put end to end, could be passed off as one
	// transaction of 64 bytes, in a shorter body with the same root.
	for i, t := range b.Txs {
		if t.Size() == 64 {
			return nil, consensus.Broken(ErrTxSize64, "transaction %d", i)
		}
	}
	if size := b.Size(); len(b.Txs) == 0 || size > p.MaxBlockBytes {
		return nil, consensus.Broken(ErrBlockSize, "%d transactions in %d bytes, %d are allowed", len(b.Txs), size, p.MaxBlockBytes)
	}
	for i, t := range b.Txs {
		switch {
		case i == 0 && !t.IsCoinbase():
			return nil, consensus.Broken(ErrCoinbaseMissing, "the first transaction spends")
		case i > 0 && t.IsCoinbase():
			return nil, consensus.Broken(ErrCoinbaseMultiple, "transaction %d is one more", i)
		}
		if err := CheckTx(t); err != nil {
			return nil, err
		}
	}
	return ids, nil
}
