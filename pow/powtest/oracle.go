package powtest

import (
	"crypto/ed25519"
	"fmt"
	"math/big"
	"sync"
	"time"

	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// oracle follows every honest node's chain, block by block, with rules of its own: written a second time, in math/big and plain maps, so that
// it does not share a mistake with what it looks at. It is told of each move by the node's observer, and looks at it in the record's order.
type oracle struct {
	net    *Network
	start  time.Time
	mu     sync.Mutex
	blocks map[consensus.Hash]*ledger.Block // all that any node has connected
	follow map[string]*followed
	signed map[consensus.Hash]bool      // transactions whose signatures are good
	banned map[string]map[string]string // by whom, and why
}

// followed is what the oracle makes of one node.
type followed struct {
	chain []link // by height; genesis has no block
	coins map[ledger.OutPoint]coin
	total int64
	most  *big.Int // the most work that it has had
}

type link struct {
	hash   consensus.Hash
	header consensus.Header
	work   *big.Int
	spent  map[ledger.OutPoint]coin // to take it back
	made   []ledger.OutPoint
}

type coin struct {
	value    int64
	owner    ledger.Key
	height   int
	coinbase bool
}

// move is what the record has of an event.
type move struct {
	Kind         string
	Tip          consensus.Hash
	Height       int
	Supply       int64
	Disconnected []consensus.Hash
	Connected    []consensus.Hash
	Peer         string
	Err          string
}

func newOracle(n *Network) *oracle {
	o := &oracle{net: n, start: time.Now(), blocks: map[consensus.Hash]*ledger.Block{}, follow: map[string]*followed{}, signed: map[consensus.Hash]bool{}, banned: map[string]map[string]string{}}
	n.OnEvent(func(e labtest.Event) {
		if m, ok := e.State.(move); ok && !n.Failed() {
			o.look(e, m)
		}
	})
	return o
}

// observer is a node's: it turns events into reports.
func (o *oracle) observer(node *labtest.Node) func(pow.Event) {
	return func(e pow.Event) {
		m := move{Kind: string(e.Kind), Supply: int64(e.Supply), Peer: e.Peer}
		if e.Err != nil {
			m.Err = e.Err.Error()
		}
		if e.Tip != nil {
			m.Tip, m.Height = e.Tip.Hash, e.Tip.Height
		}
		o.mu.Lock()
		for _, b := range e.Change.Disconnected {
			m.Disconnected = append(m.Disconnected, b.Hash())
		}
		for _, b := range e.Change.Connected {
			hash := b.Hash()
			m.Connected = append(m.Connected, hash)
			o.blocks[hash] = b
		}
		if e.Kind == pow.Banned {
			if o.banned[e.Peer] == nil {
				o.banned[e.Peer] = map[string]string{}
			}
			o.banned[e.Peer][node.Name()] = m.Err
		}
		o.mu.Unlock()
		o.net.Count(m.Kind)
		if len(m.Disconnected) > 0 {
			o.net.Count("reorgs")
		}
		if e.Kind == pow.Started || e.Kind == pow.Moved || e.Kind == pow.Banned || e.Kind == pow.Mined {
			node.Report(m.Kind, m)
		}
	}
}

// look checks one event.
func (o *oracle) look(e labtest.Event, m move) {
	f := o.follow[e.Node]
	fresh := func() *followed {
		g := o.net.Params.Genesis
		w := bigWork(g.Bits)
		return &followed{chain: []link{{hash: g.Hash(), header: g, work: w}}, coins: map[ledger.OutPoint]coin{}, most: new(big.Int)}
	}
	switch pow.EventKind(m.Kind) {
	case pow.Started:
		was := f
		f = fresh()
		o.follow[e.Node] = f
		if err := o.connect(f, m.Connected, e.At); err != "" {
			o.violate(e, "what a node finds on its disk is a valid chain", "§5", err)
		} else if was != nil && f.tip().work.Cmp(was.most) < 0 {
			o.violate(e, "a crash takes nothing back", "§5", fmt.Sprintf("it had a chain of work %v, and starts with one of %v at height %d", was.most, f.tip().work, m.Height))
		}
	case pow.Moved:
		if f == nil {
			return
		}
		before := f.tip().work
		for _, hash := range m.Disconnected {
			if f.tip().hash != hash {
				o.violate(e, "a reorg takes back the tip's own blocks", "§5", fmt.Sprintf("it took back %v, its tip was %v", hash, f.tip().hash))
				return
			}
			f.disconnect()
		}
		if err := o.connect(f, m.Connected, e.At); err != "" {
			o.violate(e, "only valid blocks are on a chain", "§5", err)
			return
		}
		if f.tip().work.Cmp(before) <= 0 {
			o.violate(e, "the tip moves to more work, and to nothing else", "§5", fmt.Sprintf("from work %v to work %v at height %d", before, f.tip().work, m.Height))
			return
		}
	case pow.Mined:
		if m.Err != "" {
			o.violate(e, "a miner's own blocks are valid", "§5, step 3", m.Err)
		}
		return
	default:
		return
	}
	tip := f.tip()
	if tip.work.Cmp(f.most) > 0 {
		f.most = tip.work
	}
	if tip.hash != m.Tip || len(f.chain)-1 != m.Height {
		o.violate(e, "a tip is where its blocks lead", "§5", fmt.Sprintf("it says %v at height %d, its moves lead to %v at height %d", m.Tip, m.Height, tip.hash, len(f.chain)-1))
	}
	if f.total != m.Supply {
		o.violate(e, "no money is made or lost", "§6", fmt.Sprintf("its coins are worth %d, those of its chain are worth %d", m.Supply, f.total))
	}
	var schedule int64
	for h := 1; h < len(f.chain); h++ {
		schedule += o.subsidy(h)
	}
	if f.total > schedule {
		o.violate(e, "supply stays within the schedule", "§6", fmt.Sprintf("%d at height %d, where the schedule allows %d", f.total, m.Height, schedule))
	}
}

func (o *oracle) violate(e labtest.Event, check, paper, text string) {
	o.net.Violate(check, paper, "%s: %s", e.Node, text)
}

// finish is the end of every scenario: in none of them does an honest node lie.
func (o *oracle) finish() { o.net.nobodyFramed() }

func (f *followed) tip() link { return f.chain[len(f.chain)-1] }

func (f *followed) disconnect() {
	l := f.tip()
	for _, p := range l.made {
		f.total -= f.coins[p].value
		delete(f.coins, p)
	}
	for p, c := range l.spent {
		f.coins[p] = c
		f.total += c.value
	}
	// What the block both made and spent is neither there before nor after.
	for _, p := range l.made {
		if c, ok := f.coins[p]; ok {
			f.total -= c.value
			delete(f.coins, p)
		}
	}
	f.chain = f.chain[:len(f.chain)-1]
}

func (o *oracle) connect(f *followed, hashes []consensus.Hash, at time.Duration) string {
	for _, hash := range hashes {
		o.mu.Lock()
		b := o.blocks[hash]
		o.mu.Unlock()
		if err := o.apply(f, b, hash, at); err != "" {
			return fmt.Sprintf("block %v at height %d: %s", hash, len(f.chain), err)
		}
	}
	return ""
}

// apply checks a block on top of a chain, and applies it.
func (o *oracle) apply(f *followed, b *ledger.Block, hash consensus.Hash, at time.Duration) string {
	p, height := o.net.Params, len(f.chain)
	if err := o.header(f, &b.Header, hash, at); err != "" {
		return err
	}
	ids := make([]consensus.Hash, len(b.Txs))
	seen := map[consensus.Hash]bool{}
	for i, t := range b.Txs {
		ids[i] = consensus.DoubleSHA256(t.Append(nil))
		if seen[ids[i]] {
			return "it has a transaction twice (CVE-2012-2459)"
		}
		seen[ids[i]] = true
	}
	if root := merkle(ids); root != b.Header.MerkleRoot {
		return fmt.Sprintf("its body's Merkle root is %v, its header's %v", root, b.Header.MerkleRoot)
	}
	if size := len(b.Append(nil)); size > p.MaxBlockBytes {
		return fmt.Sprintf("it has %d bytes", size)
	}
	l := link{hash: hash, header: b.Header, work: new(big.Int).Add(f.tip().work, bigWork(b.Header.Bits)), spent: map[ledger.OutPoint]coin{}}
	var fees, pays int64
	for i, t := range b.Txs {
		if (i == 0) != (len(t.Inputs) == 0) {
			return fmt.Sprintf("transaction %d of it has %d inputs: the first, and no other, is a coinbase", i, len(t.Inputs))
		}
		if i == 0 && int(t.Height) != height {
			return fmt.Sprintf("its coinbase says height %d (BIP 34)", t.Height)
		}
		in, out := new(big.Int), new(big.Int)
		for k := range t.Inputs {
			prev := t.Inputs[k].Prev
			c, ok := f.coins[prev]
			if !ok {
				return fmt.Sprintf("transaction %v spends %v:%d, which is not there or is spent", ids[i], prev.Tx, prev.Index)
			}
			if c.coinbase && height-c.height < p.CoinbaseMaturity {
				return fmt.Sprintf("it spends a coinbase of height %d", c.height)
			}
			if !o.signed[ids[i]] {
				sum := t.SigHash(p)
				if !ed25519.Verify(c.owner[:], sum[:], t.Inputs[k].Signature[:]) {
					return fmt.Sprintf("transaction %v has a signature that is not its owner's", ids[i])
				}
			}
			in.Add(in, big.NewInt(c.value))
			delete(f.coins, prev)
			f.total -= c.value
			l.spent[prev] = c
		}
		o.signed[ids[i]] = true
		for k := range t.Outputs {
			v := int64(t.Outputs[k].Value)
			if v < 0 || v > consensus.MaxMoney {
				return fmt.Sprintf("transaction %v pays %d", ids[i], v)
			}
			out.Add(out, big.NewInt(v))
			at := ledger.OutPoint{Tx: ids[i], Index: uint32(k)}
			if _, there := f.coins[at]; there {
				return fmt.Sprintf("transaction %v is there twice (BIP 30)", ids[i])
			}
			f.coins[at] = coin{v, t.Outputs[k].Owner, height, i == 0}
			f.total += v
			l.made = append(l.made, at)
		}
		switch {
		case i == 0:
			pays = out.Int64()
		case in.Cmp(out) < 0:
			return fmt.Sprintf("transaction %v spends %v and pays %v", ids[i], in, out)
		default:
			fees += new(big.Int).Sub(in, out).Int64()
		}
	}
	if pays > o.subsidy(height)+fees {
		return fmt.Sprintf("its coinbase pays %d, the subsidy is %d and the fees %d", pays, o.subsidy(height), fees)
	}
	f.chain = append(f.chain, l)
	return ""
}

// header checks a header on top of a chain.
func (o *oracle) header(f *followed, h *consensus.Header, hash consensus.Hash, at time.Duration) string {
	p, tip, height := o.net.Params, f.tip(), len(f.chain)
	if h.Prev != tip.hash {
		return fmt.Sprintf("it builds on %v, the tip was %v", h.Prev, tip.hash)
	}
	if bits := o.bits(f); h.Bits != bits {
		return fmt.Sprintf("its bits are %08x, the rule asks for %08x", h.Bits, bits)
	}
	target := bigTarget(h.Bits)
	num := new(big.Int)
	for i := len(hash) - 1; i >= 0; i-- {
		num.Lsh(num, 8).Or(num, big.NewInt(int64(hash[i])))
	}
	if raw := h.Bytes(); num.Cmp(target) > 0 || consensus.DoubleSHA256(raw[:]) != hash {
		return "its hash is above the target: nobody has worked for it"
	}
	var times []uint32
	for i := max(0, height-11); i < height; i++ {
		times = append(times, f.chain[i].header.Time)
	}
	later := 0
	for _, t := range times {
		if t >= h.Time {
			later++
		}
	}
	if later > (len(times)-1)/2 {
		return fmt.Sprintf("its time %d is not after the median of %v", h.Time, times)
	}
	// A node may have its date wrong, but by no more than the scenarios have them wrong.
	if now := o.start.Add(at + maxAhead).Unix(); int64(h.Time) > now+p.MaxFutureTime {
		return fmt.Sprintf("its time %d is %d s ahead", h.Time, int64(h.Time)-now)
	}
	if p.TimewarpRule && height%p.RetargetInterval == 0 && int64(h.Time) < int64(tip.header.Time)-p.TimewarpGrace {
		return fmt.Sprintf("a period ends at %d and the next begins at %d (BIP 94)", tip.header.Time, h.Time)
	}
	return ""
}

// maxAhead is how wrong a node's date may be.
const maxAhead = 20 * time.Second

// bits is what the header after a chain must carry (§4).
func (o *oracle) bits(f *followed) uint32 {
	p, height, old := o.net.Params, len(f.chain), f.tip().header.Bits
	if p.NoRetarget || height%p.RetargetInterval != 0 {
		return old
	}
	span := int64(f.tip().header.Time) - int64(f.chain[height-p.RetargetInterval].header.Time)
	if span < p.TargetTimespan/4 {
		span = p.TargetTimespan / 4
	}
	if span > p.TargetTimespan*4 {
		span = p.TargetTimespan * 4
	}
	target := bigTarget(old)
	target.Mul(target, big.NewInt(span)).Quo(target, big.NewInt(p.TargetTimespan))
	if limit := bigTarget(0x207fffff); target.Cmp(limit) > 0 {
		target = limit
	}
	return bigCompact(target)
}

func (o *oracle) subsidy(height int) int64 {
	s := o.net.Params.InitialSubsidy
	for ; height >= o.net.Params.HalvingInterval && s > 0; height -= o.net.Params.HalvingInterval {
		s /= 2
	}
	return s
}

// bigTarget reads a compact number that is positive.
func bigTarget(bits uint32) *big.Int {
	t := big.NewInt(int64(bits & 0x7fffff))
	if e := int(bits >> 24); e >= 3 {
		return t.Lsh(t, uint(8*(e-3)))
	} else {
		return t.Rsh(t, uint(8*(3-e)))
	}
}

// bigCompact writes one: as many bytes as it takes to keep the sign bit clear, and of those the three highest.
func bigCompact(t *big.Int) uint32 {
	e := t.BitLen()/8 + 1
	if e > 3 {
		t = new(big.Int).Rsh(t, uint(8*(e-3)))
	} else {
		t = new(big.Int).Lsh(t, uint(8*(3-e)))
	}
	return uint32(e)<<24 | uint32(t.Int64())
}

// bigWork is ⌊2²⁵⁶/(target+1)⌋.
func bigWork(bits uint32) *big.Int {
	t := bigTarget(bits)
	return new(big.Int).Quo(new(big.Int).Lsh(big.NewInt(1), 256), t.Add(t, big.NewInt(1)))
}

// merkle is the root of the tree over ids (§7).
func merkle(ids []consensus.Hash) consensus.Hash {
	if len(ids) == 0 {
		return consensus.Hash{}
	}
	for len(ids) > 1 {
		var up []consensus.Hash
		for i := 0; i < len(ids); i += 2 {
			j := min(i+1, len(ids)-1)
			up = append(up, consensus.DoubleSHA256(append(append([]byte(nil), ids[i][:]...), ids[j][:]...)))
		}
		ids = up
	}
	return ids[0]
}
