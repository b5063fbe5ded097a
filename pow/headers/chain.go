// Package headers keeps block headers without their bodies: a [Chain] when there is one line of them, checked
// as fast as they can be hashed, and a [Tree] when they come from strangers and fork. A light client needs no more
// (whitepaper, section 8), and a full node asks for bodies only after the headers have shown their work.
package headers

import "6.824/pow/consensus"

// Chain is one line of headers from genesis, of which it keeps only what the next header is checked against: its
// size does not grow. Use [NewChain].
type Chain struct {
	params *consensus.Params
	now    int64

	height int
	tip    consensus.Header
	work   consensus.Uint256

	next      consensus.Context            // what the next header must be
	times     [consensus.MedianSpan]uint32 // of the last headers, the oldest at height+1 modulo the length
	first     uint32                       // time of the first header of the period
	blockWork consensus.Uint256            // of a header with the bits of next
}

// NewChain is a chain of the genesis header alone. now, in Unix seconds, bounds how far in the future a header may be.
func NewChain(p *consensus.Params, now int64) *Chain {
	c := &Chain{params: p, now: now, tip: p.Genesis, first: p.Genesis.Time}
	c.times[0] = p.Genesis.Time
	target, _, _ := consensus.DecodeCompact(p.Genesis.Bits) // genesis is taken as given
	c.work = consensus.Work(target)
	c.expect(p.Genesis.Hash(), p.Genesis.Bits, target, c.work)
	return c
}

// Append checks a header against all the rules that need no body: link, work, bits, time, version. If it breaks one, the chain
// stays as it is and the error is a [consensus.RuleError] that says which, at which height.
func (c *Chain) Append(h *consensus.Header) error {
	hash := h.Hash()
	if err := c.params.CheckHeader(h, hash, &c.next); err != nil {
		return err
	}
	c.height++
	c.tip = *h
	c.work = consensus.CumulativeWork(c.work, c.blockWork)
	c.times[c.height%len(c.times)] = h.Time
	if c.params.IsRetarget(c.height) {
		c.first = h.Time
	}
	bits, target, work := c.next.Bits, c.next.Target, c.blockWork
	if c.params.IsRetarget(c.height + 1) {
		bits = c.params.NextBits(bits, c.first, h.Time)
		target, _, _ = consensus.DecodeCompact(bits)
		work = consensus.Work(target)
	}
	c.expect(hash, bits, target, work)
	return nil
}

// expect sets what the header after the tip will be checked against.
func (c *Chain) expect(tip consensus.Hash, bits uint32, target, work consensus.Uint256) {
	known := min(c.height+1, len(c.times)) // their order does not matter to the median
	c.next = consensus.Context{
		Height: c.height + 1, Prev: tip, PrevTime: c.tip.Time, MedianTime: consensus.MedianTime(c.times[:known]),
		Bits: bits, Target: target, Now: c.now,
	}
	c.blockWork = work
}

// Height is the tip's; genesis has height 0.
func (c *Chain) Height() int { return c.height }

// Tip is the last header and its hash.
func (c *Chain) Tip() (consensus.Header, consensus.Hash) { return c.tip, c.next.Prev }

// Work is what all the chain's headers together cost, genesis included.
func (c *Chain) Work() consensus.Uint256 { return c.work }

// Next is what the next header will be checked against: for a miner, and for messages.
func (c *Chain) Next() consensus.Context { return c.next }
