package labgob

import (
	"fmt"
	"io"
	"math"
	"reflect"
)

// A decoder reads values from b. It trusts nothing in there: a count is believed only as far as there are bytes to bear it
// out, and memory is taken as the bytes are used up.
//
// What it returns shares no memory with b.
type decoder struct {
	b      []byte
	off    int
	stream *stream // what the stream has defined so far; nil between primed ends
	splits int     // how often the value was interrupted to define a type
	credit int     // how many bytes of memory may still be taken on the mere announcement of elements
}

// newDecoder returns a decoder for a message. stream is nil between primed ends.
func newDecoder(b []byte, stream *stream) decoder {
	return decoder{b: b, stream: stream, credit: creditFor(b)}
}

// creditFor is generous enough that the elements of an honest message nearly always get their memory in one piece.
func creditFor(b []byte) int { return 1024 + 32*len(b) }

func (d *decoder) uint() (uint64, error) {
	if d.off < len(d.b) {
		if x := d.b[d.off]; x < 0x80 {
			d.off++
			return uint64(x), nil
		}
	}
	x, n := readUint(d.b[d.off:])
	switch {
	case n > 0:
		d.off += n
		return x, nil
	case n == 0:
		return 0, io.ErrUnexpectedEOF
	default:
		return 0, errNumber
	}
}

// count reads the number of elements that follow. It may be any; but as each of them takes at least one byte, whoever reads
// that many meets the end of the data in time.
func (d *decoder) count() (int, error) {
	n, err := d.uint()
	if err == nil && n > math.MaxInt {
		err = errCount
	}
	return int(n), err
}

// bytes reads a count and that many bytes. The result is a part of d.b.
func (d *decoder) bytes() ([]byte, error) {
	n, err := d.uint()
	if err != nil {
		return nil, err
	}
	if n > uint64(len(d.b)-d.off) {
		return nil, errCount
	}
	b := d.b[d.off : d.off+int(n)]
	d.off += int(n)
	return b, nil
}

// alloc follows the pointers in v to a place for a value, making what is missing.
func alloc(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}

// top reads a value that stands on its own, as encoder.top writes it.
func (d *decoder) top(n *node, v reflect.Value, depth int) error {
	if n.form != formStruct {
		x, err := d.uint()
		if err != nil {
			return err
		}
		if x != 0 {
			return errZero
		}
	} else if !n.fits {
		return errNoMatch
	}
	return d.value(n, v, depth)
}

// value reads a value into v, which is settable and not a pointer.
func (d *decoder) value(n *node, v reflect.Value, depth int) error {
	if depth > maxDepth {
		return errDepth
	}
	switch n.form {
	case formBool, formInt, formUint, formFloat:
		x, err := d.uint()
		if err != nil {
			return err
		}
		return setNumber(n, v, x)
	case formComplex:
		re, err := d.uint()
		if err != nil {
			return err
		}
		im, err := d.uint()
		if err != nil {
			return err
		}
		c := complex(toFloat(re), toFloat(im))
		if v.OverflowComplex(c) {
			return overflow(n, c)
		}
		v.SetComplex(c)
	case formString:
		b, err := d.bytes()
		if err != nil {
			return err
		}
		v.SetString(string(b))
	case formBytes:
		b, err := d.bytes()
		if err != nil {
			return err
		}
		// Room that is there already is used, by gob's rules; it is the caller's.
		if v.Cap() < len(b) {
			v.SetBytes(append(make([]byte, 0, len(b)), b...))
		} else {
			v.SetLen(len(b))
			copy(v.Bytes(), b)
		}
	case formInterface:
		return d.iface(n, v, depth+1)
	case formArray:
		return d.array(n, v, depth+1)
	case formSlice:
		return d.slice(n, v, depth+1)
	case formMap:
		return d.mapping(n, v, depth+1)
	case formStruct:
		return d.structure(n, v, depth+1)
	case formOpaque:
		b, err := d.bytes()
		if err != nil {
			return err
		}
		return n.callDecode(append([]byte(nil), b...), v)
	}
	return nil
}

func overflow(n *node, x any) error { return fmt.Errorf("labgob: %v does not fit into %v", x, n.typ) }

func setNumber(n *node, v reflect.Value, x uint64) error {
	switch n.form {
	case formBool:
		v.SetBool(x != 0)
	case formInt:
		i := toInt(x)
		if v.OverflowInt(i) {
			return overflow(n, i)
		}
		v.SetInt(i)
	case formUint:
		if v.OverflowUint(x) {
			return overflow(n, x)
		}
		v.SetUint(x)
	case formFloat:
		f := toFloat(x)
		if v.OverflowFloat(f) {
			return overflow(n, f)
		}
		v.SetFloat(f)
	}
	return nil
}

func (d *decoder) structure(n *node, v reflect.Value, depth int) error {
	for at := -1; ; {
		delta, err := d.uint()
		if err != nil {
			return err
		}
		if delta == 0 {
			return nil
		}
		if delta > uint64(len(n.fields)-1-at) {
			return errField
		}
		at += int(delta)
		f := &n.fields[at]
		if f.index == nil {
			err = d.skip(f.wire, depth)
		} else {
			dst := v.Field(f.index[0])
			for _, i := range f.index[1:] {
				dst = alloc(dst).Field(i)
			}
			err = d.value(f.node, alloc(dst), depth)
		}
		if err != nil {
			return inField(n.shape, n.wire.fields[at].name, err)
		}
	}
}

func (d *decoder) array(n *node, v reflect.Value, depth int) error {
	k, err := d.count()
	if err != nil {
		return err
	}
	if k != n.len {
		return fmt.Errorf("labgob: %d elements for %v", k, n.typ)
	}
	if n.typ.Elem().Kind() == reflect.Uint8 && n.elem.form == formUint { // hashes are
		for i, b := 0, v.Bytes(); i < k; i++ {
			x, err := d.uint()
			if err != nil {
				return err
			}
			if x > math.MaxUint8 {
				return overflow(n.elem, x)
			}
			b[i] = byte(x)
		}
		return nil
	}
	for i := range k {
		if err := d.value(n.elem, alloc(v.Index(i)), depth); err != nil {
			return err
		}
	}
	return nil
}

// room is for how many elements of a size memory is taken before any of them has been seen, if n are announced: all, as long
// as the credit lasts. Beyond it memory grows as they come.
func (d *decoder) room(n int, size uintptr) int {
	s := int(max(size, 1))
	n = min(n, d.credit/s)
	d.credit -= n * s
	return max(n, 1)
}

func (d *decoder) slice(n *node, v reflect.Value, depth int) error {
	k, err := d.count()
	if err != nil {
		return err
	}
	if v.Cap() < k {
		m := d.room(k, n.typ.Elem().Size())
		v.Set(reflect.MakeSlice(v.Type(), m, m))
	} else {
		v.SetLen(k) // by gob's rules: what room there is, is used, and what is in there, too
	}
	for i := range k {
		if i == v.Len() {
			v.Grow(1)
			v.SetLen(min(v.Cap(), k))
		}
		if err := d.value(n.elem, alloc(v.Index(i)), depth); err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) mapping(n *node, v reflect.Value, depth int) error {
	k, err := d.count()
	if err != nil {
		return err
	}
	t := n.typ
	if v.IsNil() {
		v.Set(reflect.MakeMapWithSize(t, d.room(k, t.Key().Size()+t.Elem().Size())))
	}
	key, val := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
	for range k {
		key.SetZero()
		val.SetZero()
		if err := d.value(n.key, alloc(key), depth); err != nil {
			return err
		}
		if err := d.value(n.elem, alloc(val), depth); err != nil {
			return err
		}
		if n.key.dynamic && !key.Comparable() {
			return fmt.Errorf("labgob: a key of %v holds what cannot be a key", t)
		}
		v.SetMapIndex(key, val)
	}
	return nil
}

// iface reads what an interface holds.
func (d *decoder) iface(n *node, v reflect.Value, depth int) error {
	name, err := d.bytes()
	if err != nil {
		return err
	}
	if len(name) == 0 {
		v.SetZero()
		return nil
	}
	reg := registered(name)
	if reg == nil {
		return fmt.Errorf("labgob: an interface holds a %.100q, which is not registered; call labgob.Register", name)
	}
	if !reg.typ.AssignableTo(n.typ) {
		return fmt.Errorf("labgob: an interface holds a %v, which is not a %v", reg.typ, n.typ)
	}
	dyn := reg.node
	if d.stream != nil {
		w, err := d.typeSequence()
		if err != nil {
			return err
		}
		if dyn, err = d.stream.nodeFor(w, reg.slot.shape); err != nil {
			return err
		}
	} else if reg.err != nil {
		return reg.err
	}
	x := reflect.New(reg.typ).Elem()
	if err := d.counted(func() error { return d.top(dyn, alloc(x), depth) }); err != nil {
		return err
	}
	v.Set(x)
	return nil
}
