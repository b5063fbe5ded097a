package mr

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/mr/store"
)

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func inMemory(text string) func(string) (store.Source, error) {
	return func(string) (store.Source, error) { return memory{bytes.NewReader([]byte(text))}, nil }
}

// However a file is cut, its pieces are all of it, once and in order, and each ends where a line does.
func TestPieces(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "\n", "a", "a\n", "\n\n\n", "no end", strings.Repeat("x", 10_000), strings.Repeat("x", 9000) + "\n" + strings.Repeat("y", 9000)}
	for range 300 {
		var b strings.Builder
		for range r.IntN(60) {
			b.WriteString(strings.Repeat("w", r.IntN(1+r.IntN(40))))
			if r.IntN(8) > 0 {
				b.WriteByte('\n')
			}
		}
		texts = append(texts, b.String())
	}
	most := 0
	for _, text := range texts {
		for _, size := range []int64{1, 2, 7, 64, 5000, 1 << 30} {
			pieces, err := Cut([]string{"f"}, size, inMemory(text))
			require.NoError(t, err)
			most = max(most, len(pieces))
			var all strings.Builder
			for i, p := range pieces {
				f, _ := inMemory(text)("f")
				s, err := p.read(f)
				require.NoError(t, err)
				all.WriteString(s)
				require.True(t, s == "" || strings.HasSuffix(s, "\n") || all.Len() == len(text), "%q of %q", s, text)
				require.True(t, i > 0 || p.From == 0)
			}
			require.Equal(t, text, all.String(), "pieces of %d bytes", size)
		}
	}
	require.Greater(t, most, 1000)
}

func TestCut(t *testing.T) {
	pieces, err := Cut([]string{"a", "b"}, 30, inMemory(strings.Repeat("x", 100)))
	require.NoError(t, err)
	require.Equal(t, []Piece{{"a", 0, 33}, {"a", 33, 66}, {"a", 66, 100}, {"b", 0, 33}, {"b", 33, 66}, {"b", 66, 100}}, pieces)
	require.Equal(t, "a, bytes 33 to 66", pieces[1].String())

	pieces, err = Cut([]string{"a"}, 70, inMemory(strings.Repeat("x", 100)))
	require.NoError(t, err)
	require.Equal(t, []Piece{{File: "a"}}, pieces, "one and a half is one")
	require.Equal(t, "a", pieces[0].String())

	_, err = Cut([]string{"a"}, 0, nil)
	require.EqualError(t, err, "pieces must be of at least a byte, not of 0")
	_, err = Cut([]string{"gone"}, 1, func(string) (store.Source, error) { return nil, errors.New("no") })
	require.EqualError(t, err, "the input gone can't be opened: no")
}

// A file that has become shorter since it was cut is no reason to fail, or to read anything twice.
func TestPieceOfAShorterFile(t *testing.T) {
	text := "one\ntwo\nthree\n"
	var all strings.Builder
	for _, p := range []Piece{{"f", 0, 5}, {"f", 5, 100}, {"f", 100, 200}} {
		f, _ := inMemory(text)("f")
		s, err := p.read(f)
		require.NoError(t, err, fmt.Sprint(p))
		all.WriteString(s)
	}
	require.Equal(t, text, all.String())
}
