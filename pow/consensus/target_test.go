package consensus

import (
	"math"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
)

// The vectors of Bitcoin Core's arith_uint256 tests and some by hand: compact form, value in hexadecimal, compact form again.
func TestCompactVectors(t *testing.T) {
	for _, v := range []struct {
		in       uint32
		value    string
		negative bool
		out      uint32
	}{
		{0, "0", false, 0},
		{0x00123456, "0", false, 0},
		{0x01003456, "0", false, 0},
		{0x02000056, "0", false, 0},
		{0x03000000, "0", false, 0},
		{0x04000000, "0", false, 0},
		{0x00923456, "0", false, 0},
		{0x01803456, "0", false, 0}, // a sign with nothing behind it
		{0x01123456, "12", false, 0x01120000},
		{0x01fedcba, "7e", true, 0x01fe0000},
		{0x02123456, "1234", false, 0x02123400},
		{0x03123456, "123456", false, 0x03123456},
		{0x04123456, "12345600", false, 0x04123456},
		{0x04923456, "12345600", true, 0x04923456},
		{0x05009234, "92340000", false, 0x05009234},
		{0x20123456, "1234560000000000000000000000000000000000000000000000000000000000", false, 0x20123456},
		{0x1d00ffff, "ffff0000000000000000000000000000000000000000000000000000", false, 0x1d00ffff},
		{0x1b0404cb, "404cb000000000000000000000000000000000000000000000000", false, 0x1b0404cb},
		{0x210000ff, "ff000000000000000000000000000000000000000000000000000000000000", false, 0x2000ff00}, // not in the fewest bytes
		{0x220000ff, "ff00000000000000000000000000000000000000000000000000000000000000", false, 0x2100ff00},
	} {
		value, negative, overflow := DecodeCompact(v.in)
		require.False(t, overflow, "%08x", v.in)
		require.Equal(t, v.value, value.String(), "%08x", v.in)
		require.Equal(t, v.negative, negative, "%08x", v.in)
		require.Equal(t, v.out, EncodeCompact(value, negative), "%08x", v.in)
	}
	require.EqualValues(t, 0x02008000, EncodeCompact(Uint256From(0x80), false), "80 would read as a sign: it moves down")
	require.Zero(t, EncodeCompact(Uint256{}, true), "there is no −0")
	for _, c := range []uint32{0xff123456, 0x23000001, 0x22000100, 0x21010000} {
		_, negative, overflow := DecodeCompact(c)
		require.True(t, overflow, "%08x", c)
		require.False(t, negative, "%08x", c)
	}
	for _, c := range []uint32{0x22000001, 0x21000001, 0x2100ffff, 0x20ffffff} {
		_, _, overflow := DecodeCompact(c)
		require.False(t, overflow, "%08x", c)
	}
}

// TestCompactTruncates: what does not fit the mantissa is cut off, never rounded up.
func TestCompactTruncates(t *testing.T) {
	require.EqualValues(t, 0x05123456, EncodeCompact(Uint256From(0x123456ffff), false))
	require.EqualValues(t, 0x06008fff, EncodeCompact(Uint256From(0x8fffffffff), false))
}

func FuzzCompact(f *testing.F) {
	for _, c := range []uint32{0, 0x1d00ffff, 0x01fedcba, 0xff123456, 0x207fffff, 0x04923456} {
		f.Add(c)
	}
	f.Fuzz(func(t *testing.T, c uint32) {
		value, negative, overflow := DecodeCompact(c)
		// The definition, in numbers without bounds.
		mantissa, exponent := big.NewInt(int64(c&0x7fffff)), int(c>>24)
		want := new(big.Int)
		if exponent > 3 {
			want.Lsh(mantissa, uint(8*(exponent-3)))
		} else {
			want.Rsh(mantissa, uint(8*(3-exponent)))
		}
		require.Equal(t, want.Cmp(two256) >= 0, overflow)
		if overflow {
			return
		}
		require.Equal(t, fromBig(want), value)
		require.Equal(t, want.Sign() != 0 && c&0x800000 != 0, negative)
		// What it encodes to decodes to the same: one value, one form.
		again := EncodeCompact(value, negative)
		value2, negative2, overflow2 := DecodeCompact(again)
		require.False(t, overflow2)
		require.Equal(t, value, value2)
		require.Equal(t, negative, negative2)
		require.Equal(t, again, EncodeCompact(value2, negative2))
	})
}

func TestTargetRefusesWhatIsNone(t *testing.T) {
	p := MainNet()
	for bits, why := range map[uint32]string{
		0x1d80ffff: "negative", 0x01fedcba: "negative", 0: "zero", 0x01003456: "zero", 0x1d000000: "zero",
		0xff123456: "overflow", 0x22000100: "overflow",
		0x1d010000: "easier", 0x1e00ffff: "easier", 0x207fffff: "easier",
	} {
		_, err := p.Target(bits)
		require.ErrorIs(t, err, ErrBadTarget, "%08x", bits)
		require.ErrorContains(t, err, why, "%08x", bits)
	}
	target, err := p.Target(0x1d00ffff)
	require.NoError(t, err)
	require.Equal(t, "ffff0000000000000000000000000000000000000000000000000000", target.String())
	_, err = RegTest().Target(0x207fffff)
	require.NoError(t, err)
}

func TestWorkVectors(t *testing.T) {
	for bits, want := range map[uint32]string{0x1d00ffff: "100010001", 0x1b0404cb: "3fb3ab764c00", 0x207fffff: "2"} {
		target, _, _ := DecodeCompact(bits)
		require.Equal(t, want, Work(target).String(), "%08x", bits)
		floor := new(big.Int).Quo(two256, new(big.Int).Add(target.big(), big.NewInt(1)))
		require.Equal(t, fromBig(floor), Work(target), "%08x", bits)
	}
	require.Equal(t, "1", Work(Uint256{}.Not()).String())
	require.Equal(t, "8000000000000000000000000000000000000000000000000000000000000000", Work(Uint256From(1)).String())
	require.Equal(t, Uint256{}.Not(), CumulativeWork(Uint256{}.Not(), Uint256From(5)), "work stays, rather than wrap")
	require.Equal(t, Uint256From(7), CumulativeWork(Uint256From(2), Uint256From(5)))
}

// The vectors of Bitcoin Core's pow tests, from main net: heights 32256, 0, 68544 (clamped below) and a made-up one
// (clamped above).
func TestRetargetVectors(t *testing.T) {
	p := MainNet()
	for _, v := range []struct{ bits, first, last, want uint32 }{
		{0x1d00ffff, 1261130161, 1262152739, 0x1d00d86a},
		{0x1d00ffff, 1231006505, 1233061996, 0x1d00ffff}, // capped at the limit
		{0x1c05a3f4, 1279008237, 1279297671, 0x1c0168fd}, // clamped at a quarter
		{0x1c387f6f, 1263163443, 1269211443, 0x1d00e1fd}, // clamped at four times
	} {
		require.Equal(t, v.want, p.NextBits(v.bits, v.first, v.last), "%08x", v.bits)
	}
	require.EqualValues(t, 0x1c0168fd, p.NextBits(0x1c05a3f4, 1279297671, 1279008237), "a span below zero is clamped too")
	require.True(t, p.IsRetarget(2016))
	require.False(t, p.IsRetarget(2015))
	require.False(t, p.IsRetarget(2017))
	require.False(t, RegTest().IsRetarget(2016))
}

// TestRetargetIsExact: an easy target times a span overflows 256 bits; 320 keep it right, where Bitcoin
// Core's arithmetic would wrap (its easy networks do not retarget).
func TestRetargetIsExact(t *testing.T) {
	p := Lab()
	for _, bits := range []uint32{0x207fffff, 0x2000ffff, 0x1f123456} {
		for _, span := range []uint32{1, 50, 77, 199, 200, 201, 500, 800, 10_000} {
			old, _, _ := DecodeCompact(bits)
			clamped := min(max(int64(span), 50), 800)
			want := new(big.Int).Mul(old.big(), big.NewInt(clamped))
			want.Quo(want, big.NewInt(200))
			if want.Cmp(p.PowLimit.big()) > 0 {
				want = p.PowLimit.big()
			}
			require.Equal(t, EncodeCompact(fromBig(want), false), p.NextBits(bits, 1000, 1000+span), "%08x over %d s", bits, span)
		}
	}
}

func TestSubsidyAndSupply(t *testing.T) {
	p := MainNet()
	for height, want := range map[int]int64{
		0: 5_000_000_000, 209_999: 5_000_000_000, 210_000: 2_500_000_000, 420_000: 1_250_000_000,
		32*210_000 + 209_999: 1, 33 * 210_000: 0, 64 * 210_000: 0, math.MaxInt: 0, -1: 0,
	} {
		require.Equal(t, want, p.Subsidy(height), "height %d", height)
	}
	require.EqualValues(t, 2_099_999_997_690_000, p.Supply(33*210_000))
	require.EqualValues(t, 2_099_999_997_690_000, p.Supply(math.MaxInt-p.HalvingInterval))
	require.LessOrEqual(t, p.Supply(33*210_000), MaxMoney)

	lab := Lab()
	var sum int64
	for height := range 3000 {
		sum += lab.Subsidy(height)
		require.Equal(t, sum, lab.Supply(height), "height %d", height)
	}
}
