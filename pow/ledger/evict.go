package ledger

import "math/bits"

// load is a fee and the bytes it pays for. Loads are compared by rate, crosswise and in 128 bits, so that nothing is rounded.
type load struct {
	fee  Amount
	size int
}

func (a load) plus(b load) load  { return load{a.fee + b.fee, a.size + b.size} }
func (a load) minus(b load) load { return load{a.fee - b.fee, a.size - b.size} }

// less reports whether a pays less per byte than b. Fees and sizes are not negative.
func (a load) less(b load) bool {
	ah, al := bits.Mul64(uint64(a.fee), uint64(b.size))
	bh, bl := bits.Mul64(uint64(b.fee), uint64(a.size))
	return ah < bh || ah == bh && al < bl
}

// score is what a transaction is worth keeping for: its own rate, or that of it together with all that hang on it, if that is
// better; a poor parent is kept for a rich child's sake.
func (n *poolTx) score() load {
	if n.own.less(n.total) {
		return n.total
	}
	return n.own
}

// shrink makes room: whoever is worth the least goes, with all that hang on it, until the rest fits. Of equals the last to
// come goes first.
func (p *Pool) shrink() {
	for p.bytes > p.cfg.MaxBytes {
		p.removeAll(p.byScore[0])
	}
}

// scoreHeap is a heap of the waiting transactions, whoever leaves first on top.
type scoreHeap []*poolTx

func (h scoreHeap) Len() int { return len(h) }

func (h scoreHeap) Less(i, j int) bool {
	a, b := h[i].score(), h[j].score()
	if a.less(b) || b.less(a) {
		return a.less(b)
	}
	return h[i].arrival > h[j].arrival
}

func (h scoreHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (h *scoreHeap) Push(x any) {
	n := x.(*poolTx)
	n.at = len(*h)
	*h = append(*h, n)
}

func (h *scoreHeap) Pop() any {
	old := *h
	n := old[len(old)-1]
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return n
}
