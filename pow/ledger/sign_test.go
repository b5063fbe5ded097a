package ledger

import (
	"crypto/ed25519"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

func TestSignatureCoversEverything(t *testing.T) {
	p := smallNet()
	make2 := func() *Tx {
		return &Tx{
			Inputs:  []Input{{Prev: OutPoint{consensus.Hash{1}, 0}}, {Prev: OutPoint{consensus.Hash{2}, 5}}},
			Outputs: []Output{{100, bob.key}, {200, alice.key}},
		}
	}
	spent := []Coin{{Owner: alice.key}, {Owner: bob.key}}
	signed := func() *Tx {
		tx := make2()
		require.NoError(t, tx.SignInput(p, 0, alice.private))
		require.NoError(t, tx.SignInput(p, 1, bob.private))
		return tx
	}
	check := func(p *consensus.Params, tx *Tx) error { return checkSignatures(p, tx, tx.ID(), spent, nil) }
	require.NoError(t, check(p, signed()))
	for name, change := range map[string]func(*Tx){
		"amount":          func(tx *Tx) { tx.Outputs[0].Value++ },
		"owner":           func(tx *Tx) { tx.Outputs[1].Owner[0] ^= 1 },
		"one output more": func(tx *Tx) { tx.Outputs = append(tx.Outputs, Output{1, carol.key}) },
		"one output less": func(tx *Tx) { tx.Outputs = tx.Outputs[:1] },
		"output order":    func(tx *Tx) { slices.Reverse(tx.Outputs) },
		"other coin":      func(tx *Tx) { tx.Inputs[1].Prev.Index++ },
		"other tx":        func(tx *Tx) { tx.Inputs[1].Prev.Tx[0]++ },
		"signature":       func(tx *Tx) { tx.Inputs[1].Signature[5] ^= 1 },
		"swapped": func(tx *Tx) {
			tx.Inputs[0].Signature, tx.Inputs[1].Signature = tx.Inputs[1].Signature, tx.Inputs[0].Signature
		},
		"none": func(tx *Tx) { tx.Inputs[0].Signature = [64]byte{} },
	} {
		tx := signed()
		change(tx)
		require.ErrorIs(t, check(p, tx), ErrSignature, name)
	}
	other := p.WithGenesis(p.Genesis.Time+1, p.Genesis.Bits)
	require.ErrorIs(t, check(other, signed()), ErrSignature, "on another network it is worth nothing")

	require.Error(t, make2().SignInput(p, 2, alice.private))
	require.Error(t, make2().SignInput(p, -1, alice.private))
	require.Error(t, make2().Sign(p, alice.private[:10]))
}

// groupOrder is L, the order of Ed25519's prime subgroup: 2²⁵² + 27742317777372353535851937790883648493.
func groupOrder() *big.Int {
	l, _ := new(big.Int).SetString("27742317777372353535851937790883648493", 10)
	return l.Add(l, new(big.Int).Lsh(big.NewInt(1), 252))
}

// TestNobodyElseCanChangeASignature: S+L satisfies the same equation, and is refused, so that an id has no second form.
func TestNobodyElseCanChangeASignature(t *testing.T) {
	message := []byte("pay bob")
	var sig [64]byte
	copy(sig[:], ed25519.Sign(alice.private, message))
	require.True(t, VerifySignature(alice.key, message, sig))
	require.False(t, VerifySignature(bob.key, message, sig))
	require.False(t, VerifySignature(alice.key, []byte("pay eve"), sig))
	s := fromLittle(sig[32:])
	little := s.Add(s, groupOrder()).FillBytes(make([]byte, 32))
	slices.Reverse(little)
	copy(sig[32:], little)
	require.False(t, VerifySignature(alice.key, message, sig))
}

func fromLittle(b []byte) *big.Int {
	b = slices.Clone(b)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

// TestWeakKeys: with a key of small order, one signature that nobody made is good for any message, as far as crypto/ed25519 is
// concerned. Not here.
func TestWeakKeys(t *testing.T) {
	var sig [64]byte
	sig[0] = 1 // R is the neutral element, S is 0
	neutral := Key{0: 1}
	for _, message := range []string{"pay bob", "pay eve", ""} {
		require.True(t, ed25519.Verify(neutral[:], []byte(message), sig[:]), "if this changes, the rule's comment is out of date")
		require.False(t, VerifySignature(neutral, []byte(message), sig))
	}
	for y := range smallOrder {
		signed := y
		signed[31] |= 0x80
		require.False(t, canonicalKey(y))
		require.False(t, canonicalKey(signed), "the other x")
	}
	// y from 2²⁵⁵−19 on stands for y−(2²⁵⁵−19): a second form of the same key.
	for low := 0xed; low <= 0xff; low++ {
		k := Key{0: byte(low), 31: 0x7f}
		for i := 1; i < 31; i++ {
			k[i] = 0xff
		}
		require.False(t, canonicalKey(k), "%x", k)
		k[31] = 0xff
		require.False(t, canonicalKey(k), "%x", k)
	}
	k := Key{0: 0xeb, 31: 0x7f}
	for i := 1; i < 31; i++ {
		k[i] = 0xff
	}
	require.True(t, canonicalKey(k), "2²⁵⁵−21 is a fine y")
	k[15] = 0xfe
	k[0] = 0xff
	require.True(t, canonicalKey(k))
	require.True(t, canonicalKey(alice.key))
}

// TestSmallOrderTable works the table out again: on x² and y² alone, doubling a point thrice must give the neutral element.
func TestSmallOrderTable(t *testing.T) {
	prime := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	mod := func(x *big.Int) *big.Int { return x.Mod(x, prime) }
	inv := func(x *big.Int) *big.Int { return new(big.Int).ModInverse(x, prime) }
	one := big.NewInt(1)
	d := mod(new(big.Int).Mul(big.NewInt(-121665), inv(big.NewInt(121666))))
	points := 0
	for k := range smallOrder {
		y := fromLittle(k[:])
		// x² = (y²−1)/(dy²+1); y of the double = (y²+x²)/(1−dx²y²), since a = −1.
		x2 := func(y *big.Int) *big.Int {
			y2 := new(big.Int).Mul(y, y)
			den := mod(new(big.Int).Add(new(big.Int).Mul(d, y2), one))
			return mod(new(big.Int).Mul(new(big.Int).Sub(y2, one), inv(den)))
		}
		xx := x2(y)
		require.NotEqual(t, -1, big.Jacobi(xx, prime), "%x is on the curve", k)
		points += 2
		if xx.Sign() == 0 {
			points--
		}
		for range 3 {
			y2 := new(big.Int).Mul(y, y)
			xx := x2(y)
			num := mod(new(big.Int).Add(y2, xx))
			den := mod(new(big.Int).Sub(one, new(big.Int).Mul(d, new(big.Int).Mul(xx, y2))))
			y = mod(new(big.Int).Mul(num, inv(den)))
		}
		require.Zero(t, y.Cmp(one), "%x", k)
	}
	require.Equal(t, 8, points, "all of the torsion subgroup")
}

func TestSigCache(t *testing.T) {
	var none *SigCache
	none.add(consensus.Hash{1})
	require.False(t, none.has(consensus.Hash{1}))
	c := NewSigCache(2)
	for i := byte(1); i <= 3; i++ {
		c.add(consensus.Hash{i})
		c.add(consensus.Hash{i})
	}
	require.False(t, c.has(consensus.Hash{1}), "the oldest had to go")
	require.True(t, c.has(consensus.Hash{2}))
	require.True(t, c.has(consensus.Hash{3}))
	require.Len(t, c.good, 2)

	p := smallNet()
	tx := &Tx{Inputs: []Input{{}}, Outputs: []Output{{1, bob.key}}}
	require.ErrorIs(t, checkSignatures(p, tx, tx.ID(), []Coin{{Owner: alice.key}}, c), ErrSignature)
	require.False(t, c.has(tx.ID()), "what is bad is not remembered as good")
	require.NoError(t, tx.Sign(p, alice.private))
	require.NoError(t, checkSignatures(p, tx, tx.ID(), []Coin{{Owner: alice.key}}, c))
	require.True(t, c.has(tx.ID()))
}
