package labrpc

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// A Dist is a distribution of durations. The zero Dist is always 0. Dists are values: they are compared with String, and as
// JSON they are a string, in the syntax of String.
type Dist struct {
	kind        distKind
	a, b        time.Duration
	short, long *Dist
	pLong       float64
}

type distKind uint8

const (
	none distKind = iota
	constant
	uniform
	exponential
	bimodal
)

// Constant is always d.
func Constant(d time.Duration) Dist { return Dist{kind: constant, a: max(d, 0)} }

// Uniform is uniform in [lo, hi).
func Uniform(lo, hi time.Duration) Dist {
	lo = max(lo, 0)
	return Dist{kind: uniform, a: lo, b: max(lo, hi)}
}

// Exponential has a long tail: durations beyond k times the mean have the probability e^-k.
func Exponential(mean time.Duration) Dist { return Dist{kind: exponential, a: max(mean, 0)} }

// Bimodal draws from long with probability pLong, else from short: a network that is fast but for a few.
func Bimodal(short, long Dist, pLong float64) Dist {
	return Dist{kind: bimodal, short: &short, long: &long, pLong: min(max(pLong, 0), 1)}
}

// IsZero reports whether d is the zero Dist.
func (d Dist) IsZero() bool { return d.kind == none }

// Sample is the duration that d makes of two uniform random numbers in [0, 1). It is never negative.
func (d Dist) Sample(u1, u2 float64) time.Duration {
	switch d.kind {
	case constant:
		return d.a
	case uniform:
		return d.a + time.Duration(u2*float64(d.b-d.a))
	case exponential:
		return toDuration(-float64(d.a) * ln(1-u2))
	case bimodal: // what is left of u1 after the choice decides on the level below
		if u1 < d.pLong {
			return d.long.Sample(u1/d.pLong, u2)
		}
		return d.short.Sample((u1-d.pLong)/(1-d.pLong), u2)
	}
	return 0
}

// ln is the natural logarithm of x > 0. That of package math may differ in its last bit from one kind of machine to another, and a seed
// must not: here each product is rounded before it is added, on all of them.
func ln(x float64) float64 {
	m, e := math.Frexp(x) // x = m·2^e, 1/2 ≤ m < 1
	if m < math.Sqrt2/2 {
		m, e = 2*m, e-1
	}
	s := (m - 1) / (m + 1) // ln m = 2·artanh s = 2(s + s³/3 + s⁵/5 + …), and |s| < 0.172
	square := s * s
	sum := 0.0
	for k := 19; k > 0; k -= 2 {
		sum = float64(sum*square) + 1/float64(k)
	}
	return float64(float64(e)*math.Ln2) + float64(2*s*sum)
}

func toDuration(ns float64) time.Duration {
	if !(ns < math.MaxInt64/4) { // also NaN
		return math.MaxInt64 / 4
	}
	return time.Duration(ns)
}

// String is d in the syntax of [ParseDist]: "constant(5ms)", "uniform(1ms, 5ms)", "exponential(10ms)",
// "bimodal(uniform(1ms, 5ms), exponential(1s), 0.01)", and "none" for the zero Dist.
func (d Dist) String() string {
	switch d.kind {
	case constant:
		return fmt.Sprintf("constant(%v)", d.a)
	case uniform:
		return fmt.Sprintf("uniform(%v, %v)", d.a, d.b)
	case exponential:
		return fmt.Sprintf("exponential(%v)", d.a)
	case bimodal:
		return fmt.Sprintf("bimodal(%v, %v, %s)", d.short, d.long, strconv.FormatFloat(d.pLong, 'g', -1, 64))
	}
	return "none"
}

// MarshalText is String.
func (d Dist) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText is ParseDist.
func (d *Dist) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDist(string(text))
	return err
}
