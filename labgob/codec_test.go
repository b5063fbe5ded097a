package labgob_test

import (
	"encoding"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"6.824/labgob"

	"github.com/stretchr/testify/require"
)

func codecFor[T any](t testing.TB) *labgob.Codec {
	t.Helper()
	c, err := labgob.CodecFor(reflect.TypeFor[T]())
	require.NoError(t, err)
	return c
}

func appendTo(t testing.TB, c *labgob.Codec, v any) []byte {
	t.Helper()
	b, err := c.Append(nil, v)
	require.NoError(t, err)
	return b
}

// TestPrimedMessagesStandAlone loses, doubles and reorders messages, the first ones too.
func TestPrimedMessagesStandAlone(t *testing.T) {
	c := codecFor[appendArgs](t)
	r := rand.New(rand.NewPCG(3, 4))
	commands := []any{1, "two", op{Kind: "Get"}, nil, []byte("bytes"), map[string]int{"a": 1, "b": 2}, &list{1, &list{2, nil}}, 2.5, cat{"tom"}}
	var msgs [][]byte
	for i := range 100 {
		msgs = append(msgs, appendTo(t, c, appendArgs{Term: i, Entries: []entry{{i, commands[i%len(commands)]}}}))
	}
	for range 1000 {
		i := r.IntN(len(msgs))
		var got appendArgs
		require.NoError(t, c.Decode(msgs[i], &got))
		require.Equal(t, appendArgs{Term: i, Entries: []entry{{i, commands[i%len(commands)]}}}, got)
	}
}

func TestCodecIsOnePerType(t *testing.T) {
	require.Same(t, codecFor[op](t), codecFor[op](t))
	require.Same(t, codecFor[op](t), codecFor[**op](t))
}

// TestSumTellsValuesApart: what is equal has one sum, however its map was filled; other contents, or the same in another type, have others.
func TestSumTellsValuesApart(t *testing.T) {
	sum := func(v any) uint64 {
		c, err := labgob.CodecFor(reflect.TypeOf(v))
		require.NoError(t, err)
		return c.Sum(appendTo(t, c, v))
	}
	forth, back := map[string]int{}, map[string]int{}
	for i := range 100 {
		forth[fmt.Sprint(i)], back[fmt.Sprint(99-i)] = i, 99-i
	}
	require.Equal(t, sum(forth), sum(back))
	back["7"] = 8
	require.NotEqual(t, sum(forth), sum(back))

	type left struct{ X int }
	type right struct{ X int }
	require.Equal(t, sum(left{1}), sum(&left{1}))
	require.NotEqual(t, sum(left{1}), sum(left{2}))
	require.NotEqual(t, sum(left{1}), sum(right{1}), "the type's name counts")
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	c := codecFor[op](t)
	b := appendTo(t, c, op{Key: "k"})
	got, err := c.Append([]byte("before"), &op{Key: "k"})
	require.NoError(t, err)
	require.Equal(t, append([]byte("before"), b...), got)
	got, err = c.Append([]byte("before"), 3)
	require.Error(t, err)
	require.Equal(t, "before", string(got))
	got, err = codecFor[entry](t).Append([]byte("before"), entry{5, failing{}})
	require.Error(t, err)
	require.Equal(t, "before", string(got))
}

// TestAppendAfterGrowth guards the counts in front of long values.
func TestAppendAfterGrowth(t *testing.T) {
	c := codecFor[any](t)
	for _, n := range []int{0, 1, 126, 127, 128, 129, 254, 255, 256, 257, 65534, 65536, 70000} {
		want := any(op{Value: string(make([]byte, n))})
		for range 3 {
			want = []any{want, n}
		}
		var got any
		require.NoError(t, c.Decode(appendTo(t, c, want), &got))
		require.Equal(t, want, got)
	}
}

func TestCodecForInterface(t *testing.T) {
	c := codecFor[any](t)
	for _, v := range []any{nil, 1, "x", op{Key: "k"}, []byte{1}, &list{Value: 3}} {
		b := appendTo(t, c, v)
		require.Equal(t, b, appendTo(t, c, &v), "a pointer to the interface says the same")
		got := any("left over")
		require.NoError(t, c.Decode(b, &got))
		require.Equal(t, v, got)
	}
	animals := codecFor[animal](t)
	var a animal
	require.NoError(t, animals.Decode(appendTo(t, animals, cat{"tom"}), &a))
	require.Equal(t, cat{"tom"}, a)
	_, err := animals.Append(nil, op{})
	require.ErrorContains(t, err, "codec for labgob_test.animal got a labgob_test.op")
	require.ErrorContains(t, animals.Decode(appendTo(t, c, op{}), &a), "is not a labgob_test.animal")
}

// TestDecodeIntoAnotherType decodes into what gob accepts, and no more.
func TestDecodeIntoAnotherType(t *testing.T) {
	type sent struct {
		A int
		B uint8
		C []int
		D map[string]op
		E string
		F cat
		G any
		H [2]string
		I []byte
		J *int
		K complex64
		L valMethod
		M binMethod
	}
	type inner struct{ A *int64 }
	type Outer struct{ E **string }
	type received struct {
		inner
		*Outer // made when it is needed
		C      *[]int16
		F      struct{ Name, Age string }
		More   int
		J      int8
	}
	j := 4
	v := sent{-5, 200, []int{1, 2}, map[string]op{"k": {Key: "x"}}, "e", cat{"f"}, op{}, [2]string{"x", "y"}, []byte("i"), &j, 1i, valMethod{"l"}, binMethod{1}}
	c := codecFor[sent](t)
	b := appendTo(t, c, v)
	var got received
	require.NoError(t, c.Decode(b, &got))
	require.EqualValues(t, -5, *got.A)
	require.Equal(t, "e", **got.E)
	require.Equal(t, []int16{1, 2}, *got.C)
	require.Equal(t, "f", got.F.Name)
	require.EqualValues(t, 4, got.J)

	for _, into := range []any{
		new(struct{ A uint }), new(struct{ B int }), new(struct{ C []uint }), new(struct{ C [2]int }), new(struct{ D map[int]op }), new(struct{ E []byte }),
		new(struct{ F string }), new(struct{ G op }), new(struct{ H [3]string }), new(struct{ H []string }), new(struct{ A chan int }),
		new(struct{ F valMethod }), new(struct{ Z int }), new(struct{}), new(int), new(any), 3, nil, (*sent)(nil), sent{},
		new(struct{ L string }), new(struct{ L binMethod }), new(struct{ M valMethod }), new(struct{ L []byte }),
	} {
		err := c.Decode(b, into)
		if _, empty := into.(*struct{}); empty {
			require.NoError(t, err) // as gob does: an empty struct takes anything
			continue
		}
		require.Error(t, err, "%T", into)
	}
	var narrow struct{ A int8 }
	require.NoError(t, c.Decode(appendTo(t, c, sent{A: -128}), &narrow))
	require.ErrorContains(t, c.Decode(appendTo(t, c, sent{A: -129}), &narrow), "-129 does not fit into int8 (in struct { A int8 }, field A)")

	for _, x := range []struct {
		v    any
		into any
		want string
	}{
		{struct{ U uint }{256}, new(struct{ U uint8 }), "256 does not fit into uint8"},
		{struct{ F float64 }{1e300}, new(struct{ F float32 }), "1e+300 does not fit into float32"},
		{struct{ A [2]uint16 }{[2]uint16{1, 256}}, new(struct{ A [2]uint8 }), "256 does not fit into uint8"},
		{struct{ C complex128 }{1e300i}, new(struct{ C complex64 }), "does not fit into complex64"},
	} {
		c, err := labgob.CodecFor(reflect.TypeOf(x.v))
		require.NoError(t, err)
		require.ErrorContains(t, c.Decode(appendTo(t, c, x.v), x.into), x.want)
	}

	type hidden struct{ *inner }
	require.ErrorContains(t, c.Decode(b, new(hidden)), "unexported type")
}

// TestInterfaceWithMethods has interfaces that a value must have encoding methods for. It is still the value that is sent.
func TestInterfaceWithMethods(t *testing.T) {
	type message struct {
		G gob.GobEncoder
		B encoding.BinaryMarshaler
		N encoding.BinaryMarshaler
	}
	require.NoError(t, roundTrip(reflect.ValueOf(&message{G: valMethod{"g"}, B: binMethod{1}})))
	c := codecFor[message](t)
	var got message
	require.NoError(t, c.Decode(appendTo(t, c, message{G: valMethod{"g"}, B: binMethod{1}}), &got))
	require.Equal(t, message{G: valMethod{"g"}, B: binMethod{1}}, got)
}

// TestErrors looks for what a person needs to know.
func TestErrors(t *testing.T) {
	type unregistered struct{ X int }
	type nested struct{ Tree struct{ Leaf any } }
	type noFields struct{ x int } //lint:ignore U1000 it is there to be lower-case
	cyclic := &list{Value: 1}
	cyclic.Next = cyclic
	for _, x := range []struct {
		v    any
		want string
	}{
		{nil, "cannot encode nil"},
		{(*op)(nil), "nil pointer to labgob_test.op"},
		{nested{struct{ Leaf any }{unregistered{}}}, "unregistered is sent in an interface but not registered; call labgob.Register (in labgob_test.nested, field Tree.Leaf)"},
		{entry{0, (*op)(nil)}, "nil pointer to labgob_test.op in an interface (in labgob_test.entry, field Command)"},
		{pointers{Ptrs: []*op{nil}}, "nil pointer to labgob_test.op among the elements (in labgob_test.pointers, field Ptrs)"},
		{make(chan int), "cannot send a value of type chan int"},
		{[]func(){}, "cannot send a value of type func()"},
		{noFields{}, "type labgob_test.noFields has no exported fields"},
		{map[string]noFields{}, "in type map[string]labgob_test.noFields: type labgob_test.noFields has no exported fields"},
		{cyclic, "nested more than 10000 deep, or contains itself"},
		{failing{}, "will not"},
		{panicking{}, "panicked while encoding itself: ouch"},
	} {
		_, err := labgob.Marshal(x.v)
		require.ErrorContains(t, err, x.want)
		if x.v == nil {
			continue
		}
		c, err := labgob.CodecFor(reflect.TypeOf(x.v))
		if err == nil {
			_, err = c.Append(nil, x.v)
		}
		require.ErrorContains(t, err, x.want)
	}
	_, err := labgob.CodecFor(nil)
	require.Error(t, err)
	type endless *endless
	_, err = labgob.CodecFor(reflect.TypeFor[endless]())
	require.ErrorContains(t, err, "endless chain of pointers")
}

type failing struct{}

func (failing) GobEncode() ([]byte, error) { return nil, errors.New("will not") }
func (*failing) GobDecode([]byte) error    { return errors.New("will not") }

type panicking struct{}

func (panicking) MarshalBinary() ([]byte, error) { panic("ouch") }
func (*panicking) UnmarshalBinary([]byte) error  { panic("ouch") }

// TestNoSharedMemory changes everything that the sender and the network still have in their hands.
func TestNoSharedMemory(t *testing.T) {
	type message struct {
		B  []byte
		S  []string
		P  *op
		M  map[string]*op
		A  any
		Kp keeper
	}
	make1 := func() message {
		return message{[]byte("bytes"), []string{"s"}, &op{Key: "p"}, map[string]*op{"m": {Key: "m"}}, []byte("any"), keeper{[]byte("keep")}}
	}
	c := codecFor[message](t)
	labgob.Register(keeper{})
	for _, way := range []string{"primed", "selfcontained"} {
		v := make1()
		var b []byte
		var err error
		var got message
		if way == "primed" {
			b = appendTo(t, c, &v)
			require.NoError(t, c.Decode(b, &got))
		} else {
			b, err = labgob.Marshal(&v)
			require.NoError(t, err)
			require.NoError(t, labgob.Unmarshal(b, &got))
		}
		for i := range b {
			b[i] = 0xff
		}
		v.B[0], v.S[0], v.P.Key, v.M["m"].Key, v.A.([]byte)[0], v.Kp.b[0] = 0, "", "", "", 0, 0
		require.Equal(t, make1(), got, way)
	}
}

// keeper keeps what it is given to decode.
type keeper struct{ b []byte }

func (k keeper) GobEncode() ([]byte, error) { return k.b, nil }
func (k *keeper) GobDecode(b []byte) error  { k.b = b; return nil }

// TestConcurrentBubbles uses everything from several synctest bubbles, and from outside of them, at once.
func TestConcurrentBubbles(t *testing.T) {
	work := func(seed uint64) {
		r := rand.New(rand.NewPCG(seed, 0))
		var inner sync.WaitGroup
		for range 4 {
			v := randomValue(r)
			// A type that nobody has seen before, and one that is registered meanwhile.
			fresh := reflect.New(reflect.StructOf([]reflect.StructField{{Name: fmt.Sprintf("F%d", r.IntN(50)), Type: v.Type().Elem()}}))
			inner.Go(func() {
				time.Sleep(time.Millisecond)
				for _, v := range []reflect.Value{v, fresh} {
					if err := roundTrip(v); err != nil {
						t.Error(err)
					}
				}
				labgob.RegisterName(fresh.Type().Elem().String(), fresh.Elem().Interface())
			})
		}
		inner.Wait()
	}
	var wg sync.WaitGroup
	for i := range uint64(8) {
		wg.Go(func() {
			for j := range uint64(25) {
				if i%2 == 0 {
					work(100*i + j)
				} else {
					synctest.Test(t, func(*testing.T) { work(100*i + j) })
				}
			}
		})
	}
	wg.Wait()
}

// roundTrip sends what v points to in all ways.
func roundTrip(v reflect.Value) error {
	want := labgob.Fingerprint(v.Interface())
	c, err := labgob.CodecFor(v.Type())
	if err != nil {
		return err
	}
	b, err := c.Append(nil, v.Interface())
	if err != nil {
		return nil // a zero value can have nil pointers in an array
	}
	p := reflect.New(v.Type().Elem())
	if err := c.Decode(b, p.Interface()); err != nil {
		return fmt.Errorf("primed %v: %w", v.Type(), err)
	}
	if got := labgob.Fingerprint(p.Interface()); got != want {
		return fmt.Errorf("primed %v: fingerprint %x became %x", v.Type(), want, got)
	}
	if b, err = labgob.Marshal(v.Interface()); err != nil {
		return err
	}
	p = reflect.New(v.Type().Elem())
	if err := labgob.Unmarshal(b, p.Interface()); err != nil {
		return fmt.Errorf("%v: %w", v.Type(), err)
	}
	if got := labgob.Fingerprint(p.Interface()); got != want {
		return fmt.Errorf("%v: fingerprint %x became %x", v.Type(), want, got)
	}
	return nil
}
