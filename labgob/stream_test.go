package labgob_test

import (
	"bytes"
	"encoding/gob"
	"errors"
	"io"
	"math/big"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"6.824/labgob"

	"github.com/stretchr/testify/require"
)

func TestStreamOfManyValues(t *testing.T) {
	var b bytes.Buffer
	e := labgob.NewEncoder(&b)
	long := strings.Repeat("long", 100_000)
	sent := []any{1, "two", op{Key: "3"}, []op{{Key: "4"}}, entry{5, op{Key: "5"}}, op{Value: long}, op{Key: "7"}, map[string][]op{"8": {{}}}}
	for _, v := range sent {
		require.NoError(t, e.Encode(v))
	}
	for name, r := range map[string]io.Reader{
		"buffer": bytes.NewBuffer(bytes.Clone(b.Bytes())), "bytes": iotest.OneByteReader(bytes.NewReader(b.Bytes())), "halves": iotest.HalfReader(bytes.NewReader(b.Bytes())),
		"with EOF": iotest.DataErrReader(bytes.NewReader(b.Bytes())),
	} {
		d := labgob.NewDecoder(r)
		for _, v := range sent {
			p := reflect.New(reflect.TypeOf(v))
			require.NoError(t, d.Decode(p.Interface()), name)
			require.Equal(t, v, p.Elem().Interface(), name)
		}
		require.Equal(t, io.EOF, d.Decode(new(int)), name)
		require.Equal(t, io.EOF, d.Decode(nil), name)
	}
}

func TestEachTypeIsDefinedOnce(t *testing.T) {
	var b bytes.Buffer
	e := labgob.NewEncoder(&b)
	var sizes []int
	for range 3 {
		before := b.Len()
		require.NoError(t, e.Encode(entry{1, op{Key: "k"}}))
		sizes = append(sizes, b.Len()-before)
	}
	require.Greater(t, sizes[0], 2*sizes[1])
	require.Equal(t, sizes[1], sizes[2])
}

// TestStreamSurvivesErrors goes on after a value that could not be sent, and after one that did not fit.
func TestStreamSurvivesErrors(t *testing.T) {
	type unknown struct{ X int }
	var b bytes.Buffer
	e := labgob.NewEncoder(&b)
	require.Error(t, e.Encode([]entry{{1, cat{}}, {1, op{}}, {2, unknown{}}}))
	require.Error(t, e.Encode(nil))
	require.Error(t, e.Encode((*op)(nil)))
	require.Error(t, e.EncodeValue(reflect.Value{}))
	require.Zero(t, b.Len(), "nothing is written of what fails")
	require.NoError(t, e.Encode([]entry{{1, op{Key: "k"}}}))
	require.NoError(t, e.Encode("next"))

	var other bytes.Buffer
	e = labgob.NewEncoder(&other)
	require.NoError(t, e.Encode([]entry{{1, op{Key: "k"}}}))
	require.NoError(t, e.Encode("next"))
	require.Equal(t, other.Bytes(), b.Bytes(), "what fails leaves no trace")

	d := labgob.NewDecoder(&b)
	require.Error(t, d.Decode(new(int)))
	var s string
	require.NoError(t, d.Decode(&s))
	require.Equal(t, "next", s)

	require.Equal(t, io.ErrUnexpectedEOF, labgob.NewDecoder(bytes.NewReader([]byte{0xfe})).Decode(new(int)))
	require.ErrorContains(t, labgob.NewDecoder(bytes.NewReader([]byte{0xfc, 0x40, 0, 0, 1})).Decode(new(int)), "message of 1073741825 bytes is too large")

	broken := errors.New("broken")
	r, w := io.Pipe()
	r.CloseWithError(broken)
	require.ErrorIs(t, labgob.NewEncoder(w).Encode(1), broken)
	require.ErrorIs(t, labgob.NewDecoder(iotest.ErrReader(broken)).Decode(new(int)), broken)
	for _, into := range []any{3, (*int)(nil)} {
		require.Error(t, labgob.NewDecoder(bytes.NewReader([]byte{3, 4, 0, 6})).Decode(into))
		require.Error(t, labgob.Unmarshal([]byte{3, 4, 0, 6}, into))
	}
}

// TestMerge holds the rules of gob for a destination that is not empty.
func TestMerge(t *testing.T) {
	type dst struct {
		A, B int
		S    []op
		M    map[string]int
		P    *op
		I    any
		Bs   []byte
	}
	fresh := func() *dst {
		return &dst{1, 2, append(make([]op, 0, 9), op{Key: "k", Value: "v"}, op{Key: "l"}), map[string]int{"a": 1, "b": 2}, &op{Key: "p", Seq: 3}, op{Key: "old"}, append(make([]byte, 0, 9), "old"...)}
	}
	sent := dst{A: 5, S: []op{{Value: "w"}}, M: map[string]int{"b": 3}, P: &op{Seq: 4}, I: op{Value: "new"}, Bs: []byte("x")}
	b, err := labgob.Marshal(sent)
	require.NoError(t, err)
	theirs, ours := fresh(), fresh()
	require.NoError(t, gob.NewDecoder(bytes.NewReader(b)).Decode(theirs))
	p, bs := ours.P, ours.Bs
	require.NoError(t, labgob.Unmarshal(b, ours))
	require.Equal(t, theirs, ours)
	require.Same(t, p, ours.P)
	require.Same(t, &bs[0], &ours.Bs[0])
	require.Equal(t, &dst{5, 2, []op{{Key: "k", Value: "w"}}, map[string]int{"a": 1, "b": 3}, &op{Key: "p", Seq: 4}, op{Value: "new"}, []byte("x")}, ours)
}

func TestRegistration(t *testing.T) {
	send := func(v any) any {
		b, err := labgob.Marshal(entry{0, v})
		require.NoError(t, err)
		var got, theirs entry
		require.NoError(t, labgob.Unmarshal(b, &got))
		require.NoError(t, gob.NewDecoder(bytes.NewReader(b)).Decode(&theirs))
		require.Equal(t, theirs, got)
		return got.Command
	}
	require.Equal(t, op{Key: "k"}, send(&op{Key: "k"}), "registered as a value")
	require.Equal(t, &list{1, nil}, send(list{1, nil}), "registered as a pointer")
	require.Equal(t, byName{"a": 1}, send(byName{"a": 1}))

	// Types that only gob knows.
	type viaGob struct{ X int }
	type ptrViaGob struct{ X []*viaGob }
	gob.Register(viaGob{})
	gob.Register(&ptrViaGob{})
	gob.Register(big.Int{})
	require.Equal(t, viaGob{3}, send(viaGob{3}))
	require.Equal(t, &ptrViaGob{[]*viaGob{{1}}}, send(ptrViaGob{[]*viaGob{{1}}}))
	require.Equal(t, *big.NewInt(5), send(big.NewInt(5)))

	// A second registration changes nothing; a contradictory one panics, as in gob, and changes nothing either.
	labgob.Register(op{})
	labgob.Register(viaGob{})
	require.Panics(t, func() { labgob.RegisterName("another name", op{}) })
	require.Panics(t, func() { labgob.Register(&op{}) })
	require.Equal(t, op{Key: "k"}, send(op{Key: "k"}))
}

func TestConcurrentUseOfOneStream(t *testing.T) {
	r, w := io.Pipe()
	e, d := labgob.NewEncoder(w), labgob.NewDecoder(r)
	var wg sync.WaitGroup
	const each = 100
	var mu sync.Mutex
	seen := map[string]int{}
	for i := range 4 {
		wg.Go(func() {
			for range each {
				if err := e.Encode(entry{i, op{Key: string(rune('a' + i))}}); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			for range each {
				var got entry
				if err := d.Decode(&got); err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[got.Command.(op).Key]++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Equal(t, map[string]int{"a": each, "b": each, "c": each, "d": each}, seen)
}
