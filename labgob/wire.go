package labgob

import (
	"fmt"
	"math"
)

// A wire is a type as a receiver knows it: from a definition that came down the stream, or, when both ends are primed, from
// the sender's Go type.
type wire struct {
	form   form   // formNone: referred to, but not defined yet
	via    method // of an opaque type
	name   string // for messages; may be empty
	fields []wireField
	key    *wire
	elem   *wire
	len    int // of an array
}

type wireField struct {
	name string
	*wire
}

// link fills in the parts of the wire type of s, once those have their own.
func (w *wire) link(s *shape) {
	switch w.form {
	case formStruct:
		for i := range s.fields {
			w.fields = append(w.fields, wireField{s.fields[i].name, s.fields[i].wire})
		}
	case formMap:
		w.key, w.elem = s.key.wire, s.elem.wire
	case formArray, formSlice:
		w.elem = s.elem.wire
	}
}

func (w *wire) String() string {
	if w.name != "" {
		return w.name
	}
	return w.form.String()
}

// The types that both ends of any gob stream know, by id.
var basicWires = [...]*wire{
	1: {form: formBool},
	2: {form: formInt},
	3: {form: formUint},
	4: {form: formFloat},
	5: {form: formBytes},
	6: {form: formString},
	7: {form: formComplex},
	8: {form: formInterface},
}

// basicIDs is the inverse of basicWires.
var basicIDs = [...]int32{
	formBool: 1, formInt: 2, formUint: 3, formFloat: 4, formBytes: 5, formString: 6, formComplex: 7, formInterface: 8,
	formOpaque: 0,
}

// maxMessage is the size of the largest message that is sent or received in a stream.
const maxMessage = 1 << 30

const (
	firstID = 64            // a stream defines its types under ids from here on
	maxID   = math.MaxInt32 // encoding/gob has them in an int32
)

// A definition is what travels to define a type: exactly one of its fields is set. It is itself sent as a gob value, of a
// type that everybody knows; names and order of the fields, here and below, are laid down by encoding/gob.
type definition struct {
	ArrayT           *arrayDef
	SliceT           *elemDef
	StructT          *structDef
	MapT             *mapDef
	GobEncoderT      *commonDef
	BinaryMarshalerT *commonDef
	TextMarshalerT   *commonDef
}

type nameDef struct {
	Name string
	Id   int32
}

type commonDef struct{ CommonType nameDef }

type arrayDef struct {
	CommonType nameDef
	Elem       int32
	Len        int
}

type elemDef struct {
	CommonType nameDef
	Elem       int32
}

type mapDef struct {
	CommonType nameDef
	Key        int32
	Elem       int32
}

type structDef struct {
	CommonType nameDef
	Field      []fieldDef
}

type fieldDef struct {
	Name string
	Id   int32
}

// definitionOf describes w, whose parts have the given ids.
func definitionOf(w *wire, id int32, idOf func(*wire) int32) definition {
	var d definition
	common := nameDef{w.name, id}
	switch w.form {
	case formArray:
		d.ArrayT = &arrayDef{common, idOf(w.elem), w.len}
	case formSlice:
		d.SliceT = &elemDef{common, idOf(w.elem)}
	case formMap:
		d.MapT = &mapDef{common, idOf(w.key), idOf(w.elem)}
	case formStruct:
		d.StructT = &structDef{CommonType: common}
		for _, f := range w.fields {
			d.StructT.Field = append(d.StructT.Field, fieldDef{f.name, idOf(f.wire)})
		}
	case formOpaque:
		d.GobEncoderT = &commonDef{common}
		if w.via == methodBinary {
			d.GobEncoderT, d.BinaryMarshalerT = nil, d.GobEncoderT
		}
	}
	return d
}

// define fills w in from a definition that was received. ref turns ids into wire types.
func (w *wire) define(d *definition, ref func(int32) *wire) error {
	n := 0
	if d.ArrayT != nil {
		n++
		w.form, w.name, w.len, w.elem = formArray, d.ArrayT.CommonType.Name, d.ArrayT.Len, ref(d.ArrayT.Elem)
		if w.len < 0 {
			return fmt.Errorf("labgob: an array of %d elements is defined", w.len)
		}
	}
	if d.SliceT != nil {
		n++
		w.form, w.name, w.elem = formSlice, d.SliceT.CommonType.Name, ref(d.SliceT.Elem)
	}
	if d.MapT != nil {
		n++
		w.form, w.name, w.key, w.elem = formMap, d.MapT.CommonType.Name, ref(d.MapT.Key), ref(d.MapT.Elem)
	}
	if d.StructT != nil {
		n++
		w.form, w.name = formStruct, d.StructT.CommonType.Name
		w.fields = make([]wireField, len(d.StructT.Field))
		for i, f := range d.StructT.Field {
			if f.Name == "" {
				return fmt.Errorf("labgob: a field without a name is defined in type %s", w)
			}
			w.fields[i] = wireField{f.Name, ref(f.Id)}
		}
	}
	if d.GobEncoderT != nil {
		n++
		w.form, w.name, w.via = formOpaque, d.GobEncoderT.CommonType.Name, methodGob
	}
	if d.BinaryMarshalerT != nil {
		n++
		w.form, w.name, w.via = formOpaque, d.BinaryMarshalerT.CommonType.Name, methodBinary
	}
	if n != 1 {
		return fmt.Errorf("labgob: a type is defined as %d things at once", n)
	}
	return nil
}
