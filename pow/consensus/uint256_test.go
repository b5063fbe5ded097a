package consensus

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// two256 is 2²⁵⁶.
var two256 = new(big.Int).Lsh(big.NewInt(1), 256)

func (x Uint256) big() *big.Int {
	n := new(big.Int)
	for i := 3; i >= 0; i-- {
		n.Lsh(n, 64).Or(n, new(big.Int).SetUint64(x[i]))
	}
	return n
}

func fromBig(n *big.Int) Uint256 {
	var le [32]byte
	b := new(big.Int).Mod(n, two256).FillBytes(make([]byte, 32))
	for i := range b {
		le[31-i] = b[i]
	}
	return Uint256FromBytes(le)
}

// checkUint256 holds every operation against math/big.
func checkUint256(t *testing.T, x, y Uint256, n uint, m, d uint64) {
	t.Helper()
	bx, by := x.big(), y.big()
	require.Equal(t, x, fromBig(bx))
	require.Equal(t, x, Uint256FromBytes(x.Bytes()))
	require.Equal(t, bx.Text(16), x.String())
	require.Equal(t, bx.BitLen(), x.BitLen())
	require.Equal(t, bx.Cmp(by), x.Cmp(y))
	require.Equal(t, bx.Sign() == 0, x.IsZero())

	sum, carry := x.Add(y)
	bsum := new(big.Int).Add(bx, by)
	require.Equal(t, fromBig(bsum), sum)
	require.Equal(t, bsum.Cmp(two256) >= 0, carry)
	diff, borrow := x.Sub(y)
	require.Equal(t, fromBig(new(big.Int).Sub(bx, by)), diff)
	require.Equal(t, bx.Cmp(by) < 0, borrow)
	require.Equal(t, fromBig(new(big.Int).Sub(new(big.Int).Sub(two256, big.NewInt(1)), bx)), x.Not())
	require.Equal(t, fromBig(new(big.Int).Lsh(bx, n)), x.Lsh(n), "%v << %d", x, n)
	require.Equal(t, fromBig(new(big.Int).Rsh(bx, n)), x.Rsh(n), "%v >> %d", x, n)

	q, ok := x.Div(y)
	require.Equal(t, !y.IsZero(), ok)
	if ok {
		require.Equal(t, fromBig(new(big.Int).Quo(bx, by)), q, "%v / %v", x, y)
	}
	q, overflow := x.MulDiv(m, d)
	if d == 0 {
		require.True(t, overflow)
		return
	}
	want := new(big.Int).Mul(bx, new(big.Int).SetUint64(m))
	want.Quo(want, new(big.Int).SetUint64(d))
	require.Equal(t, want.Cmp(two256) >= 0, overflow)
	if !overflow {
		require.Equal(t, fromBig(want), q, "%v * %d / %d", x, m, d)
	}
}

// spiky is a number with long runs of ones and zeros, where carries live.
func spiky(r *rand.Rand) uint64 {
	switch r.IntN(4) {
	case 0:
		return 0
	case 1:
		return ^uint64(0) >> r.UintN(64)
	case 2:
		return 1 << r.UintN(64)
	}
	return r.Uint64()
}

func TestUint256AgainstBig(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 824))
	for range 20_000 {
		x := Uint256{spiky(r), spiky(r), spiky(r), spiky(r)}
		y := Uint256{spiky(r), spiky(r), spiky(r), spiky(r)}
		checkUint256(t, x, y, r.UintN(300), spiky(r), spiky(r))
	}
}

func FuzzUint256(f *testing.F) {
	f.Add(make([]byte, 64), uint(0), uint64(0), uint64(0))
	f.Fuzz(func(t *testing.T, b []byte, n uint, m, d uint64) {
		if len(b) < 64 {
			return
		}
		var x, y Uint256
		for i := range x {
			x[i], y[i] = binary.LittleEndian.Uint64(b[8*i:]), binary.LittleEndian.Uint64(b[32+8*i:])
		}
		checkUint256(t, x, y, n%1000, m, d)
	})
}
