package pow

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/pow/consensus"
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// line is k headers on nothing in particular, each with the work that it claims.
func line(k int) (b []byte) {
	h := consensus.Header{Version: 4, Bits: 0x207fffff}
	p := consensus.RegTest()
	for range k {
		for p.CheckWork(&h, h.Hash()) != nil {
			h.Nonce++
		}
		b = h.Append(b)
		h.Prev, h.Time = h.Hash(), h.Time+1
	}
	return b
}

func TestSplitHeaders(t *testing.T) {
	p := consensus.RegTest()
	good := line(4)
	hs, ok := splitHeaders(p, good, 4)
	require.True(t, ok)
	require.Len(t, hs, 4)
	_, ok = splitHeaders(p, good, 3)
	require.False(t, ok, "more than the limit")
	_, ok = splitHeaders(p, good[:81], 4)
	require.False(t, ok, "not whole")
	_, ok = splitHeaders(p, append(append([]byte(nil), good[:80]...), good[160:]...), 4)
	require.False(t, ok, "not in a line")
	hs, ok = splitHeaders(p, nil, 4)
	require.True(t, ok)
	require.Empty(t, hs)
	_, ok = splitHeaders(consensus.MainNet(), good, 4)
	require.False(t, ok, "easier than the limit")
}

func FuzzSplitHeaders(f *testing.F) {
	f.Add([]byte{})
	f.Add(line(1))
	f.Add(line(3))
	f.Add(line(2)[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 10
		p := consensus.RegTest()
		hs, ok := splitHeaders(p, b, limit)
		if !ok {
			require.Nil(t, hs)
			return
		}
		require.LessOrEqual(t, len(hs), limit)
		var again []byte
		for i := range hs {
			require.NoError(t, p.CheckWork(&hs[i], hs[i].Hash()))
			if i > 0 {
				require.Equal(t, hs[i-1].Hash(), hs[i].Prev)
			}
			again = hs[i].Append(again)
		}
		require.Equal(t, len(b), len(again))
		require.Equal(t, string(b), string(again))
	})
}

// FuzzHandlers: whatever arguments the handlers are called with, they end, answer within their bounds, and the node lives on.
func FuzzHandlers(f *testing.F) {
	genesis := consensus.Lab().Genesis
	header, hash := genesis.Bytes(), genesis.Hash()
	f.Add("peer", header[:], hash[:], uint16(1))
	f.Add("peer", line(1), []byte{}, uint16(0))
	f.Add("peer", header[:79], hash[:5], uint16(headers.MaxLocator+1))
	f.Add("", []byte{}, []byte{1}, uint16(5000))
	f.Fuzz(func(t *testing.T, from string, header, hash []byte, count uint16) {
		network := labrpc.MakeNetwork()
		defer network.Cleanup()
		n, err := Make(Config{
			Params: consensus.Lab(), Name: "node", Rand: rand.New(rand.NewPCG(1, 2)),
			Peers: []Peer{{Name: "peer", End: network.MakeEnd("peer")}},
		})
		require.NoError(t, err)
		defer n.Kill()
		hashes := make([]consensus.Hash, count)
		for i := range hashes {
			copy(hashes[i][:], hash)
		}
		n.Announce(&AnnounceArgs{From: from, Header: header, Txs: hashes}, new(Ack))
		var hs HeadersReply
		n.GetHeaders(&GetHeadersArgs{Locator: hashes}, &hs)
		require.Empty(t, hs.Headers, "there are none above genesis")
		var blocks BlocksReply
		n.GetBlocks(&GetBlocksArgs{Hashes: hashes}, &blocks)
		require.Empty(t, blocks.Blocks, "genesis has no body")
		var txs TxsReply
		n.GetTxs(&GetTxsArgs{IDs: hashes}, &txs)
		require.Empty(t, txs.Txs)
		require.NoError(t, n.View(func(*ledger.Chain, *ledger.Pool) {
			p := n.byName["peer"]
			require.LessOrEqual(t, len(p.wanted), n.cfg.Limits.Wanted)
			require.Empty(t, p.pending)
		}))
	})
}

func TestRecent(t *testing.T) {
	r := newRecent(3)
	require.False(t, r.has(consensus.Hash{}), "an empty place is no hash")
	for i := byte(1); i <= 5; i++ {
		r.add(consensus.Hash{i})
		r.add(consensus.Hash{i})
	}
	for i := byte(1); i <= 5; i++ {
		require.Equal(t, i >= 3, r.has(consensus.Hash{i}), "%d", i)
	}
	require.Len(t, r.set, 3)
}
