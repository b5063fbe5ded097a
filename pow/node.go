package pow

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// Node is a full node: it keeps a ledger of its own, believes nobody, and tells its peers what it has found to be true. Its methods are
// safe for concurrent use, after Kill too.
type Node struct {
	cfg Config
	box *mailbox

	mu  sync.Mutex
	err error

	// The rest belongs to the loop.
	clock   clock
	chain   *ledger.Chain
	pool    *ledger.Pool
	peers   []*peer
	byName  map[string]*peer
	orphans []*ledger.Tx
	seen    recent // transactions that are no use: bad ones, and ones that are refused
	mine    miner
	pollAt  time.Duration
}

// ErrDead is of a node that was killed, or that has failed.
var ErrDead = errors.New("the node is dead")

// Make starts a node, which goes on from where its disk has it. It answers others once the caller has registered it:
// server.AddService(labrpc.MakeService(node)). The error is the disk's.
func Make(cfg Config) (*Node, error) {
	if cfg.Params == nil || cfg.Rand == nil || cfg.Name == "" {
		return nil, errors.New("pow: Params, Rand and Name are needed")
	}
	if cfg.HashRate < 0 {
		return nil, fmt.Errorf("pow: a hash rate of %v", cfg.HashRate)
	}
	if cfg.Host == nil {
		cfg.Host = realHost{}
	}
	if cfg.Observer == nil {
		cfg.Observer = func(Event) {}
	}
	cfg.Limits = cfg.Limits.withDefaults(cfg.Params)
	chain, err := ledger.Open(ledger.Config{Params: cfg.Params, Disk: cfg.Disk, Sigs: cfg.Sigs})
	if err != nil {
		return nil, fmt.Errorf("pow: %w", err)
	}
	n := &Node{
		cfg: cfg, box: newMailbox(), clock: newClock(cfg.Host, cfg.Ahead), chain: chain, pool: ledger.NewPool(chain, cfg.Pool),
		byName: map[string]*peer{}, seen: newRecent(2000),
	}
	for _, p := range cfg.Peers {
		pp := newPeer(p)
		n.peers, n.byName[p.Name] = append(n.peers, pp), pp
	}
	n.observe(Event{Kind: Started, Tip: chain.Tip(), Change: ledger.Change{Connected: n.active()}, Supply: chain.UTXO().Total()})
	go n.run()
	return n, nil
}

// active is all blocks of the active chain, the lowest first.
func (n *Node) active() (blocks []*ledger.Block) {
	for h := 1; h <= n.chain.Height(); h++ {
		blocks = append(blocks, n.chain.Block(n.chain.At(h).Hash))
	}
	return blocks
}

// Kill stops the node, as a crash would. It returns at once; the node's goroutines end by themselves.
func (n *Node) Kill() { n.box.close() }

// Err is what the node has failed of, nil if it has not.
func (n *Node) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// run is the loop: the one goroutine that owns the node's state. It takes one event after the other, and the clock's last.
func (n *Node) run() {
	defer n.clock.stop()
	n.clock.now()
	for _, p := range n.peers {
		n.askHeaders(p, nil)
	}
	n.pollAt = n.clock.read + n.jitter(n.cfg.Limits.Poll)
	n.restartMining()
	for {
		n.clock.wakeAt(n.deadline(), n.box.nudge)
		<-n.box.wake
		n.cfg.Host.Gate()
		events, ok := n.box.take()
		if !ok {
			return
		}
		n.clock.now()
		for _, e := range events {
			e()
		}
		n.tick()
		if err := n.chain.Err(); err != nil {
			n.fail(err)
			return
		}
	}
}

// deadline is when the clock has something to say.
func (n *Node) deadline() time.Duration {
	at := n.pollAt
	if n.mine.on {
		at = min(at, n.mine.due)
	}
	for _, p := range n.peers {
		for i := range p.calls {
			if c := p.calls[i]; c != nil {
				at = min(at, c.deadline)
			}
		}
	}
	return at
}

// tick does what is due.
func (n *Node) tick() {
	now := n.clock.read
	for _, p := range n.peers {
		for i := range p.calls {
			if c := p.calls[i]; c != nil && now >= c.deadline {
				n.stalled(p, c)
			}
		}
	}
	if now >= n.pollAt {
		n.pollAt = now + n.cfg.Limits.Poll/2 + n.jitter(n.cfg.Limits.Poll)
		n.poll()
	}
	if n.mine.on && now >= n.mine.due {
		n.minerDue()
	}
}

// jitter is a random part of d, so that nodes do not all do things at once.
func (n *Node) jitter(d time.Duration) time.Duration {
	return time.Duration(n.cfg.Rand.Int64N(int64(d) + 1))
}

// poll asks somebody what is new, in case an announcement was lost, and tells them again what waits here.
func (n *Node) poll() {
	if len(n.peers) == 0 {
		return
	}
	p := n.peers[n.cfg.Rand.IntN(len(n.peers))]
	n.askHeaders(p, nil)
	n.fetch()
	tip := n.chain.Tip().Header.Bytes()
	ids := n.pool.IDs()
	n.push(p, &AnnounceArgs{From: n.cfg.Name, Header: tip[:], Txs: ids[:min(len(ids), n.cfg.Limits.Txs)]})
}

// fail stops the node because of err.
func (n *Node) fail(err error) {
	n.mu.Lock()
	n.err = err
	n.mu.Unlock()
	n.observe(Event{Kind: Failed, Err: err})
	n.box.close()
}

func (n *Node) observe(e Event) { n.cfg.Observer(e) }

// take hands a block to the ledger, and does what follows if the tip moves.
func (n *Node) take(b *ledger.Block) error {
	change, err := n.chain.AddBlock(b, n.clock.date())
	if n.chain.Err() == nil && len(change.Connected) > 0 {
		n.moved(change)
	}
	return err
}

func (n *Node) moved(change ledger.Change) {
	tip := n.chain.Tip()
	n.pool.Update(change)
	n.observe(Event{Kind: Moved, Tip: tip, Change: change, Supply: n.chain.UTXO().Total()})
	n.retryOrphans()
	n.announce(tip)
	n.restartMining()
}

// worthy reports whether a chain of headers with this much work passes the gate: whoever wants something stored has to have spent
// about as much as the honest chain has cost.
func (n *Node) worthy(work consensus.Uint256) bool {
	gate := n.cfg.Limits.MinWork
	tip := n.chain.Tip()
	if from := tip.Ancestor(max(0, tip.Height-n.cfg.Limits.GateDepth)); from.Work.Cmp(gate) > 0 && from.Height > 0 {
		gate = from.Work
	}
	return work.Cmp(gate) >= 0
}

// has reports whether e's block is here.
func (n *Node) has(e *headers.Entry) bool { return e.Height == 0 || n.chain.Block(e.Hash) != nil }
