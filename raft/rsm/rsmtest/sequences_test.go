package rsmtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSequences(t *testing.T) {
	var s Sequences
	put := func(v string) func(string) (string, bool) { return func(string) (string, bool) { return v, true } }
	add := func(v string) func(string) (string, bool) {
		return func(old string) (string, bool) { return old + v, false }
	}
	must := func(want string) {
		t.Helper()
		v, certain := s.Read("k")()
		require.True(t, certain)
		require.Equal(t, want, v)
	}
	unknown := func() {
		t.Helper()
		_, certain := s.Read("k")()
		require.False(t, certain)
	}
	must("")
	s.Write("k")(put("a"))
	s.Write("k")(add("b"))
	must("ab")

	read := s.Read("k")
	write := s.Write("k")
	_, certain := read()
	require.False(t, certain, "a write has begun meanwhile")
	unknown()
	during := s.Read("k")
	write(add("c"))
	_, certain = during()
	require.False(t, certain, "it began during a write")
	must("abc")

	one := s.Write("k")
	two := s.Write("k")
	two(add("e"))
	one(add("d"))
	unknown()
	s.Write("k")(add("f"))
	unknown()
	s.Write("k")(put("g"))
	must("g")

	one, two = s.Write("k"), s.Write("k")
	one(put("h"))
	two(put("i")) // the second may have come first
	unknown()
	s.Write("k") // of a client that never hears of it
	s.Write("k")(put("j"))
	unknown()
	v, certain := s.Read("l")()
	require.True(t, certain)
	require.Empty(t, v)
}
