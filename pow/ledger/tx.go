package ledger

import (
	"encoding/binary"
	"slices"

	"6.824/pow/consensus"
)

// OutPoint names an output: that number of that transaction.
type OutPoint struct {
	Tx    consensus.Hash
	Index uint32
}

// Input spends an output. Its owner's signature covers the whole transaction; see sign.go.
type Input struct {
	Prev      OutPoint
	Signature [SignatureSize]byte
}

// Output is money that its owner, and nobody else, can spend.
type Output struct {
	Value Amount
	Owner Key
}

// Tx moves money from outputs that it spends to outputs that it makes; what is left over is the miner's fee. Without inputs it
// is a coinbase, the miner's own transaction that makes new money (whitepaper, section 6). Height and Extra are the coinbase's
// alone, and not written for others.
type Tx struct {
	Inputs  []Input
	Outputs []Output

	Height uint32 // of its block, so that no two coinbases are alike (BIP 34)
	Extra  []byte // what the miner likes, up to MaxExtra bytes: when it is out of nonces it changes this
}

// MaxExtra bounds Tx.Extra, in bytes.
const MaxExtra = 100

// Sizes of encoded parts, in bytes.
const (
	outPointSize = 32 + 4
	inputSize    = outPointSize + SignatureSize
	outputSize   = 8 + KeySize
	minTxSize    = 1 + 4 + 1 + 1 // of a coinbase with nothing in it, which is refused later
)

// IsCoinbase reports whether t makes new money.
func (t *Tx) IsCoinbase() bool { return len(t.Inputs) == 0 }

// ID is the transaction's name: the double SHA-256 of all its bytes, signatures included. A signature has one form only (sign.go), so
// nobody but the signers can make another id for the same payment: the malleability that Bitcoin had to take signatures
// out of its ids for (BIP 141) does not arise, and the Merkle root commits to everything.
func (t *Tx) ID() consensus.Hash {
	return consensus.DoubleSHA256(t.Append(make([]byte, 0, t.Size())))
}

// Size is the number of encoded bytes.
func (t *Tx) Size() int {
	n := countSize(len(t.Inputs)) + len(t.Inputs)*inputSize + countSize(len(t.Outputs)) + len(t.Outputs)*outputSize
	if t.IsCoinbase() {
		n += 4 + countSize(len(t.Extra)) + len(t.Extra)
	}
	return n
}

// Append appends the encoding of t: the inputs; for a coinbase, which has none, its height and extra bytes; the outputs.
func (t *Tx) Append(b []byte) []byte {
	return t.append(b, true)
}

func (t *Tx) append(b []byte, signatures bool) []byte {
	b = appendCount(b, uint64(len(t.Inputs)))
	for i := range t.Inputs {
		b = t.Inputs[i].Prev.append(b)
		if signatures {
			b = append(b, t.Inputs[i].Signature[:]...)
		}
	}
	if t.IsCoinbase() {
		b = binary.LittleEndian.AppendUint32(b, t.Height)
		b = appendCount(b, uint64(len(t.Extra)))
		b = append(b, t.Extra...)
	}
	b = appendCount(b, uint64(len(t.Outputs)))
	for i := range t.Outputs {
		b = t.Outputs[i].append(b)
	}
	return b
}

func (o OutPoint) append(b []byte) []byte {
	return binary.LittleEndian.AppendUint32(append(b, o.Tx[:]...), o.Index)
}

func (o *Output) append(b []byte) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(o.Value)), o.Owner[:]...)
}

// DecodeTx reads a transaction that is all of b. It encodes to the same bytes again; anything else is [ErrDecode]. The form is
// checked, not the sense: see [CheckTx]. The result shares no memory with b.
func DecodeTx(b []byte) (*Tx, error) {
	r := &reader{b: b}
	t := r.tx()
	if err := r.end("transaction"); err != nil {
		return nil, err
	}
	return t, nil
}

func (r *reader) tx() *Tx {
	t := &Tx{}
	if n := r.count(inputSize, "inputs"); n > 0 {
		t.Inputs = make([]Input, n)
		for i := range t.Inputs {
			t.Inputs[i].Prev = r.outPoint()
			copy(t.Inputs[i].Signature[:], r.take(SignatureSize, "signature"))
		}
	} else {
		t.Height = r.uint32("coinbase height")
		t.Extra = slices.Clone(r.take(r.count(1, "coinbase extra bytes"), "coinbase extra bytes"))
		if len(t.Extra) == 0 {
			t.Extra = nil
		}
	}
	if n := r.count(outputSize, "outputs"); n > 0 {
		t.Outputs = make([]Output, n)
		for i := range t.Outputs {
			t.Outputs[i] = r.output()
		}
	}
	return t
}

func (r *reader) outPoint() OutPoint {
	return OutPoint{r.hash("output's transaction"), r.uint32("output's index")}
}

func (r *reader) output() (o Output) {
	o.Value = Amount(r.uint64("amount"))
	copy(o.Owner[:], r.take(KeySize, "owner"))
	return o
}
