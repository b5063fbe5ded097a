package labgob

import (
	"fmt"
	"reflect"
	"sync"
)

// A node says how to turn the bytes of one wire type into values of one Go type.
type node struct {
	*shape
	wire   *wire
	form   form        // how the bytes are laid out
	fields []fieldNode // by number, as the sender counts them
	key    *node
	elem   *node
	fits   bool // of a struct: at least one field has a destination, or there are none
}

// A fieldNode says where a field goes.
type fieldNode struct {
	*node
	wire  *wire
	index []int // path to the destination, through embedded structs; nil if there is none and the value is passed over
}

// A match is a question that a compiler has answered.
type match struct {
	w *wire
	s *shape
}

// A compiler makes nodes. What gob accepts: a field goes to the field of the same name, wherever it stands, or nowhere if
// there is none; a signed integer goes to a signed integer of any width (each value must fit), and so on; never from one
// form to another. Pointers do not matter.
type compiler struct {
	nodes map[match]*node // those begun; types can be recursive
	depth int
}

func (c *compiler) node(w *wire, s *shape) (*node, error) {
	if n := c.nodes[match{w, s}]; n != nil {
		return n, nil
	}
	if c.depth++; c.depth > maxDepth {
		return nil, errDepth
	}
	defer func() { c.depth-- }()
	n := &node{shape: s, wire: w, form: w.form}
	c.nodes[match{w, s}] = n
	if err := c.fill(n); err != nil {
		return nil, err
	}
	return n, nil
}

func (c *compiler) fill(n *node) (err error) {
	w, s := n.wire, n.shape
	want := s.form
	if s.dec != methodNone {
		want = formOpaque
	}
	switch {
	case w.form == formNone:
		return fmt.Errorf("%w, for %v", errUndefined, s.typ)
	case w.form != want || w.form == formOpaque && w.via != s.dec || w.form == formArray && w.len != s.len:
		return fmt.Errorf("labgob: cannot decode %v into %v", w, s.typ)
	}
	switch w.form {
	case formMap:
		if n.key, err = c.node(w.key, s.key.shape); err != nil {
			return err
		}
		n.elem, err = c.node(w.elem, s.elem.shape)
	case formArray, formSlice:
		n.elem, err = c.node(w.elem, s.elem.shape)
	case formStruct:
		n.fields = make([]fieldNode, len(w.fields))
		n.fits = len(w.fields) == 0 || s.typ.NumField() == 0
		for i, f := range w.fields {
			n.fields[i].wire = f.wire
			dst, ok := s.typ.FieldByName(f.name)
			if !ok || !isUpper(f.name) {
				continue
			}
			if err := reachable(s.typ, dst.Index); err != nil {
				return inField(s, f.name, err)
			}
			n.fits = true
			n.fields[i].index = dst.Index
			if n.fields[i].node, err = c.node(f.wire, slotOf(dst.Type).shape); err != nil {
				return inField(s, f.name, err)
			}
		}
	}
	return err
}

// reachable reports an error if a promoted field lies behind an embedded pointer that cannot be set.
func reachable(t reflect.Type, index []int) error {
	for _, i := range index[:len(index)-1] {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if f := t.Field(i); f.Type.Kind() == reflect.Pointer && !f.IsExported() {
			return fmt.Errorf("labgob: cannot be set, it is in an embedded pointer to the unexported type %v", f.Type.Elem())
		}
		t = t.Field(i).Type
	}
	return nil
}

// compile returns the node for w and s, among all the nodes that it is made of. Either all of it succeeds, or nothing.
func compile(w *wire, s *shape) (map[match]*node, error) {
	c := compiler{nodes: map[match]*node{}}
	if _, err := c.node(w, s); err != nil {
		return nil, err
	}
	return c.nodes, nil
}

// nodes holds the *node of every match between the Go types of primed ends.
var nodes sync.Map

// nodeFor returns the node that turns what a primed end sends as w into values of shape s.
func nodeFor(w *wire, s *shape) (*node, error) {
	m := match{w, s}
	if n, ok := nodes.Load(m); ok {
		return n.(*node), nil
	}
	all, err := compile(w, s)
	if err != nil {
		return nil, err
	}
	for m, n := range all {
		nodes.LoadOrStore(m, n)
	}
	return all[m], nil
}
