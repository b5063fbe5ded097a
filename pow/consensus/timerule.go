package consensus

// MedianSpan is over how many blocks the median time is taken.
const MedianSpan = 11

// MedianTime is the median of the times of the last blocks, up to [MedianSpan] of them, in any
// order; of an even number, the upper one of the middle two. A block must be later than it
// (GetMedianTimePast in Bitcoin Core). No times have the median 0. It does not change the slice.
func MedianTime(times []uint32) uint32 {
	if len(times) > MedianSpan {
		times = times[len(times)-MedianSpan:]
	}
	// An insertion sort: eleven numbers, nearly in order already.
	var sorted [MedianSpan]uint32
	for n, t := range times {
		i := n
		for ; i > 0 && sorted[i-1] > t; i-- {
			sorted[i] = sorted[i-1]
		}
		sorted[i] = t
	}
	return sorted[len(times)/2]
}

// checkTime applies the rules of time to a header. They bound a lie from both sides: the past by what
// the chain itself says, the future by this node's own clock.
//
// Too old is for good, because a chain does not change. Too new is not: the clock goes on, and other
// nodes, whose clocks are ahead, may have taken the block already. To remember it as bad would
// split this node from them.
func (p *Params) checkTime(t uint32, at *Context) error {
	if t <= at.MedianTime {
		return Broken(ErrTimeTooOld, "time %d is not after the median %d", t, at.MedianTime)
	}
	// Bitcoin's periods do not overlap, so that the first block of one can be dated far back without
	// shortening the one before: with most of the hash rate, difficulty can be talked down (the time-warp
	// attack). BIP 94 closes that.
	if p.TimewarpRule && p.IsRetarget(at.Height) && int64(t) < int64(at.PrevTime)-p.TimewarpGrace {
		return Broken(ErrTimeWarp, "time %d is more than %d s before the last period's end %d", t, p.TimewarpGrace, at.PrevTime)
	}
	if int64(t) > at.Now+p.MaxFutureTime {
		return Broken(ErrTimeTooNew, "time %d is more than %d s after now, %d", t, p.MaxFutureTime, at.Now)
	}
	return nil
}
