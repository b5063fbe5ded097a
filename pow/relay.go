package pow

import (
	"errors"
	"slices"

	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// Submit hands a transaction to the node, to be mined and told to others. The error is a [consensus.RuleError] of the mempool, or
// [ErrDead].
func (n *Node) Submit(t *ledger.Tx) error {
	var err error
	if n.box.ask(func() { err = n.takeTx(t, nil) }) {
		return err
	}
	return ErrDead
}

// takeTx puts a transaction into the pool, and offers it to all peers but the one that it came from.
func (n *Node) takeTx(t *ledger.Tx, from *peer) error {
	if err := n.pool.Add(t); err != nil {
		return err
	}
	n.offerAll(t, from)
	n.retryOrphans()
	return nil
}

func (n *Node) offerAll(t *ledger.Tx, from *peer) {
	id := t.ID()
	for _, p := range n.peers {
		if p != from {
			n.offer(p, []consensus.Hash{id})
		}
	}
}

func (n *Node) offer(p *peer, ids []consensus.Hash) {
	n.push(p, &AnnounceArgs{From: n.cfg.Name, Txs: ids})
}

// want notes what p has, and asks for it.
func (n *Node) want(p *peer, ids []consensus.Hash) {
	for _, id := range ids {
		if len(p.wanted) < n.cfg.Limits.Wanted && n.unknownTx(id) && !slices.Contains(p.wanted, id) {
			p.wanted = append(p.wanted, id)
		}
	}
	n.fetchTxs()
}

func (n *Node) unknownTx(id consensus.Hash) bool {
	return n.pool.Get(id) == nil && n.chain.Confirmations(id) == 0 && !n.seen.has(id) &&
		!slices.ContainsFunc(n.orphans, func(t *ledger.Tx) bool { return t.ID() == id })
}

// fetchTxs asks peers for transactions, each of one peer at a time.
func (n *Node) fetchTxs() {
	asked := map[consensus.Hash]bool{}
	for _, q := range n.peers {
		if c := q.calls[txsCall]; c != nil {
			for _, id := range c.hashes {
				asked[id] = true
			}
		}
	}
	for _, p := range n.peers {
		if len(p.wanted) == 0 || !n.free(p, txsCall) {
			continue
		}
		var ids, later []consensus.Hash
		for _, id := range p.wanted {
			switch {
			case !n.unknownTx(id):
			case asked[id] || len(ids) == n.cfg.Limits.Txs:
				later = append(later, id)
			default:
				ids = append(ids, id)
				asked[id] = true
			}
		}
		p.wanted = later
		if len(ids) > 0 {
			ask(n, p, txsCall, "GetTxs", &GetTxsArgs{ids}, ids, func(r *TxsReply) { n.gotTxs(p, ids, r) })
		}
	}
}

// gotTxs looks at transactions that p was asked for. What could be right for somebody with another tip is not held against p.
func (n *Node) gotTxs(p *peer, asked []consensus.Hash, r *TxsReply) {
	next := 0
	for _, b := range r.Txs {
		t, err := ledger.DecodeTx(b)
		if err != nil {
			n.lied(p, err)
			break
		}
		id := t.ID()
		i := slices.Index(asked[next:], id)
		if i < 0 {
			n.lied(p, consensus.Broken(ledger.ErrDecode, "transaction %v was not asked for", id))
			break
		}
		next += i + 1
		err = n.takeTx(t, p)
		switch class, _ := consensus.ClassOf(err); {
		case err == nil:
		case slices.ContainsFunc(neverRight, func(r *consensus.Rule) bool { return errors.Is(err, r) }):
			n.seen.add(id)
			n.lied(p, err)
		case class == consensus.Orphan:
			n.keepOrphan(t)
		case class != consensus.Early:
			n.seen.add(id)
		}
	}
	n.fetchTxs()
}

// neverRight are the rules that a transaction breaks whatever the chain looks like.
var neverRight = []*consensus.Rule{
	ledger.ErrNoOutputs, ledger.ErrTxSize64, ledger.ErrAmount, ledger.ErrDoubleInput, ledger.ErrOverspend, ledger.ErrSignature,
	ledger.ErrPoolCoinbase,
}

// keepOrphan keeps a transaction until what it spends is known; beyond the limit the oldest goes.
func (n *Node) keepOrphan(t *ledger.Tx) {
	if len(n.orphans) >= n.cfg.Limits.Orphans {
		n.orphans = slices.Delete(n.orphans, 0, 1)
	}
	n.orphans = append(n.orphans, t)
}

// retryOrphans tries again those that wait, as long as one of them fits.
func (n *Node) retryOrphans() {
	for grown := true; grown && len(n.orphans) > 0; {
		grown = false
		waiting := n.orphans
		n.orphans = nil
		for _, t := range waiting {
			err := n.pool.Add(t)
			class, _ := consensus.ClassOf(err)
			switch {
			case err == nil:
				grown = true
				n.offerAll(t, nil)
			case class == consensus.Orphan:
				n.orphans = append(n.orphans, t)
			}
		}
	}
}
