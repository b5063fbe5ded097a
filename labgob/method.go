package labgob

import (
	"encoding"
	"encoding/gob"
	"fmt"
	"reflect"
)

// A method is a pair of methods by which a type takes its encoding into its own hands. On the wire such a value is a count
// and that many bytes.
type method uint8

const (
	methodNone   method = iota
	methodGob           // gob.GobEncoder, gob.GobDecoder
	methodBinary        // encoding.BinaryMarshaler, encoding.BinaryUnmarshaler
)

var (
	gobEncoderType        = reflect.TypeFor[gob.GobEncoder]()
	gobDecoderType        = reflect.TypeFor[gob.GobDecoder]()
	binaryMarshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
	textMarshalerType     = reflect.TypeFor[encoding.TextMarshaler]()
)

// has reports whether t or *t implements iface. An interface type never does: what it holds may, and is asked then.
func has(t, iface reflect.Type) (ok, onlyPointer bool) {
	switch {
	case t.Kind() == reflect.Interface:
		return false, false
	case t.Implements(iface):
		return true, false
	default:
		ok = reflect.PointerTo(t).Implements(iface)
		return ok, ok
	}
}

func encodingMethod(t reflect.Type) (m method, onlyPointer bool) {
	if ok, ptr := has(t, gobEncoderType); ok {
		return methodGob, ptr
	}
	if ok, ptr := has(t, binaryMarshalerType); ok {
		return methodBinary, ptr
	}
	return methodNone, false
}

func decodingMethod(t reflect.Type) method {
	if ok, _ := has(t, gobDecoderType); ok {
		return methodGob
	}
	if ok, _ := has(t, binaryUnmarshalerType); ok {
		return methodBinary
	}
	return methodNone
}

func hasTextMethod(t reflect.Type) bool {
	ok, _ := has(t, textMarshalerType)
	return ok
}

// receiver returns a pointer to v (to a copy of v if it has no address), for the pointer has the methods of both.
func receiver(v reflect.Value) any {
	if !v.CanAddr() {
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		v = p.Elem()
	}
	return v.Addr().Interface()
}

// callEncode has v encode itself. A panic in there is turned into an error.
func (s *shape) callEncode(v reflect.Value) (b []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("labgob: %v panicked while encoding itself: %v", s.typ, r)
		}
	}()
	switch x := receiver(v); s.enc {
	case methodGob:
		return x.(gob.GobEncoder).GobEncode()
	case methodBinary:
		return x.(encoding.BinaryMarshaler).MarshalBinary()
	default:
		return x.(encoding.TextMarshaler).MarshalText()
	}
}

// callDecode has v, which is addressable, decode itself from b. A panic in there is turned into an error. The receiver may
// keep b.
func (s *shape) callDecode(b []byte, v reflect.Value) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("labgob: %v panicked while decoding itself: %v", s.typ, r)
		}
	}()
	if x := v.Addr().Interface(); s.dec == methodGob {
		return x.(gob.GobDecoder).GobDecode(b)
	} else {
		return x.(encoding.BinaryUnmarshaler).UnmarshalBinary(b)
	}
}
