package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing/synctest"
	"time"

	"6.824/labrpc"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// simulation is what is to be simulated.
type simulation struct {
	nodes, blocks, degree int
	shares                []float64
	delay                 time.Duration
	attack                string
	cut                   float64
	seed                  int64
	quiet                 bool
}

func nodeName(i int) string { return fmt.Sprintf("node %d", i) }

// params are the lab's, with a first difficulty of 32 hashes: a thousand nodes search on one core.
func (c simulation) params() *consensus.Params {
	p := consensus.Lab()
	p.Name = "simulate"
	return p.WithGenesis(consensus.LabEpoch-10, 0x2007ffff)
}

// run simulates, in a bubble of virtual time, until the best chain is long enough.
func (c simulation) run(out io.Writer) *blockTree {
	if c.quiet {
		out = io.Discard
	}
	p := c.params()
	target, _, _ := consensus.DecodeCompact(p.Genesis.Bits)
	rate := float64(consensus.Work(target)[0]) / float64(p.Spacing())
	net := labrpc.NewNetwork(labrpc.Options{Seed: c.seed, Settle: synctest.Wait})
	if c.delay > 0 {
		net.SetDefault(labrpc.Conditions{Delay: labrpc.Exponential(c.delay)})
	}
	tree := newBlockTree(p, c, out)
	enough := make(chan struct{})
	tree.enough = func() { close(enough) }
	sigs := ledger.NewSigCache(1000)
	var nodes []*pow.Node
	var hidden *selfish
	for i, peers := range c.topology() {
		cfg := pow.Config{
			Params: p, Name: nodeName(i), Rand: rand.New(rand.NewPCG(uint64(c.seed), uint64(i))), Sigs: sigs,
			HashRate: rate * c.shares[i], Payout: pow.NewWallet(p, []byte(nodeName(i))).Key(),
		}
		for _, j := range peers {
			cfg.Peers = append(cfg.Peers, pow.Peer{Name: nodeName(j), End: net.Dial(nodeName(i), nodeName(j))})
		}
		watch := tree.observer(i)
		cfg.Observer = watch
		server := labrpc.MakeServer()
		if i == 0 && c.attack == "selfish" {
			hidden = newSelfish(net, cfg.Payout, cfg.Peers)
			cfg.Observer = func(e pow.Event) { watch(e); hidden.observe(e) }
		}
		node, err := pow.Make(cfg)
		if err != nil {
			fmt.Fprintf(out, "%s: %v\n", nodeName(i), err)
			continue
		}
		if i == 0 && hidden != nil {
			hidden.node = node
			type Node struct{ *selfish } // the service's name
			server.AddService(labrpc.MakeService(&Node{hidden}))
		} else {
			server.AddService(labrpc.MakeService(node))
		}
		net.AddServer(nodeName(i), server)
		nodes = append(nodes, node)
	}
	if c.cut > 0 {
		span := time.Duration(c.blocks) * time.Duration(p.Spacing()) * time.Second
		from := time.Duration(float64(span) * (1 - c.cut) / 2)
		net.At(time.Now().Add(from), "cut", func() {
			var halves [2][]any
			for i := range c.nodes {
				halves[i%2] = append(halves[i%2], nodeName(i))
			}
			net.Partition(halves[:]...)
			fmt.Fprintln(out, "  ---- the network falls apart: even and odd nodes")
		})
		net.At(time.Now().Add(from+time.Duration(float64(span)*c.cut)), "mend", func() {
			net.Heal()
			fmt.Fprintln(out, "  ---- it is whole again")
		})
	}
	<-enough
	for _, n := range nodes {
		n.Kill()
	}
	net.Cleanup()
	return tree
}

// topology is who has whom for a peer: a ring, so that all are connected, and random others.
func (c simulation) topology() [][]int {
	r := rand.New(rand.NewPCG(uint64(c.seed), 1<<32))
	peers := make([][]int, c.nodes)
	link := func(i, j int) {
		if i != j && !slices.Contains(peers[i], j) {
			peers[i], peers[j] = append(peers[i], j), append(peers[j], i)
		}
	}
	for i := range c.nodes {
		link(i, (i+1)%c.nodes)
	}
	for i := range c.nodes {
		for k := 0; k < (c.degree-2)/2; k++ {
			link(i, r.IntN(c.nodes))
		}
	}
	return peers
}

// selfish is a selfish miner (Eyal and Sirer, Algorithm 1): an honest node behind a door that lets nobody see its blocks before it
// pays. Its methods are the service of the node; the door of what it says itself is a hook of the network.
type selfish struct {
	node  *pow.Node
	key   ledger.Key // whom its blocks pay
	peers []pow.Peer

	mu     sync.Mutex
	secret map[consensus.Hash]bool
	racing bool // one of its blocks against one of the others
}

func newSelfish(net *labrpc.Network, key ledger.Key, peers []pow.Peer) *selfish {
	s := &selfish{key: key, peers: peers, secret: map[consensus.Hash]bool{}}
	labrpc.OnRequest(net, func(m *labrpc.Message, a *pow.AnnounceArgs) (v labrpc.Verdict) {
		v.Drop = m.From == nodeName(0) && len(a.Header) > 0 && s.hides(consensus.DoubleSHA256(a.Header))
		return v
	})
	return s
}

func (s *selfish) hides(hash consensus.Hash) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.secret[hash]
}

// observe is told of the node's own moves. What it has mined stays behind the door, unless it decides a race of one against one.
func (s *selfish) observe(e pow.Event) {
	if e.Kind != pow.Moved {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if blocks := e.Change.Connected; len(blocks) > 1 || blocks[0].Txs[0].Outputs[0].Owner != s.key {
		clear(s.secret) // it has given up, and follows the others
	} else if !s.racing {
		s.secret[e.Tip.Hash] = true
	}
	s.racing = false
}

// Announce lets the node hear, and then sees whether something has to be shown.
func (s *selfish) Announce(args *pow.AnnounceArgs, reply *pow.Ack) {
	s.node.Announce(args, reply)
	h, err := consensus.DecodeHeader(args.Header)
	if err != nil {
		return
	}
	var show *headers.Entry
	s.node.View(func(c *ledger.Chain, _ *ledger.Pool) {
		theirs, own := c.Tree().Get(h.Hash()), c.Tip()
		s.mu.Lock()
		defer s.mu.Unlock()
		if theirs == nil || !s.secret[own.Hash] || own.Ancestor(theirs.Height) == theirs {
			return
		}
		switch lead := own.Height - theirs.Height; {
		case lead == 0 || lead == 1:
			show, s.racing = own, lead == 0
		case lead > 1:
			show = own.Ancestor(theirs.Height)
		}
		for e := show; e != nil && s.secret[e.Hash]; e = e.Parent() {
			delete(s.secret, e.Hash)
		}
	})
	if show == nil {
		return
	}
	b := show.Header.Append(nil)
	for _, p := range s.peers {
		p.End.Go("Node.Announce", &pow.AnnounceArgs{From: nodeName(0), Header: b}, new(pow.Ack), func(error) {})
	}
}

// GetHeaders answers with what may be seen.
func (s *selfish) GetHeaders(args *pow.GetHeadersArgs, reply *pow.HeadersReply) {
	s.node.GetHeaders(args, reply)
	for at := 0; at < len(reply.Headers); at += consensus.HeaderSize {
		if s.hides(consensus.DoubleSHA256(reply.Headers[at : at+consensus.HeaderSize])) {
			reply.Headers = reply.Headers[:at]
		}
	}
}

// GetBlocks answers: who knows a block's name has been told.
func (s *selfish) GetBlocks(args *pow.GetBlocksArgs, reply *pow.BlocksReply) {
	s.node.GetBlocks(args, reply)
}

// GetTxs answers.
func (s *selfish) GetTxs(args *pow.GetTxsArgs, reply *pow.TxsReply) { s.node.GetTxs(args, reply) }
