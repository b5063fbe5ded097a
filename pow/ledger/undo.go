package ledger

import (
	"fmt"

	"6.824/pow/consensus"
)

// Undo is what a block has spent: with it the block can be taken back exactly (CBlockUndo in Bitcoin Core).
type Undo struct {
	Spent []Coin // by all its inputs, in order
}

// Append appends the encoding of u.
func (u *Undo) Append(b []byte) []byte {
	b = appendCount(b, uint64(len(u.Spent)))
	for i := range u.Spent {
		b = u.Spent[i].append(b)
	}
	return b
}

// DecodeUndo reads an undo record that is all of b; it encodes to the same bytes again, anything else is [ErrDecode].
func DecodeUndo(b []byte) (*Undo, error) {
	r := &reader{b: b}
	u := r.undo()
	if err := r.end("undo record"); err != nil {
		return nil, err
	}
	return u, nil
}

func (r *reader) undo() *Undo {
	u := &Undo{}
	if n := r.count(coinSize, "spent coins"); n > 0 {
		u.Spent = make([]Coin, n)
		for i := range u.Spent {
			u.Spent[i] = r.coin()
		}
	}
	return u
}

// disconnect takes back a block that was connected last: its outputs go, what it spent comes back. It is the exact reverse of
// connect, down to the order; that something does not match means that the undo record is another block's, or the set is.
func (v *view) disconnect(b *Block, ids []consensus.Hash, height uint32, undo *Undo) error {
	left := len(undo.Spent)
	for i := len(b.Txs) - 1; i >= 0; i-- {
		t := b.Txs[i]
		for n := range t.Outputs {
			o := OutPoint{ids[i], uint32(n)}
			want := Coin{t.Outputs[n].Value, t.Outputs[n].Owner, height, t.IsCoinbase()}
			if c, ok := v.coin(o); !ok || c != want {
				return fmt.Errorf("%w: output %v:%d to be taken back is not there", ErrCorrupt, o.Tx, o.Index)
			}
			v.spend(o)
		}
		for n := len(t.Inputs) - 1; n >= 0; n-- {
			if left--; left < 0 {
				return fmt.Errorf("%w: the undo record has fewer coins than the block has inputs", ErrCorrupt)
			}
			prev := t.Inputs[n].Prev
			if _, there := v.coin(prev); there {
				return fmt.Errorf("%w: output %v:%d to be brought back is there", ErrCorrupt, prev.Tx, prev.Index)
			}
			v.add(prev, undo.Spent[left])
		}
	}
	if left != 0 {
		return fmt.Errorf("%w: the undo record has %d coins more than the block has inputs", ErrCorrupt, left)
	}
	return nil
}
