package labgob

import (
	"fmt"
	"log/slog"
	"reflect"
	"sync"
)

// errorCount is how often one of the two warnings was due. The tests of the course look at it.
var errorCount int

// warnMu guards errorCount and toldDefault. It is never held while a warning is written.
var (
	warnMu      sync.Mutex
	toldDefault = map[string]bool{} // the types and fields that CheckDefault has complained about
)

// warnLower warns of each lower-case field in t and in the types that it is made of, once per process: gob does not send them, and
// nothing else says so.
func warnLower(t reflect.Type) {
	if t == nil {
		return
	}
	if s := slotOf(t); !s.checked.Load() {
		s.warnLower(map[*shape]bool{})
		s.checked.Store(true)
	}
}

func (s *shape) warnLower(seen map[*shape]bool) {
	if seen[s] || s.checked.Load() {
		return
	}
	seen[s] = true
	if len(s.lower) > 0 && s.warned.CompareAndSwap(false, true) {
		for _, name := range s.lower {
			countError()
			slog.Warn("labgob: a lower-case field is not sent or saved, and will break your Raft", "field", name, "type", s.typ)
		}
	}
	s.parts(func(p *slot) { p.warnLower(seen) })
}

// CheckDefault warns if what v points to is not at its zero value, as it should be before something is decoded into it: fields that
// are zero at the sender do not travel, so they keep what they had. It looks at plain fields (numbers, strings, bools), also in
// structs within structs. [LabDecoder.Decode] calls it; a [Codec] leaves it to its user. Each type and field is reported
// once per process.
func CheckDefault(v any) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return
	}
	s := slotOf(p.Type())
	path, dirty := s.nonZero(p, 0)
	if !dirty {
		return
	}
	what := fmt.Sprint(s.typ)
	if path != "" {
		what += "." + path
	}
	countError()
	warnMu.Lock()
	told := toldDefault[what]
	toldDefault[what] = true
	warnMu.Unlock()
	if !told {
		slog.Warn("labgob: decoding into a variable that is not zero: what is zero at the sender will not overwrite it", "variable", what)
	}
}

func countError() {
	warnMu.Lock()
	errorCount++
	warnMu.Unlock()
}

// nonZero reports whether v has a plain field that is not zero, and where.
func (s *slot) nonZero(v reflect.Value, depth int) (path string, found bool) {
	v, ok := s.deref(v)
	if !ok || depth > 4 { // deep enough; pointers can go around in circles
		return "", false
	}
	switch s.form {
	case formBool, formInt, formUint, formFloat, formComplex, formString:
		return "", !v.IsZero()
	case formStruct:
		for i := range s.fields {
			f := &s.fields[i]
			if path, found := f.nonZero(v.Field(f.index), depth+1); found {
				if path != "" {
					path = "." + path
				}
				return f.name + path, true
			}
		}
	}
	return "", false
}
