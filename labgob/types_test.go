package labgob_test

import (
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"time"

	"6.824/labgob"
)

// Types that the tests of this package send.

type entry struct {
	Term    int
	Command any
}

type appendArgs struct {
	Term, LeaderID, PrevLogIndex, PrevLogTerm int
	Entries                                   []entry
	LeaderCommit                              int
}

type op struct {
	Kind, Key, Value string
	Client           int64
	Seq              int
}

type (
	weekday int8
	name    string
	blob    []byte
	digest  [32]byte
	byName  map[name]weekday
	animal  interface{ Legs() int }
	cat     struct{ Name string }
	dog     struct{ Age *int }
)

func (cat) Legs() int  { return 4 }
func (*dog) Legs() int { return 4 }

// A list can be as long as you like.
type list struct {
	Value int
	Next  *list
}

// A tree has itself in all kinds of places.
type tree struct {
	Label string
	Kids  []tree
	Named map[string]*tree
	Other any
}

type scalars struct {
	B    bool
	I    int
	I8   int8
	I16  int16
	I32  int32
	I64  int64
	U    uint
	U8   uint8
	U16  uint16
	U32  uint32
	U64  uint64
	Up   uintptr
	F32  float32
	F64  float64
	C64  complex64
	C128 complex128
	S    string
	Day  weekday
	Name name
}

type composites struct {
	Bytes   []byte
	Blob    blob
	Digest  digest
	Empty   [0]int
	Ints    []int
	Names   []name
	Nested  [][]string
	Arrays  [2][3]uint16
	Bools   [3]bool
	Map     map[string]int
	Deep    map[int]map[string][]byte
	ByName  byName
	ByArray map[[2]int]string
	Structs map[cat]op
	Void    struct{}
	Voids   []struct{}
}

type pointers struct {
	I    *int
	S    **string
	Op   *op
	List *list
	Sl   *[]int
	Arr  *[2]bool
	M    *map[string]*op
	Ptrs []*op
	Time *time.Time
}

type interfaces struct {
	Any     any
	Anys    []any
	Map     map[string]any
	Animal  animal
	Animals []animal
	Keys    map[any]any
}

type methods struct {
	Time  time.Time
	Times []time.Time
	Ptr   ptrMethod
	PtrP  *ptrMethod
	Val   valMethod
	ValP  *valMethod
	Bin   binMethod
	M     map[valMethod]binMethod
}

type mixed struct {
	scalars // not sent: embedded by an unexported name
	Tree    tree
	Inner   struct{ X, Y int }
	Cat
	Ignored chan int
	Func    func()
	FuncP   *func()
	lower   int //lint:ignore U1000 it is there to be lower-case
}

// Cat is embedded by an exported name.
type Cat struct{ Lives int }

// ptrMethod encodes itself, if it has an address.
type ptrMethod struct{ n uint32 }

func (p *ptrMethod) GobEncode() ([]byte, error) { return binary.BigEndian.AppendUint32(nil, p.n), nil }
func (p *ptrMethod) GobDecode(b []byte) error {
	if len(b) != 4 {
		return errors.New("want 4 bytes")
	}
	p.n = binary.BigEndian.Uint32(b)
	return nil
}

// valMethod encodes itself.
type valMethod struct{ s string }

func (v valMethod) GobEncode() ([]byte, error) { return []byte("<" + v.s + ">"), nil }
func (v *valMethod) GobDecode(b []byte) error {
	if len(b) < 2 {
		return errors.New("want <...>")
	}
	v.s = string(b[1 : len(b)-1])
	return nil
}

// binMethod encodes itself by the other pair of methods.
type binMethod []int

func (b binMethod) MarshalBinary() ([]byte, error) {
	var out []byte
	for _, x := range b {
		out = binary.AppendVarint(out, int64(x))
	}
	return out, nil
}

func (b *binMethod) UnmarshalBinary(data []byte) error {
	*b = binMethod{}
	for len(data) > 0 {
		x, n := binary.Varint(data)
		if n <= 0 {
			return errors.New("want varints")
		}
		*b, data = append(*b, int(x)), data[n:]
	}
	return nil
}

func init() {
	for _, v := range []any{op{}, cat{}, &dog{}, &list{}, tree{}, weekday(0), blob(nil), map[string]int(nil), []any(nil), time.Time{}, valMethod{}, &ptrMethod{}, binMethod(nil), digest{}, appendArgs{}} {
		labgob.Register(v)
	}
	labgob.RegisterName("by-name", byName(nil))
	gob.Register(map[int]*cat(nil)) // with gob alone
}

// allTypes are the types that tests take a random one of.
var allTypes = []reflect.Type{
	reflect.TypeFor[appendArgs](), reflect.TypeFor[op](), reflect.TypeFor[list](), reflect.TypeFor[tree](), reflect.TypeFor[scalars](),
	reflect.TypeFor[composites](), reflect.TypeFor[pointers](), reflect.TypeFor[interfaces](), reflect.TypeFor[methods](), reflect.TypeFor[mixed](),
	reflect.TypeFor[struct{}](), reflect.TypeFor[int](), reflect.TypeFor[string](), reflect.TypeFor[[]byte](), reflect.TypeFor[[]string](),
	reflect.TypeFor[map[string][]int](), reflect.TypeFor[digest](), reflect.TypeFor[**op](), reflect.TypeFor[valMethod](), reflect.TypeFor[any](),
	reflect.TypeFor[map[any]any](), reflect.TypeFor[[3]*int](), reflect.TypeFor[complex128](), reflect.TypeFor[float64](), reflect.TypeFor[bool](),
}

// randomType makes a type that is not in allTypes.
func randomType(r *rand.Rand, depth int) reflect.Type {
	scalar := []reflect.Type{
		reflect.TypeFor[int](), reflect.TypeFor[uint8](), reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[float32](),
		reflect.TypeFor[weekday](), reflect.TypeFor[[]byte](), reflect.TypeFor[int64](), reflect.TypeFor[op](), reflect.TypeFor[valMethod](),
		reflect.TypeFor[any](), reflect.TypeFor[complex64](),
	}
	if depth <= 0 {
		return scalar[r.IntN(len(scalar))]
	}
	switch r.IntN(7) {
	case 0:
		return reflect.SliceOf(randomType(r, depth-1))
	case 1:
		return reflect.ArrayOf(r.IntN(4), randomType(r, depth-1))
	case 2:
		return reflect.MapOf(scalar[r.IntN(6)], randomType(r, depth-1))
	case 3:
		return reflect.PointerTo(randomType(r, depth-1))
	case 4, 5:
		var fields []reflect.StructField
		for i := range 1 + r.IntN(6) {
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: randomType(r, depth-1)})
		}
		return reflect.StructOf(fields)
	default:
		return scalar[r.IntN(len(scalar))]
	}
}

// fill sets v to a random value that gob can send.
func fill(r *rand.Rand, v reflect.Value, depth int) {
	// There may be pointers in an array, or in one in a struct, which must not be nil.
	if k := v.Kind(); k != reflect.Array && k != reflect.Struct && depth > 0 && (depth > 5 || r.IntN(4) == 0) {
		return
	}
	fillNonZero(r, v, depth)
}

func fillNonZero(r *rand.Rand, v reflect.Value, depth int) {
	switch x := v.Addr().Interface().(type) {
	case *ptrMethod:
		x.n = r.Uint32()
		return
	case *valMethod:
		x.s = randomString(r)
		return
	case *time.Time:
		*x = time.Unix(r.Int64N(1e9), r.Int64N(1e9)).UTC()
		return
	case *animal:
		age := r.IntN(30)
		*x = []animal{cat{randomString(r)}, &dog{&age}, nil}[r.IntN(3)]
		return
	case *any:
		if dyn := randomDynamic(r, depth+1); dyn != nil {
			*x = dyn
		}
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> (64 - v.Type().Bits()) >> r.IntN(v.Type().Bits()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		v.SetUint(r.Uint64() >> (64 - v.Type().Bits()) >> r.IntN(v.Type().Bits()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(float32(r.NormFloat64() * 100)))
	case reflect.Complex64, reflect.Complex128:
		v.SetComplex(complex(float64(r.IntN(9)), float64(r.IntN(9))))
	case reflect.String:
		v.SetString(randomString(r))
	case reflect.Slice:
		n := r.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			fillElement(r, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range r.IntN(5) {
			key, val := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fillElement(r, key, depth+1)
			fillElement(r, val, depth+1)
			if key.Comparable() && (key.Kind() != reflect.Interface || key.Elem().Kind() != reflect.Pointer) { // two pointers are never equal
				v.SetMapIndex(key, val)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillElement(r, v.Elem(), depth+1)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() && f.Type.Kind() != reflect.Chan && f.Type.Kind() != reflect.Func && f.Name != "FuncP" {
				fill(r, v.Field(i), depth+1)
			}
		}
	}
}

// fillElement is fill for a place that must not be a nil pointer.
func fillElement(r *rand.Rand, v reflect.Value, depth int) {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		fillElement(r, v.Elem(), depth+1)
		return
	}
	fill(r, v, depth)
}

// randomDynamic is something to put into an interface.
func randomDynamic(r *rand.Rand, depth int) any {
	var v reflect.Value
	switch r.IntN(16) {
	case 0:
		return nil
	case 1:
		return r.IntN(1000) - 500
	case 2:
		return randomString(r)
	case 3:
		return []byte(randomString(r))
	case 4:
		return weekday(r.IntN(7))
	case 5:
		v = reflect.ValueOf(&op{})
	case 6:
		v = reflect.ValueOf(&tree{})
	case 7:
		v = reflect.ValueOf(&byName{})
	case 8:
		v = reflect.ValueOf(&[]any{})
	case 9:
		return cat{randomString(r)}
	case 10:
		return r.Float64()
	case 11:
		return map[int]*cat{r.IntN(9): {"gob"}, 10 + r.IntN(9): {randomString(r)}}
	case 12:
		return &list{1, &list{2, nil}}
	case 13:
		return []string{randomString(r), randomString(r)}
	case 14:
		return valMethod{randomString(r)}
	default:
		v = reflect.ValueOf(&map[string]int{})
	}
	fill(r, v.Elem(), depth)
	return v.Elem().Interface()
}

func randomString(r *rand.Rand) string {
	b := make([]byte, r.IntN(12))
	for i := range b {
		b[i] = byte('a' + r.IntN(26))
	}
	if r.IntN(20) == 0 {
		b = append(b, make([]byte, 130)...)
	}
	return string(b)
}

// randomValue returns a pointer to a random value of a random type.
func randomValue(r *rand.Rand) reflect.Value {
	t := allTypes[r.IntN(len(allTypes))]
	if r.IntN(3) == 0 {
		t = randomType(r, 3)
		for t.Kind() == reflect.Pointer {
			t = t.Elem() // encoding/gob panics on a **valMethod
		}
	}
	v := reflect.New(t)
	fillElement(r, v.Elem(), 0)
	return v
}
