package consensus

// IsRetarget reports whether the block at this height is the first of a period, and so may carry
// other bits than the one before it.
func (p *Params) IsRetarget(height int) bool {
	return !p.NoRetarget && p.RetargetInterval > 0 && height%p.RetargetInterval == 0
}

// NextBits is what the first block of a period must carry, given the bits of the period before it
// and the times of that period's first and last block (whitepaper, section 4;
// CalculateNextWorkRequired in Bitcoin Core).
//
// The span covers one interval less than the period has blocks: Bitcoin's own off-by-one, kept
// because it is consensus. It may be negative, since block times may go back; it is clamped to a
// quarter and four times the intended timespan. The target is multiplied first and divided then, in
// 320 bits: the same as Bitcoin Core for every target of main net, where it fits 256, and exact for the
// labs' easy targets too. The result is capped at the limit, and cut to what four bytes can say.
func (p *Params) NextBits(bits uint32, first, last uint32) uint32 {
	span := int64(last) - int64(first)
	span = max(span, p.TargetTimespan/4)
	span = min(span, p.TargetTimespan*4)
	target, _, _ := DecodeCompact(bits) // of a header that was accepted
	target, overflow := target.MulDiv(uint64(span), uint64(p.TargetTimespan))
	if overflow || target.Cmp(p.PowLimit) > 0 {
		target = p.PowLimit
	}
	return EncodeCompact(target, false)
}
