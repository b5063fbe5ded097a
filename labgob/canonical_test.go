package labgob_test

import (
	"bytes"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"6.824/labgob"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// manyMaps has maps wherever there can be one. Each call makes new ones, which Go ranges over in its own order.
func manyMaps() interfaces {
	numbers := func() map[string]int {
		m := map[string]int{}
		for i := range 20 {
			m[fmt.Sprint("key", i*i)] = i
		}
		return m
	}
	age := 3
	return interfaces{
		Any:  numbers(),
		Anys: []any{numbers(), byName{"b": 1, "a": 2, "c": 3}, []any{numbers()}},
		Map: map[string]any{
			// These types are new to a stream when they are met here; their ids must not depend on the order of the map.
			"op": op{Key: "x"}, "cat": cat{"tom"}, "dog": &dog{&age}, "list": &list{1, &list{2, nil}}, "time": time.Unix(1, 0).UTC(),
			"tree": tree{Named: map[string]*tree{"l": {Label: "L"}, "r": {Label: "R", Other: numbers()}}},
		},
		Animals: []animal{cat{"tom"}, &dog{}},
		Keys:    map[any]any{1: "a", "1": "b", 1.5: "c", cat{"k"}: "d", weekday(2): numbers(), uint8(1): nil},
	}
}

// encodings encodes v in every way there is.
func encodings(t testing.TB, v any) map[string][]byte {
	marshal, err := labgob.Marshal(v)
	require.NoError(t, err)
	c, err := labgob.CodecFor(reflect.TypeOf(v))
	require.NoError(t, err)
	primed, err := c.Append(nil, v)
	require.NoError(t, err)
	var b bytes.Buffer
	e := labgob.NewEncoder(&b)
	for range 2 {
		require.NoError(t, e.Encode(v))
		require.NoError(t, e.EncodeValue(reflect.ValueOf(v)))
	}
	return map[string][]byte{
		"Marshal": marshal, "Codec": primed, "LabEncoder": b.Bytes(),
		"Fingerprint": fmt.Appendf(nil, "%016x", labgob.Fingerprint(v)),
	}
}

func TestEqualValuesHaveEqualBytes(t *testing.T) {
	want := encodings(t, manyMaps())
	for range 50 {
		require.Equal(t, want, encodings(t, manyMaps()))
	}
	v := manyMaps()
	require.Equal(t, want, encodings(t, &v), "a pointer is what it points to")
	// Here the types to number are further down.
	type deep struct {
		M map[string][]struct{ E *entry }
	}
	make1 := func() deep {
		of := func(v any) []struct{ E *entry } { return []struct{ E *entry }{{&entry{1, v}}} }
		return deep{map[string][]struct{ E *entry }{"a": of(op{}), "b": of(cat{}), "c": of(tree{}), "d": of(time.Unix(0, 0))}}
	}
	want = encodings(t, make1())
	for range 50 {
		require.Equal(t, want, encodings(t, make1()))
	}
	// Two keys can look the same, and only their values tell the entries apart.
	type twins struct{ M map[*int]string }
	one, also := 1, 1
	want = encodings(t, twins{map[*int]string{&one: "a", &also: "b"}})
	for range 50 {
		require.Equal(t, want, encodings(t, twins{map[*int]string{&one: "b", &also: "a"}}))
	}
	want = encodings(t, map[float64]int{math.NaN(): 1, math.Copysign(0, -1): 2, 1: 3})
	for range 50 {
		require.Equal(t, want, encodings(t, map[float64]int{1: 3, math.Copysign(0, -1): 2, math.NaN(): 1}))
	}
}

func TestMapsArriveWhole(t *testing.T) {
	sent := manyMaps()
	b, err := labgob.Marshal(sent)
	require.NoError(t, err)
	var got interfaces
	require.NoError(t, labgob.Unmarshal(b, &got))
	require.Equal(t, sent, got)
}

// TestGobIsNotCanonical says why this package does not leave the encoding to encoding/gob.
func TestGobIsNotCanonical(t *testing.T) {
	seen := map[string]bool{}
	for range 50 {
		var b bytes.Buffer
		require.NoError(t, gob.NewEncoder(&b).Encode(manyMaps()))
		seen[b.String()] = true
	}
	require.Greater(t, len(seen), 1)
}

// golden is what encodings gives in every process, with and without -race. If it changes, so do the digests of runs.
var golden = []struct {
	v    any
	want map[string]string
}{
	{appendArgs{7, 2, 1000, 7, []entry{{7, "x"}, {7, op{Kind: "Put", Seq: 1}}, {8, nil}}, 999}, map[string]string{
		"Codec": "010e010401fe07d0010e0103010e0106737472696e670300017800010e0114362e3832342f6c6162676f625f746573742e6f700801035075740402000001100001fe07ce00", "Marshal": "6dff810301010a617070656e644172677301ff8200010601045465726d01040001084c65616465724944010400010c507265764c6f67496e646578010400010b507265764c6f675465726d0104000107456e747269657301ff8600010c4c6561646572436f6d6d697401040000003eff83030101026f7001ff8400010501044b696e64010c0001034b6579010c00010556616c7565010c000106436c69656e74010400010353657101040000000dff85020102ff860001ff88000028ff8703010105656e74727901ff8800010201045465726d0104000107436f6d6d616e6401100000004aff82010e010401fe07d0010e0103010e0106737472696e670c0300017800010e0114362e3832342f6c6162676f625f746573742e6f70ff840801035075740402000001100001fe07ce00", "Fingerprint": "c00b0878500bb260",
	}},
	{manyMaps(), map[string]string{"Fingerprint": "bf8c5edcad225a55"}},
	{tree{Kids: []tree{{Label: "a"}, {}}}, map[string]string{"Fingerprint": "c77cb39e2ce3e2b8"}},
	{-129, map[string]string{"Codec": "00fe0101", "Marshal": "050400fe0101", "Fingerprint": "3b8716b26d3d344c"}},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		got := encodings(t, g.v)
		for way, want := range g.want {
			text := string(got[way])
			if way != "Fingerprint" {
				text = hex.EncodeToString(got[way])
			}
			assert.Equal(t, want, text, "%s of a %T", way, g.v)
		}
	}
}

// TestEveryProcessAgrees runs this test again in other processes, which come to know types in other orders.
func TestEveryProcessAgrees(t *testing.T) {
	report := func() string {
		var b strings.Builder
		for _, g := range golden {
			fmt.Fprintf(&b, "%x\n", encodings(t, g.v))
		}
		fmt.Fprintf(&b, "%x\n", encodings(t, manyMaps()))
		fmt.Fprintf(&b, "%x\n", encodings(t, methods{Time: time.Unix(17, 4).UTC()}))
		return b.String()
	}
	const variable = "LABGOB_TEST_PROCESS"
	switch os.Getenv(variable) {
	case "":
	case "busy":
		// A process that has used gob before has other type ids, by hundreds.
		for i := range 300 {
			v := reflect.New(reflect.ArrayOf(i+1, reflect.TypeFor[map[string]int]()))
			require.NoError(t, gob.NewEncoder(new(bytes.Buffer)).Encode(v.Interface()))
			_, err := labgob.Marshal(v.Interface())
			require.NoError(t, err)
		}
		labgob.Register([]map[string]op{})
		labgob.Register(big.Int{})
		fallthrough
	default:
		fmt.Printf("report:%s:end", strings.ReplaceAll(report(), "\n", " "))
		return
	}
	want := strings.ReplaceAll(report(), "\n", " ")
	for _, kind := range []string{"fresh", "busy", "busy"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestEveryProcessAgrees$")
		cmd.Env = append(os.Environ(), variable+"="+kind, "GORACE=atexit_sleep_ms=0")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		_, got, _ := strings.Cut(string(out), "report:")
		got, _, ok := strings.Cut(got, ":end")
		require.True(t, ok, "%s", out)
		require.Equal(t, want, got, kind)
	}
}
