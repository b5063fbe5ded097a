package ledger

import "6.824/pow/consensus"

// Block is a header and the transactions that it commits to, the coinbase first. Once it was handed to a [Chain] it must not change.
type Block struct {
	Header consensus.Header
	Txs    []*Tx
}

// Hash is the header's.
func (b *Block) Hash() consensus.Hash { return b.Header.Hash() }

// TxIDs are the ids of the transactions, in order.
func (b *Block) TxIDs() []consensus.Hash {
	ids := make([]consensus.Hash, len(b.Txs))
	for i, t := range b.Txs {
		ids[i] = t.ID()
	}
	return ids
}

// Size is the number of encoded bytes.
func (b *Block) Size() int {
	n := consensus.HeaderSize + countSize(len(b.Txs))
	for _, t := range b.Txs {
		n += t.Size()
	}
	return n
}

// Append appends the encoding of b: the header's 80 bytes, and the transactions after their number.
func (b *Block) Append(to []byte) []byte {
	to = b.Header.Append(to)
	to = appendCount(to, uint64(len(b.Txs)))
	for _, t := range b.Txs {
		to = t.Append(to)
	}
	return to
}

// DecodeBlock reads a block that is all of b. It encodes to the same bytes again; anything else is [ErrDecode]. The form is checked,
// not the sense: see [CheckBlock]. What it allocates is in proportion to b; whoever takes bytes from strangers should
// look at their length first, against Params.MaxBlockBytes.
func DecodeBlock(b []byte) (*Block, error) {
	r := &reader{b: b}
	block := &Block{}
	if raw := r.take(consensus.HeaderSize, "header"); raw != nil {
		block.Header, r.err = consensus.DecodeHeader(raw)
	}
	if n := r.count(minTxSize, "transactions"); n > 0 {
		block.Txs = make([]*Tx, 0, min(n, 1024)) // grows as they are really there
		for range n {
			if r.err != nil {
				break
			}
			block.Txs = append(block.Txs, r.tx())
		}
	}
	if err := r.end("block"); err != nil {
		return nil, err
	}
	return block, nil
}
