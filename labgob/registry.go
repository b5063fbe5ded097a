package labgob

import (
	"bytes"
	"encoding/gob"
	"maps"
	"reflect"
	"sync"
	"sync/atomic"
)

// A registration is the name under which a type travels in an interface.
type registration struct {
	*slot
	name string
	typ  reflect.Type // as it was registered, perhaps a pointer: what the receiver's interface will hold
	node *node        // turns a value of the type into the same type
	err  error        // why there is no node
}

// registry is what encoding/gob has registered, as far as we know; gob does not show its own. It is replaced as a whole.
var (
	registry   atomic.Pointer[map[string]*registration]
	registryMu sync.Mutex
)

func init() {
	for _, v := range []any{
		false, "", 0, int8(0), int16(0), int32(0), int64(0), uint(0), uint8(0), uint16(0), uint32(0), uint64(0), uintptr(0),
		float32(0), float64(0), complex64(0), complex128(0), []bool(nil), []string(nil), []int(nil), []int8(nil), []int16(nil),
		[]int32(nil), []int64(nil), []uint(nil), []uint8(nil), []uint16(nil), []uint32(nil), []uint64(nil), []uintptr(nil),
		[]float32(nil), []float64(nil), []complex64(nil), []complex128(nil),
	} {
		remember(nameOf(reflect.TypeOf(v)), reflect.TypeOf(v))
	}
}

// Register records the type of value, which may then be sent in an interface. The basic types and slices of them need no
// registration. It is [gob.Register] too, so one call is enough for both; like that it panics if the type goes by another name
// already, and belongs into an init function or the start of a program.
func Register(value any) {
	warnLower(reflect.TypeOf(value))
	gob.Register(value)
	remember(nameOf(reflect.TypeOf(value)), reflect.TypeOf(value))
}

// RegisterName is like [Register], under a name of the caller's choice.
func RegisterName(name string, value any) {
	warnLower(reflect.TypeOf(value))
	gob.RegisterName(name, value)
	remember(name, reflect.TypeOf(value))
}

// nameOf is the name that gob.Register gives to a type.
func nameOf(t reflect.Type) string {
	if t.Name() == "" || t.PkgPath() == "" {
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}

// remember adds to the registry what gob has let pass.
func remember(name string, t reflect.Type) *registration {
	r := &registration{slot: slotOf(t), name: name, typ: t}
	if r.err = r.slot.err; r.err == nil {
		r.node, r.err = nodeFor(r.wire, r.shape)
	}
	registryMu.Lock()
	defer registryMu.Unlock()
	if old := r.reg.Load(); old != nil {
		return old // both names and types are unique, gob has seen to it
	}
	names := map[string]*registration{}
	if old := registry.Load(); old != nil {
		maps.Copy(names, *old)
	}
	names[name] = r
	registry.Store(&names)
	r.reg.Store(r)
	return r
}

// registered returns the registration under a name, or nil.
func registered(name []byte) *registration { return (*registry.Load())[string(name)] }

// registration returns the registration of the type, or nil.
func (s *shape) registration() *registration {
	if r := s.reg.Load(); r != nil {
		return r
	}
	return adopt(s.typ)
}

// adopt asks gob for a type that was not registered here, but perhaps with gob itself: it has to show its hand when it sends
// one. It returns nil if gob doesn't know the type either.
func adopt(t reflect.Type) (r *registration) {
	type box struct{ X any }
	var buf bytes.Buffer
	var out box
	defer func() { _ = recover() }() // an encoding method may not be made for a zero value
	if gob.NewEncoder(&buf).Encode(box{reflect.New(t).Interface()}) != nil || gob.NewDecoder(&buf).Decode(&out) != nil {
		return nil
	}
	t = reflect.TypeOf(out.X)
	return remember(nameOf(t), t)
}
