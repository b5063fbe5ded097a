package headers

import "6.824/pow/consensus"

// Tree is all headers that are known, checked, with their forks. Use [NewTree]. It is for one goroutine.
type Tree struct {
	params  *consensus.Params
	entries map[consensus.Hash]*Entry
	genesis *Entry
	best    *Entry
}

// NewTree is a tree of the genesis header alone.
func NewTree(p *consensus.Params) *Tree {
	target, _, _ := consensus.DecodeCompact(p.Genesis.Bits)
	g := &Entry{Header: p.Genesis, Hash: p.Genesis.Hash(), Work: consensus.Work(target)}
	return &Tree{p, map[consensus.Hash]*Entry{g.Hash: g}, g, g}
}

// Add checks a header in its place and adds it. One that is there already is returned as it is, failed or not. Else the
// error is a [consensus.RuleError]: [consensus.ErrOrphan] if the header before is not there, [consensus.ErrBadPrev] if that is
// marked bad, or the rule broken; the tree is then unchanged. now is in Unix seconds.
func (t *Tree) Add(h *consensus.Header, now int64) (*Entry, error) {
	hash := h.Hash()
	if e := t.entries[hash]; e != nil {
		return e, nil
	}
	parent := t.entries[h.Prev]
	if parent == nil {
		return nil, &consensus.RuleError{Rule: consensus.ErrOrphan, Height: -1, Block: hash, Detail: h.Prev.String()}
	}
	at := t.Next(parent, now)
	if err := t.params.CheckHeader(h, hash, &at); err != nil {
		return nil, err
	}
	if parent.failed {
		return nil, consensus.Locate(consensus.Broken(consensus.ErrBadPrev, "%v is bad", h.Prev), at.Height, hash)
	}
	e := &Entry{
		Header: *h, Hash: hash, Height: at.Height, Work: consensus.CumulativeWork(parent.Work, blockWork(parent, &at)),
		seq: len(t.entries), parent: parent, skip: parent.Ancestor(skipHeight(at.Height)),
	}
	parent.children = append(parent.children, e)
	t.entries[hash] = e
	if t.better(e, t.best) {
		t.best = e
	}
	return e, nil
}

// blockWork is the work of a block with the bits of at; the parent's own, if they are the same.
func blockWork(parent *Entry, at *consensus.Context) consensus.Uint256 {
	if parent.parent != nil && parent.Header.Bits == at.Bits {
		w, _ := parent.Work.Sub(parent.parent.Work)
		return w
	}
	return consensus.Work(at.Target)
}

// Next is what a header on parent is checked against.
func (t *Tree) Next(parent *Entry, now int64) consensus.Context {
	at := consensus.Context{
		Height: parent.Height + 1, Prev: parent.Hash, PrevTime: parent.Header.Time, MedianTime: parent.MedianTime(),
		Bits: parent.Header.Bits, Now: now,
	}
	if t.params.IsRetarget(at.Height) {
		first := parent.Ancestor(at.Height - t.params.RetargetInterval)
		at.Bits = t.params.NextBits(at.Bits, first.Header.Time, parent.Header.Time)
	}
	at.Target, _, _ = consensus.DecodeCompact(at.Bits)
	return at
}

// Get is the entry with that hash, nil if there is none.
func (t *Tree) Get(hash consensus.Hash) *Entry { return t.entries[hash] }

// Genesis is the root.
func (t *Tree) Genesis() *Entry { return t.genesis }

// Len is how many headers there are, bad ones included.
func (t *Tree) Len() int { return len(t.entries) }

// Best is the tip of the most work among those not marked bad; among equals the one that came first.
func (t *Tree) Best() *Entry { return t.best }

func (t *Tree) better(a, b *Entry) bool {
	if c := a.Work.Cmp(b.Work); c != 0 {
		return c > 0
	}
	return a.seq < b.seq
}

// MarkFailed marks a block as bad for ever, with all that builds on it, and returns those that were not marked before. It is for a
// body that breaks a rule while it is the one its header commits to. Genesis cannot fail.
func (t *Tree) MarkFailed(e *Entry) []*Entry {
	if e.parent == nil {
		return nil
	}
	var marked []*Entry
	for queue := []*Entry{e}; len(queue) > 0; queue = queue[1:] {
		if e := queue[0]; !e.failed {
			e.failed = true
			marked = append(marked, e)
			queue = append(queue, e.children...)
		}
	}
	if t.best.failed {
		t.best = t.genesis
		for _, e := range t.entries { // in any order: better is a total order
			if !e.failed && t.better(e, t.best) {
				t.best = e
			}
		}
	}
	return marked
}

// Locate is the first hash of a locator that lies on the chain up to tip; genesis if none does. At most [MaxLocator]
// of them are looked at.
func (t *Tree) Locate(locator []consensus.Hash, tip *Entry) *Entry {
	for _, hash := range locator[:min(len(locator), MaxLocator)] {
		if e := t.entries[hash]; e != nil && tip.Ancestor(e.Height) == e {
			return e
		}
	}
	return t.genesis
}

// After is up to n headers of the chain up to tip that follow from, which is on that chain, the lowest first.
func After(from, tip *Entry, n int) []*Entry {
	n = min(n, tip.Height-from.Height)
	if n <= 0 {
		return nil
	}
	out := make([]*Entry, n)
	for e := tip.Ancestor(from.Height + n); n > 0; e = e.parent {
		n--
		out[n] = e
	}
	return out
}
