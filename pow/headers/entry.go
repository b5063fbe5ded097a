package headers

import "6.824/pow/consensus"

// Entry is a header in a [Tree], in its place. It never changes, except that it may turn out to be bad.
type Entry struct {
	Header consensus.Header
	Hash   consensus.Hash
	Height int
	Work   consensus.Uint256 // of the whole chain from genesis to here

	seq      int // in order of arrival, for ties
	parent   *Entry
	skip     *Entry // an ancestor far below; see skipHeight
	children []*Entry
	failed   bool
}

// Parent is the entry of the block before, nil for genesis.
func (e *Entry) Parent() *Entry { return e.parent }

// Children are the entries that build on it, in order of arrival. The slice is the tree's own: it is to be read only.
func (e *Entry) Children() []*Entry { return e.children }

// Failed reports whether this block, or one below it, has been marked as bad; see [Tree.MarkFailed].
func (e *Entry) Failed() bool { return e.failed }

// MedianTime is what the time of a block on this one must exceed.
func (e *Entry) MedianTime() uint32 {
	var times [consensus.MedianSpan]uint32
	n := 0
	for ; e != nil && n < len(times); e = e.parent {
		times[n] = e.Header.Time
		n++
	}
	return consensus.MedianTime(times[:n])
}

// Ancestor is the entry at a height on the chain from genesis to e: e itself at its own height, nil above it or below 0. It takes
// O(log Height) steps.
func (e *Entry) Ancestor(height int) *Entry {
	if height < 0 || height > e.Height {
		return nil
	}
	for e.Height > height {
		// Take the skip unless the parent's would land nearer: GetAncestor in Bitcoin Core.
		skip, skipPrev := skipHeight(e.Height), skipHeight(e.Height-1)
		if e.skip != nil && (skip == height || skip > height && !(skipPrev < skip-2 && skipPrev >= height)) {
			e = e.skip
		} else {
			e = e.parent
		}
	}
	return e
}

// skipHeight is how far down the skip of an entry at this height reaches. Any choice is right; this one, Bitcoin
// Core's (GetSkipHeight), needs about 110 steps for the worst walk in 2¹⁸ blocks.
func skipHeight(height int) int {
	if height < 2 {
		return 0
	}
	lowest := func(n int) int { return n & (n - 1) } // turns the lowest set bit off
	if height%2 == 1 {
		return lowest(lowest(height-1)) + 1
	}
	return lowest(height)
}

// Fork is the last block that two chains have in common.
func Fork(a, b *Entry) *Entry {
	a, b = a.Ancestor(min(a.Height, b.Height)), b.Ancestor(min(a.Height, b.Height))
	for a != b {
		if a.skip != nil && a.skip != b.skip {
			a, b = a.skip, b.skip
		} else {
			a, b = a.parent, b.parent
		}
	}
	return a
}

// Locator names the chain up to e in few hashes, the latest first: e and the ten before it one by one, then in steps that double,
// genesis always. A peer finds in it the last block that it shares; see [Tree.Locate].
func (e *Entry) Locator() []consensus.Hash {
	var locator []consensus.Hash
	for step := 1; ; {
		locator = append(locator, e.Hash)
		if e.Height == 0 {
			return locator
		}
		if len(locator) > 10 {
			step *= 2
		}
		e = e.Ancestor(max(e.Height-step, 0))
	}
}

// MaxLocator is more hashes than any honest locator has: ten single steps, one doubling for each bit of a height, and genesis.
const MaxLocator = 101
