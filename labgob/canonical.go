package labgob

import (
	"bytes"
	"reflect"
	"slices"
)

// Go ranges over a map in a different order each time, and encoding/gob sends it so. Here its entries are sent in the order
// of their bytes, so that equal maps are equal on the wire, wherever they are: in a field, in another map, in an interface.

// A span is where in encoder.buf an entry of a map lies.
type span struct{ from, to int }

// mapping appends a map.
func (e *encoder) mapping(s *shape, m reflect.Value, depth int) error {
	n := m.Len()
	e.buf = appendUint(e.buf, uint64(n))
	if n == 0 {
		return nil
	}
	if n > 1 && e.ids != nil && (s.key.dynamic || s.elem.dynamic) {
		return e.dynamicMapping(s, m, depth)
	}
	start, first := len(e.buf), len(e.spans)
	key, val := reflect.New(s.typ.Key()).Elem(), reflect.New(s.typ.Elem()).Elem()
	for it := m.MapRange(); it.Next(); {
		key.SetIterKey(it)
		val.SetIterValue(it)
		from := len(e.buf)
		if err := e.entry(s, key, val, depth); err != nil {
			e.buf = e.buf[:start] // a fingerprint may be made of what is left; it must not depend on who came first
			return err
		}
		e.spans = append(e.spans, span{from, len(e.buf)})
	}
	spans := e.spans[first:]
	if len(spans) > 1 {
		// Maps within have been dealt with, so the scratch is free.
		e.scratch = append(e.scratch[:0], e.buf[start:]...)
		entries := e.scratch
		slices.SortFunc(spans, func(x, y span) int {
			return bytes.Compare(entries[x.from-start:x.to-start], entries[y.from-start:y.to-start])
		})
		e.buf = e.buf[:start]
		for _, x := range spans {
			e.buf = append(e.buf, entries[x.from-start:x.to-start]...)
		}
	}
	e.spans = e.spans[:first]
	if len(spans) != n {
		return errMapChanged
	}
	return nil
}

// dynamicMapping appends a map whose entries may hold interfaces, to a stream. In a stream types get their ids in the order in
// which they are met, so here the order of the entries must be found before any of them is written. It is that of their
// primed bytes, which hold no ids.
func (e *encoder) dynamicMapping(s *shape, m reflect.Value, depth int) error {
	type entry struct {
		key, val reflect.Value
		primed   []byte
	}
	var entries []entry
	p := newEncoder(nil)
	defer p.free()
	for it := m.MapRange(); it.Next(); {
		x := entry{key: it.Key(), val: it.Value()}
		p.buf = nil
		if err := p.entry(s, x.key, x.val, depth); err != nil {
			return err
		}
		x.primed = p.buf
		entries = append(entries, x)
	}
	if len(entries) != m.Len() {
		return errMapChanged
	}
	slices.SortFunc(entries, func(x, y entry) int { return bytes.Compare(x.primed, y.primed) })
	for _, x := range entries {
		if err := e.entry(s, x.key, x.val, depth); err != nil {
			return err
		}
	}
	return nil
}

// entry appends an entry of a map.
func (e *encoder) entry(s *shape, key, val reflect.Value, depth int) error {
	if err := e.slot(s.key, key, depth); err != nil {
		return err
	}
	return e.slot(s.elem, val, depth)
}
