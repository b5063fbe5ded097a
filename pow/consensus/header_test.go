package consensus

import (
	"encoding/hex"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// real is headers of main net and their hashes, as anybody's node has them.
var real = []struct {
	height int
	hash   string
	header string
}{
	{0, "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f", "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c"},
	{1, "00000000839a8e6886ab5951d76f411475428afc90947ee320161bbf18eb6048", "010000006fe28c0ab6f1b372c1a6a246ae63f74f931e8365e15a089c68d6190000000000982051fd1e4ba744bbbe680e1fee14677ba1a3c3540bf7b1cdb606e857233e0e61bc6649ffff001d01e36299"},
	{2, "000000006a625f06636b8bb6ac7b960a8d03705d1ace08b1a19da3fdcc99ddbd", "010000004860eb18bf1b1620e37e9490fc8a427514416fd75159ab86688e9a8300000000d5fdcc541e25de1c7a5addedf24858b8bb665c9f36ef744ee42c316022c90f9bb0bc6649ffff001d08d2bd61"},
	{3, "0000000082b5015589a3fdf2d4baff403e6f0be035a5d9742c1cae6295464449", "01000000bddd99ccfda39da1b108ce1a5d70038d0a967bacb68b6b63065f626a0000000044f672226090d85db9a9f2fbfe5f0f9609b387af7be5b7fbb7a1767c831c9e995dbe6649ffff001d05e0ed6d"},
}

func decode(t testing.TB, s string) Header {
	t.Helper()
	b, err := hex.DecodeString(s)
	require.NoError(t, err)
	h, err := DecodeHeader(b)
	require.NoError(t, err)
	return h
}

func TestRealHeaders(t *testing.T) {
	p := MainNet()
	require.Equal(t, real[0].hash, p.Genesis.Hash().String())
	at := Context{Height: 0, Bits: 0x1d00ffff, Now: 1231731025}
	at.Target, _ = p.Target(at.Bits)
	for _, v := range real {
		h := decode(t, v.header)
		b := h.Bytes()
		require.Equal(t, v.header, hex.EncodeToString(b[:]))
		require.Equal(t, v.hash, h.Hash().String())
		at.Height = v.height
		require.NoError(t, p.CheckHeader(&h, h.Hash(), &at))
		at.Prev = h.Hash()
	}
	// A block of height 125,552, as the literature on mining likes to take it.
	prev, err := ParseHash("00000000000008a3a41b85b8b29ad444def299fee21793cd8b9e567eab02cd81")
	require.NoError(t, err)
	root, err := ParseHash("2b12fcf1b09288fcaff797d71e950e71ae42b91e8bdb2304758dfcffc2b620e3")
	require.NoError(t, err)
	h := Header{1, prev, root, 1305998791, 0x1a44b9f2, 2504433986}
	require.Equal(t, "00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d", h.Hash().String())
	require.NoError(t, p.CheckWork(&h, h.Hash()))
}

func TestHashText(t *testing.T) {
	h := DoubleSHA256([]byte("hello"))
	parsed, err := ParseHash(h.String())
	require.NoError(t, err)
	require.Equal(t, h, parsed)
	for _, bad := range []string{"", "00", h.String() + "0", "zz" + h.String()[2:]} {
		_, err := ParseHash(bad)
		require.Error(t, err, "%q", bad)
	}
	text, err := h.MarshalText()
	require.NoError(t, err)
	var again Hash
	require.NoError(t, again.UnmarshalText(text))
	require.Equal(t, h, again)
	require.Error(t, again.UnmarshalText([]byte("no")))
	require.Equal(t, h, again, "a failed parse changes nothing")
}

// TestCheckHeader breaks one rule at a time.
func TestCheckHeader(t *testing.T) {
	p := Lab()
	const spare = 0x207fffff // easier than what is asked for below
	at := Context{Height: 20, Prev: Hash{7}, PrevTime: 5000, MedianTime: 4950, Bits: 0x2000ffff, Now: 6000}
	at.Target, _ = p.Target(at.Bits)
	check := func(change func(*Header, *Context), meet bool) error {
		h, at := Header{Version: 1, Prev: Hash{7}, Time: 5100, Bits: at.Bits}, at
		if change != nil {
			change(&h, &at)
		}
		target, _, _ := DecodeCompact(h.Bits)
		for (h.Hash().Num().Cmp(target) <= 0) != meet {
			h.Nonce++
		}
		err := p.CheckHeader(&h, h.Hash(), &at)
		var broken *RuleError
		if errors.As(err, &broken) {
			require.Equal(t, at.Height, broken.Height)
			require.Equal(t, h.Hash(), broken.Block)
		}
		return err
	}
	require.NoError(t, check(nil, true))
	require.ErrorIs(t, check(nil, false), ErrHighHash)
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Prev[0]++ }, true), ErrBadPrev)
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Bits = spare }, true), ErrBadBits)
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Bits = spare }, false), ErrHighHash)
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Bits = 0x2000fffe }, true), ErrBadBits)
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Bits = 0x21008000 }, true), ErrBadTarget)
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Bits = 0 }, false), ErrBadTarget)

	// Time: strictly after the median; at most so far ahead; the first of a period not far back.
	require.ErrorIs(t, check(func(h *Header, c *Context) { h.Time = 4950; c.Height = 21 }, true), ErrTimeTooOld)
	require.NoError(t, check(func(h *Header, c *Context) { h.Time = 4951; c.Height = 21 }, true))
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Time = 4989 }, true), ErrTimeWarp)
	require.NoError(t, check(func(h *Header, _ *Context) { h.Time = 4990 }, true))
	require.NoError(t, check(func(h *Header, c *Context) { h.Time = 4989; c.Height = 21 }, true), "inside a period it may")
	require.NoError(t, check(func(h *Header, _ *Context) { h.Time = 6120 }, true))
	require.ErrorIs(t, check(func(h *Header, _ *Context) { h.Time = 6121 }, true), ErrTimeTooNew)
	require.NoError(t, check(func(h *Header, c *Context) { h.Time = 6121; c.Now++ }, true), "too new is not for ever")

	p = MainNet()
	p.PowLimit = labLimit
	version := func(v int32, height int) error {
		return check(func(h *Header, c *Context) { h.Version = v; c.Height = height }, true)
	}
	require.NoError(t, version(1, 227_930))
	require.ErrorIs(t, version(1, 227_931), ErrBadVersion)
	require.ErrorIs(t, version(2, 363_725), ErrBadVersion)
	require.ErrorIs(t, version(3, 388_381), ErrBadVersion)
	require.NoError(t, version(4, 388_381))
	require.NoError(t, version(0x20000000, 900_000))
	require.ErrorIs(t, version(-1, 900_000), ErrBadVersion)
}

func TestClassOf(t *testing.T) {
	for rule, class := range map[*Rule]Class{ErrHighHash: Invalid, ErrTimeTooOld: Invalid, ErrTimeTooNew: Early, ErrOrphan: Orphan} {
		got, ok := ClassOf(Locate(Broken(rule, "because %d", 1), 5, Hash{1}))
		require.True(t, ok)
		require.Equal(t, class, got, rule.Name)
	}
	_, ok := ClassOf(errors.New("else"))
	require.False(t, ok)
	_, ok = ClassOf(nil)
	require.False(t, ok)
	require.NoError(t, Locate(nil, 1, Hash{}))
	require.EqualError(t, Locate(Broken(ErrHighHash, "x"), 5, Hash{}), "height 5: high-hash: x")
	first := Locate(Broken(ErrHighHash, "x"), 5, Hash{})
	require.Equal(t, first, Locate(first, 6, Hash{}), "who located it first knew best")
}

func TestMedianTime(t *testing.T) {
	require.EqualValues(t, 0, MedianTime(nil))
	require.EqualValues(t, 9, MedianTime([]uint32{9}))
	require.EqualValues(t, 9, MedianTime([]uint32{9, 1}), "of two the upper one, as Bitcoin Core has it")
	require.EqualValues(t, 6, MedianTime([]uint32{1, 11, 2, 10, 3, 9, 4, 8, 5, 7, 6}))
	require.EqualValues(t, 6, MedianTime([]uint32{99, 99, 99, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1}), "the last eleven alone")
	times := []uint32{3, 1, 2}
	require.EqualValues(t, 2, MedianTime(times))
	require.Equal(t, []uint32{3, 1, 2}, times)
}

func TestGenesisOfTheLabs(t *testing.T) {
	for _, p := range []*Params{MainNet(), RegTest(), Lab(), Lab().WithGenesis(5, 0x207fffff)} {
		require.NoError(t, p.CheckWork(&p.Genesis, p.Genesis.Hash()), p.Name)
	}
	require.Equal(t, Lab().Genesis.Hash(), Lab().Genesis.Hash())
	require.NotEqual(t, Lab().Genesis.Hash(), Lab().WithGenesis(5, 0x207fffff).Genesis.Hash())
	require.EqualValues(t, 600, MainNet().Spacing())
	require.EqualValues(t, 10, Lab().Spacing())
}

func FuzzDecodeHeader(f *testing.F) {
	for _, v := range real {
		b, _ := hex.DecodeString(v.header)
		f.Add(b)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := DecodeHeader(b)
		if len(b) != HeaderSize {
			require.ErrorIs(t, err, ErrBadHeaderSize)
			return
		}
		require.NoError(t, err)
		again := h.Bytes()
		require.Equal(t, b, again[:])
		require.Equal(t, DoubleSHA256(b), h.Hash())
	})
}
