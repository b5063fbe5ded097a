package labgob

import (
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// maxDepth is how deep a value may be nested. It is far beyond what anyone sends on purpose, and far from the end of the
// stack. Pointers that go around in a circle reach it, too.
const maxDepth = 10_000

// An encoder appends values to buf. What it appends for equal values is equal, byte for byte.
//
// The three ways of encoding differ only in how an interface says what it holds: in a stream by a name and the id of a type
// that was defined further up; between primed ends by the name alone; for a fingerprint by the hash of the type.
type encoder struct {
	buf     []byte
	ids     *idTable // the types defined in this stream; nil if this is not one
	hashing bool     // for a fingerprint: names are hashes, and the only error is errDepth

	spans   []span // of the entries of the maps being encoded
	scratch []byte // for putting them in order
	spare   []byte // a buf for who needs one for a moment
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// newEncoder returns an encoder that appends to buf. It must be given back with free.
func newEncoder(buf []byte) *encoder {
	e := encoders.Get().(*encoder)
	e.buf = buf
	return e
}

// free gives e back for reuse; its buf is the caller's.
func (e *encoder) free() {
	*e = encoder{spans: keep(e.spans), scratch: keep(e.scratch), spare: keep(e.spare)}
	encoders.Put(e)
}

// keep empties s for reuse, unless one large value has blown it up.
func keep[T any](s []T) []T {
	if cap(s) > 1<<16 {
		return nil
	}
	return s[:0]
}

// Stand-ins, in a fingerprint, for what cannot be sent. No value begins with them.
const (
	markNil  = 0x80 + iota // a nil pointer where a value must be
	markDeep               // nested too deep; ends the fingerprint, as there may be no end to the value
	markFail               // its encoding method failed
	markNone               // a channel, a function
	markText               // its MarshalText follows
)

// top appends a value that stands on its own: in a message, or in an interface. A struct ends itself; anything else is
// led in by a zero.
func (e *encoder) top(s *shape, v reflect.Value, depth int) error {
	if s.out != formStruct {
		e.buf = append(e.buf, 0)
	}
	return e.value(s, v, depth)
}

// slot appends the value in a place that cannot be left out: an element, a key.
func (e *encoder) slot(s *slot, v reflect.Value, depth int) error {
	v, ok := s.deref(v)
	if !ok {
		if e.hashing {
			e.buf = append(e.buf, markNil)
			return nil
		}
		return fmt.Errorf("labgob: nil pointer to %v among the elements", s.typ)
	}
	return e.value(s.shape, v, depth)
}

// value appends v, even if it is zero.
func (e *encoder) value(s *shape, v reflect.Value, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	switch s.out {
	case formBool:
		x := byte(0)
		if v.Bool() {
			x = 1
		}
		e.buf = append(e.buf, x)
	case formInt:
		e.buf = appendInt(e.buf, v.Int())
	case formUint:
		e.buf = appendUint(e.buf, v.Uint())
	case formFloat:
		e.buf = appendFloat(e.buf, v.Float())
	case formComplex:
		c := v.Complex()
		e.buf = appendFloat(e.buf, real(c))
		e.buf = appendFloat(e.buf, imag(c))
	case formString:
		x := v.String()
		e.buf = appendUint(e.buf, uint64(len(x)))
		e.buf = append(e.buf, x...)
	case formBytes:
		x := v.Bytes()
		e.buf = appendUint(e.buf, uint64(len(x)))
		e.buf = append(e.buf, x...)
	case formInterface:
		return e.iface(v.Elem(), depth+1)
	case formArray, formSlice:
		return e.elements(s, v, depth+1)
	case formMap:
		return e.mapping(s, v, depth+1)
	case formStruct:
		return e.structure(s, v, depth+1)
	case formOpaque:
		b, err := s.callEncode(v)
		if err != nil {
			if e.hashing {
				e.buf = append(e.buf, markFail)
				return nil
			}
			return err
		}
		e.buf = appendUint(e.buf, uint64(len(b)))
		e.buf = append(e.buf, b...)
	default:
		if e.hashing {
			e.buf = append(e.buf, markNone)
			return nil
		}
		return s.err
	}
	return nil
}

// structure appends the fields of v that are not zero, each led in by its distance from the one before, and a zero.
func (e *encoder) structure(s *shape, v reflect.Value, depth int) error {
	if e.hashing && s.text && len(s.fields) == 0 {
		return e.text(s, v)
	}
	last := -1
	for i := range s.fields {
		f := &s.fields[i]
		x, ok := f.deref(v.Field(f.index))
		if !ok || f.omits(x, e.hashing) {
			continue
		}
		e.buf = appendUint(e.buf, uint64(i-last))
		last = i
		if err := e.value(f.shape, x, depth); err != nil {
			return inField(s, f.name, err)
		}
	}
	e.buf = append(e.buf, 0)
	return nil
}

// omits reports whether a field that holds v is left out: the receiver then finds the zero value.
func (f *field) omits(v reflect.Value, hashing bool) bool {
	switch f.out {
	case formBool:
		return !v.Bool()
	case formInt:
		return v.Int() == 0
	case formUint:
		return v.Uint() == 0
	case formFloat:
		return v.Float() == 0
	case formComplex:
		return v.Complex() == 0
	case formString, formBytes, formSlice:
		return v.Len() == 0
	case formMap, formInterface:
		return v.IsNil() // an empty map is sent, for the receiver may want to fill it
	case formOpaque:
		// Gob leaves out the zero value only if it can do so without taking an address. But a value that is not zero may
		// have the bytes of one that is, and become it on the way; so a fingerprint has to look at the bytes.
		return f.indir == 0 && !f.encPtr && !hashing && v.IsZero()
	default:
		return false
	}
}

func (e *encoder) elements(s *shape, v reflect.Value, depth int) error {
	n := v.Len()
	e.buf = appendUint(e.buf, uint64(n))
	if s.elem.out == formUint && s.elem.indir == 0 && s.typ.Elem().Kind() == reflect.Uint8 { // an array; hashes are
		if !v.CanAddr() {
			p := reflect.New(s.typ).Elem()
			p.Set(v)
			v = p
		}
		for _, x := range v.Bytes() {
			e.buf = appendUint(e.buf, uint64(x))
		}
		return nil
	}
	for i := range n {
		if err := e.slot(s.elem, v.Index(i), depth); err != nil {
			return err
		}
	}
	return nil
}

// iface appends what an interface holds.
func (e *encoder) iface(v reflect.Value, depth int) error {
	if !v.IsValid() {
		e.buf = append(e.buf, 0)
		return nil
	}
	s := slotOf(v.Type())
	v, ok := s.deref(v)
	if e.hashing {
		e.buf = append(e.buf, 1)
		e.buf = appendUint(e.buf, s.hash)
		if !ok {
			e.buf = append(e.buf, markNil)
			return nil
		}
		return e.top(s.shape, v, depth)
	}
	if !ok {
		return fmt.Errorf("labgob: nil pointer to %v in an interface", s.typ)
	}
	reg := s.registration()
	if reg == nil {
		return fmt.Errorf("labgob: type %v is sent in an interface but not registered; call labgob.Register", s.typ)
	}
	if s.err != nil {
		return s.err
	}
	e.buf = appendUint(e.buf, uint64(len(reg.name)))
	e.buf = append(e.buf, reg.name...)
	if e.ids != nil {
		e.buf = appendInt(e.buf, int64(e.ids.id(s.wire)))
	}
	from := len(e.buf)
	if err := e.top(s.shape, v, depth); err != nil {
		return err
	}
	e.insertCount(from)
	return nil
}

// insertCount inserts the number of bytes after from, in front of them.
func (e *encoder) insertCount(from int) {
	var a [9]byte
	count := appendUint(a[:0], uint64(len(e.buf)-from))
	e.buf = slices.Insert(e.buf, from, count...)
}

// text appends the MarshalText of a struct that has nothing else to show.
func (e *encoder) text(s *shape, v reflect.Value) error {
	b, err := s.callEncode(v)
	if err != nil {
		e.buf = append(e.buf, markFail)
		return nil
	}
	e.buf = append(e.buf, markText)
	e.buf = appendUint(e.buf, uint64(len(b)))
	e.buf = append(e.buf, b...)
	return nil
}
