package consensus

import "slices"

// quorum is the size of a majority.
func (n *Node) quorum() int { return n.cfg.Peers/2 + 1 }

// reached is the largest value that a majority of the peers has reached: the smallest of the
// quorum's largest. It is what Figure 2 describes as "there exists an N such that a majority of
// matchIndex[i] ≥ N".
func (n *Node) reached(value func(peer int) int) int {
	n.values = n.values[:0]
	for peer := range n.cfg.Peers {
		n.values = append(n.values, value(peer))
	}
	slices.Sort(n.values)
	return n.values[n.cfg.Peers-n.quorum()]
}
