package labgob

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"
)

// A form is one of the ways in which gob lays out a value.
type form uint8

const (
	formNone      form = iota // nothing that gob can send: chan, func, unsafe.Pointer
	formBool                  // uint, 0 or 1
	formInt                   // signed, any width
	formUint                  // unsigned, any width
	formFloat                 // the bits of a float64, byte-reversed
	formComplex               // two floats
	formString                // count, bytes
	formBytes                 // count, bytes
	formInterface             // name of the dynamic type, count, value
	formArray                 // count, elements
	formSlice                 // count, elements
	formMap                   // count, keys and elements
	formStruct                // (field delta, value)..., 0
	formOpaque                // count, the bytes that the type's own method makes
)

var formNames = [...]string{"nothing", "bool", "int", "uint", "float", "complex", "string", "[]byte", "interface", "array", "slice", "map", "struct", "opaque"}

func (f form) String() string { return formNames[f] }

// A shape is what gob sees of a Go type: no pointers, no unexported fields, no channels, no functions. It is computed once
// per type and drives everything in this package: encoding, decoding, fingerprints and the two warnings.
//
// A shape exists for every type, also for those that gob refuses; err then says why it does.
type shape struct {
	typ     reflect.Type // not a pointer
	form    form         // the structure of typ
	out     form         // how it is sent: form, or formOpaque if it has an encoding method
	enc     method       // the encoding method, if any
	dec     method       // the decoding method, if any
	encPtr  bool         // only the pointer type has the encoding method
	text    bool         // has MarshalText; used for fingerprints of what gob cannot send
	dynamic bool         // a value can hold an interface, somewhere
	fields  []field      // of a struct: the fields that are sent, in order
	key     *slot        // of a map
	elem    *slot        // of an array, a slice or a map
	len     int          // of an array
	err     error        // why gob cannot send a value of this type, or nil
	wire    *wire        // what a receiver is told about the type
	hash    uint64       // of the type's name and structure; the same in every process
	lower   []string     // names of the fields that stay behind because they are lower-case

	reg     atomic.Pointer[registration] // under what name the type travels in an interface
	checked atomic.Bool                  // nothing (left) to warn about in this type and those that it is made of
	codec   atomic.Pointer[Codec]        // made when it is first asked for
	warned  atomic.Bool                  // the lower-case fields of this very type have been reported
}

// A slot is a place for a value: a shape behind some number of pointers, which gob does not send.
type slot struct {
	*shape
	indir int
}

// A field is a field of a struct that is sent.
type field struct {
	*slot
	name  string
	index int
}

// slots holds the *slot of every type seen so far, by reflect.Type. Shapes are unique: one for each type that is not a pointer.
var slots sync.Map

// slotMu is held while shapes are built. Readers never need it.
var slotMu sync.Mutex

// slotOf returns the slot that values of type t fill.
func slotOf(t reflect.Type) *slot {
	if s, ok := slots.Load(t); ok {
		return s.(*slot)
	}
	slotMu.Lock()
	defer slotMu.Unlock()
	b := shapeBuilder{}
	s := b.slot(t)
	b.finish()
	// Nothing is published before all of it is complete.
	for typ, sh := range b {
		slots.Store(typ, &slot{shape: sh})
	}
	slots.Store(t, s)
	return s
}

// deref follows the pointers of a slot. It reports false if one of them is nil.
func (s *slot) deref(v reflect.Value) (reflect.Value, bool) {
	for range s.indir {
		if v.IsNil() {
			return v, false
		}
		v = v.Elem()
	}
	return v, true
}

// A shapeBuilder holds the shapes under construction. They may refer to each other in circles.
type shapeBuilder map[reflect.Type]*shape

func (b shapeBuilder) slot(t reflect.Type) *slot {
	if s, ok := slots.Load(t); ok {
		return s.(*slot)
	}
	base, indir := t, 0
	for base.Kind() == reflect.Pointer {
		base = base.Elem()
		if indir++; indir > 100 { // type T *T, or as good as
			return &slot{shape: &shape{typ: base, wire: &wire{}, err: fmt.Errorf("labgob: type %v is an endless chain of pointers", t)}}
		}
	}
	if s, ok := slots.Load(base); ok {
		return &slot{s.(*slot).shape, indir}
	}
	if s := b[base]; s != nil {
		return &slot{s, indir}
	}
	s := &shape{typ: base}
	b[base] = s
	b.fill(s)
	return &slot{s, indir}
}

func (b shapeBuilder) fill(s *shape) {
	t := s.typ
	s.enc, s.encPtr = encodingMethod(t)
	s.dec = decodingMethod(t)
	s.text = hasTextMethod(t)
	switch t.Kind() {
	case reflect.Bool:
		s.form = formBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		s.form = formInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		s.form = formUint
	case reflect.Float32, reflect.Float64:
		s.form = formFloat
	case reflect.Complex64, reflect.Complex128:
		s.form = formComplex
	case reflect.String:
		s.form = formString
	case reflect.Interface:
		s.form, s.dynamic = formInterface, true
	case reflect.Array:
		s.form, s.len = formArray, t.Len()
	case reflect.Slice:
		s.form = formSlice
		if t.Elem().Kind() == reflect.Uint8 {
			s.form = formBytes
		}
	case reflect.Map:
		s.form = formMap
	case reflect.Struct:
		s.form = formStruct
	default:
		s.form = formNone
	}
	s.out = s.form
	if s.enc != methodNone {
		s.out = formOpaque
		if s.dec != methodNone {
			s.form, s.dynamic = formOpaque, false
			return // what is inside is nobody's business
		}
	}
	switch s.form {
	case formNone:
		s.err = fmt.Errorf("labgob: cannot send a value of type %v", t)
	case formArray, formSlice:
		s.elem = b.slot(t.Elem())
	case formMap:
		s.key, s.elem = b.slot(t.Key()), b.slot(t.Elem())
	case formStruct:
		for i := range t.NumField() {
			f := t.Field(i)
			switch {
			case !isUpper(f.Name):
				if f.Name != "_" {
					s.lower = append(s.lower, f.Name)
				}
			case !isChanOrFunc(f.Type):
				s.fields = append(s.fields, field{b.slot(f.Type), f.Name, i})
			}
		}
		if len(s.fields) == 0 && t.NumField() > 0 {
			s.err = fmt.Errorf("labgob: type %v has no exported fields", t)
		}
	}
	if s.out == formOpaque {
		s.err = nil
	}
}

// parts calls f for every type that s is made of, without s itself.
func (s *shape) parts(f func(*slot)) {
	if s.form == formOpaque {
		return
	}
	for i := range s.fields {
		f(s.fields[i].slot)
	}
	if s.key != nil {
		f(s.key)
	}
	if s.elem != nil {
		f(s.elem)
	}
}

// finish computes what depends on all the shapes under construction at once.
func (b shapeBuilder) finish() {
	// Whatever contains a bad part is bad, and whatever contains an interface is dynamic. Types can be recursive, so this
	// goes around until nothing changes any more.
	for changed := true; changed; {
		changed = false
		for _, s := range b {
			if s.out == formOpaque {
				continue
			}
			s.parts(func(p *slot) {
				if p.err != nil && s.err == nil {
					s.err = fmt.Errorf("labgob: in type %v: %w", s.typ, errors.New(strings.TrimPrefix(p.err.Error(), "labgob: ")))
					changed = true
				}
				if p.dynamic && !s.dynamic {
					s.dynamic, changed = true, true
				}
			})
		}
	}
	for _, s := range b {
		s.wire = &wire{form: s.out, via: s.enc, name: s.typ.Name(), len: s.len}
	}
	for _, s := range b {
		s.wire.link(s)
		var d strings.Builder
		s.describe(&d, map[*shape]bool{})
		s.hash = hashString(seed, d.String())
	}
}

// describe writes the type's name and structure in a way that does not depend on the process.
func (s *shape) describe(b *strings.Builder, seen map[*shape]bool) {
	if s.typ.Name() != "" {
		fmt.Fprintf(b, "%s.%s ", s.typ.PkgPath(), s.typ.Name())
	}
	if seen[s] {
		fmt.Fprintf(b, "again ")
		return
	}
	seen[s] = true
	fmt.Fprintf(b, "%v %v %d", s.typ.Kind(), s.out, s.len)
	if s.out == formOpaque {
		return
	}
	for i := range s.fields {
		fmt.Fprintf(b, " %s:", s.fields[i].name)
		s.fields[i].describe(b, seen)
	}
	if s.key != nil {
		b.WriteString(" key:")
		s.key.describe(b, seen)
	}
	if s.elem != nil {
		b.WriteString(" elem:")
		s.elem.describe(b, seen)
	}
	b.WriteString(";")
}

// isUpper reports whether gob regards a field of this name as exported.
func isUpper(name string) bool {
	r, _ := utf8.DecodeRuneInString(name)
	return unicode.IsUpper(r)
}

// isChanOrFunc reports whether gob passes over a field of type t.
func isChanOrFunc(t reflect.Type) bool {
	for range 100 {
		if t.Kind() != reflect.Pointer {
			break
		}
		t = t.Elem()
	}
	return t.Kind() == reflect.Chan || t.Kind() == reflect.Func
}
