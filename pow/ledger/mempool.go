package ledger

import (
	"cmp"
	"container/heap"
	"errors"
	"slices"

	"6.824/pow/consensus"
)

// PoolConfig bounds a mempool. Zero values stand for the defaults. None of this is consensus: a node may choose.
type PoolConfig struct {
	MaxBytes     int    // of all transactions together, encoded; 1,000,000
	MaxTxBytes   int    // of one; 50,000
	MinFeeRate   Amount // per 1,000 bytes; 0, which takes what is free while there is room
	MaxAncestors int    // how many waiting transactions one may hang on, itself included, and how many may hang on one; 25
}

// Pool is the transactions that wait for a block: all valid together on top of the chain's tip, no two spending one output.
// The first seen wins: what conflicts with one that waits is refused, whatever it pays. The pool is bounded in bytes, and what
// pays least per byte has to go first. Use [NewPool]; call [Pool.Update] with every [Change] of the chain. It is for one goroutine.
type Pool struct {
	chain   *Chain
	cfg     PoolConfig
	txs     map[consensus.Hash]*poolTx
	spends  map[OutPoint]*poolTx // by whom an output would be spent
	byScore scoreHeap            // who would have to leave first
	bytes   int
	arrived int
}

// poolTx is a waiting transaction, with its place among the others.
type poolTx struct {
	tx      *Tx
	id      consensus.Hash
	arrival int
	own     load
	total   load // with all that hang on it: what leaves if it leaves

	parents, children []*poolTx
	at                int // in byScore
}

// NewPool is an empty pool on a chain.
func NewPool(c *Chain, cfg PoolConfig) *Pool {
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, 1_000_000)
	cfg.MaxTxBytes = cmp.Or(cfg.MaxTxBytes, 50_000)
	cfg.MaxAncestors = cmp.Or(cfg.MaxAncestors, 25)
	p := &Pool{chain: c, cfg: cfg}
	p.clear()
	return p
}

func (p *Pool) clear() {
	p.txs, p.spends = map[consensus.Hash]*poolTx{}, map[OutPoint]*poolTx{}
	p.byScore, p.bytes = nil, 0
}

// Len is how many transactions wait.
func (p *Pool) Len() int { return len(p.txs) }

// Bytes is how many bytes they have together.
func (p *Pool) Bytes() int { return p.bytes }

// Get is the waiting transaction of that id, nil if there is none. It is to be read only.
func (p *Pool) Get(id consensus.Hash) *Tx {
	if t := p.txs[id]; t != nil {
		return t.tx
	}
	return nil
}

// Spender is the waiting transaction that spends an output; ok is false if none does.
func (p *Pool) Spender(o OutPoint) (id consensus.Hash, ok bool) {
	if t := p.spends[o]; t != nil {
		return t.id, true
	}
	return id, false
}

// IDs are the waiting transactions in order of arrival, so that what one hangs on comes before it.
func (p *Pool) IDs() []consensus.Hash {
	ids := make([]consensus.Hash, 0, len(p.txs))
	for _, t := range p.sorted() {
		ids = append(ids, t.id)
	}
	return ids
}

func (p *Pool) sorted() []*poolTx { return inOrder(slices.Clone(p.byScore)) }

func inOrder(ts []*poolTx) []*poolTx {
	slices.SortFunc(ts, func(a, b *poolTx) int { return a.arrival - b.arrival })
	return ts
}

// coin makes the pool a place to look up inputs: the chain's coins, and what waiting transactions make. Whether somebody else spends
// it is not asked here.
func (p *Pool) coin(o OutPoint) (Coin, bool) {
	if t := p.txs[o.Tx]; t != nil {
		if int64(o.Index) >= int64(len(t.tx.Outputs)) {
			return Coin{}, false
		}
		out := t.tx.Outputs[o.Index]
		return Coin{Value: out.Value, Owner: out.Owner, Height: uint32(p.chain.Height() + 1)}, true
	}
	return p.chain.utxo.Coin(o)
}

// Add takes a transaction that the next block could hold. The error is a [consensus.RuleError]; its class says what to make of it:
// Invalid is the sender's fault; Orphan waits for another transaction; Early, Policy and Known are nobody's. After
// it was added the transaction must not change.
func (p *Pool) Add(t *Tx) error { return p.add(t, false) }

// add is Add. A transaction that returns from a block that was disconnected is spared this node's own rules, but for the room.
func (p *Pool) add(t *Tx, returns bool) error {
	if t.IsCoinbase() {
		return consensus.Broken(ErrPoolCoinbase, "it makes new money")
	}
	if err := CheckTx(t); err != nil {
		return err
	}
	id, size := t.ID(), t.Size()
	if p.txs[id] != nil || p.chain.txs[id] != nil {
		return consensus.Broken(ErrKnown, "%v", id)
	}
	if size > p.cfg.MaxTxBytes && !returns {
		return consensus.Broken(ErrPoolSize, "%d bytes, %d are relayed", size, p.cfg.MaxTxBytes)
	}
	for i := range t.Inputs {
		if other := p.spends[t.Inputs[i].Prev]; other != nil {
			return consensus.Broken(ErrPoolConflict, "input %d is spent by %v", i, other.id)
		}
	}
	s, err := checkSpend(p.chain.cfg.Params, t, p.chain.Height()+1, p)
	if err != nil {
		return p.forPool(t, err)
	}
	n := &poolTx{tx: t, id: id, arrival: p.arrived, own: load{s.fee, size}, parents: p.parentsOf(t)}
	n.total = n.own
	if !returns {
		if n.own.less(load{p.cfg.MinFeeRate, 1000}) {
			return consensus.Broken(ErrPoolFee, "a fee of %v for %d bytes", s.fee, size)
		}
		if err := p.checkChain(n); err != nil {
			return err
		}
	}
	// Before the signatures, which cost the most: a flood of what would not stay is to be cheap.
	if p.bytes+size > p.cfg.MaxBytes && (len(p.byScore) == 0 || !p.byScore[0].score().less(n.own)) {
		return consensus.Broken(ErrPoolFull, "a fee of %v for %d bytes is too little", s.fee, size)
	}
	if err := checkSignatures(p.chain.cfg.Params, t, id, s.spent, p.chain.cfg.Sigs); err != nil {
		return err
	}
	p.insert(n)
	p.shrink()
	if p.txs[id] == nil {
		return consensus.Broken(ErrPoolFull, "a fee of %v for %d bytes is too little", s.fee, size)
	}
	return nil
}

// forPool tells inputs that nobody here has heard of from those that are spent, and what is too early from what is wrong.
func (p *Pool) forPool(t *Tx, err error) error {
	switch {
	case errors.Is(err, ErrImmature):
		return consensus.Broken(ErrPoolImmature, "%v", err)
	case errors.Is(err, ErrMissingInput):
		for i := range t.Inputs {
			if prev := t.Inputs[i].Prev; p.txs[prev.Tx] == nil && p.chain.txs[prev.Tx] == nil {
				return consensus.Broken(ErrPoolOrphan, "input %d spends of %v, which is not known", i, prev.Tx)
			}
		}
	}
	return err
}

func (p *Pool) parentsOf(t *Tx) (parents []*poolTx) {
	for i := range t.Inputs {
		if q := p.txs[t.Inputs[i].Prev.Tx]; q != nil && !slices.Contains(parents, q) {
			parents = append(parents, q)
		}
	}
	return parents
}

// checkChain bounds how many hang on one another: it is what adding or removing one costs.
func (p *Pool) checkChain(n *poolTx) error {
	above := n.ancestors()
	if len(above)+1 > p.cfg.MaxAncestors {
		return consensus.Broken(ErrPoolChain, "it hangs on %d others, with it %d are allowed", len(above), p.cfg.MaxAncestors)
	}
	for _, a := range above {
		if below := len(a.descendants()); below+2 > p.cfg.MaxAncestors {
			return consensus.Broken(ErrPoolChain, "on %v hang %d others already", a.id, below)
		}
	}
	return nil
}

func (p *Pool) insert(n *poolTx) {
	p.arrived++
	p.txs[n.id] = n
	p.bytes += n.own.size
	for i := range n.tx.Inputs {
		p.spends[n.tx.Inputs[i].Prev] = n
	}
	for _, q := range n.parents {
		q.children = append(q.children, n)
	}
	heap.Push(&p.byScore, n)
	for _, a := range n.ancestors() {
		a.total = a.total.plus(n.own)
		heap.Fix(&p.byScore, a.at)
	}
}

// remove takes out one transaction. Those that hang on it stay: it is in a block, or they have been removed before.
func (p *Pool) remove(n *poolTx) {
	for _, a := range n.ancestors() {
		a.total = a.total.minus(n.own)
		heap.Fix(&p.byScore, a.at)
	}
	without := func(ts []*poolTx) []*poolTx {
		return slices.DeleteFunc(ts, func(t *poolTx) bool { return t == n })
	}
	for _, q := range n.parents {
		q.children = without(q.children)
	}
	for _, q := range n.children {
		q.parents = without(q.parents)
	}
	for i := range n.tx.Inputs {
		delete(p.spends, n.tx.Inputs[i].Prev)
	}
	heap.Remove(&p.byScore, n.at)
	delete(p.txs, n.id)
	p.bytes -= n.own.size
}

// removeAll takes out a transaction and all that hang on it, the last first.
func (p *Pool) removeAll(n *poolTx) {
	all := inOrder(append(n.descendants(), n))
	for _, t := range slices.Backward(all) {
		p.remove(t)
	}
}

// ancestors are the waiting transactions that n hangs on, near or far, each once.
func (n *poolTx) ancestors() []*poolTx {
	return n.reach(func(t *poolTx) []*poolTx { return t.parents })
}

// descendants are those that hang on n.
func (n *poolTx) descendants() []*poolTx {
	return n.reach(func(t *poolTx) []*poolTx { return t.children })
}

func (n *poolTx) reach(next func(*poolTx) []*poolTx) (found []*poolTx) {
	if len(next(n)) == 0 {
		return nil
	}
	seen := map[*poolTx]bool{n: true}
	for queue := next(n); len(queue) > 0; {
		t := queue[0]
		queue = queue[1:]
		if !seen[t] {
			seen[t] = true
			found = append(found, t)
			queue = append(slices.Clone(queue), next(t)...)
		}
	}
	return found
}
