// Package powtest is the conformance suite of the proof-of-work ledger: honest, crashing and Byzantine nodes under one API, every
// attack of the literature that the network can carry, the theory's closed forms against simulations, and an oracle that looks at
// each move of each tip.
//
// A test file of a few lines hands it an implementation:
//
//	var suite = powtest.Suite(func(p powtest.Peer) (*pow.Node, error) { return pow.Make(p.Config) })
//
//	func TestConvergence(t *testing.T) { suite.Test(t) }
package powtest

import (
	"slices"
	"testing"
	"time"

	"6.824/labrpc/labtest"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// Node is what the suite asks of an implementation. Its RPC handlers, as labrpc.MakeService finds them, speak the protocol of
// package pow: Announce, GetHeaders, GetBlocks, GetTxs. It calls its Config's Observer as pow.Node does.
type Node interface {
	Submit(*ledger.Tx) error
	Status() (pow.Status, error)
	Balance(ledger.Key) (spendable, immature ledger.Amount, err error)
	Confirmations(tx consensus.Hash) (int, error)
	View(func(*ledger.Chain, *ledger.Pool)) error
	Kill()
}

// Peer is what a node is made from.
type Peer struct {
	pow.Config
	Me      int           // its number, from 0
	Machine *labtest.Node // what it runs on
}

// Maker makes a node and starts it. The error is of a disk that cannot be read.
type Maker func(Peer) (Node, error)

// Suite returns the suite for nodes made by mk.
func Suite[N Node](mk func(Peer) (N, error)) *labtest.Suite {
	make := func(p Peer) (Node, error) { return mk(p) }
	s := &labtest.Suite{Name: "pow", Tell: storyteller}
	for _, sc := range scenarios() {
		s.Scenarios = append(s.Scenarios, sc.of(make))
	}
	return s
}

// Run runs the whole suite, each scenario as a subtest.
func Run[N Node](t *testing.T, mk func(Peer) (N, error)) {
	t.Helper()
	Suite(mk).Run(t)
}

// scenario is a scenario for one network of nodes; or, without nodes, for the arithmetic and the theory.
type scenario struct {
	Name  string
	Doc   string
	Paper string // what promises it; a section alone is of "Bitcoin: A Peer-to-Peer Electronic Cash System"
	Seeds int    // 0 means 5
	Limit time.Duration
	Setup setup
	Run   func(*Network)
	Alone func(*labtest.World) // instead of Run: without a network
}

func (sc scenario) of(make Maker) labtest.Scenario {
	if sc.Seeds == 0 {
		sc.Seeds = 5
	}
	if sc.Limit == 0 {
		sc.Limit = 24 * time.Hour
	}
	return labtest.Scenario{
		Name: sc.Name, Doc: sc.Doc, Paper: sc.Paper, Seeds: sc.Seeds, Limit: sc.Limit,
		Run: func(w *labtest.World) {
			if sc.Alone != nil {
				sc.Alone(w)
				return
			}
			n := newNetwork(w, make, sc.Setup)
			sc.Run(n)
			n.oracle.finish()
		},
	}
}

// scenarios lists them all.
func scenarios() []scenario {
	return slices.Concat(arithmetic(), convergence(), payments(), badBlocks(), badPeers(), crashes(), attacks(), theory(), swarms())
}
