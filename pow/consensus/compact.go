package consensus

// DecodeCompact reads a number in compact form, as Bitcoin Core's arith_uint256::SetCompact does.
//
// The form is a floating one of base 256: the top byte is an exponent, the low 23 bits a mantissa,
// and bit 23 a sign, so that value = mantissa·256^(exponent−3). With an exponent below 3 the low
// bytes of the mantissa are shifted out; a mantissa that is then 0 is neither negative nor too big.
// overflow says that the value does not fit 256 bits; what is returned as v is then of no use.
func DecodeCompact(c uint32) (v Uint256, negative, overflow bool) {
	exponent, mantissa := uint(c>>24), c&0x007fffff
	if exponent <= 3 {
		mantissa >>= 8 * (3 - exponent)
		v = Uint256From(uint64(mantissa))
	} else {
		v = Uint256From(uint64(mantissa)).Lsh(8 * (exponent - 3))
	}
	negative = mantissa != 0 && c&0x00800000 != 0
	overflow = mantissa != 0 && (exponent > 34 || mantissa > 0xff && exponent > 33 || mantissa > 0xffff && exponent > 32)
	return v, negative, overflow
}

// EncodeCompact writes v, negated if negative, in compact form, as Bitcoin Core's
// arith_uint256::GetCompact does: in the fewest bytes, cut off (never rounded up) to the mantissa's
// precision. A mantissa whose top bit is set would read as negative, so it moves down by a byte.
func EncodeCompact(v Uint256, negative bool) uint32 {
	exponent := uint(v.BitLen()+7) / 8
	var mantissa uint32
	if exponent <= 3 {
		mantissa = uint32(v[0] << (8 * (3 - exponent)))
	} else {
		mantissa = uint32(v.Rsh(8 * (exponent - 3))[0])
	}
	if mantissa&0x00800000 != 0 {
		mantissa >>= 8
		exponent++
	}
	c := uint32(exponent)<<24 | mantissa
	if negative && mantissa != 0 {
		c |= 0x00800000
	}
	return c
}

// Target decodes the bits of a header, and refuses with [ErrBadTarget] what can never be a target:
// negative, zero, overflowing, or easier than the network's limit (CheckProofOfWork in Bitcoin Core).
func (p *Params) Target(bits uint32) (Uint256, error) {
	target, negative, overflow := DecodeCompact(bits)
	switch {
	case negative:
		return Uint256{}, Broken(ErrBadTarget, "bits %08x are negative", bits)
	case overflow:
		return Uint256{}, Broken(ErrBadTarget, "bits %08x overflow 256 bits", bits)
	case target.IsZero():
		return Uint256{}, Broken(ErrBadTarget, "bits %08x are zero", bits)
	case target.Cmp(p.PowLimit) > 0:
		return Uint256{}, Broken(ErrBadTarget, "bits %08x are easier than the limit %08x", bits, EncodeCompact(p.PowLimit, false))
	}
	return target, nil
}
