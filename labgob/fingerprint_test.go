package labgob_test

import (
	"errors"
	"math"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"6.824/labgob"

	"github.com/stretchr/testify/require"
)

// TestFingerprintSeesWhatGobSees pairs values that are the same to gob.
func TestFingerprintSeesWhatGobSees(t *testing.T) {
	type withHidden struct {
		X    int
		y    string
		C    chan int
		F    func()
		Ptr  *int
		Ints []int
		M    map[string]int
		Bin  binMethod
		Op   *op
	}
	zero, now := 0, time.Now()
	o := op{Key: "k"}
	po := &o
	for _, pair := range [][2]any{
		{o, &o}, {o, &po},
		{withHidden{X: 1}, withHidden{X: 1, y: "hidden", C: make(chan int), F: func() {}}},
		{withHidden{}, withHidden{Ptr: &zero}},
		{withHidden{}, withHidden{Ints: []int{}}},
		{withHidden{}, withHidden{Bin: binMethod{}}},
		{withHidden{}, withHidden{C: make(chan int)}},
		{entry{1, o}, entry{1, &o}},
		{entry{1, []byte(nil)}, entry{1, []byte{}}},
		{entry{1, dog{}}, entry{1, &dog{&zero}}},
		{[]map[string]int{nil}, []map[string]int{{}}},
		{now, now.Round(0)}, // the monotonic clock does not travel
		{map[string]int{"a": 1, "b": 2, "c": 3}, map[string]int{"c": 3, "b": 2, "a": 1}},
		{struct{ F float64 }{0}, struct{ F float64 }{math.Copysign(0, -1)}},
	} {
		require.Equal(t, labgob.Fingerprint(pair[0]), labgob.Fingerprint(pair[1]), "%#v and %#v", pair[0], pair[1])
	}
}

// TestFingerprintTellsApart has values that are all different.
func TestFingerprintTellsApart(t *testing.T) {
	type a struct{ X, Y int }
	type b struct{ X, Y int }
	type c struct{ X, Z int }
	one, two := 1, 2
	seen := map[uint64]any{}
	for _, v := range []any{
		nil, 0, 1, -1, uint(0), uint(1), int8(1), weekday(1), 1.0, "", "a", "b", "ab", "a\x00", "a\x00\x00", []byte("a"), blob("a"), true, false, (*op)(nil), &op{},
		a{}, b{}, c{}, a{1, 0}, a{0, 1}, b{1, 0}, c{1, 0}, []int{}, []int{0}, []int{0, 0}, [1]int{}, [2]int{}, []a{{1, 0}}, []a{{0, 1}}, []a{{}, {1, 0}}, []a{{1, 0}, {}},
		map[string]string{"a": "b"}, map[string]string{"b": "a"}, map[string]string{"a": "a", "b": "b"}, map[string]string{"a": "b", "b": "a"}, map[string]string(nil),
		[]string{"ab", "c"}, []string{"a", "bc"}, []string{"abc"}, []string{"abc", ""}, []string{"", "abc"},
		entry{}, entry{0, 0}, entry{0, int8(0)}, entry{0, ""}, entry{0, a{}}, entry{0, b{}}, entry{0, struct{}{}}, entry{0, []any{}}, entry{0, []any{nil}}, entry{0, []any{nil, nil}},
		pointers{}, pointers{Op: &op{}}, pointers{Ptrs: []*op{}, I: &one}, pointers{I: &two}, pointers{List: &list{}}, pointers{List: &list{Next: &list{}}},
		time.Unix(0, 0), time.Unix(0, 1), valMethod{"a"}, valMethod{"b"}, errors.New("has no exported fields"), netip.MustParseAddr("1.2.3.4"), netip.MustParseAddr("1.2.3.5"),
		struct{ M map[string]int }{}, struct{ M map[string]int }{map[string]int{}}, "12345678", "123456789", "1234567\x00", "12345678\x00", "\x0012345678",
		textOnly{"a"}, textOnly{"b"}, math.NaN(), math.Inf(1), complex(1, 2), complex(2, 1),
	} {
		sum := labgob.Fingerprint(v)
		if other, ok := seen[sum]; ok {
			t.Errorf("%#v and %#v have the same fingerprint", v, other)
		}
		seen[sum] = v
	}
}

// textOnly can be sent by nobody, but it has something to say.
type textOnly struct{ s string }

func (x textOnly) MarshalText() ([]byte, error) { return []byte(x.s), nil }

// TestFingerprintOfAnything is about what gob cannot send: there must be a fingerprint, and the same each time.
func TestFingerprintOfAnything(t *testing.T) {
	type unregistered struct {
		X any
		E error
	}
	type self struct {
		Me   *self
		Any  any
		Kids []*self
	}
	loop := &self{}
	loop.Me, loop.Kids = loop, nil
	anyLoop := &self{}
	anyLoop.Any = anyLoop
	var p any
	p = &p
	// A ring that can be walked in more ways than there is time for.
	ring := func() any {
		type station struct {
			Lines      map[string]*station
			Prev, Next *station
		}
		a, b := &station{}, &station{}
		*a = station{map[string]*station{"a": a, "b": b, "c": {}, "nil": nil}, b, b}
		*b = station{nil, a, a}
		return a
	}
	for _, v := range []func() any{
		func() any { return make(chan int) }, func() any { return func() {} }, func() any { return []chan int{nil} },
		func() any { return unregistered{struct{ Y int }{3}, errors.New("x")} }, func() any { return []*op{nil, {}} },
		ring, func() any { return loop }, func() any { return anyLoop }, func() any { return p }, func() any { return failing{} }, func() any { return panicking{} },
		func() any { return map[*op]any{{}: 1, nil: 2} }, func() any { return [2]*int{} }, func() any { return reflect.ValueOf(3) },
		func() any { return entry{0, (*op)(nil)} }, func() any { return struct{ x int }{4} },
	} {
		for range 10 {
			require.Equal(t, labgob.Fingerprint(v()), labgob.Fingerprint(v()), "%T", v())
		}
	}
	require.NotEqual(t, labgob.Fingerprint(unregistered{X: struct{ Y int }{3}}), labgob.Fingerprint(unregistered{X: struct{ Y int }{4}}))
	require.NotEqual(t, labgob.Fingerprint([]*op{nil, {}}), labgob.Fingerprint([]*op{{}, nil}))
}

// TestFingerprintSpreads flips every bit of an input and expects about half of the bits of its fingerprint to flip.
func TestFingerprintSpreads(t *testing.T) {
	for _, size := range []int{1, 7, 8, 9, 64, 100} {
		b := make([]byte, size)
		was, flips := labgob.Fingerprint(b), 0
		for i := range 8 * size {
			b[i/8] ^= 1 << (i % 8)
			now := labgob.Fingerprint(b)
			for x := was ^ now; x != 0; x &= x - 1 {
				flips++
			}
			b[i/8] ^= 1 << (i % 8)
		}
		require.InDelta(t, 32, float64(flips)/float64(8*size), 4, "size %d", size)
	}
}
