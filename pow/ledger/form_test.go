package ledger

import (
	"bytes"
	"math"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

func sampleTxs() []*Tx {
	spend := &Tx{Inputs: []Input{{Prev: OutPoint{consensus.Hash{1}, 2}}, {Prev: OutPoint{consensus.Hash{3}, 4}}}, Outputs: []Output{{5, bob.key}}}
	spend.Inputs[0].Signature[63] = 9
	many := &Tx{Inputs: []Input{{}}, Outputs: make([]Output, 300)} // a count of three bytes
	return []*Tx{
		{Height: 7, Extra: []byte("hello"), Outputs: []Output{{-1, alice.key}, {math.MaxInt64, Key{}}}},
		{}, {Height: math.MaxUint32}, spend, many,
	}
}

func TestTxEncoding(t *testing.T) {
	for _, tx := range sampleTxs() {
		b := tx.Append(nil)
		require.Len(t, b, tx.Size())
		again, err := DecodeTx(b)
		require.NoError(t, err)
		require.Equal(t, tx, again)
		require.Equal(t, consensus.DoubleSHA256(b), tx.ID())
		for n := range b {
			_, err := DecodeTx(b[:n])
			require.ErrorIs(t, err, ErrDecode, "cut at %d of %d", n, len(b))
		}
		_, err = DecodeTx(append(slices.Clone(b), 0))
		require.ErrorIs(t, err, ErrDecode, "a byte behind")
	}
}

// TestOneEncoding: a count in more bytes than it needs says the same, and would give a transaction a second id.
func TestOneEncoding(t *testing.T) {
	b := (&Tx{Height: 7, Outputs: []Output{{5, bob.key}}}).Append(nil)
	require.Equal(t, []byte{0, 7, 0, 0, 0, 0, 1}, b[:7])
	for _, long := range [][]byte{{0xfd, 0, 0}, {0xfe, 0, 0, 0, 0}, {0xff, 0, 0, 0, 0, 0, 0, 0, 0}} {
		_, err := DecodeTx(slices.Concat(long, b[1:]))
		require.ErrorContains(t, err, "too long")
	}
	for n, size := range map[uint64]int{0: 1, 0xfc: 1, 0xfd: 3, 0xffff: 3, 0x10000: 5, 0xffffffff: 5, 0x100000000: 9} {
		c := appendCount(nil, n)
		require.Len(t, c, size)
		if n < 1<<20 {
			require.Equal(t, size, countSize(int(n)))
			r := &reader{b: append(c, make([]byte, n)...)}
			require.EqualValues(t, n, r.count(1, "test"))
			require.NoError(t, r.err)
		}
	}
}

// TestClaimsAreNotBelieved: a few bytes that speak of billions cost a few bytes.
func TestClaimsAreNotBelieved(t *testing.T) {
	huge := [][]byte{
		{0xfe, 0xff, 0xff, 0xff, 0xff}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0xfd, 0xff, 0xff},
		append([]byte{0, 1, 0, 0, 0}, 0xfe, 0xff, 0xff, 0xff, 0x7f), append([]byte{0, 1, 0, 0, 0, 0}, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f),
	}
	for _, b := range huge {
		_, err := DecodeTx(b)
		require.ErrorIs(t, err, ErrDecode)
		_, err = DecodeUndo(b)
		require.ErrorIs(t, err, ErrDecode)
		_, err = DecodeBlock(append(make([]byte, 80), b...))
		require.ErrorIs(t, err, ErrDecode)
		for _, decode := range []func(){func() { DecodeTx(b) }, func() { DecodeUndo(b) }, func() { DecodeBlock(append(make([]byte, 80), b...)) }} {
			require.Less(t, allocated(decode), uint64(10_000))
		}
	}
}

// allocated is how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestBlockEncoding(t *testing.T) {
	b := &Block{Header: consensus.Header{Version: -3, Time: 9}, Txs: sampleTxs()}
	raw := b.Append(nil)
	require.Len(t, raw, b.Size())
	again, err := DecodeBlock(raw)
	require.NoError(t, err)
	require.Equal(t, b, again)
	for n := 0; n < len(raw); n += 13 {
		_, err := DecodeBlock(raw[:n])
		require.ErrorIs(t, err, ErrDecode)
	}
	_, err = DecodeBlock(append(raw, 1))
	require.ErrorIs(t, err, ErrDecode)
	raw[90] ^= 1
	if other, err := DecodeBlock(raw[:len(raw)-1]); err == nil {
		require.Equal(t, raw[:len(raw)-1], other.Append(nil))
	}
}

func TestUndoEncoding(t *testing.T) {
	u := &Undo{[]Coin{{5, bob.key, 7, true}, {0, Key{}, 0, false}}}
	b := u.Append(nil)
	again, err := DecodeUndo(b)
	require.NoError(t, err)
	require.Equal(t, u, again)
	bad := slices.Clone(b)
	bad[1+coinSize-1] = 2
	_, err = DecodeUndo(bad)
	require.ErrorIs(t, err, ErrDecode, "a coin's kind is 0 or 1")
	bad = slices.Clone(b)
	bad[8] = 0xff
	_, err = DecodeUndo(bad)
	require.ErrorIs(t, err, ErrDecode, "a coin below zero")
}

func TestAmounts(t *testing.T) {
	const most = Amount(consensus.MaxMoney)
	for _, v := range []struct {
		a, b Amount
		ok   bool
	}{{0, 0, true}, {most, 0, true}, {most - 1, 1, true}, {most, 1, false}, {-1, 1, false}, {1, -1, false}, {math.MaxInt64, math.MaxInt64, false}, {math.MinInt64, 0, false}} {
		sum, ok := v.a.Plus(v.b)
		require.Equal(t, v.ok, ok, "%d + %d", v.a, v.b)
		if ok {
			require.Equal(t, v.a+v.b, sum)
		}
	}
	require.Equal(t, "50.00000000", Amount(50*coin).String())
	require.Equal(t, "-0.00000001", Amount(-1).String())
	require.Equal(t, "-92233720368.54775808", Amount(math.MinInt64).String())
}

func TestCheckTx(t *testing.T) {
	in := []Input{{Prev: OutPoint{consensus.Hash{1}, 0}}}
	const most = Amount(consensus.MaxMoney)
	for name, v := range map[string]struct {
		tx   *Tx
		rule *consensus.Rule
	}{
		"good":            {&Tx{Inputs: in, Outputs: []Output{{most, bob.key}}}, nil},
		"zero":            {&Tx{Inputs: in, Outputs: []Output{{0, bob.key}}}, nil},
		"no outputs":      {&Tx{Inputs: in}, ErrNoOutputs},
		"negative":        {&Tx{Inputs: in, Outputs: []Output{{-1, bob.key}}}, ErrAmount},
		"too much":        {&Tx{Inputs: in, Outputs: []Output{{most + 1, bob.key}}}, ErrAmount},
		"sum too much":    {&Tx{Inputs: in, Outputs: []Output{{most, bob.key}, {1, bob.key}}}, ErrAmount},
		"sum wraps":       {&Tx{Inputs: in, Outputs: []Output{{math.MaxInt64, bob.key}, {math.MaxInt64, bob.key}, {2, bob.key}}}, ErrAmount},
		"spends twice":    {&Tx{Inputs: append(in, in...), Outputs: []Output{{1, bob.key}}}, ErrDoubleInput},
		"two of one":      {&Tx{Inputs: append(in, Input{Prev: OutPoint{consensus.Hash{1}, 1}}), Outputs: []Output{{1, bob.key}}}, nil},
		"coinbase":        {&Tx{Extra: make([]byte, 100), Outputs: []Output{{1, bob.key}}}, nil},
		"coinbase long":   {&Tx{Extra: make([]byte, 101), Outputs: []Output{{1, bob.key}}}, ErrCoinbaseLength},
		"coinbase of 64":  {&Tx{Extra: make([]byte, 17), Outputs: []Output{{1, bob.key}}}, ErrTxSize64},
		"coinbase of 63":  {&Tx{Extra: make([]byte, 16), Outputs: []Output{{1, bob.key}}}, nil},
		"coinbase no out": {&Tx{}, ErrNoOutputs},
	} {
		err := CheckTx(v.tx)
		if v.rule == nil {
			require.NoError(t, err, name)
			continue
		}
		require.ErrorIs(t, err, v.rule, name)
	}
}

func TestCheckBlock(t *testing.T) {
	p := smallNet()
	coinbase := &Tx{Height: 1, Outputs: []Output{{50, bob.key}}}
	spend := func(i byte) *Tx {
		return &Tx{Inputs: []Input{{Prev: OutPoint{consensus.Hash{i}, 0}}}, Outputs: []Output{{1, bob.key}}}
	}
	big := &Tx{Inputs: []Input{{}}, Outputs: make([]Output, 500)}
	check := func(class consensus.Class, rule *consensus.Rule, seal bool, txs ...*Tx) {
		t.Helper()
		b := &Block{Txs: txs}
		if seal {
			b.Seal()
		}
		err := CheckBlock(p, b)
		if rule == nil {
			require.NoError(t, err)
			return
		}
		require.ErrorIs(t, err, rule)
		got, ok := consensus.ClassOf(err)
		require.True(t, ok)
		require.Equal(t, class, got)
	}
	check(0, nil, true, coinbase)
	check(0, nil, true, coinbase, spend(1), spend(2))
	check(consensus.Mutated, ErrMerkleRoot, false, coinbase)
	check(consensus.Mutated, ErrMutated, true, coinbase, spend(1), spend(2), spend(2))
	check(consensus.Mutated, ErrTxSize64, true, &Tx{Extra: make([]byte, 17), Outputs: []Output{{1, bob.key}}})
	check(consensus.Mutated, ErrTxSize64, true, spend(1), &Tx{Extra: make([]byte, 17), Outputs: []Output{{1, bob.key}}}) // before all that is held against the header
	check(consensus.Invalid, ErrBlockSize, true)
	check(consensus.Invalid, ErrBlockSize, true, coinbase, big)
	check(consensus.Invalid, ErrCoinbaseMissing, true, spend(1))
	check(consensus.Invalid, ErrCoinbaseMultiple, true, coinbase, &Tx{Height: 1, Extra: []byte{1}, Outputs: []Output{{50, bob.key}}})
	check(consensus.Invalid, ErrNoOutputs, true, coinbase, &Tx{Inputs: []Input{{}}})
	check(consensus.Invalid, ErrDoubleInput, true, coinbase, &Tx{Inputs: []Input{{}, {}}, Outputs: []Output{{1, bob.key}}})

	exact := &Block{Txs: []*Tx{coinbase, spend(1)}}
	exact.Seal()
	p.MaxBlockBytes = exact.Size()
	require.NoError(t, CheckBlock(p, exact))
	p.MaxBlockBytes--
	require.ErrorIs(t, CheckBlock(p, exact), ErrBlockSize)
}

func FuzzDecodeTx(f *testing.F) {
	for _, tx := range sampleTxs()[:4] {
		f.Add(tx.Append(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tx, err := DecodeTx(b)
		if err != nil {
			require.ErrorIs(t, err, ErrDecode)
			return
		}
		require.Equal(t, b, tx.Append(nil))
		require.Len(t, b, tx.Size())
		_ = CheckTx(tx)
	})
}

func FuzzDecodeBlock(f *testing.F) {
	f.Add((&Block{Txs: sampleTxs()[:4]}).Append(nil))
	f.Add(make([]byte, 81))
	p := smallNet()
	f.Fuzz(func(t *testing.T, b []byte) {
		block, err := DecodeBlock(b)
		if err != nil {
			require.ErrorIs(t, err, ErrDecode)
			return
		}
		require.True(t, bytes.Equal(b, block.Append(nil)))
		require.Len(t, b, block.Size())
		_ = CheckBlock(p, block)
		block.Seal()
		_ = CheckBlock(p, block)
	})
}

func FuzzDecodeUndo(f *testing.F) {
	f.Add((&Undo{[]Coin{{5, bob.key, 7, true}}}).Append(nil))
	f.Add([]byte{0})
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := DecodeUndo(b)
		if err != nil {
			require.ErrorIs(t, err, ErrDecode)
			return
		}
		require.True(t, bytes.Equal(b, u.Append(nil)))
	})
}
