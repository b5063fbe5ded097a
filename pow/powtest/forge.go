package powtest

import (
	"encoding/binary"
	"math"

	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
	"6.824/pow/mining"
)

// forge is a smithy of blocks, good and bad: a ledger of its own, in memory, that follows an honest node's chain as far as it is told to, and
// forks as it likes. Its owner has all the hash power that a scenario wants: what is asked is what nodes make of its blocks.
type forge struct {
	net   *Network
	chain *ledger.Chain
}

// newForge is one that knows the chain of a node.
func (n *Network) newForge(like int) *forge {
	c, err := ledger.Open(ledger.Config{Params: n.Params, Sigs: n.sigs})
	if err != nil {
		n.Violate("a forge", "", "%v", err)
	}
	f := &forge{n, c}
	f.follow(like)
	return f
}

// follow learns a node's chain.
func (f *forge) follow(node int) {
	var blocks []*ledger.Block
	f.net.View(node, func(c *ledger.Chain, _ *ledger.Pool) {
		for h := 1; h <= c.Height(); h++ {
			blocks = append(blocks, c.Block(c.At(h).Hash))
		}
	})
	for _, b := range blocks {
		f.add(b)
	}
}

// add is for blocks that are good.
func (f *forge) add(b *ledger.Block) *headers.Entry {
	if _, err := f.chain.AddBlock(b, math.MaxInt64/2); err != nil {
		if class, ok := consensus.ClassOf(err); !ok || class != consensus.Known {
			f.net.Violate("a forge's own block", "", "%v", err)
		}
	}
	return f.chain.Tree().Get(b.Hash())
}

// now is the date.
func (n *Network) now() int64 { return n.oracle.start.Add(n.Now()).Unix() }

// block lays out a block on parent, and change, if any, has its way with it before the nonce is looked for. Each is unlike all others.
func (f *forge) block(parent *headers.Entry, change func(*ledger.Block), txs ...*ledger.Tx) *ledger.Block {
	f.net.salt++
	at := f.chain.Tree().Next(parent, f.net.now())
	b := ledger.NewBlock(f.net.Params, at, f.net.purse("forge").Key(), txs, 0, binary.LittleEndian.AppendUint64([]byte("forge"), f.net.salt))
	if change != nil {
		change(b)
	}
	return f.solve(b)
}

// solve finds the nonce, at the difficulty that the block claims.
func (f *forge) solve(b *ledger.Block) *ledger.Block {
	target, _, _ := consensus.DecodeCompact(b.Header.Bits)
	for {
		nonce, _, found := mining.NewSearch(b.Header, target).Run(0, 1<<32)
		if found {
			b.Header.Nonce = nonce
			return b
		}
		b.Header.Time++
	}
}

// grow adds k good blocks of nothing on e, and returns them.
func (f *forge) grow(e *headers.Entry, k int) (blocks []*ledger.Block) {
	for range k {
		b := f.block(e, nil)
		blocks = append(blocks, b)
		e = f.add(b)
	}
	return blocks
}

// upTo is the blocks of the chain up to e, from height from+1 on.
func (f *forge) upTo(e *headers.Entry, from int) (blocks []*ledger.Block) {
	for h := from + 1; h <= e.Height; h++ {
		blocks = append(blocks, f.chain.Block(e.Ancestor(h).Hash))
	}
	return blocks
}
