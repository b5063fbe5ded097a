package consensus

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
)

// Uint256 is a number below 2²⁵⁶, for targets and for work: four limbs, the least significant
// first. The zero value is 0, and == compares.
//
// It is of fixed size because it is on the path of every header; math/big would allocate there. The
// tests hold it against math/big.
type Uint256 [4]uint64

// Uint256From is v as a Uint256.
func Uint256From(v uint64) Uint256 { return Uint256{v} }

// Uint256FromBytes reads a little-endian number.
func Uint256FromBytes(b [32]byte) Uint256 {
	return Uint256{
		binary.LittleEndian.Uint64(b[0:]), binary.LittleEndian.Uint64(b[8:]),
		binary.LittleEndian.Uint64(b[16:]), binary.LittleEndian.Uint64(b[24:]),
	}
}

// Bytes is x little-endian.
func (x Uint256) Bytes() (b [32]byte) {
	for i, limb := range x {
		binary.LittleEndian.PutUint64(b[8*i:], limb)
	}
	return b
}

// String is x in hexadecimal, without leading zeros.
func (x Uint256) String() string {
	s := strings.TrimLeft(fmt.Sprintf("%016x%016x%016x%016x", x[3], x[2], x[1], x[0]), "0")
	if s == "" {
		return "0"
	}
	return s
}

// IsZero reports whether x is 0.
func (x Uint256) IsZero() bool { return x == Uint256{} }

// Cmp is negative, zero or positive as x is less than, equal to or greater than y.
func (x Uint256) Cmp(y Uint256) int {
	for i := 3; i >= 0; i-- {
		switch {
		case x[i] < y[i]:
			return -1
		case x[i] > y[i]:
			return 1
		}
	}
	return 0
}

// Add is x+y modulo 2²⁵⁶; carry says that it did not fit.
func (x Uint256) Add(y Uint256) (sum Uint256, carry bool) {
	var c uint64
	for i := range x {
		sum[i], c = bits.Add64(x[i], y[i], c)
	}
	return sum, c != 0
}

// Sub is x−y modulo 2²⁵⁶; borrow says that y was greater.
func (x Uint256) Sub(y Uint256) (diff Uint256, borrow bool) {
	var c uint64
	for i := range x {
		diff[i], c = bits.Sub64(x[i], y[i], c)
	}
	return diff, c != 0
}

// Not is 2²⁵⁶−1−x.
func (x Uint256) Not() Uint256 { return Uint256{^x[0], ^x[1], ^x[2], ^x[3]} }

// Lsh is x·2ⁿ modulo 2²⁵⁶.
func (x Uint256) Lsh(n uint) (y Uint256) {
	limbs, n := n/64, n%64
	for i := 3; i >= int(limbs) && limbs < 4; i-- {
		y[i] = x[i-int(limbs)] << n
		if n > 0 && i > int(limbs) {
			y[i] |= x[i-int(limbs)-1] >> (64 - n)
		}
	}
	return y
}

// Rsh is ⌊x/2ⁿ⌋.
func (x Uint256) Rsh(n uint) (y Uint256) {
	limbs, n := n/64, n%64
	for i := 0; limbs < 4 && i+int(limbs) < 4; i++ {
		y[i] = x[i+int(limbs)] >> n
		if n > 0 && i+int(limbs)+1 < 4 {
			y[i] |= x[i+int(limbs)+1] << (64 - n)
		}
	}
	return y
}

// BitLen is how many bits it takes to write x; 0 for 0.
func (x Uint256) BitLen() int {
	for i := 3; i >= 0; i-- {
		if x[i] != 0 {
			return 64*i + bits.Len64(x[i])
		}
	}
	return 0
}

// MulDiv is ⌊x·m/d⌋, exact: the product is kept in 320 bits. overflow says that the quotient does
// not fit, or that d is 0; q is then 2²⁵⁶−1.
func (x Uint256) MulDiv(m, d uint64) (q Uint256, overflow bool) {
	if d == 0 {
		return Uint256{}.Not(), true
	}
	var product [5]uint64
	var carry uint64
	for i, limb := range x {
		hi, lo := bits.Mul64(limb, m)
		var c uint64
		product[i], c = bits.Add64(lo, carry, 0)
		carry = hi + c // hi ≤ 2⁶⁴−2, so this does not wrap
	}
	product[4] = carry
	if product[4] >= d {
		return Uint256{}.Not(), true
	}
	rem := product[4]
	for i := 3; i >= 0; i-- {
		q[i], rem = bits.Div64(rem, product[i], d)
	}
	return q, false
}

// Div is ⌊x/y⌋; ok is false if y is 0. Schoolbook division by shifting and subtracting, as Bitcoin
// Core's arith_uint256 has it: it runs once per difficulty, not once per block.
func (x Uint256) Div(y Uint256) (q Uint256, ok bool) {
	if y.IsZero() {
		return q, false
	}
	for shift := x.BitLen() - y.BitLen(); shift >= 0; shift-- {
		if d := y.Lsh(uint(shift)); x.Cmp(d) >= 0 {
			x, _ = x.Sub(d)
			q[shift/64] |= 1 << (shift % 64)
		}
	}
	return q, true
}
