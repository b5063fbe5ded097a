package labgob_test

import (
	"bytes"
	"io"
	"math/bits"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"6.824/labgob"

	"github.com/stretchr/testify/require"
)

// Builders for messages that no encoder writes.

func u(x uint64) []byte {
	if x < 0x80 {
		return []byte{byte(x)}
	}
	n := (bits.Len64(x) + 7) / 8
	b := []byte{byte(-n)}
	for n--; n >= 0; n-- {
		b = append(b, byte(x>>(8*n)))
	}
	return b
}

func i(x int64) []byte {
	if x < 0 {
		return u(uint64(^x)<<1 | 1)
	}
	return u(uint64(x) << 1)
}

func str(s string) []byte { return cat2(u(uint64(len(s))), []byte(s)) }

func cat2(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// msg is a message, with its count in front.
func msg(parts ...[]byte) []byte {
	b := cat2(parts...)
	return cat2(u(uint64(len(b))), b)
}

// Definitions of types. The first field of each is a CommonType, which is left out here.
func defStruct(id int64, fields ...any) []byte { // name, id, name, id...
	b := cat2(i(-id), u(3), u(2), u(uint64(len(fields)/2)))
	for k := 0; k < len(fields); k += 2 {
		b = cat2(b, u(1), str(fields[k].(string)), u(1), i(int64(fields[k+1].(int))), u(0))
	}
	return msg(b, u(0), u(0))
}
func defSlice(id, elem int64) []byte { return msg(i(-id), u(2), u(2), i(elem), u(0), u(0)) }
func defMap(id, key, elem int64) []byte {
	return msg(i(-id), u(4), u(2), i(key), u(1), i(elem), u(0), u(0))
}
func defArray(id, elem, n int64) []byte {
	return msg(i(-id), u(1), u(2), i(elem), u(1), i(n), u(0), u(0))
}
func defOpaque(id int64) []byte { return msg(i(-id), u(5), u(1), u(0), u(0), u(0)) }

func repeat(b []byte, n int) []byte { return bytes.Repeat(b, n) }

const huge = 1 << 62

type hostileMsg struct {
	name string
	b    []byte
	want string // the error, for those targets that let the message come to the point
}

// hostileStreams is for Unmarshal and LabDecoder.
func hostileStreams() []hostileMsg {
	// A struct type with a single field, which is a slice of the same type; and so on for the other circles.
	kids := cat2(defStruct(65, "Kids", 66), defSlice(66, 65))
	next := defStruct(65, "Next", 65)
	unknown := func(def []byte, id int64, value ...[]byte) []byte {
		// A field that no receiver has, so that the value is skipped.
		return cat2(def, defStruct(90, "Nobody", int(id), "Value", 2), msg(i(90), u(1), cat2(value...), u(1), i(1), u(0)))
	}
	chain := []byte{}
	for k := range 12_000 {
		chain = append(chain, defStruct(int64(65+k), "Next", 66+k)...)
	}
	sliceChain := []byte{}
	for k := range 12_000 {
		sliceChain = append(sliceChain, defSlice(int64(65+k), int64(66+k))...)
	}
	many := []any{}
	for range 10_000 {
		many = append(many, "Next", 65)
	}
	return []hostileMsg{
		{"nothing", nil, "EOF"},
		{"empty message", u(0), "unexpected EOF"},
		{"empty messages", repeat(u(0), 1000), "unexpected EOF"},
		{"no such number", []byte{0x80}, "malformed number"},
		{"huge message", cat2(u(huge), []byte("x")), "unexpected EOF"},
		{"large message", cat2(u(1<<29), []byte("x")), "unexpected EOF"},
		{"negative message", u(1<<63 + 5), "unexpected EOF"},
		{"type out of range", msg(i(1<<40), u(0), u(0)), "out of range"},
		{"type 0", msg(i(0), u(0), u(0)), "never defined"},
		{"type of definitions", msg(i(16), u(0)), "never defined"},
		{"undefined type", msg(i(65), u(0)), "never defined"},
		{"definition alone", next, "unexpected EOF"},
		{"half a definition", next[:len(next)/2], "unexpected EOF"},
		{"twice defined", cat2(next, next, msg(i(65), u(0))), "id 65 is defined again"},
		{"basic type defined", defSlice(2, 2), "id 2 is defined again"},
		{"most negative type", msg(i(-1<<63), u(0)), "out of range"},
		{"defined as nothing", cat2(msg(i(-65), u(0)), msg(i(65), u(0))), "as 0 things"},
		{"defined as two things", cat2(msg(i(-65), u(2), u(2), i(2), u(0), u(2), u(2), i(2), u(1), i(2), u(0), u(0)), msg(i(65), u(0), u(0))), "as 2 things"},
		{"field without a name", cat2(defStruct(65, "", 2), msg(i(65), u(1), i(3), u(0))), "field without a name"},
		{"field of no type", cat2(defStruct(65, "Value", 77), msg(i(65), u(1), i(3), u(0))), "never defined, for int (in labgob_test.list, field Value)"},
		{"huge number of fields", msg(i(-65), u(3), u(2), u(huge), u(1)), "unexpected EOF (in labgob.definition, field StructT.Field"},
		{"array of negative length", cat2(defArray(65, 2, -1), msg(i(65), u(0), u(0))), "-1 elements"},
		{"huge array", cat2(defArray(65, 2, huge), msg(i(65), u(0), u(huge), u(0))), "cannot decode array into labgob_test.digest"},
		{"huge array of unknown", unknown(defArray(65, 2, huge), 65, u(huge), u(0)), "unexpected EOF (in struct {}, field Nobody)"},
		{"array of another length", unknown(defArray(65, 2, 3), 65, u(2), i(1), i(1)), "count exceeds the data (in struct {}, field Nobody)"},
		{"data after a definition", cat2(msg(i(-65), u(2), u(2), i(2), u(0), u(0), u(0)), msg(i(65), u(0), u(0))), "data after the end"},
		{"slice of itself", cat2(defSlice(65, 65), msg(i(65), u(0), u(1), u(1), u(0))), "cannot decode slice"},
		{"field number overflow", cat2(next, msg(i(65), u(1<<63), u(0))), "no such field"},
		{"field number too large", cat2(next, msg(i(65), u(2), u(0))), "no such field"},
		{"fields never end", cat2(next, msg(i(65), repeat(u(1), 100))), "unexpected EOF (in labgob_test.list, field Next.Next"},
		{"deep list", cat2(next, msg(i(65), repeat(u(1), 100_000), repeat(u(0), 100_001))), "nested more than 10000 deep, or contains itself (in labgob_test.list"},
		{"deep unknown list", unknown(next, 65, repeat(u(1), 100_000), repeat(u(0), 100_001)), "nested more"},
		{"deep unknown slice", unknown(defSlice(65, 65), 65, repeat(u(1), 100_000), u(0)), "nested more"},
		{"deep unknown map", unknown(defMap(65, 2, 65), 65, repeat(cat2(u(1), i(1)), 100_000), u(0)), "nested more"},
		{"deep tree of huge slices", cat2(kids, msg(i(65), repeat(cat2(u(1), u(huge)), 9000))), "nested more"},
		{"deep tree of large slices", cat2(kids, msg(i(65), repeat(cat2(u(1), u(1<<20)), 4000))), "unexpected EOF (in labgob_test.tree"},
		{"chain of types", cat2(chain, msg(i(65), u(0))), "nested more"},
		{"chain of slices", cat2(defStruct(64, "Nobody", 65), sliceChain, msg(i(64), u(1), repeat(u(1), 11_999), u(0), u(0))), "nested more"},
		{"many fields of one name", cat2(defStruct(65, many...), msg(i(65), repeat(cat2(u(1), u(0)), 10_000), u(0))), "no field in common"},
		{"huge map", cat2(defMap(65, 2, 2), msg(i(65), u(0), u(huge), i(1), i(1))), "unexpected EOF"},
		{"huge map of nothing", cat2(defMap(65, 66, 66), defStruct(66), msg(i(65), u(0), u(huge))), "unexpected EOF"},
		{"huge unknown map of nothing", unknown(cat2(defMap(65, 66, 66), defStruct(66)), 65, u(huge)), "no such field (in struct {}, field Nobody)"},
		{"huge unknown map that is all there is", cat2(defMap(65, 66, 66), defStruct(66), defStruct(90, "Nobody", 65), msg(i(90), u(1), u(huge))), "unexpected EOF (in struct {}, field Nobody)"},
		{"huge slice of nothing", cat2(defSlice(65, 66), defStruct(66), msg(i(65), u(0), u(huge))), "unexpected EOF"},
		{"huge string", msg(i(6), u(0), u(huge), []byte("x")), "count exceeds"},
		{"longest string", msg(i(6), u(0), u(1<<64-1), []byte("x")), "count exceeds"},
		{"huge bytes", msg(i(5), u(0), u(huge), []byte("x")), "count exceeds"},
		{"huge opaque", cat2(defOpaque(65), msg(i(65), u(0), u(huge), []byte("x"))), "count exceeds"},
		{"huge name in an interface", msg(i(8), u(0), u(huge), []byte("x")), "count exceeds"},
		{"unregistered interface", msg(i(8), u(0), str("nobody"), i(2), u(2), u(0), i(1)), "holds a \"nobody\""},
		{"interface of another type", msg(i(8), u(0), str("string"), i(2), u(2), u(0), i(1)), "cannot decode int into string"},
		{"interface with a wrong count", msg(i(8), u(0), str("int"), i(2), u(1), u(0), i(1)), "data after the end"},
		{"interface with a huge count", msg(i(8), u(0), str("int"), i(2), u(huge), u(0), i(1)), "count exceeds"},
		{"interface that defines types", msg(i(8), u(0), str("int"), repeat(cat2(i(-65), u(2), u(2), i(2), u(0), u(0), u(1)), 100)), "id 65 is defined again"},
		{"interface breaks off", cat2(msg(i(8), u(0), str("int"), i(-65), u(2), u(2), i(2), u(0), u(0)), u(5)), "unexpected EOF"},
		{"value does not begin with 0", msg(i(2), u(1), i(1)), "not led in"},
		{"data after the value", msg(i(2), u(0), i(1), u(0)), "data after the end"},
		{"key that cannot be one", cat2(defMap(65, 8, 2), msg(i(65), u(0), u(1), str("[]int"), i(66), u(2), u(0), u(0), i(1))), "never defined"},
		{"key with a field that cannot be one", cat2(defMap(65, 67, 2), defSlice(66, 2), defStruct(67, "X", 8), msg(i(65), u(0), u(1), u(1), str("[]int"), i(66), u(2), u(0), u(0), u(0), i(1))), "what cannot be a key"},
		{"key that really cannot be one", cat2(defMap(65, 8, 2), defSlice(66, 2), msg(i(65), u(0), u(1), str("[]int"), i(66), u(2), u(0), u(0), i(1))), "what cannot be a key"},
		{"zeros", make([]byte, 100_000), "unexpected EOF"},
		{"ones", repeat([]byte{1}, 100_000), "id 1 is defined again"},
		{"minus ones", repeat([]byte{0xff}, 100_000), "no such field"},
	}
}

// hostileTargets are what the tests decode into: everything, in the end.
func hostileTargets() []reflect.Type {
	return append(allTypes,
		reflect.TypeFor[map[string]struct{}](), reflect.TypeFor[map[struct{}]struct{}](), reflect.TypeFor[[]struct{}](), reflect.TypeFor[map[int]int](),
		reflect.TypeFor[[]panicking](), reflect.TypeFor[failing](), reflect.TypeFor[struct{ Value int }](), reflect.TypeFor[map[any]int](), reflect.TypeFor[map[struct{ X any }]int](), reflect.TypeFor[[][]tree](),
		reflect.TypeFor[struct {
			Value int
			Next  []struct{ Big [512]int }
		}](),
	)
}

// deepTargets are those that large messages are made for.
var deepTargets = []reflect.Type{reflect.TypeFor[list](), reflect.TypeFor[tree](), reflect.TypeFor[struct{}](), reflect.TypeFor[struct{ Value int }]()}

// allocated returns how many bytes f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// fairShare is how much memory b may cost.
func fairShare(b []byte) int { return 32<<10 + 1500*len(b) }

func TestHostileStreams(t *testing.T) {
	for _, m := range hostileStreams() {
		t.Run(m.name, func(t *testing.T) {
			start, reached := time.Now(), false
			for _, typ := range hostileTargets() {
				if len(m.b) > 50_000 && !slices.Contains(deepTargets, typ) {
					continue // to save time
				}
				v := reflect.New(typ).Interface()
				var err error
				used := allocated(func() { err = labgob.Unmarshal(m.b, v) })
				require.Less(t, used, uint64(fairShare(m.b)), "bytes for a message of %d, into %v: %v", len(m.b), typ, err)
				reached = reached || err != nil && strings.Contains(err.Error(), m.want)
				used = allocated(func() {
					d := labgob.NewDecoder(bytes.NewReader(m.b))
					for range 3 {
						err = d.Decode(v)
					}
				})
				require.Less(t, used, uint64(3*fairShare(m.b)), "LabDecoder, into %v: %v", typ, err)
			}
			d := labgob.NewDecoder(io.MultiReader(bytes.NewReader(m.b))) // a reader of which nothing is known
			used := allocated(func() { _ = d.Decode(nil) })
			require.Less(t, used, uint64(fairShare(m.b)))
			require.True(t, reached, "no error %q", m.want)
			require.Less(t, time.Since(start), time.Minute)
		})
	}
}

func TestHostilePrimed(t *testing.T) {
	for _, typ := range hostileTargets() {
		c, err := labgob.CodecFor(typ)
		require.NoError(t, err)
		for _, b := range [][]byte{
			nil, {0}, {1}, u(huge), cat2(u(0), u(huge)), cat2(u(1), u(huge)), cat2(u(0), u(1), u(huge)), repeat(u(1), 100_000), repeat([]byte{2, 1}, 50_000), repeat(cat2(u(1), u(huge)), 10_000),
			repeat(cat2(u(2), u(1<<20)), 5000), cat2(u(0), str("int"), u(huge)), cat2(u(0), repeat(cat2(str("[]interface {}"), u(100), u(0), u(1)), 10_000)),
			make([]byte, 10_000), repeat([]byte{0xff}, 10_000), repeat([]byte{0xf8}, 1000), repeat([]byte{0x80}, 10),
		} {
			v := reflect.New(typ).Interface()
			used := allocated(func() { err = c.Decode(b, v) })
			require.Less(t, used, uint64(fairShare(b)), "bytes for a message of %d, %.20x, into %v: %v", len(b), b, typ, err)
			if err != nil {
				continue
			}
			// What it accepts is a value like any other.
			require.NoError(t, roundTrip(reflect.ValueOf(v)))
		}
	}
}

// TestDamagedMessages cuts off and changes each byte of valid messages.
func TestDamagedMessages(t *testing.T) {
	v := manyMaps()
	stream, err := labgob.Marshal(&v)
	require.NoError(t, err)
	c := codecFor[interfaces](t)
	primed := appendTo(t, c, &v)
	for n := range stream {
		require.Error(t, labgob.Unmarshal(stream[:n], new(interfaces)), "%d of %d bytes", n, len(stream))
		var got interfaces
		err := labgob.NewDecoder(bytes.NewReader(stream[:n])).Decode(&got)
		require.Error(t, err)
		require.Equal(t, n == 0, err == io.EOF, "only nothing at all is an end: %v", err)
		for _, flip := range []byte{1, 2, 0x40, 0x80, 0xff} {
			b := bytes.Clone(stream)
			b[n] ^= flip
			_ = labgob.Unmarshal(b, new(interfaces))
		}
	}
	require.Error(t, labgob.Unmarshal(append(stream, 0), new(interfaces)))
	require.Error(t, labgob.Unmarshal(append(stream, stream...), new(interfaces)))
	for n := range primed {
		require.Error(t, c.Decode(primed[:n], new(interfaces)), "%d of %d bytes", n, len(primed))
		for _, flip := range []byte{1, 2, 0x40, 0x80, 0xff} {
			b := bytes.Clone(primed)
			b[n] ^= flip
			_ = c.Decode(b, new(interfaces))
		}
	}
	require.Error(t, c.Decode(append(primed, 0), new(interfaces)))
}

// TestDeepValues holds that what can be encoded can be decoded, right up to the limit.
func TestDeepValues(t *testing.T) {
	deep := func(n int) (l *list) {
		for range n {
			l = &list{1, l}
		}
		return l
	}
	for _, n := range []int{9_990, 10_000, 10_001, 10_002, 10_010, 1_000_000} {
		b, err := labgob.Marshal(deep(n))
		require.Equal(t, n <= 10_000, err == nil, "%d: %v", n, err)
		if err == nil {
			var got list
			require.NoError(t, labgob.Unmarshal(b, &got))
			require.NoError(t, labgob.NewDecoder(bytes.NewReader(b)).Decode(nil))
		}
	}
	// Two levels for each slice in an interface.
	var nested any
	c := codecFor[any](t)
	for n := range 5010 {
		nested = []any{nested}
		if n != 1000 && n < 4990 {
			continue
		}
		b, err := c.Append(nil, nested)
		require.Equal(t, n < 5000, err == nil, "%d: %v", n, err)
		if err == nil {
			var got any
			require.NoError(t, c.Decode(b, &got), "%d", n)
			require.Equal(t, labgob.Fingerprint(nested), labgob.Fingerprint(got))
		}
	}
}
