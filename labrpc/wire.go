package labrpc

import (
	"fmt"
	"reflect"
	"sync"

	"6.824/labgob"
)

// A wire is how values of one type travel.
type wire struct {
	typ     reflect.Type // not a pointer
	pointer bool         // they were given as pointers
	codec   *labgob.Codec
}

var wires sync.Map // reflect.Type → *wire

// wireFor returns the wire for values of type t, or of what t points to.
func wireFor(t reflect.Type) (*wire, error) {
	if w, ok := wires.Load(t); ok {
		return w.(*wire), nil
	}
	if t == nil {
		return nil, fmt.Errorf("%w: nil", ErrBadType)
	}
	base := t
	for depth := 0; base.Kind() == reflect.Pointer; depth++ {
		if base = base.Elem(); depth > 100 {
			return nil, fmt.Errorf("%w: %v points to itself", ErrBadType, t)
		}
	}
	codec, err := labgob.CodecFor(base)
	if err != nil {
		return nil, fmt.Errorf("%w: %v can't be sent: %w", ErrBadType, t, err)
	}
	w, _ := wires.LoadOrStore(t, &wire{base, base != t, codec})
	return w.(*wire), nil
}

// encode appends v to dst.
func (w *wire) encode(dst []byte, v any) (b []byte, err error) {
	if b, err = w.codec.Append(dst, v); err != nil {
		err = fmt.Errorf("%w: a %T can't be sent: %w", ErrBadType, v, err)
	}
	return b, err
}

// decode stores what b holds in what v points to.
func (w *wire) decode(b []byte, v any) (err error) {
	if err = w.codec.Decode(b, v); err != nil {
		err = fmt.Errorf("%w: a %v does not fit into a %T: %w", ErrBadType, w.typ, v, err)
	}
	return err
}

// fresh returns a pointer to a private copy of what b holds, or nil if it holds none.
func (w *wire) fresh(b []byte) any {
	p := reflect.New(w.typ).Interface()
	if w.decode(b, p) != nil {
		return nil
	}
	return p
}
