package ledger

import "slices"

// Update follows a change of the chain, which has been made already. What is in a block now leaves the pool, and what
// conflicts with it, with all that hangs on that.
//
// After a reorg, transactions of the blocks that were disconnected come back, in the order they had, unless the new chain has them or
// conflicts with them; they were seen first, so they come before those that waited. What hung on a coinbase that is gone leaves.
func (p *Pool) Update(change Change) {
	if len(change.Disconnected) > 0 {
		p.rebuild(change)
		return
	}
	for _, b := range change.Connected {
		for _, t := range b.Txs[1:] {
			id := t.ID()
			for i := range t.Inputs {
				spender := p.spends[t.Inputs[i].Prev]
				switch {
				case spender == nil:
				case spender.id == id:
					p.remove(spender)
				default:
					p.removeAll(spender)
				}
			}
		}
	}
}

// rebuild puts everything in again. It costs what the pool holds; but what is left is right by the same rules as everything else
// in the pool, and reorgs are rare.
func (p *Pool) rebuild(change Change) {
	waiting := p.sorted()
	p.clear()
	for _, b := range slices.Backward(change.Disconnected) { // they are listed from the tip down
		for _, t := range b.Txs {
			_ = p.add(t, true) // what no longer fits is what is to leave
		}
	}
	for _, t := range waiting {
		_ = p.add(t.tx, true)
	}
}
