package mining

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

func target(bits uint32) consensus.Uint256 {
	v, _, _ := consensus.DecodeCompact(bits)
	return v
}

// TestFindsGenesis: main net's first block, by the work that it took.
func TestFindsGenesis(t *testing.T) {
	p := consensus.MainNet()
	s := NewSearch(p.Genesis, target(p.Genesis.Bits))
	require.NotNil(t, s.digest, "the fast way works on this platform")
	nonce, tried, found := s.Run(2083236893-100_000, 1<<32)
	require.True(t, found)
	require.Equal(t, p.Genesis.Nonce, nonce)
	require.EqualValues(t, 100_001, tried)
}

// TestAgainstNaive: every hash, not only the winners, and the same winners.
func TestAgainstNaive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		h := consensus.Header{Version: r.Int32(), Time: r.Uint32(), Bits: r.Uint32()}
		for i := range h.Prev {
			h.Prev[i], h.MerkleRoot[i] = byte(r.Uint32()), byte(r.Uint32())
		}
		limit := target(0x2003ffff) // a hash in 64 meets it
		s := NewSearch(h, limit)
		for range 20 {
			h.Nonce = r.Uint32()
			require.Equal(t, h.Hash(), s.try(h.Nonce))
		}
		from, n := r.Uint32(), r.Uint64N(200)
		nonce, tried, found := s.Run(from, n)
		s.digest = nil
		nonce2, tried2, found2 := s.Run(from, n)
		require.Equal(t, []any{nonce2, tried2, found2}, []any{nonce, tried, found})
		h.Nonce = nonce
		if found {
			require.LessOrEqual(t, h.Hash().Num().Cmp(limit), 0)
		}
	}
}

// TestBounds: a search ends where it was told to, and at the last nonce; equal to the target is enough.
func TestBounds(t *testing.T) {
	h := consensus.Header{Time: 7}
	for _, naive := range []bool{false, true} {
		search := func(limit consensus.Uint256) *Search {
			s := NewSearch(h, limit)
			if naive {
				s.digest = nil
			}
			return s
		}
		impossible := search(consensus.Uint256{})
		_, tried, found := impossible.Run(5, 0)
		require.False(t, found)
		require.Zero(t, tried)
		_, tried, found = impossible.Run(5, 1000)
		require.False(t, found)
		require.EqualValues(t, 1000, tried)
		_, tried, found = impossible.Run(math.MaxUint32-9, 1<<40)
		require.False(t, found)
		require.EqualValues(t, 10, tried, "there are no more nonces")

		mine := h
		mine.Nonce = 77
		exact := mine.Hash().Num()
		_, tried, found = search(exact).Run(77, 1)
		require.True(t, found)
		require.EqualValues(t, 1, tried)
		less, _ := exact.Sub(consensus.Uint256From(1))
		_, _, found = search(less).Run(77, 1)
		require.False(t, found)
	}
}

// BenchmarkSearch: the figure to reach is 7 MH/s on one core.
func BenchmarkSearch(b *testing.B) {
	s := NewSearch(consensus.MainNet().Genesis, consensus.Uint256{})
	b.ReportAllocs()
	_, tried, _ := s.Run(0, uint64(b.N))
	b.ReportMetric(float64(tried)/b.Elapsed().Seconds()/1e6, "MH/s")
}

// BenchmarkNaive is what the midstate is measured against.
func BenchmarkNaive(b *testing.B) {
	s := NewSearch(consensus.MainNet().Genesis, consensus.Uint256{})
	s.digest = nil
	_, tried, _ := s.Run(0, uint64(b.N))
	b.ReportMetric(float64(tried)/b.Elapsed().Seconds()/1e6, "MH/s")
}
