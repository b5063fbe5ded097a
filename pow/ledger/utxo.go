package ledger

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"6.824/pow/consensus"
)

// Coin is an unspent output, with what the rules ask about where it came from.
type Coin struct {
	Value    Amount
	Owner    Key
	Height   uint32 // of the block that made it
	Coinbase bool
}

const coinSize = 8 + KeySize + 4 + 1

// UTXO is the unspent outputs that a chain leads to: all that a transaction's validity depends on. A double spend
// is a missing key.
type UTXO struct {
	coins map[OutPoint]Coin
	total Amount
}

func newUTXO() *UTXO { return &UTXO{coins: map[OutPoint]Coin{}} }

// Coin is the unspent output of that name; ok is false if there is none, or not any more.
func (u *UTXO) Coin(o OutPoint) (c Coin, ok bool) {
	c, ok = u.coins[o]
	return c, ok
}

// Len is how many unspent outputs there are.
func (u *UTXO) Len() int { return len(u.coins) }

// Total is what they are worth together: the money that there is.
func (u *UTXO) Total() Amount { return u.total }

// Digest is a hash of the whole set: equal for equal sets, however they came about. It sorts the set.
func (u *UTXO) Digest() consensus.Hash { return sha256.Sum256(u.append(nil)) }

// append encodes the set in one order.
func (u *UTXO) append(b []byte) []byte {
	b = appendCount(b, uint64(len(u.coins)))
	for _, o := range u.sorted(nil) {
		c := u.coins[o]
		b = c.append(o.append(b))
	}
	return b
}

// sorted is the names of the coins that keep says to keep, all if it is nil, in one order.
func (u *UTXO) sorted(keep func(Coin) bool) []OutPoint {
	var names []OutPoint
	for o, c := range u.coins {
		if keep == nil || keep(c) {
			names = append(names, o)
		}
	}
	slices.SortFunc(names, func(a, b OutPoint) int {
		return cmp.Or(bytes.Compare(a.Tx[:], b.Tx[:]), cmp.Compare(a.Index, b.Index))
	})
	return names
}

func (c *Coin) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, uint64(c.Value))
	b = append(b, c.Owner[:]...)
	b = binary.LittleEndian.AppendUint32(b, c.Height)
	if c.Coinbase {
		return append(b, 1)
	}
	return append(b, 0)
}

func (r *reader) coin() (c Coin) {
	o := r.output()
	c = Coin{Value: o.Value, Owner: o.Owner, Height: r.uint32("coin's height")}
	if b := r.take(1, "coin's kind"); b != nil {
		c.Coinbase = b[0] == 1
		if b[0] > 1 {
			r.fail("coin's kind is %d", b[0])
		}
	}
	if r.err == nil && !c.Value.Valid() {
		r.fail("coin of %v", c.Value)
	}
	return c
}

// utxo reads what append wrote: in order, each once.
func (r *reader) utxo() *UTXO {
	u := newUTXO()
	var last []byte
	for range r.count(outPointSize+coinSize, "coins") {
		o := r.outPoint()
		c := r.coin()
		if r.err != nil {
			return nil
		}
		// The order of the encoding is by transaction, then by number; big-endian bytes compare as both.
		key := binary.BigEndian.AppendUint32(slices.Clone(o.Tx[:]), o.Index)
		if last != nil && bytes.Compare(last, key) >= 0 {
			r.fail("coins out of order")
			return nil
		}
		last = key
		total, ok := u.total.Plus(c.Value)
		if !ok {
			r.fail("coins worth more than there can be")
			return nil
		}
		u.total = total
		u.coins[o] = c
	}
	return u
}

// view is a UTXO set with changes on top that have not been made yet. Blocks are tried on a view; what fails is dropped with it,
// so that the set itself only ever steps from one valid tip to another.
type view struct {
	base    *UTXO
	changes map[OutPoint]change
}

type change struct {
	coin    Coin
	unspent bool
}

func newView(base *UTXO) *view { return &view{base, map[OutPoint]change{}} }

func (v *view) coin(o OutPoint) (Coin, bool) {
	if ch, ok := v.changes[o]; ok {
		return ch.coin, ch.unspent
	}
	return v.base.Coin(o)
}

func (v *view) add(o OutPoint, c Coin) { v.changes[o] = change{c, true} }

func (v *view) spend(o OutPoint) { v.changes[o] = change{} }

// flush makes the changes. Sums cannot wrap: what a chain makes is bounded by its schedule.
func (v *view) flush() {
	for o, ch := range v.changes { // in any order: the keys are distinct
		if old, ok := v.base.coins[o]; ok {
			v.base.total -= old.Value
			delete(v.base.coins, o)
		}
		if ch.unspent {
			v.base.total += ch.coin.Value
			v.base.coins[o] = ch.coin
		}
	}
}
