package labgob

import (
	"errors"
	"fmt"
	"reflect"
)

// A Codec encodes and decodes values of one type between ends that both know the type beforehand. Its messages hold no
// definitions of types, so each stands on its own: they can be lost, doubled and reordered. It is safe for concurrent use.
type Codec struct {
	shape *shape
	ptr   reflect.Type // *T
	node  *node        // from T to T
	err   error        // why there is no node
}

// CodecFor returns the codec for values of type t. It is the same for T and *T. It returns an error if values of the type
// can't be sent: it has a channel or function in it, or no exported field.
func CodecFor(t reflect.Type) (*Codec, error) {
	if t == nil {
		return nil, errors.New("labgob: no codec for nil")
	}
	s := slotOf(t)
	if c := s.codec.Load(); c != nil {
		return c, nil
	}
	if s.err != nil {
		return nil, s.err
	}
	warnLower(t)
	c := &Codec{shape: s.shape, ptr: reflect.PointerTo(s.typ)}
	c.node, c.err = nodeFor(s.wire, s.shape)
	s.codec.CompareAndSwap(nil, c)
	return s.codec.Load(), nil
}

// Append appends v, which is a T or points to one, to dst and returns the extended buffer. Equal values give equal bytes, in
// every process. If T is an interface type, v may be anything that it can hold, or point to a T.
func (c *Codec) Append(dst []byte, v any) ([]byte, error) {
	e := newEncoder(dst)
	defer e.free()
	if err := c.append(e, v); err != nil {
		return dst, err
	}
	return e.buf, nil
}

func (c *Codec) append(e *encoder, v any) error {
	p := reflect.ValueOf(v)
	if p.IsValid() {
		if s := slotOf(p.Type()); s.shape == c.shape {
			x, ok := s.deref(p)
			if !ok {
				return fmt.Errorf("labgob: cannot encode a nil pointer to %v", s.typ)
			}
			return e.top(c.shape, x, 0)
		}
	}
	if c.shape.form == formInterface && (!p.IsValid() || p.Type().AssignableTo(c.shape.typ)) {
		e.buf = append(e.buf, 0)
		return e.iface(p, 1)
	}
	return fmt.Errorf("labgob: codec for %v got a %T", c.shape.typ, v)
}

// Sum returns a hash of T's name and structure and of b, which Append made. It costs a fraction of [Fingerprint], and like that it is
// the same for equal values, in every process; but it may be another number.
func (c *Codec) Sum(b []byte) uint64 { return hash(seed^c.shape.hash, b) }

// Decode decodes b, which Append made, into what into points to: a T, or a value of any type that gob accepts for a T (fields
// are matched by name, integers by their signedness, and so on). What into points to should be zero, as for
// [LabDecoder.Decode], but no warning is given; see [CheckDefault].
//
// b need not be what Append made: on any other bytes Decode returns an error or some value, under the same guarantees as
// a [LabDecoder]. What is decoded shares no memory with b.
func (c *Codec) Decode(b []byte, into any) error {
	p := reflect.ValueOf(into)
	n, err := c.node, c.err
	if p.Kind() != reflect.Pointer || p.Type() != c.ptr || p.IsNil() {
		var s *slot
		if s, p, err = target(into); err != nil {
			return err
		}
		n, err = nodeFor(c.shape.wire, s.shape)
	}
	if err != nil {
		return err
	}
	d := newDecoder(b, nil)
	if err := d.top(n, alloc(p), 0); err != nil {
		return err
	}
	if d.off < len(b) {
		return errExtra
	}
	return nil
}
