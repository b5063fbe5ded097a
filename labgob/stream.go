package labgob

import (
	"fmt"
	"io"
	"maps"
	"reflect"
)

// A stream is the receiver's side of a stream: what has been defined so far, and where the next message comes from.
type stream struct {
	next  func() ([]byte, error) // the next message, without its count; valid until the next call. io.EOF at the end
	wires map[int32]*wire        // by id; also those that were only referred to
	nodes map[match]*node
}

// ref returns the wire type that an id stands for. It may be undefined as yet.
func (s *stream) ref(id int32) *wire {
	if id > 0 && int(id) < len(basicWires) {
		return basicWires[id]
	}
	w := s.wires[id]
	if w == nil {
		if s.wires == nil {
			s.wires = map[int32]*wire{}
		}
		w = new(wire)
		s.wires[id] = w
	}
	return w
}

// nodeFor returns the node that turns what comes as w into values of shape sh.
func (s *stream) nodeFor(w *wire, sh *shape) (*node, error) {
	m := match{w, sh}
	if n := s.nodes[m]; n != nil {
		return n, nil
	}
	all, err := compile(w, sh)
	if err != nil {
		return nil, err
	}
	if s.nodes == nil {
		s.nodes = all
	} else {
		maps.Copy(s.nodes, all)
	}
	return all[m], nil
}

// typeID reads the id in front of a value; it is negative in front of a definition.
func (d *decoder) typeID() (int32, error) {
	x, err := d.uint()
	if err != nil {
		return 0, err
	}
	id := toInt(x)
	if id < -maxID || id > maxID {
		return 0, fmt.Errorf("labgob: type id %d is out of range", id)
	}
	return int32(id), nil
}

// definition reads the definition of type id.
func (d *decoder) definition(id int32) error {
	w := d.stream.ref(id)
	if id < firstID || w.form != formNone {
		return fmt.Errorf("labgob: type id %d is defined again", id)
	}
	var def definition
	if err := d.value(definitionNode(), reflect.ValueOf(&def).Elem(), 0); err != nil {
		return err
	}
	var got wire
	if err := got.define(&def, d.stream.ref); err != nil {
		return err
	}
	*w = got
	return nil
}

// message reads the next value of the stream into v, or nowhere if v is not valid. Before it may come definitions of types.
func (s *stream) message(sl *slot, v reflect.Value) error {
	for first := true; ; first = false {
		msg, err := s.next()
		if err != nil {
			if err == io.EOF && !first {
				err = io.ErrUnexpectedEOF
			}
			return err
		}
		d := newDecoder(msg, s)
		id, err := d.typeID()
		if err != nil {
			return err
		}
		if id < 0 {
			if err = d.definition(-id); err == nil && d.off < len(d.b) {
				err = errExtra
			}
			if err != nil {
				return err
			}
			continue
		}
		w := s.ref(id)
		if sl == nil {
			err = d.skipTop(w, 0)
		} else if n, e := s.nodeFor(w, sl.shape); e != nil {
			err = e
		} else {
			err = d.top(n, alloc(v), 0)
		}
		if err == nil && d.off < len(d.b) {
			err = errExtra
		}
		return err
	}
}

// typeSequence reads the type of the value in an interface. We define types between values; encoding/gob does it right here
// and in doing so breaks the message off: what follows is a message (or, in an interface within an interface, a counted
// value) of its own.
func (d *decoder) typeSequence() (*wire, error) {
	for {
		id, err := d.typeID()
		if err != nil {
			return nil, err
		}
		if id >= 0 {
			return d.stream.ref(id), nil
		}
		if err := d.definition(-id); err != nil {
			return nil, err
		}
		d.splits++
		if d.off < len(d.b) {
			_, err = d.uint()
		} else if d.b, err = d.stream.next(); err == nil {
			d.off = 0
			d.credit += creditFor(d.b)
		} else if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, err
		}
	}
}
