package trace

import (
	"encoding/hex"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"6.824/labgob"
)

// AppendValue appends v to dst as JSON that a person likes to read: exported fields by their names; what is no struct and has a String
// method as that says; bytes as text, if they are, and as what they decode to, if they are a value that labgob has encoded; a value in
// an interface with its type's name, as the field "_"; numbers that JavaScript would round as text. Lists, strings and bytes are cut
// after so many items, saying so.
func AppendValue(dst []byte, v any, most int) []byte {
	p := printer{most: most}
	return p.value(dst, reflect.ValueOf(v), 0)
}

// deepest is how deep values are followed: they may go round in circles.
const deepest = 24

type printer struct{ most int }

var (
	stringer = reflect.TypeFor[fmt.Stringer]()
	byteType = reflect.TypeFor[byte]()
)

func (p *printer) value(dst []byte, v reflect.Value, depth int) []byte {
	if !v.IsValid() {
		return append(dst, "null"...)
	}
	if depth > deepest {
		return append(dst, `"…"`...)
	}
	return p.planned(dst, v, planOf(v.Type()), depth)
}

func (p *printer) planned(dst []byte, v reflect.Value, plan *plan, depth int) []byte {
	if plan.says {
		if text, ok := says(v); ok {
			return p.text(dst, text)
		}
	}
	switch v.Kind() {
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return safely(dst, strconv.FormatInt(v.Int(), 10), v.Int() < 1<<53 && v.Int() > -1<<53)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return safely(dst, strconv.FormatUint(v.Uint(), 10), v.Uint() < 1<<53)
	case reflect.Float32, reflect.Float64:
		f := v.Float()
		return safely(dst, strconv.FormatFloat(f, 'g', -1, 64), !math.IsNaN(f) && !math.IsInf(f, 0))
	case reflect.String:
		return p.text(dst, v.String())
	case reflect.Interface:
		return p.inside(dst, v.Elem(), depth)
	case reflect.Pointer:
		return p.value(dst, v.Elem(), depth+1)
	case reflect.Struct:
		return p.fields(append(dst, '{'), v, plan, depth)
	case reflect.Map:
		return p.pairs(dst, v, depth)
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return append(dst, "null"...)
		}
		if v.Type().Elem() == byteType {
			return p.bytes(dst, v, depth)
		}
		return p.list(dst, v, depth)
	}
	return p.text(dst, v.Type().String()) // a channel, a function
}

// safely appends a number, as text if it is not exact.
func safely(dst []byte, number string, exact bool) []byte {
	if exact {
		return append(dst, number...)
	}
	return append(append(append(dst, '"'), number...), '"')
}

// text appends a string.
func (p *printer) text(dst []byte, s string) []byte {
	return appendString(dst, s[:p.cut(s)]+p.rest(s))
}

// cut is how much of s is shown: no half of a rune.
func (p *printer) cut(s string) int {
	if len(s) <= p.most {
		return len(s)
	}
	cut := p.most
	for cut > 0 && cut > p.most-utf8.UTFMax && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return cut
}

// rest says what of s is not shown.
func (p *printer) rest(s string) string {
	if len(s) <= p.most {
		return ""
	}
	return fmt.Sprintf("… (%d bytes)", len(s))
}

// inside appends what is in an interface.
func (p *printer) inside(dst []byte, v reflect.Value, depth int) []byte {
	for v.IsValid() && v.Kind() == reflect.Pointer && !v.IsNil() && !planOf(v.Type()).says {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.Struct || v.Type().Name() == "" {
		return p.value(dst, v, depth+1)
	}
	dst = appendString(append(dst, `{"_":`...), v.Type().Name())
	return p.fields(dst, v, planOf(v.Type()), depth+1)
}

// fields appends the fields of a struct and ends it; the brace, and perhaps a field, is there.
func (p *printer) fields(dst []byte, v reflect.Value, plan *plan, depth int) []byte {
	for _, f := range plan.fields {
		if dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(dst, f.name...)
		if f.plan != nil {
			dst = p.planned(dst, v.Field(f.index), f.plan, depth+1)
		} else {
			dst = p.value(dst, v.Field(f.index), depth+1)
		}
	}
	return append(dst, '}')
}

// pairs appends a map, in the order of its keys as text.
func (p *printer) pairs(dst []byte, v reflect.Value, depth int) []byte {
	type pair struct{ key, value string }
	var all []pair
	for it := v.MapRange(); it.Next(); {
		key := string(p.value(nil, it.Key(), depth+1))
		if key[0] != '"' {
			key = string(appendString(nil, key))
		}
		all = append(all, pair{key, string(p.value(nil, it.Value(), depth+1))})
	}
	slices.SortFunc(all, func(a, b pair) int { return strings.Compare(a.key, b.key) })
	dst = append(dst, '{')
	for i, x := range all {
		if i == p.most {
			dst = append(dst, fmt.Sprintf(`,"…":"%d in all"`, len(all))...)
			break
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, x.key...), ':'), x.value...)
	}
	return append(dst, '}')
}

func (p *printer) list(dst []byte, v reflect.Value, depth int) []byte {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if i == p.most {
			dst = append(dst, fmt.Sprintf(`"… (%d in all)"`, v.Len())...)
			break
		}
		dst = p.value(dst, v.Index(i), depth+1)
	}
	return append(dst, ']')
}

// bytes appends bytes as what they are most likely meant to be.
func (p *printer) bytes(dst []byte, v reflect.Value, depth int) []byte {
	var b []byte
	if v.Kind() == reflect.Slice {
		b = v.Bytes()
	} else {
		b = make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(b), v)
	}
	if x, ok := decoded(b); ok {
		return p.inside(dst, reflect.ValueOf(x), depth)
	}
	all := string(b)
	shown := all[:p.cut(all)]
	printable := 0
	for _, r := range shown {
		if r != utf8.RuneError && unicode.IsPrint(r) {
			printable += utf8.RuneLen(r)
		}
	}
	switch {
	case printable == len(shown):
	case 2*printable >= len(shown): // names and values, with what holds them together
		quoted := strconv.Quote(shown)
		shown = quoted[1 : len(quoted)-1]
	default:
		shown = "0x" + hex.EncodeToString([]byte(shown))
	}
	return appendString(dst, shown+p.rest(all))
}

// boxed is how labgob writes an interface.
type boxed struct{ Value any }

var boxes = sync.OnceValue(func() *labgob.Codec {
	c, err := labgob.CodecFor(reflect.TypeFor[boxed]())
	if err != nil {
		panic(err) // no input leads here
	}
	return c
})

// decoded is what b holds if it is a struct of one interface: such as a log entry's command, which may be of any type. Since that
// begins with the name of a registered type, hardly anything else looks like it.
func decoded(b []byte) (any, bool) {
	var x boxed
	if len(b) < 4 || boxes().Decode(b, &x) != nil || x.Value == nil {
		return nil, false
	}
	return x.Value, true
}

// says calls a String method; one that panics says nothing.
func says(v reflect.Value) (text string, ok bool) {
	defer func() {
		if recover() != nil {
			text, ok = "", false
		}
	}()
	return v.Interface().(fmt.Stringer).String(), true
}

// plan is how values of a type are printed.
type plan struct {
	says   bool // by its String method
	fields []field
}

type field struct {
	index int
	name  string // as JSON, with the colon
	plan  *plan  // nil if the type may lead back to the struct
}

var plans sync.Map // reflect.Type → *plan

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	p := &plan{}
	base := t
	for base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	p.says = t.Implements(stringer) && t.Kind() != reflect.Interface &&
		(base.Kind() != reflect.Struct || base.NumField() > 0 && len(exported(base)) == 0)
	if t.Kind() == reflect.Struct {
		p.fields = exported(t)
	}
	plans.Store(t, p)
	return p
}

func exported(t reflect.Type) (fields []field) {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() {
			continue
		}
		x := field{index: i, name: string(appendString(nil, f.Name)) + ":"}
		if k := f.Type.Kind(); k <= reflect.Complex128 || k == reflect.String {
			x.plan = planOf(f.Type)
		}
		fields = append(fields, x)
	}
	return fields
}
