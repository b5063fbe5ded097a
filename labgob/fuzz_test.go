package labgob_test

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"6.824/labgob"

	"github.com/stretchr/testify/require"
)

// fuzzTargets are few, so that each input is soon tried on all of them, but they lead to every line of the decoder.
var fuzzTargets = []reflect.Type{
	reflect.TypeFor[appendArgs](), reflect.TypeFor[tree](), reflect.TypeFor[scalars](), reflect.TypeFor[composites](), reflect.TypeFor[pointers](),
	reflect.TypeFor[interfaces](), reflect.TypeFor[methods](), reflect.TypeFor[struct{}](), reflect.TypeFor[int](), reflect.TypeFor[any](),
	reflect.TypeFor[map[any]any](), reflect.TypeFor[[]list](),
}

// FuzzDecode feeds bytes to everything that decodes. Nothing may panic, hang or take more memory than is fair; and what is
// accepted must be a value that can be sent again and arrives as the same.
func FuzzDecode(f *testing.F) {
	var codecs []*labgob.Codec
	for _, typ := range fuzzTargets {
		codecs = append(codecs, func() *labgob.Codec { c, err := labgob.CodecFor(typ); require.NoError(f, err); return c }())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		used := allocated(func() {
			for i, typ := range fuzzTargets {
				v := reflect.New(typ)
				if codecs[i].Decode(b, v.Interface()) == nil {
					sendAgain(t, v)
				}
				v = reflect.New(typ)
				if labgob.Unmarshal(b, v.Interface()) == nil {
					sendAgain(t, v)
				}
				d := labgob.NewDecoder(bytes.NewReader(b))
				for range 4 {
					if d.Decode(reflect.New(typ).Interface()) != nil {
						_ = d.Decode(nil)
					}
				}
			}
		})
		if share := 20 * len(fuzzTargets) * fairShare(b); used > uint64(share) {
			t.Errorf("%d bytes of input took %d bytes of memory", len(b), used)
		}
	})
}

// sendAgain sends what was decoded.
func sendAgain(t *testing.T, v reflect.Value) {
	if err := roundTrip(v); err != nil {
		t.Errorf("%v: %v", v.Elem(), err)
	}
}

// TestWriteCorpus writes testdata/fuzz/FuzzDecode anew, if LABGOB_WRITE_CORPUS is set.
func TestWriteCorpus(t *testing.T) {
	if os.Getenv("LABGOB_WRITE_CORPUS") == "" {
		t.Skip("LABGOB_WRITE_CORPUS is not set")
	}
	dir := filepath.Join("testdata", "fuzz", "FuzzDecode")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	write := func(name string, b []byte) {
		if len(b) > 2000 {
			return
		}
		file := fmt.Appendf(nil, "go test fuzz v1\n[]byte(%q)\n", b)
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), file, 0o644))
	}
	age := 7
	for i, v := range []any{
		&appendArgs{7, 2, 1000, 7, []entry{{7, "x"}, {7, op{Kind: "Put", Seq: 1}}, {8, nil}}, 999}, &tree{Kids: []tree{{Label: "a", Other: 1}, {}}, Named: map[string]*tree{"b": {}, "c": {}}},
		&scalars{B: true, I: -5, I8: 1, U64: 1 << 63, F32: 1.5, C128: 1i, S: "s", Day: 3}, &composites{Bytes: []byte("b"), Nested: [][]string{{"x"}, nil}, Deep: map[int]map[string][]byte{1: {"x": nil}}, Voids: make([]struct{}, 2)},
		&pointers{I: &age, List: &list{1, &list{2, nil}}, Ptrs: []*op{{Key: "k"}}}, &interfaces{Any: []any{1, "x", nil}, Animal: &dog{&age}, Keys: map[any]any{1: "a", "b": cat{"c"}}},
		&methods{Ptr: ptrMethod{5}, Val: valMethod{"v"}, Bin: binMethod{1, 2}, M: map[valMethod]binMethod{{"k"}: {3}}}, 5, "text", []list{{1, nil}, {2, &list{}}}, new(any),
	} {
		c, err := labgob.CodecFor(reflect.TypeOf(v))
		require.NoError(t, err)
		b, err := c.Append(nil, v)
		require.NoError(t, err)
		write(fmt.Sprintf("primed-%02d", i), b)
		write(fmt.Sprintf("primed-%02d-cut", i), b[:2*len(b)/3])
		b, err = labgob.Marshal(v)
		require.NoError(t, err)
		write(fmt.Sprintf("stream-%02d", i), b)
		write(fmt.Sprintf("stream-%02d-cut", i), b[:len(b)-len(b)/5])
		var g bytes.Buffer
		require.NoError(t, gob.NewEncoder(&g).Encode(v))
		write(fmt.Sprintf("gob-%02d", i), g.Bytes())
	}
	for i, m := range hostileStreams() {
		write(fmt.Sprintf("hostile-%02d", i), m.b)
	}
}
