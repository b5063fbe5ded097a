package pow

import (
	"time"

	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// peer is what a node knows of another. All of it is bounded, whatever the other does.
type peer struct {
	Peer
	best    *headers.Entry     // the best header that it has shown
	pending []consensus.Header // headers of it that have not passed the gate
	base    *headers.Entry     // what they build on
	wanted  []consensus.Hash   // transactions that it has, and nobody was asked for
	calls   [callKinds]*call   // what it was asked and has not answered; one of a kind at a time

	bannedUntil time.Duration // it has lied
	silent      int           // how many calls in a row it has left unanswered
	quietUntil  time.Duration // it has left calls unanswered: nobody waits for it until then
	again       bool          // there was a reason to ask it for headers while it was being asked
	announced   int           // in its name, since
	announcedIn time.Duration // this slice of time
}

func newPeer(p Peer) *peer { return &peer{Peer: p} }

// The kinds of calls that have an answer.
const (
	headersCall = iota
	blocksCall
	txsCall
	callKinds
)

// call is a question that waits for its answer.
type call struct {
	kind     int
	deadline time.Duration
	hashes   []consensus.Hash // what was asked for
}

// free reports whether p can be asked something of a kind.
func (n *Node) free(p *peer, kind int) bool {
	now := n.clock.read
	return p.calls[kind] == nil && now >= p.bannedUntil && now >= p.quietUntil
}

// ask calls p. answer is called on the loop with what came back, unless the call has stalled before.
func ask[R any](n *Node, p *peer, kind int, method string, args any, hashes []consensus.Hash, answer func(*R)) {
	c := &call{kind: kind, deadline: n.clock.read + n.cfg.Limits.RequestTime, hashes: hashes}
	p.calls[kind] = c
	reply := new(R)
	p.End.Go("Node."+method, args, reply, func(err error) {
		n.box.post(func() {
			if p.calls[kind] != c {
				return // too late
			}
			if err != nil {
				n.stalled(p, c)
				return
			}
			p.calls[kind] = nil
			p.silent = 0
			answer(reply)
		})
	})
}

// stalled gives a call up. Its sender is left alone for a while, the longer the more often this happens; what it was asked for,
// others are.
func (n *Node) stalled(p *peer, c *call) {
	p.calls[c.kind] = nil
	p.silent = min(p.silent+1, 6)
	p.quietUntil = n.clock.read + 100*time.Millisecond<<p.silent
	if c.kind == headersCall {
		p.pending, p.base = nil, nil
	}
	n.observe(Event{Kind: Stalled, Peer: p.Name})
	n.fetch()
	n.fetchTxs()
}

// lied ends p's standing: it has sent, when asked, what no honest node would.
func (n *Node) lied(p *peer, err error) {
	n.observe(Event{Kind: Refused, Peer: p.Name, Err: err})
	if n.clock.read < p.bannedUntil {
		return
	}
	p.bannedUntil = n.clock.read + n.cfg.Limits.Ban
	p.pending, p.base, p.wanted, p.best, p.again = nil, nil, nil, nil, false
	n.observe(Event{Kind: Banned, Peer: p.Name, Err: err})
}

// heed counts an announcement in p's name, and reports whether it is to be looked at.
func (n *Node) heed(p *peer) bool {
	const slice = 10 * time.Second
	if now := n.clock.read; now-p.announcedIn >= slice {
		p.announcedIn, p.announced = now, 0
	}
	p.announced++
	return p.announced <= n.cfg.Limits.Announced && n.clock.read >= p.bannedUntil
}

// recent is the last hashes that it was given, up to a number.
type recent struct {
	set  map[consensus.Hash]bool
	ring []consensus.Hash
	next int
}

func newRecent(n int) recent { return recent{map[consensus.Hash]bool{}, make([]consensus.Hash, n), 0} }

func (r *recent) has(h consensus.Hash) bool { return r.set[h] }

func (r *recent) add(h consensus.Hash) {
	if r.set[h] {
		return
	}
	delete(r.set, r.ring[r.next])
	r.ring[r.next], r.set[h] = h, true
	r.next = (r.next + 1) % len(r.ring)
}
