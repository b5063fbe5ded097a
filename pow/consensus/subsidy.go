package consensus

// Coin is how many of the smallest units make one coin (COIN in Bitcoin Core).
const Coin = 100_000_000

// MaxMoney bounds every amount and every sum of amounts, in the smallest unit. No chain of main net's
// schedule reaches it (MAX_MONEY in Bitcoin Core: a sanity bound, not the supply).
const MaxMoney int64 = 21_000_000 * Coin

// Subsidy is how much new money the block at this height may make, in the smallest unit: halved,
// rounding down, every HalvingInterval blocks (whitepaper, section 6).
func (p *Params) Subsidy(height int) int64 {
	if height < 0 || p.HalvingInterval <= 0 {
		return 0
	}
	era := height / p.HalvingInterval
	if era >= 63 {
		return 0
	}
	return p.InitialSubsidy >> era
}

// Supply is how much the schedule allows in all the blocks from height 0 to this one together. It costs one step per era. The
// sum stays at the greatest int64 rather than wrap, which no schedule within MaxMoney comes near.
func (p *Params) Supply(height int) int64 {
	const most = int64(^uint64(0) >> 1)
	var sum int64
	for from := 0; from <= height && p.HalvingInterval > 0; from += p.HalvingInterval {
		subsidy := p.Subsidy(from)
		if subsidy == 0 {
			break
		}
		blocks := int64(min(height-from+1, p.HalvingInterval))
		if subsidy > (most-sum)/blocks {
			return most
		}
		sum += subsidy * blocks
	}
	return sum
}
