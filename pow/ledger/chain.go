package ledger

import (
	"fmt"
	"math"

	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// Config is what a chain is opened with.
type Config struct {
	Params *consensus.Params
	Disk   Disk      // nil: in memory only
	Sigs   *SigCache // nil: every signature is verified each time

	// SnapshotEvery is after how many blocks the coins are written out, so that a restart need not connect all blocks again. 0
	// is 1,000; negative never.
	SnapshotEvery int
}

// Chain is a node's ledger: all headers and blocks that it knows, forks included, and of them the active chain, whose
// blocks are connected, with the coins that they lead to. The active chain is the valid one with the most work of those whose blocks are
// all here; among equals it stays with the one it had first (whitepaper, section 5). Use [Open]. It is for one goroutine.
type Chain struct {
	cfg    Config
	tree   *headers.Tree
	store  store
	bodies map[*headers.Entry]*body
	utxo   *UTXO
	active []*headers.Entry                  // by height
	txs    map[consensus.Hash]*headers.Entry // of the active chain: in which block

	candidates    []*headers.Entry // complete, with more work than the tip
	arrived       int
	sinceSnapshot int
	err           error
}

// body is what is known of a block besides its header.
type body struct {
	block    *Block // nil for genesis
	ids      []consensus.Hash
	undo     *Undo // nil until it has been connected for the first time: until then its validity is not known
	arrival  int
	complete bool // all blocks below are here too
}

// Change is a move of the tip. Both lists are empty if it did not move.
type Change struct {
	Disconnected []*Block // from the old tip down
	Connected    []*Block // up to the new tip
	Failed       []error  // blocks that turned out bad on the way: a [consensus.RuleError] each
}

// Open reads what the disk holds, and brings the chain where it was: at the tip that was committed last, or at a better one
// whose blocks had arrived. A disk that holds something else is [ErrCorrupt], with file and offset.
func Open(cfg Config) (*Chain, error) {
	if cfg.SnapshotEvery == 0 {
		cfg.SnapshotEvery = 1000
	}
	c := &Chain{
		cfg: cfg, tree: headers.NewTree(cfg.Params), store: store{cfg.Disk},
		bodies: map[*headers.Entry]*body{}, txs: map[consensus.Hash]*headers.Entry{},
	}
	// Genesis has no body: what it pays, nobody can spend, as in Bitcoin.
	c.bodies[c.tree.Genesis()] = &body{complete: true}
	c.active = []*headers.Entry{c.tree.Genesis()}
	l, err := c.store.load(cfg.Params, c.reloadHeader, c.reloadBlock, c.reloadUndo)
	if err != nil {
		return nil, err
	}
	c.utxo = l.coins
	if err := c.resume(l.base, l.tip); err != nil {
		return nil, err
	}
	if _, err := c.activate(); err != nil {
		return nil, err
	}
	return c, nil
}

// whenever is a time at which no header is too new: those on the disk were not when they came.
const whenever = math.MaxInt64 / 2

func (c *Chain) reloadHeader(h *consensus.Header) error {
	_, err := c.tree.Add(h, whenever)
	return err
}

func (c *Chain) reloadBlock(b *Block) error {
	e, err := c.tree.Add(&b.Header, whenever)
	if err != nil {
		return err
	}
	ids, err := checkBlock(c.cfg.Params, b)
	if err != nil {
		return err
	}
	c.addBody(e, b, ids)
	return nil
}

func (c *Chain) reloadUndo(hash consensus.Hash, u *Undo) error {
	b := c.bodies[c.tree.Get(hash)]
	if b == nil || b.block == nil {
		return fmt.Errorf("an undo record of block %v, which is not there", hash)
	}
	inputs := 0
	for _, t := range b.block.Txs {
		inputs += len(t.Inputs)
	}
	if len(u.Spent) != inputs {
		return fmt.Errorf("an undo record of %d coins, of block %v with %d inputs", len(u.Spent), hash, inputs)
	}
	b.undo = u
	return nil
}

// resume puts the chain at base, where the coins are, and moves it to tip. Both are zero or were committed.
func (c *Chain) resume(base, tip consensus.Hash) error {
	at := func(hash consensus.Hash) (*headers.Entry, error) {
		if hash.IsZero() {
			return c.tree.Genesis(), nil
		}
		e := c.tree.Get(hash)
		if b := c.bodies[e]; b == nil || !b.complete {
			return nil, fmt.Errorf("%w: block %v was a tip, and is not whole", ErrCorrupt, hash)
		}
		return e, nil
	}
	from, err := at(base)
	if err != nil {
		return err
	}
	to, err := at(tip)
	if err != nil {
		return err
	}
	for _, e := range headers.After(c.tree.Genesis(), from, from.Height) {
		c.active = append(c.active, e)
		c.index(e)
	}
	m, err := c.try(to)
	if err != nil {
		return fmt.Errorf("%w: on the way to the tip: %w", ErrCorrupt, err)
	}
	c.adopt(m)
	for _, e := range c.active[1:] {
		if c.bodies[e].undo == nil {
			return fmt.Errorf("%w: block %v of the chain has no undo record", ErrCorrupt, e.Hash)
		}
	}
	return nil
}

// AddHeader adds a header whose block is not here yet. See [headers.Tree.Add] for the errors; besides them, the disk's.
func (c *Chain) AddHeader(h *consensus.Header, now int64) (*headers.Entry, error) {
	if c.err != nil {
		return nil, c.err
	}
	n := c.tree.Len()
	e, err := c.tree.Add(h, now)
	if err != nil {
		return nil, err
	}
	if c.tree.Len() > n {
		if err := c.store.header(h); err != nil {
			return nil, c.fail(err)
		}
	}
	return e, nil
}

// AddBlock adds a block, and moves the tip if that makes a better chain: down to the fork and up again, all of it or nothing. now is
// the time in Unix seconds.
//
// An error says why the block was not taken, or why it turned out bad: a [consensus.RuleError], or what the disk failed with,
// after which the chain refuses everything. [ErrKnown] is of a block that is here already. The Change holds even with an
// error: a bad block may make another chain the best, or may have stood under others that fell with it.
func (c *Chain) AddBlock(b *Block, now int64) (Change, error) {
	if c.err != nil {
		return Change{}, c.err
	}
	known := c.tree.Len()
	e, err := c.tree.Add(&b.Header, now)
	if err != nil {
		return Change{}, err
	}
	fresh := c.tree.Len() > known
	located := func(err error) error { return consensus.Locate(err, e.Height, e.Hash) }
	switch {
	case e.Failed():
		return Change{}, located(consensus.Broken(consensus.ErrBadPrev, "it, or a block under it, was found to be bad"))
	case c.bodies[e] != nil:
		return Change{}, located(consensus.Broken(ErrKnown, "the block is here"))
	}
	ids, err := checkBlock(c.cfg.Params, b)
	if err != nil {
		if class, _ := consensus.ClassOf(err); class == consensus.Invalid {
			c.tree.MarkFailed(e)
		} else if fresh {
			// The header stands, whatever became of this body.
			if err := c.store.header(&b.Header); err != nil {
				return Change{}, c.fail(err)
			}
		}
		return Change{}, located(err)
	}
	if err := c.store.block(b); err != nil {
		return Change{}, c.fail(err)
	}
	c.addBody(e, b, ids)
	change, err := c.activate()
	if err == nil && e.Failed() {
		err = c.blame(e, change.Failed)
	}
	return change, err
}

// addBody files a block. It, and those above that were waiting for it, may now be complete.
func (c *Chain) addBody(e *headers.Entry, b *Block, ids []consensus.Hash) {
	if c.bodies[e] != nil {
		return
	}
	c.arrived++
	c.bodies[e] = &body{block: b, ids: ids, arrival: c.arrived}
	if !c.bodies[e.Parent()].isComplete() {
		return
	}
	for queue := []*headers.Entry{e}; len(queue) > 0; queue = queue[1:] {
		e := queue[0]
		c.bodies[e].complete = true
		if e.Work.Cmp(c.Tip().Work) > 0 {
			c.candidates = append(c.candidates, e)
		}
		for _, child := range e.Children() {
			if c.bodies[child] != nil {
				queue = append(queue, child)
			}
		}
	}
}

func (b *body) isComplete() bool { return b != nil && b.complete }

// fail stops the chain: what it has in memory and what is on the disk may not be the same any more. A node in this state has crashed.
func (c *Chain) fail(err error) error {
	c.err = fmt.Errorf("the ledger has stopped: %w", err)
	return c.err
}

// Err is why the chain has stopped, nil if it has not.
func (c *Chain) Err() error { return c.err }
