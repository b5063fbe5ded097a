package pow_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/ledger"
)

// town is a few nodes that all know each other, in a bubble.
func town(t testing.TB, n int, rate float64) (nodes []*pow.Node, wallets []*pow.Wallet) {
	p := consensus.Lab().WithGenesis(consensus.LabEpoch-10, 0x2007ffff)
	net := labrpc.NewNetwork(labrpc.Options{Seed: 1, Settle: synctest.Wait})
	net.SetDefault(labrpc.Conditions{Delay: labrpc.Uniform(time.Millisecond, 10*time.Millisecond)})
	for i := range n {
		w := pow.NewWallet(p, fmt.Append(nil, i))
		cfg := pow.Config{Params: p, Name: fmt.Sprint(i), Rand: rand.New(rand.NewPCG(1, uint64(i))), HashRate: rate, Payout: w.Key()}
		for j := range n {
			if j != i {
				cfg.Peers = append(cfg.Peers, pow.Peer{Name: fmt.Sprint(j), End: net.Dial(fmt.Sprint(i), fmt.Sprint(j))})
			}
		}
		node, err := pow.Make(cfg)
		require.NoError(t, err)
		s := labrpc.MakeServer()
		s.AddService(labrpc.MakeService(node))
		net.AddServer(fmt.Sprint(i), s)
		nodes, wallets = append(nodes, node), append(wallets, w)
	}
	t.Cleanup(func() {
		for _, n := range nodes {
			n.Kill()
		}
		net.Cleanup()
	})
	return nodes, wallets
}

func TestWallet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		nodes, wallets := town(t, 3, 1)
		_, err := wallets[0].Pay(nodes[0], wallets[1].Key(), 5, 1)
		require.ErrorIs(t, err, pow.ErrFunds)
		time.Sleep(20 * time.Minute)
		spendable, immature, err := nodes[0].Balance(wallets[0].Key())
		require.NoError(t, err)
		require.Positive(t, spendable)
		require.Positive(t, immature)
		_, err = wallets[0].Pay(nodes[0], wallets[1].Key(), 0, 1)
		require.Error(t, err)
		_, err = wallets[0].Pay(nodes[0], wallets[1].Key(), ledger.Amount(consensus.MaxMoney), 1)
		require.Error(t, err)
		someone := pow.NewWallet(consensus.Lab(), []byte("someone")).Key()
		paid, err := wallets[0].Pay(nodes[0], someone, spendable-10, 10)
		require.NoError(t, err)
		require.ErrorIs(t, nodes[0].Submit(paid), ledger.ErrKnown)
		time.Sleep(5 * time.Minute)
		for _, n := range nodes {
			k, err := n.Confirmations(paid.ID())
			require.NoError(t, err)
			require.Positive(t, k)
			got, _, err := n.Balance(someone)
			require.NoError(t, err)
			require.Equal(t, spendable-10, got)
			h, err := n.History(someone)
			require.NoError(t, err)
			require.Len(t, h, 1)
			require.Equal(t, spendable-10, h[0].Received)
		}
		nodes[0].Kill()
		require.ErrorIs(t, nodes[0].Submit(paid), pow.ErrDead)
		_, err = nodes[0].Status()
		require.ErrorIs(t, err, pow.ErrDead)
		require.NoError(t, nodes[0].Err())
	})
}

// TestMiningIsPoisson: the gaps between one miner's blocks are exponential, at a rate of its hashes over the work of a block.
func TestMiningIsPoisson(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := consensus.RegTest()
		p.PowLimit, _, _ = consensus.DecodeCompact(0x2000ffff)
		p = p.WithGenesis(consensus.LabEpoch-10, 0x2000ffff) // 256 hashes
		var at []time.Time
		node, err := pow.Make(pow.Config{Params: p, Name: "alone", Rand: rand.New(rand.NewPCG(3, 4)), HashRate: 25.6, Observer: func(e pow.Event) {
			if e.Kind == pow.Mined {
				at = append(at, time.Now())
			}
		}})
		require.NoError(t, err)
		start := time.Now()
		time.Sleep(20_000 * time.Second)
		node.Kill()
		synctest.Wait()
		// 2,000 are expected, with a deviation of 45; a gap is longer than its mean with 1/e, longer than thrice with 1/e³.
		n := float64(len(at))
		require.InDelta(t, 2000, n, 5*45)
		long, longer := 0.0, 0.0
		for i, a := range at {
			gap := a.Sub(start)
			if i > 0 {
				gap = a.Sub(at[i-1])
			}
			if gap > 10*time.Second {
				long++
			}
			if gap > 30*time.Second {
				longer++
			}
		}
		require.InDelta(t, .3679, long/n, 5*.011)
		require.InDelta(t, .0498, longer/n, 5*.0049)
	})
}

func TestMakeRefuses(t *testing.T) {
	_, err := pow.Make(pow.Config{})
	require.Error(t, err)
	_, err = pow.Make(pow.Config{Params: consensus.Lab(), Name: "x", Rand: rand.New(rand.NewPCG(1, 1)), HashRate: -1})
	require.Error(t, err)
}
