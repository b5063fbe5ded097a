package ledger

import (
	"errors"
	"slices"

	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// activate moves the tip to the best chain there is. A chain that proves to be invalid is marked bad from the first bad block on, and
// the next best is tried, until there is none better than the tip. The error is the disk's.
func (c *Chain) activate() (Change, error) {
	var change Change
	for {
		target := c.bestCandidate()
		if target == nil {
			return change, nil
		}
		m, err := c.try(target)
		var broken *consensus.RuleError
		switch {
		case errors.As(err, &broken):
			c.tree.MarkFailed(c.tree.Get(broken.Block))
			change.Failed = append(change.Failed, err)
			continue
		case err != nil:
			return change, c.fail(err)
		}
		// The disk first. Should it fail, nobody has seen the new tip; should the node crash, it finds the old tip or the new.
		if err := c.store.commit(m.newly, target.Hash); err != nil {
			return change, c.fail(err)
		}
		c.adopt(m)
		change.Disconnected, change.Connected = m.down, m.up
		if c.sinceSnapshot += len(m.up); c.cfg.SnapshotEvery > 0 && c.sinceSnapshot >= c.cfg.SnapshotEvery {
			c.sinceSnapshot = 0
			if err := c.store.snapshot(c.cfg.Params, target.Hash, c.utxo); err != nil {
				return change, c.fail(err)
			}
		}
	}
}

// bestCandidate is the complete chain with the most work, if that is more than the tip's; of equals the one whose
// last block came first. Those that have fallen behind or failed are forgotten.
func (c *Chain) bestCandidate() (best *headers.Entry) {
	tip := c.Tip()
	c.candidates = slices.DeleteFunc(c.candidates, func(e *headers.Entry) bool {
		return e.Failed() || e.Work.Cmp(tip.Work) <= 0
	})
	for _, e := range c.candidates {
		if best == nil {
			best = e
			continue
		}
		if d := e.Work.Cmp(best.Work); d > 0 || d == 0 && c.bodies[e].arrival < c.bodies[best].arrival {
			best = e
		}
	}
	return best
}

// move is a way from the tip to another, tried out and found good, but not gone yet.
type move struct {
	view     *view
	fork     *headers.Entry
	path     []*headers.Entry // from the fork up
	newly    []connected      // blocks of the path that were never connected before
	down, up []*Block
}

// try goes from the tip to target on a view: disconnect to the fork, connect from there. Nothing of the chain changes, so there
// is nothing to roll back if a block is bad; the error then is a [consensus.RuleError] that names it.
func (c *Chain) try(target *headers.Entry) (*move, error) {
	tip := c.Tip()
	m := &move{view: newView(c.utxo), fork: headers.Fork(tip, target)}
	for e := tip; e != m.fork; e = e.Parent() {
		b := c.bodies[e]
		if b.undo == nil {
			return nil, ErrCorrupt
		}
		if err := m.view.disconnect(b.block, b.ids, uint32(e.Height), b.undo); err != nil {
			return nil, err
		}
		m.down = append(m.down, b.block)
	}
	m.path = headers.After(m.fork, target, target.Height-m.fork.Height)
	for _, e := range m.path {
		b := c.bodies[e]
		// Whether a block is valid depends on those below it alone: one that was connected once is.
		undo, err := m.view.connect(c.cfg.Params, b.block, b.ids, e.Height, c.cfg.Sigs, b.undo == nil)
		if err != nil {
			return nil, consensus.Locate(err, e.Height, e.Hash)
		}
		if b.undo == nil {
			m.newly = append(m.newly, connected{e, undo})
		}
		m.up = append(m.up, b.block)
	}
	return m, nil
}

// adopt goes the way: this cannot fail.
func (c *Chain) adopt(m *move) {
	m.view.flush()
	for _, n := range m.newly {
		c.bodies[n.entry].undo = n.undo
	}
	for _, e := range c.active[m.fork.Height+1:] {
		for _, id := range c.bodies[e].ids {
			delete(c.txs, id)
		}
	}
	c.active = c.active[:m.fork.Height+1]
	for _, e := range m.path {
		c.active = append(c.active, e)
		c.index(e)
	}
}

func (c *Chain) index(e *headers.Entry) {
	for _, id := range c.bodies[e].ids {
		c.txs[id] = e
	}
}

// blame is why e is bad: its own fault, or that of the block under it that is.
func (c *Chain) blame(e *headers.Entry, failures []error) error {
	for _, err := range failures {
		var broken *consensus.RuleError
		if !errors.As(err, &broken) {
			continue
		}
		if broken.Block == e.Hash {
			return err
		}
		if bad := c.tree.Get(broken.Block); e.Ancestor(bad.Height) == bad {
			return consensus.Locate(consensus.Broken(consensus.ErrBadPrev, "under it %v", err), e.Height, e.Hash)
		}
	}
	return consensus.Locate(consensus.Broken(consensus.ErrBadPrev, "a block under it is bad"), e.Height, e.Hash)
}
