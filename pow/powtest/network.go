package powtest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// setup is what a network is like.
type setup struct {
	Nodes  int               // honest ones; 0 means 4
	Rate   float64           // hashes per second of all honest miners together; 0 means that a block takes the spacing; < 0: nobody mines
	Miners int               // of the nodes, so many mine, the first; 0 means all
	Degree int               // each node's peers, in a ring of neighbours; 0 means all know all
	Params *consensus.Params // nil means small()
	Limits pow.Limits
	Pool   ledger.PoolConfig
	Ahead  func(i int) time.Duration // a node's error of date
	Also   []string                  // names of Byzantine nodes that all honest ones have for peers
	Only   []string                  // the same, but node 0 has no other peers at all
}

// small is the lab's network, with difficulty of a few hashes: work is real and costs the suite little.
func small() *consensus.Params {
	p := consensus.Lab()
	p.Name = "powtest"
	p.CoinbaseMaturity = 3
	p.MaxBlockBytes = 20_000
	return p.WithGenesis(consensus.LabEpoch-10, 0x2007ffff)
}

// Network is a network of nodes in a world, which it also is. Honest nodes go by their numbers, from 0; they are called "pow/0" and so on.
// Unless it says otherwise, a method is called by the scenario or by an actor of the world.
type Network struct {
	*labtest.World
	N      int
	Params *consensus.Params
	setup  setup
	make   Maker
	names  []string
	nodes  []*labtest.Node
	oracle *oracle
	rand   *rand.Rand // of the scenario
	sigs   *ledger.SigCache

	mu      sync.Mutex
	running []Node // of the nodes that are up; nil for the others
	mining  []bool
	salt    uint64
	friends []string // further peers of whoever starts from now on
}

func newNetwork(w *labtest.World, make_ Maker, s setup) *Network {
	if s.Nodes == 0 {
		s.Nodes = 4
	}
	if s.Params == nil {
		s.Params = small()
	}
	if s.Miners == 0 {
		s.Miners = s.Nodes
	}
	s.Nodes = w.Size("nodes", s.Nodes)
	s.Miners = min(s.Miners, s.Nodes)
	n := &Network{
		World: w, N: s.Nodes, Params: s.Params, setup: s, make: make_, rand: w.Rand("scenario"), sigs: ledger.NewSigCache(10_000),
		running: make([]Node, s.Nodes), mining: make([]bool, s.Nodes),
	}
	n.oracle = newOracle(n)
	for i := range n.N {
		n.names = append(n.names, fmt.Sprintf("pow/%d", i))
		n.mining[i] = i < s.Miners && s.Rate >= 0
	}
	for i, name := range n.names {
		n.nodes = append(n.nodes, w.AddNode(name, func(node *labtest.Node) func() { return n.boot(i, node) }))
	}
	return n
}

// Start starts all nodes.
func (n *Network) Start() {
	for i := range n.N {
		n.nodes[i].Start()
	}
}

// rate is a miner's hash rate when all share alike.
func (n *Network) rate() float64 {
	total := n.setup.Rate
	if total == 0 {
		target, _, _ := consensus.DecodeCompact(n.Params.Genesis.Bits)
		total = float64(consensus.Work(target)[0]) / float64(n.Params.Spacing())
	}
	return total / float64(n.setup.Miners)
}

// peersOf names the peers of a node.
func (n *Network) peersOf(i int) (names []string) {
	eclipsed := len(n.setup.Only) > 0
	for j, name := range n.names {
		d := (j - i + n.N) % n.N
		near := n.setup.Degree == 0 || min(d, n.N-d) <= (n.setup.Degree+1)/2
		if j != i && near && !(eclipsed && (i == 0 || j == 0)) {
			names = append(names, name)
		}
	}
	if eclipsed && i == 0 {
		names = append(names, n.setup.Only...)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, friend := range slices.Concat(n.setup.Also, n.friends) {
		if friend != n.names[i] {
			names = append(names, friend)
		}
	}
	return names
}

// boot starts an incarnation of a node.
func (n *Network) boot(i int, node *labtest.Node) (stop func()) {
	cfg := pow.Config{
		Params: n.Params, Name: node.Name(), Disk: node.Disk().Open(), Rand: node.Rand("pow"), Host: node, Sigs: n.sigs,
		Payout: n.wallet(i).Key(), Pool: n.setup.Pool, Limits: n.setup.Limits,
	}
	for _, name := range n.peersOf(i) {
		cfg.Peers = append(cfg.Peers, pow.Peer{Name: name, End: node.Dial(name)})
	}
	if n.setup.Ahead != nil {
		cfg.Ahead = n.setup.Ahead(i)
	}
	n.mu.Lock()
	if n.mining[i] {
		cfg.HashRate = n.rate()
	}
	n.mu.Unlock()
	cfg.Observer = n.oracle.observer(node)
	made, err := n.make(Peer{Config: cfg, Me: i, Machine: node})
	if err != nil {
		if errors.Is(err, labtest.ErrDisk) || errors.Is(err, labtest.ErrCrashed) || errors.Is(err, labtest.ErrFenced) {
			// The disk is to blame, and will be mended: until the next start the machine is up and says nothing.
			type Node struct{ unwell }
			dead := make(unwell)
			node.Serve(labrpc.MakeService(&Node{dead}))
			return func() { close(dead) }
		}
		n.Violate("a disk can be read after any crash", "", "%s does not start: %v", node.Name(), err)
		return func() {}
	}
	node.Serve(labrpc.MakeService(made))
	n.mu.Lock()
	n.running[i] = made
	n.mu.Unlock()
	return func() {
		n.mu.Lock()
		if n.running[i] == made {
			n.running[i] = nil
		}
		n.mu.Unlock()
		made.Kill()
	}
}

// unwell is a node that did not come up: it answers nobody.
type unwell chan struct{}

func (u unwell) Announce(*pow.AnnounceArgs, *pow.Ack)              { <-u }
func (u unwell) GetHeaders(*pow.GetHeadersArgs, *pow.HeadersReply) { <-u }
func (u unwell) GetBlocks(*pow.GetBlocksArgs, *pow.BlocksReply)    { <-u }
func (u unwell) GetTxs(*pow.GetTxsArgs, *pow.TxsReply)             { <-u }

// wallet is the one that a node's blocks pay.
func (n *Network) wallet(i int) *pow.Wallet { return n.purse(fmt.Sprintf("node %d", i)) }

// purse is somebody's wallet.
func (n *Network) purse(name string) *pow.Wallet { return pow.NewWallet(n.Params, []byte(name)) }

// Node is what runs on a machine, nil if it is down.
func (n *Network) Node(i int) Node {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.nodes[i].Up() {
		return nil
	}
	return n.running[i]
}

// Mining says whether a node mines, from its next start on, and starts it again.
func (n *Network) Mining(yes bool, nodes ...int) {
	n.mu.Lock()
	for _, i := range nodes {
		n.mining[i] = yes
	}
	n.mu.Unlock()
	for _, i := range nodes {
		if n.nodes[i].Up() {
			n.nodes[i].Crash(labtest.Keep)
		}
		n.nodes[i].Start()
	}
}

// ask calls a method of a node. One that is paused, or waits for its disk, may not answer: the answer counts only if it comes without time
// going by.
func (n *Network) ask(f func()) (answered bool) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	n.Sleep(0)
	n.Sleep(0) // a node passes its gate in an event of its own
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// Status is where a node stands; ok is false if it does not say.
func (n *Network) Status(i int) (s pow.Status, ok bool) {
	node := n.Node(i)
	if node == nil {
		return s, false
	}
	var got pow.Status
	var err error
	if !n.ask(func() { got, err = node.Status() }) || err != nil {
		return s, false
	}
	return got, true
}

// Submit hands a transaction to a node.
func (n *Network) Submit(i int, t *ledger.Tx) error {
	node := n.Node(i)
	if node == nil {
		return pow.ErrDead
	}
	err := pow.ErrDead
	var got error
	if n.ask(func() { got = node.Submit(t) }) {
		err = got
	}
	return err
}

// View looks at a node's ledger; false if it does not answer. Once View has returned, f is not called any more.
func (n *Network) View(i int, f func(*ledger.Chain, *ledger.Pool)) bool {
	node := n.Node(i)
	if node == nil {
		return false
	}
	var mu sync.Mutex
	var looked, over bool
	n.ask(func() {
		node.View(func(c *ledger.Chain, p *ledger.Pool) {
			mu.Lock()
			defer mu.Unlock()
			if !over {
				f(c, p)
				looked = true
			}
		})
	})
	mu.Lock()
	defer mu.Unlock()
	over = true
	return looked
}

// Confirmations is how deep a transaction lies at a node.
func (n *Network) Confirmations(i int, id consensus.Hash) int {
	k := 0
	n.View(i, func(c *ledger.Chain, _ *ledger.Pool) { k = c.Confirmations(id) })
	return k
}

// Height is that of a node's tip, -1 if it does not say.
func (n *Network) Height(i int) int {
	if s, ok := n.Status(i); ok {
		return s.Height
	}
	return -1
}

// Grow waits until a node's chain has grown by k blocks.
func (n *Network) Grow(i, k int) {
	from := max(0, n.Height(i))
	bound := time.Duration(20*(k+10)) * time.Duration(n.Params.Spacing()) * time.Second
	for end := n.Now() + bound; n.Height(i) < from+k; n.Sleep(n.pollEvery()) {
		if n.Now() > end {
			n.Violate("chain growth", "Garay, Kiayias and Leonardos, \"The Bitcoin Backbone Protocol\", Theorem 13", "%s has not grown by %d blocks within %v", n.names[i], k, bound)
			n.Sleep(0)
		}
	}
}

func (n *Network) pollEvery() time.Duration {
	return time.Duration(n.Params.Spacing()) * time.Second / 10
}

// settleBound is within what time nodes that can talk to each other have one tip: blocks meet now and then, and the next one decides.
func (n *Network) settleBound() time.Duration {
	return 60 * time.Duration(n.Params.Spacing()) * time.Second
}

// Agree waits until nodes, all of them if none are named, have one tip.
func (n *Network) Agree(nodes ...int) consensus.Hash {
	if len(nodes) == 0 {
		nodes = n.All()
	}
	var tips []string
	for end := n.Now() + n.settleBound(); n.Now() < end; n.Sleep(n.pollEvery()) {
		tips = tips[:0]
		var first pow.Status
		same := true
		for k, i := range nodes {
			s, ok := n.Status(i)
			if k == 0 {
				first = s
			}
			same = same && ok && s.Tip == first.Tip
			tips = append(tips, fmt.Sprintf("%s %v@%d", n.names[i], s.Tip, s.Height))
		}
		if same {
			return first.Tip
		}
	}
	n.Violate("honest nodes that can talk converge", "§5", "%d nodes have not come to one tip within %v: %v", len(nodes), n.settleBound(), tips)
	n.Sleep(0)
	return consensus.Hash{}
}

// Still has all nodes stop mining, and returns the tip that they have. If that leaves a tie, they go on until a block decides it.
func (n *Network) Still() consensus.Hash {
	for {
		n.Agree()
		n.Mining(false, n.All()...)
		for range 30 {
			n.Sleep(n.pollEvery())
			first, ok := n.Status(0)
			for i := range n.N {
				s, up := n.Status(i)
				ok = ok && up && s.Tip == first.Tip
			}
			if ok {
				return first.Tip
			}
		}
		n.Mining(true, n.All()...)
		n.Grow(0, 1)
	}
}

// CommonPrefix makes sure that all chains are one but for their last k blocks.
func (n *Network) CommonPrefix(k int) {
	chains := map[int][]consensus.Hash{}
	for i := range n.N {
		n.View(i, func(c *ledger.Chain, _ *ledger.Pool) {
			for h := 0; h <= c.Height()-k; h++ {
				chains[i] = append(chains[i], c.At(h).Hash)
			}
		})
	}
	for i := range n.N {
		for j := range i {
			for h := range min(len(chains[i]), len(chains[j])) {
				if chains[i][h] != chains[j][h] {
					n.Violate("common prefix", "Garay, Kiayias and Leonardos, Theorem 15", "%s and %s differ at height %d, more than %d blocks deep", n.names[i], n.names[j], h, k)
					return
				}
			}
		}
	}
}

// All lists all honest nodes.
func (n *Network) All() []int {
	all := make([]int, n.N)
	for i := range all {
		all[i] = i
	}
	return all
}

// Tip is the entry of a node's tip.
func (n *Network) Tip(i int) (e *headers.Entry) {
	n.View(i, func(c *ledger.Chain, _ *ledger.Pool) { e = c.Tip() })
	return e
}

// Pay has a node's own wallet pay somebody, by that node. It waits until there is something to pay with.
func (n *Network) Pay(i int, to ledger.Key, amount, fee ledger.Amount) *ledger.Tx {
	for end := n.Now() + n.settleBound(); ; n.Sleep(n.pollEvery()) {
		var t *ledger.Tx
		var err error
		if !n.View(i, func(c *ledger.Chain, p *ledger.Pool) { t, err = n.wallet(i).Draft(c, p, to, amount, fee) }) {
			err = pow.ErrDead
		}
		if err == nil {
			if err = n.Submit(i, t); err == nil {
				n.Count("payments")
				return t
			}
		}
		if n.Now() > end {
			n.Violate("an honest payment is taken", "§5", "%s: %v", n.names[i], err)
			n.Sleep(0)
		}
	}
}

// drafted is a signed payment of a node's wallet that was not sent.
func (n *Network) drafted(i int, to ledger.Key, amount, fee ledger.Amount) *ledger.Tx {
	var t *ledger.Tx
	err := pow.ErrDead
	n.Eventually(n.settleBound(), func() bool {
		n.View(i, func(c *ledger.Chain, p *ledger.Pool) { t, err = n.wallet(i).Draft(c, p, to, amount, fee) })
		return err == nil
	})
	if err != nil {
		n.Violate("a miner has coins", "§6", "%s: %v", n.names[i], err)
		n.Sleep(0)
	}
	return t
}
