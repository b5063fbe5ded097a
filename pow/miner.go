package pow

import (
	"encoding/binary"
	"math"
	"time"

	"6.824/pow/consensus"
	"6.824/pow/ledger"
	"6.824/pow/mining"
)

// miner is the search for the next block. It is real work: nonces are tried until one will do. A slice of them is tried at once, and
// its price in time is paid before what was found, if anything, is known. If the tip moves meanwhile, the slice is forgotten with
// what it may have found: each try is a die that has no memory, so this changes no probability. Tries end at the ticks of the hardware, 1/rate
// apart; another header does not put these off, so that a slow miner whose tip moves often gets its tries nonetheless.
//
// So the blocks of a miner with h hashes a second are a Poisson process, of h·target/2²⁵⁶ blocks a second (whitepaper, section 11).
type miner struct {
	on    bool
	due   time.Duration // when the slice has been paid for
	found *ledger.Block // in it, nil if nothing was
	tick  time.Duration // some tick of the hardware
}

// restartMining begins a search on the present tip.
func (n *Node) restartMining() {
	if n.cfg.HashRate > 0 {
		if !n.mine.on { // the ticks of no two miners are in step
			n.mine.on = true
			n.mine.tick = n.clock.read - n.jitter(time.Duration(float64(time.Second)/n.cfg.HashRate))
		}
		n.slice()
	}
}

// slice tries as many nonces as can be tried in the time between two blocks. A fresh extra nonce, from the node's own stream, makes the
// header unlike all others of all miners; and the header's time and transactions are today's.
func (n *Node) slice() {
	m := &n.mine
	extra := n.cfg.Rand.Uint64()
	every := float64(time.Second) / n.cfg.HashRate
	m.tick += time.Duration((math.Floor(float64(n.clock.read-m.tick)/every) + 1) * every) // the first after now
	b := n.pool.Template(n.cfg.Payout, binary.LittleEndian.AppendUint64([]byte(n.cfg.Name[:min(len(n.cfg.Name), 32)]), extra), n.clock.date())
	target, _, _ := consensus.DecodeCompact(b.Header.Bits)
	tries := max(1, uint64(n.cfg.HashRate*float64(n.cfg.Params.Spacing())))
	nonce, tried, found := mining.NewSearch(b.Header, target).Run(0, tries)
	m.found = nil
	if found {
		b.Header.Nonce = nonce
		m.found = b
	}
	m.due = m.tick + time.Duration(float64(tried-1)*every)
	m.tick = m.due
}

// minerDue is when a slice has been paid for.
func (n *Node) minerDue() {
	b := n.mine.found
	if b == nil {
		n.slice()
		return
	}
	err := n.take(b) // which begins the next slice, if the tip moves
	if n.chain.Err() != nil {
		return
	}
	n.observe(Event{Kind: Mined, Tip: n.chain.Tree().Get(b.Hash()), Err: err})
	if n.mine.found == b {
		n.slice()
	}
}
