package labgob

import (
	"math"
	"math/bits"
)

// Numbers, as gob writes them. An unsigned integer below 128 is one byte; any other is a byte that holds the negated count of
// bytes to follow, and then these, big-endian and without leading zeros. A signed integer is an unsigned one whose lowest bit
// says that the others are complemented. A float is the unsigned integer made of its bytes in reverse, as its low ones are
// often zero.

func appendUint(b []byte, x uint64) []byte {
	if x < 0x80 {
		return append(b, byte(x))
	}
	n := (bits.Len64(x) + 7) / 8
	b = append(b, byte(-n))
	for n--; n >= 0; n-- {
		b = append(b, byte(x>>(8*n)))
	}
	return b
}

func appendInt(b []byte, i int64) []byte {
	x := uint64(i) << 1
	if i < 0 {
		x = ^x
	}
	return appendUint(b, x)
}

func appendFloat(b []byte, f float64) []byte {
	return appendUint(b, bits.ReverseBytes64(math.Float64bits(f)))
}

// readUint reads an unsigned integer from the front of b and reports how many bytes it took; 0 if b is too short, -1 if it
// is not a number.
func readUint(b []byte) (x uint64, n int) {
	if len(b) == 0 {
		return 0, 0
	}
	if b[0] < 0x80 {
		return uint64(b[0]), 1
	}
	n = -int(int8(b[0]))
	if n > 8 {
		return 0, -1
	}
	if len(b) <= n {
		return 0, 0
	}
	for _, c := range b[1 : n+1] {
		x = x<<8 | uint64(c)
	}
	return x, n + 1
}

// toInt is the signed integer that travels as x.
func toInt(x uint64) int64 {
	i := int64(x >> 1)
	if x&1 != 0 {
		i = ^i
	}
	return i
}

// toFloat is the float that travels as x.
func toFloat(x uint64) float64 {
	return math.Float64frombits(bits.ReverseBytes64(x))
}
