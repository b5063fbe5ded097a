package labgob

import (
	"errors"
	"fmt"
	"reflect"
)

// source returns the value that v, an argument of an Encode, points to or is.
func source(v reflect.Value) (*shape, reflect.Value, error) {
	if !v.IsValid() {
		return nil, v, errors.New("labgob: cannot encode nil")
	}
	warnLower(v.Type())
	s := slotOf(v.Type())
	if s.err != nil {
		return nil, v, s.err
	}
	v, ok := s.deref(v)
	if !ok {
		return nil, v, fmt.Errorf("labgob: cannot encode a nil pointer to %v", s.typ)
	}
	return s.shape, v, nil
}

// target returns where v, an argument of a Decode, wants its value.
func target(v any) (*slot, reflect.Value, error) {
	p := reflect.ValueOf(v)
	if p.Kind() != reflect.Pointer || p.IsNil() {
		return nil, p, fmt.Errorf("labgob: cannot decode into a %T, need a pointer that is not nil", v)
	}
	warnLower(p.Type())
	return slotOf(p.Type()), p, nil
}
