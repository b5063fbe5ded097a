package powtest

import (
	"slices"
	"sync"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// liar is a Byzantine node: it serves what it was given, true or not, and says what it is told to. What it is asked for it counts.
type liar struct {
	net  *Network
	name string
	ends []*labrpc.ClientEnd // to the honest nodes

	mu     sync.Mutex
	line   []byte                    // headers, from height 1 on
	bodies map[consensus.Hash][]byte // what it hands out under which name
	txs    map[consensus.Hash][]byte
	echoes bool
	mute   bool                                     // it never answers
	tricks func(*pow.GetHeadersArgs) ([]byte, bool) // answers for headers in its own way
	asked  map[string]int
	silent chan struct{}
}

// newLiar starts one, which all honest nodes must have for a peer: see setup.Also.
func (n *Network) newLiar(name string) *liar {
	l := &liar{net: n, name: name, bodies: map[consensus.Hash][]byte{}, txs: map[consensus.Hash][]byte{}, asked: map[string]int{}, silent: make(chan struct{})}
	n.AddNode(name, func(node *labtest.Node) func() {
		for _, to := range n.names {
			l.ends = append(l.ends, node.Dial(to))
		}
		type Node struct{ *liar } // the service's name
		node.Serve(labrpc.MakeService(&Node{l}))
		return func() { close(l.silent) }
	}).Start()
	return l
}

func (l *liar) count(what string) {
	l.mu.Lock()
	l.asked[what]++
	mute := l.mute
	l.mu.Unlock()
	l.net.Count("liar asked for " + what)
	if mute {
		<-l.silent
	}
}

// Asked is how often it was asked for headers, blocks or txs.
func (l *liar) Asked(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.asked[what]
}

// Announce is what honest nodes tell it. If it echoes, it passes everything on as its own.
func (l *liar) Announce(args *pow.AnnounceArgs, _ *pow.Ack) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.echoes {
		for _, end := range l.ends {
			end.Go("Node.Announce", &pow.AnnounceArgs{From: l.name, Header: args.Header, Txs: args.Txs}, new(pow.Ack), func(error) {})
		}
	}
}

// GetHeaders answers with what follows in its line.
func (l *liar) GetHeaders(args *pow.GetHeadersArgs, reply *pow.HeadersReply) {
	l.count("headers")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tricks != nil {
		if b, ok := l.tricks(args); ok {
			reply.Headers = b
			return
		}
	}
	from := 0
	for at := 0; at+consensus.HeaderSize <= len(l.line); at += consensus.HeaderSize {
		if slices.Contains(args.Locator, consensus.DoubleSHA256(l.line[at:at+consensus.HeaderSize])) {
			from = at + consensus.HeaderSize
		}
	}
	reply.Headers = l.line[from:min(len(l.line), from+500*consensus.HeaderSize)]
}

// GetBlocks answers with what it has under those names.
func (l *liar) GetBlocks(args *pow.GetBlocksArgs, reply *pow.BlocksReply) {
	l.count("blocks")
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range args.Hashes {
		if b, ok := l.bodies[h]; ok {
			reply.Blocks = append(reply.Blocks, b)
		}
	}
}

// GetTxs answers with what it has under those names.
func (l *liar) GetTxs(args *pow.GetTxsArgs, reply *pow.TxsReply) {
	l.count("txs")
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range args.IDs {
		if b, ok := l.txs[id]; ok {
			reply.Txs = append(reply.Txs, b)
		}
	}
}

// serve has it show this chain, from height 1 on, with these bodies.
func (l *liar) serve(blocks ...*ledger.Block) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = nil
	for _, b := range blocks {
		l.line = b.Header.Append(l.line)
		l.bodies[b.Hash()] = b.Append(nil)
	}
}

// say sends a call to honest nodes, to all if none are named, and does not wait for answers.
func (l *liar) say(args *pow.AnnounceArgs, to ...int) {
	if len(to) == 0 {
		to = l.net.All()
	}
	for _, i := range to {
		l.ends[i].Go("Node.Announce", args, new(pow.Ack), func(error) {})
	}
	l.net.Sleep(0)
}

// show announces a block in its own name.
func (l *liar) show(b *ledger.Block, to ...int) {
	l.say(&pow.AnnounceArgs{From: l.name, Header: b.Header.Append(nil)}, to...)
}

// offer announces transactions, and has them ready.
func (l *liar) offer(txs []*ledger.Tx, to ...int) {
	args := &pow.AnnounceArgs{From: l.name}
	l.mu.Lock()
	for _, t := range txs {
		l.txs[t.ID()] = t.Append(nil)
		args.Txs = append(args.Txs, t.ID())
	}
	l.mu.Unlock()
	l.say(args, to...)
}

// bans counts, per peer, how many of the honest nodes have banned it.
func (n *Network) bans(name string) int {
	n.oracle.mu.Lock()
	defer n.oracle.mu.Unlock()
	return len(n.oracle.banned[name])
}

// expectBans waits until so many honest nodes have banned a liar, and makes sure that none has banned an honest one.
func (n *Network) expectBans(name string, count int) {
	if !n.Eventually(n.settleBound(), func() bool { return n.bans(name) >= count }) {
		n.Violate("a peer that lies loses its standing", "§5", "%d nodes have banned %s, not %d", n.bans(name), name, count)
	}
	n.nobodyFramed()
}

// nobodyFramed makes sure that no honest node has been banned.
func (n *Network) nobodyFramed() {
	for i := range n.N {
		if k := n.bans(n.names[i]); k > 0 {
			n.Violate("an honest peer keeps its standing", "§5", "%d nodes have banned %s", k, n.names[i])
		}
	}
}
