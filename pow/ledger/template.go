package ledger

import (
	"container/heap"
	"slices"

	"6.824/pow/consensus"
)

// NewBlock lays out a block on the place that at describes (see headers.Tree.Next): a coinbase that pays owner the subsidy and the
// fees, and the transactions, which pay those fees. Only the nonce is missing. The time is at.Now, but as late as the rules ask
// for. extra tells coinbases of one height and owner apart.
func NewBlock(p *consensus.Params, at consensus.Context, owner Key, txs []*Tx, fees Amount, extra []byte) *Block {
	coinbase := &Tx{
		Height: uint32(at.Height), Extra: extra,
		Outputs: []Output{{Amount(p.Subsidy(at.Height)) + fees, owner}},
	}
	if coinbase.Size() == 64 { // see ErrTxSize64
		coinbase.Extra = append(slices.Clone(extra), 0)
	}
	b := &Block{Txs: append([]*Tx{coinbase}, txs...)}
	b.Header = consensus.Header{Version: blockVersion, Prev: at.Prev, Time: earliest(p, at), Bits: at.Bits}
	b.Seal()
	return b
}

const blockVersion = 4

// Seal sets the header's Merkle root to that of the transactions.
func (b *Block) Seal() { b.Header.MerkleRoot, _ = consensus.MerkleRoot(b.TxIDs()) }

// earliest is now, or the first time after it that the rules allow.
func earliest(p *consensus.Params, at consensus.Context) uint32 {
	t := max(at.Now, int64(at.MedianTime)+1)
	if p.TimewarpRule && p.IsRetarget(at.Height) {
		t = max(t, int64(at.PrevTime)-p.TimewarpGrace)
	}
	return uint32(t)
}

// Template is a block on the chain's tip with the waiting transactions that pay the most, ready to be mined.
func (p *Pool) Template(owner Key, extra []byte, now int64) *Block {
	c := p.chain
	room := c.cfg.Params.MaxBlockBytes - consensus.HeaderSize - maxCountSize - coinbaseRoom
	txs, fees := p.Select(room)
	return NewBlock(c.cfg.Params, c.tree.Next(c.Tip(), now), owner, txs, fees, extra)
}

// What is set aside for the number of transactions and for the coinbase of NewBlock, in bytes.
const (
	maxCountSize = 5
	coinbaseRoom = 1 + 4 + 1 + MaxExtra + 1 + outputSize
)

// Select picks waiting transactions of at most room bytes together that pay well, each after those that it hangs on, and says
// what they pay. It is greedy: over and over it takes the best rate of a transaction together with those of
// its ancestors that are not taken yet, so that a rich child pulls in a poor parent (addPackageTxs in Bitcoin Core).
func (p *Pool) Select(room int) (txs []*Tx, fees Amount) {
	s := selection{}
	byTx := make(map[*poolTx]*choice, len(p.txs))
	for _, t := range p.sorted() {
		ch := &choice{tx: t, pack: t.own}
		for _, a := range t.ancestors() {
			ch.pack = ch.pack.plus(a.own)
		}
		byTx[t] = ch
		heap.Push(&s, ch)
	}
	for len(s) > 0 {
		best := heap.Pop(&s).(*choice)
		if best.pack.size > room {
			continue // for good: what it needs shrinks only as the room does; something smaller may still fit
		}
		var pack []*poolTx
		for _, t := range append(best.tx.ancestors(), best.tx) {
			if !byTx[t].taken {
				pack = append(pack, t)
			}
		}
		for _, t := range inOrder(pack) {
			ch := byTx[t]
			ch.taken = true
			if ch.at >= 0 {
				heap.Remove(&s, ch.at)
			}
			txs, fees, room = append(txs, t.tx), fees+t.own.fee, room-t.own.size
			for _, d := range t.descendants() {
				below := byTx[d]
				below.pack = below.pack.minus(t.own)
				if below.at >= 0 {
					heap.Fix(&s, below.at)
				}
			}
		}
	}
	return txs, fees
}

// choice is a transaction that could be taken, with the load of those that would come with it.
type choice struct {
	tx    *poolTx
	pack  load
	taken bool
	at    int // in the heap; −1: not in it
}

// selection is a heap of choices, the best on top; of equals the one that came first.
type selection []*choice

func (s selection) Len() int { return len(s) }

func (s selection) Less(i, j int) bool {
	a, b := s[i].pack, s[j].pack
	if a.less(b) || b.less(a) {
		return b.less(a)
	}
	return s[i].tx.arrival < s[j].tx.arrival
}

func (s selection) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].at, s[j].at = i, j
}

func (s *selection) Push(x any) {
	c := x.(*choice)
	c.at = len(*s)
	*s = append(*s, c)
}

func (s *selection) Pop() any {
	old := *s
	c := old[len(old)-1]
	c.at = -1
	*s = old[:len(old)-1]
	return c
}
