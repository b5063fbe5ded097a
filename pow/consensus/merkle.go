package consensus

// MerkleRoot is the root of Bitcoin's Merkle tree over the leaves (whitepaper, section 7): each level is the double
// SHA-256 of the pairs of the one below, its last hash paired with itself when their number is odd. No leaves have the zero
// root. The slice is not changed.
//
// mutated reports two equal neighbours at some level. Doubling the last one gives a list of
// transactions and the same list with its tail repeated one root (CVE-2012-2459). So the root does not
// say which of them the miner meant; honest lists never have such a pair, since no two transactions have one id. A body
// that has is to be refused without a word against its header: the honest body has that same header.
func MerkleRoot(leaves []Hash) (root Hash, mutated bool) {
	if len(leaves) == 0 {
		return Hash{}, false
	}
	level := make([]Hash, len(leaves))
	copy(level, leaves)
	for len(level) > 1 {
		for i := 0; i+1 < len(level); i += 2 {
			mutated = mutated || level[i] == level[i+1]
		}
		if len(level)%2 == 1 {
			level = append(level, level[len(level)-1])
		}
		for i := 0; i < len(level); i += 2 {
			var pair [64]byte
			copy(pair[:32], level[i][:])
			copy(pair[32:], level[i+1][:])
			level[i/2] = DoubleSHA256(pair[:])
		}
		level = level[:len(level)/2]
	}
	return level[0], mutated
}
