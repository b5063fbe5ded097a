package pow

import (
	"cmp"
	"math/rand/v2"
	"time"

	"6.824/labrpc"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// Config is what a node is made from. Params, Name and Rand must be set.
type Config struct {
	Params *consensus.Params
	Name   string // how peers call this node: their Peer.Name for it
	Peers  []Peer
	Disk   ledger.Disk // nil: nothing survives the node
	Rand   *rand.Rand  // the node's own, from which it draws whom to ask, and what makes its coinbases unlike others'
	Host   Host        // nil: a machine whose clock is right and that is never paused
	Sigs   *ledger.SigCache

	HashRate float64    // in hashes per second of the node's clock; 0: it does not mine
	Payout   ledger.Key // whom its blocks pay
	Pool     ledger.PoolConfig
	Limits   Limits
	Ahead    time.Duration // how far the node's idea of the date is ahead of the world's; negative: behind

	// Observer is told of everything that changes the node. It is called on the node's loop: it must not block, nor call the node.
	Observer func(Event)
}

// Peer is another node that this one talks to.
type Peer struct {
	Name string
	End  *labrpc.ClientEnd
}

// Host is the machine that a node runs on, as far as a simulator can bend it; labtest.Node is one.
type Host interface {
	Pace() float64 // the rate of its clock: 1.1 means 10 % fast
	Gate()         // blocks while the machine is paused
}

// Limits bound what strangers can cost a node. Zero values stand for the defaults. None of them is consensus.
type Limits struct {
	MinWork     consensus.Uint256 // a chain of headers with less work in all is not stored (nMinimumChainWork in Bitcoin Core); 0
	GateDepth   int               // nor one that is behind the tip by the work of so many blocks like it; 144
	Headers     int               // in one message; 500
	Pending     int               // headers that a peer may show before their work passes the gate; 5,000
	Blocks      int               // in one message; 16
	Txs         int               // in one message; 100
	Wanted      int               // transactions to be asked of one peer; 1,000
	Orphans     int               // transactions that wait for what they spend; 100
	Mailbox     int               // requests of others that wait; what comes beyond is not answered; 1,000
	Announced   int               // announcements in the name of one peer that are looked at, in ten seconds; 200
	RequestTime time.Duration     // after which a request counts as stalled; 5 s
	Poll        time.Duration     // between asking some peer what is new; the spacing of blocks
	Ban         time.Duration     // for how long a peer that has lied is not asked; an hour
}

func (l Limits) withDefaults(p *consensus.Params) Limits {
	l.GateDepth = cmp.Or(l.GateDepth, 144)
	l.Headers = cmp.Or(l.Headers, 500)
	l.Pending = cmp.Or(l.Pending, 5000)
	l.Blocks = cmp.Or(l.Blocks, 16)
	l.Txs = cmp.Or(l.Txs, 100)
	l.Wanted = cmp.Or(l.Wanted, 1000)
	l.Orphans = cmp.Or(l.Orphans, 100)
	l.Mailbox = cmp.Or(l.Mailbox, 1000)
	l.Announced = cmp.Or(l.Announced, 200)
	l.RequestTime = cmp.Or(l.RequestTime, 5*time.Second)
	l.Poll = cmp.Or(l.Poll, time.Duration(p.Spacing())*time.Second)
	l.Ban = cmp.Or(l.Ban, time.Hour)
	return l
}

type realHost struct{}

func (realHost) Pace() float64 { return 1 }
func (realHost) Gate()         {}
