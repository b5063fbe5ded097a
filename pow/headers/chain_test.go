package headers

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
	"6.824/pow/mining"
)

// solve finds the nonce.
func solve(t testing.TB, h *consensus.Header, target consensus.Uint256) {
	nonce, _, found := mining.NewSearch(*h, target).Run(0, 1<<32)
	require.True(t, found)
	h.Nonce = nonce
}

// grow makes a chain of n headers after genesis. The time between blocks is what their work would take miners whose hash
// rate is right for genesis at first, and then comes and goes; so the difficulty follows it, up and down.
func grow(t testing.TB, p *consensus.Params, n int, r *rand.Rand) []consensus.Header {
	const far = 1 << 40
	c := NewChain(p, far)
	before := c.Work() // of genesis, which took the spacing
	out := []consensus.Header{p.Genesis}
	for range n {
		next := c.Next()
		took, _ := consensus.Work(next.Target).MulDiv(uint64(p.Spacing()), before[0])
		gap := r.Int64N(2 * int64(took[0]+1))
		if next.Height%200 > 100 {
			gap /= 2
		}
		h := consensus.Header{
			Version: 4, Prev: next.Prev, MerkleRoot: consensus.Hash{byte(r.Uint32()), byte(r.Uint32())},
			Time: max(next.MedianTime+1, uint32(int64(next.PrevTime)+gap-2)), Bits: next.Bits,
		}
		solve(t, &h, next.Target)
		require.NoError(t, c.Append(&h))
		out = append(out, h)
	}
	return out
}

func encode(hs []consensus.Header) []byte {
	var b []byte
	for i := range hs {
		b = hs[i].Append(b)
	}
	return b
}

func rng() *rand.Rand { return rand.New(rand.NewPCG(6, 824)) }

// easy is main net's rules at a difficulty a test can pay.
func easy() *consensus.Params {
	p := consensus.MainNet()
	p.Name, p.PowLimit, p.MinVersions = "easy", consensus.RegTest().PowLimit, nil
	return p.WithGenesis(consensus.LabEpoch, 0x207fffff)
}

func TestRealChain(t *testing.T) {
	const first4 = "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c" +
		"010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299" +
		"010000004860eb18bf1b1620e37e9490fc8a427514416fd75159ab86688e9a8300000000d5fdcc541e25de1c7a5addedf24858b8bb665c9f36ef744ee42c316022c90f9bb0bc6649ffff001d08d2bd61" +
		"01000000bddd99ccfda39da1b108ce1a5d70038d0a967bacb68b6b63065f626a0000000044f672226090d85db9a9f2fbfe5f0f9609b387af7be5b7fbb7a1767c831c9e995dbe6649ffff001d05e0ed6d"
	b, err := hex.DecodeString(first4)
	require.NoError(t, err)
	c, err := Verify(bytes.NewReader(b), consensus.MainNet(), 1231731025)
	require.NoError(t, err)
	require.Equal(t, 3, c.Height())
	_, hash := c.Tip()
	require.Equal(t, "0000000082b5015589a3fdf2d4baff403e6f0be035a5d9742c1cae6295464449", hash.String())
	require.Equal(t, "400040004", c.Work().String())
}

// TestChainAndTreeAgree: two ways to the same context at every header, over many retargets, and against the rules as written down.
func TestChainAndTreeAgree(t *testing.T) {
	p := consensus.Lab()
	hs := grow(t, p, 500, rng())
	c, tree := NewChain(p, 1<<40), NewTree(p)
	work := new(big.Int)
	bits := map[uint32]bool{}
	for i := range hs {
		target, _, _ := consensus.DecodeCompact(hs[i].Bits)
		n, ok := new(big.Int).SetString(consensus.Work(target).String(), 16)
		require.True(t, ok)
		work.Add(work, n)
		bits[hs[i].Bits] = true
		if i == 0 {
			continue
		}
		at := tree.Next(tree.Best(), 1<<40)
		require.Equal(t, c.Next(), at, "height %d", i)
		times := []uint32{}
		for _, h := range hs[max(0, i-11):i] {
			times = append(times, h.Time)
		}
		slices.Sort(times)
		require.Equal(t, times[len(times)/2], at.MedianTime, "height %d", i)
		if i%p.RetargetInterval == 0 {
			require.Equal(t, p.NextBits(hs[i-1].Bits, hs[i-p.RetargetInterval].Time, hs[i-1].Time), at.Bits)
		} else {
			require.Equal(t, hs[i-1].Bits, at.Bits)
		}
		require.NoError(t, c.Append(&hs[i]))
		e, err := tree.Add(&hs[i], 1<<40)
		require.NoError(t, err)
		require.Same(t, e, tree.Best())
		require.Equal(t, work.Text(16), e.Work.String())
		require.Equal(t, e.Work, c.Work())
	}
	require.Greater(t, len(bits), 10, "difficulty moved")
}

// TestFirstBadHeader: one header of a good file is spoilt in one way; the file is refused at its height, for that rule.
func TestFirstBadHeader(t *testing.T) {
	p := consensus.Lab()
	hs := grow(t, p, 100, rng())
	last := hs[len(hs)-1].Time
	for name, v := range map[string]struct {
		at    int
		rule  *consensus.Rule
		spoil func(h *consensus.Header)
		solve bool
	}{
		"not genesis":  {0, consensus.ErrGenesis, func(h *consensus.Header) { h.Nonce++ }, false},
		"link":         {50, consensus.ErrBadPrev, func(h *consensus.Header) { h.Prev[3] ^= 1 }, true},
		"no work":      {50, consensus.ErrHighHash, func(h *consensus.Header) { h.Nonce++ }, false},
		"easier bits":  {50, consensus.ErrBadBits, func(h *consensus.Header) { h.Bits = 0x207fffff }, true},
		"no retarget":  {60, consensus.ErrBadBits, func(h *consensus.Header) { h.Bits = hs[59].Bits }, true},
		"early change": {59, consensus.ErrBadBits, func(h *consensus.Header) { h.Bits = hs[60].Bits }, true},
		"beyond limit": {50, consensus.ErrBadTarget, func(h *consensus.Header) { h.Bits = 0x2100ffff }, true},
		"old":          {50, consensus.ErrTimeTooOld, func(h *consensus.Header) { h.Time = consensus.LabEpoch }, true},
		"new":          {50, consensus.ErrTimeTooNew, func(h *consensus.Header) { h.Time = last + 200 }, true},
	} {
		t.Run(name, func(t *testing.T) {
			spoilt := slices.Clone(hs)
			h := &spoilt[v.at]
			if name == "no retarget" {
				require.NotEqual(t, hs[59].Bits, hs[60].Bits)
			}
			v.spoil(h)
			if target, _, overflow := consensus.DecodeCompact(h.Bits); v.solve && !overflow {
				solve(t, h, target)
			}
			if name == "no work" {
				target, _, _ := consensus.DecodeCompact(h.Bits)
				for h.Hash().Num().Cmp(target) <= 0 {
					h.Nonce++
				}
			}
			c, err := Verify(bytes.NewReader(encode(spoilt)), p, int64(last)+1)
			require.ErrorIs(t, err, v.rule)
			var broken *consensus.RuleError
			require.True(t, errors.As(err, &broken))
			require.Equal(t, v.at, broken.Height)
			require.Equal(t, h.Hash(), broken.Block)
			require.Equal(t, max(v.at-1, 0), c.Height(), "what came before was good")
		})
	}
	c, err := Verify(bytes.NewReader(encode(hs)), p, int64(last)+1)
	require.NoError(t, err)
	require.Equal(t, 100, c.Height())
	tip, hash := c.Tip()
	require.Equal(t, hs[100], tip)
	require.Equal(t, hs[100].Hash(), hash)
}

func TestVerifyReadErrors(t *testing.T) {
	p := consensus.RegTest()
	hs := encode(grow(t, p, 5, rng()))
	_, err := Verify(strings.NewReader(""), p, 1<<40)
	require.ErrorIs(t, err, consensus.ErrGenesis)
	_, err = Verify(bytes.NewReader(hs[:79]), p, 1<<40)
	require.ErrorIs(t, err, ErrTruncated)
	c, err := Verify(bytes.NewReader(hs[:3*80+1]), p, 1<<40)
	require.ErrorIs(t, err, ErrTruncated)
	require.ErrorContains(t, err, "height 3: ")
	require.Equal(t, 2, c.Height())
	_, err = Verify(iotest.TimeoutReader(iotest.OneByteReader(bytes.NewReader(hs))), p, 1<<40)
	require.ErrorIs(t, err, iotest.ErrTimeout)
	c, err = Verify(iotest.HalfReader(bytes.NewReader(hs)), p, 1<<40)
	require.NoError(t, err)
	require.Equal(t, 5, c.Height())
}

func FuzzVerify(f *testing.F) {
	p := consensus.RegTest()
	hs := encode(grow(f, p, 3, rng()))
	f.Add([]byte{})
	f.Add(hs)
	f.Add(hs[:100])
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Verify(bytes.NewReader(b), p, 1<<33)
		if err == nil {
			require.Zero(t, len(b)%80)
			require.Equal(t, len(b)/80-1, c.Height())
			require.Equal(t, hs[:80], b[:80])
		}
	})
}

// BenchmarkVerify: the figure to reach is a million headers a second on one core, with main net's rules.
func BenchmarkVerify(b *testing.B) {
	p := easy()
	b.ReportAllocs()
	file := encode(grow(b, p, 50_000, rng()))
	n := 0
	for b.Loop() {
		c, err := Verify(bytes.NewReader(file), p, 1<<40)
		if err != nil {
			b.Fatal(err)
		}
		n += c.Height()
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "headers/s")
}

// BenchmarkTree is the same headers, into a tree.
func BenchmarkTree(b *testing.B) {
	p := easy()
	hs := grow(b, p, 50_000, rng())
	n := 0
	for b.Loop() {
		tree := NewTree(p)
		for i := range hs {
			if _, err := tree.Add(&hs[i], 1<<40); err != nil {
				b.Fatal(err)
			}
		}
		n += len(hs)
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "headers/s")
}
