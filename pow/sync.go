package pow

import (
	"slices"

	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// askHeaders asks p what follows the chain known here, or with after, what follows that header of p's.
func (n *Node) askHeaders(p *peer, after *consensus.Hash) {
	if !n.free(p, headersCall) {
		p.again = p.calls[headersCall] != nil
		return
	}
	locator := n.chain.Tree().Best().Locator()
	if after != nil {
		locator = append([]consensus.Hash{*after}, locator[:min(len(locator), headers.MaxLocator-1)]...)
	} else {
		p.pending, p.base = nil, nil
	}
	ask(n, p, headersCall, "GetHeaders", &GetHeadersArgs{locator}, nil, func(r *HeadersReply) { n.gotHeaders(p, r) })
}

// gotHeaders looks at headers that p was asked for. They are stored once the chain that they make has enough work; until then they
// wait, so many and no more.
func (n *Node) gotHeaders(p *peer, r *HeadersReply) {
	limit := n.cfg.Limits.Headers
	hs, ok := splitHeaders(n.cfg.Params, r.Headers, limit)
	if !ok {
		n.lied(p, consensus.Broken(consensus.ErrHighHash, "headers without work, or not in a line"))
		return
	}
	if len(hs) == 0 {
		p.pending, p.base = nil, nil
		n.asked(p)
		return
	}
	if len(p.pending) > 0 && hs[0].Prev == p.pending[len(p.pending)-1].Hash() {
		hs = append(slices.Clip(p.pending), hs...)
	} else {
		p.base = n.chain.Tree().Get(hs[0].Prev)
	}
	p.pending = nil
	if p.base == nil {
		n.lied(p, consensus.Broken(consensus.ErrOrphan, "headers that begin nowhere"))
		return
	}
	work := p.base.Work
	for i := range hs {
		work = consensus.CumulativeWork(work, workOf(hs[i].Bits))
	}
	last := hs[len(hs)-1].Hash()
	full := len(r.Headers) == limit*consensus.HeaderSize
	if !n.worthy(work) {
		switch {
		case full && len(hs) >= n.cfg.Limits.Pending:
			n.lied(p, consensus.Broken(ErrLowWork, "%d headers, and still not enough work", len(hs)))
		case full:
			p.pending = hs
			n.askHeaders(p, &last)
		default:
			n.asked(p) // its chain is behind: that is no crime
		}
		return
	}
	before := n.chain.Tree().Len()
	for i := range hs {
		e, err := n.chain.AddHeader(&hs[i], n.clock.date())
		if err != nil {
			if class, ok := consensus.ClassOf(err); ok && class == consensus.Invalid {
				n.lied(p, err)
			}
			n.fetch()
			return
		}
		if e.Failed() {
			n.lied(p, consensus.Broken(consensus.ErrBadPrev, "%v was found to be bad", e.Hash))
			return
		}
		n.shows(p, e)
	}
	if full && n.chain.Tree().Len() > before { // else it leads round in a circle
		n.askHeaders(p, &last)
	}
	n.asked(p)
	n.fetch()
}

// asked is when p has answered for headers: it is asked again, if meanwhile there was a reason.
func (n *Node) asked(p *peer) {
	if p.again && p.calls[headersCall] == nil {
		p.again = false
		n.askHeaders(p, nil)
	}
}

// ErrLowWork is of headers that are too cheap to be stored.
var ErrLowWork = &consensus.Rule{Name: "too-little-chainwork", Class: consensus.Policy, Doc: "a chain has cost about as much as the one that is known"}

// fetch asks for the bodies of all chains that have been shown to have more work than the tip: each peer for those of its own
// chain, a block of one peer at a time.
func (n *Node) fetch() {
	tip := n.chain.Tip()
	var asked map[consensus.Hash]bool
	for _, p := range n.peers {
		if p.best == nil || p.best.Failed() || p.best.Work.Cmp(tip.Work) <= 0 || !n.free(p, blocksCall) {
			continue
		}
		if asked == nil {
			asked = map[consensus.Hash]bool{}
			for _, q := range n.peers {
				if c := q.calls[blocksCall]; c != nil {
					for _, h := range c.hashes {
						asked[h] = true
					}
				}
			}
		}
		var hashes []consensus.Hash
		from := headers.Fork(p.best, tip)
		// Not far beyond the first that is missing: a window of blocks, so that a chain that proves bad has not cost much. It does not
		// begin at the fork: what is here of a branch may be longer than the window and still have less work than the tip.
		missing, end := false, p.best.Height
		for height := from.Height + 1; height <= end && len(hashes) < n.cfg.Limits.Blocks; height++ {
			e := p.best.Ancestor(height)
			if n.has(e) {
				continue
			}
			if !missing {
				missing, end = true, min(end, height+8*n.cfg.Limits.Blocks-1)
			}
			if !asked[e.Hash] {
				hashes = append(hashes, e.Hash)
				asked[e.Hash] = true
			}
		}
		if len(hashes) > 0 {
			ask(n, p, blocksCall, "GetBlocks", &GetBlocksArgs{hashes}, hashes, func(r *BlocksReply) { n.gotBlocks(p, hashes, r) })
		}
	}
}

// gotBlocks looks at blocks that p was asked for.
func (n *Node) gotBlocks(p *peer, asked []consensus.Hash, r *BlocksReply) {
	if len(r.Blocks) < len(asked) {
		// It does not have what it has shown. It need not have lied: the chain may have changed. Let it show it again.
		p.best = nil
	}
	next := 0
	for _, b := range r.Blocks {
		if len(b) > n.cfg.Params.MaxBlockBytes {
			n.lied(p, consensus.Broken(ledger.ErrBlockSize, "%d bytes", len(b)))
			break
		}
		block, err := ledger.DecodeBlock(b)
		if err != nil {
			n.lied(p, err)
			break
		}
		i := slices.Index(asked[next:], block.Hash())
		if i < 0 {
			n.lied(p, consensus.Broken(ledger.ErrDecode, "block %v was not asked for", block.Hash()))
			break
		}
		next += i + 1
		err = n.take(block)
		if class, ok := consensus.ClassOf(err); ok && (class == consensus.Invalid || class == consensus.Mutated) {
			n.lied(p, err)
			break
		}
		if n.chain.Err() != nil {
			return
		}
	}
	n.fetch()
}

// announce tells all peers of the tip, but those that have it.
func (n *Node) announce(tip *headers.Entry) {
	b := tip.Header.Bytes()
	for _, p := range n.peers {
		if p.best == nil || p.best.Ancestor(tip.Height) != tip {
			n.push(p, &AnnounceArgs{From: n.cfg.Name, Header: b[:]})
		}
	}
}

func (n *Node) push(p *peer, args *AnnounceArgs) {
	if n.clock.read >= p.bannedUntil {
		p.End.Go("Node.Announce", args, new(Ack), func(error) {})
	}
}
