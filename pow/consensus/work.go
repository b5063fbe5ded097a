package consensus

// Work is how many hashes it takes on average to find one that is not above target:
// ⌊2²⁵⁶/(target+1)⌋ (GetBlockProof in Bitcoin Core). The best chain is the one whose blocks' work
// adds up to the most (whitepaper, section 5: the "longest" chain means this).
//
// 2²⁵⁶ does not fit 256 bits; ⌊(2²⁵⁶−1−target)/(target+1)⌋+1 is the same number.
func Work(target Uint256) Uint256 {
	divisor, carry := target.Add(Uint256From(1))
	if carry {
		return Uint256From(1) // every hash will do
	}
	q, _ := target.Not().Div(divisor)
	q, _ = q.Add(Uint256From(1)) // wraps for target 0 alone, which is no target
	return q
}

// CumulativeWork is the work of a chain and one more block on it. It stays at 2²⁵⁶−1 rather than
// wrap; at the work of main net's hardest block so far that is some 10⁵³ blocks away.
func CumulativeWork(chain, block Uint256) Uint256 {
	sum, carry := chain.Add(block)
	if carry {
		return Uint256{}.Not()
	}
	return sum
}
