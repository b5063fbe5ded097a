package pow

import (
	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// The handlers of the Node service. They answer anybody, so what an answer costs is bounded. A dead node answers with nothing.

// Announce takes a hint. It does not wait for what comes of it.
func (n *Node) Announce(args *AnnounceArgs, _ *Ack) {
	n.box.postHint(n.cfg.Limits.Mailbox, func() { n.hear(args) })
}

// GetHeaders answers from the active chain.
func (n *Node) GetHeaders(args *GetHeadersArgs, reply *HeadersReply) {
	if len(args.Locator) > headers.MaxLocator {
		return
	}
	var b []byte
	if n.box.askHint(n.cfg.Limits.Mailbox, func() {
		tip := n.chain.Tip()
		for _, e := range headers.After(n.chain.Tree().Locate(args.Locator, tip), tip, n.cfg.Limits.Headers) {
			b = e.Header.Append(b)
		}
	}) {
		reply.Headers = b
	}
}

// GetBlocks answers with blocks that were found good once, of whatever chain.
func (n *Node) GetBlocks(args *GetBlocksArgs, reply *BlocksReply) {
	if len(args.Hashes) > n.cfg.Limits.Blocks {
		return
	}
	var blocks [][]byte
	if n.box.askHint(n.cfg.Limits.Mailbox, func() {
		for _, hash := range args.Hashes {
			if b := n.chain.Block(hash); b != nil && !n.chain.Tree().Get(hash).Failed() {
				blocks = append(blocks, b.Append(make([]byte, 0, b.Size())))
			}
		}
	}) {
		reply.Blocks = blocks
	}
}

// GetTxs answers with transactions that wait here.
func (n *Node) GetTxs(args *GetTxsArgs, reply *TxsReply) {
	if len(args.IDs) > n.cfg.Limits.Txs {
		return
	}
	var txs [][]byte
	if n.box.askHint(n.cfg.Limits.Mailbox, func() {
		for _, id := range args.IDs {
			if t := n.pool.Get(id); t != nil {
				txs = append(txs, t.Append(make([]byte, 0, t.Size())))
			}
		}
	}) {
		reply.Txs = txs
	}
}

// hear looks at an announcement.
func (n *Node) hear(args *AnnounceArgs) {
	p := n.byName[args.From]
	if p == nil || !n.heed(p) {
		return
	}
	if len(args.Header) > 0 {
		n.hearHeader(p, args.Header)
	}
	if len(args.Txs) > 0 && len(args.Txs) <= n.cfg.Limits.Txs {
		n.want(p, args.Txs)
	}
}

// hearHeader takes the header of a tip, if it is good and its place is known. If its place is not known, p is asked for what lies
// between: an orphan itself is not kept, so a flood of them fills nothing.
func (n *Node) hearHeader(p *peer, b []byte) {
	h, err := consensus.DecodeHeader(b)
	if err != nil {
		return
	}
	hash := h.Hash()
	tree := n.chain.Tree()
	if e := tree.Get(hash); e != nil {
		n.shows(p, e)
		n.fetch()
		return
	}
	if n.cfg.Params.CheckWork(&h, hash) != nil {
		return // whoever made this has not paid for an answer
	}
	parent := tree.Get(h.Prev)
	if parent == nil {
		n.askHeaders(p, nil)
		return
	}
	if parent.Failed() || !n.worthy(consensus.CumulativeWork(parent.Work, workOf(h.Bits))) {
		return
	}
	if e, err := n.chain.AddHeader(&h, n.clock.date()); err == nil {
		n.shows(p, e)
		n.fetch()
	}
}

// workOf is the work that bits claim.
func workOf(bits uint32) consensus.Uint256 {
	target, _, _ := consensus.DecodeCompact(bits)
	return consensus.Work(target)
}

// shows notes that p has said it has e.
func (n *Node) shows(p *peer, e *headers.Entry) {
	if !e.Failed() && (p.best == nil || p.best.Failed() || e.Work.Cmp(p.best.Work) > 0) {
		p.best = e
	}
}
