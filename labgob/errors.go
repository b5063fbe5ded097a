package labgob

import (
	"errors"
	"fmt"
)

var (
	errDepth      = fmt.Errorf("labgob: value is nested more than %d deep, or contains itself", maxDepth)
	errMapChanged = errors.New("labgob: map was modified while it was encoded")
	errUndefined  = errors.New("labgob: data of a type that was never defined")
	errNumber     = errors.New("labgob: malformed number")
	errField      = errors.New("labgob: no such field")
	errCount      = errors.New("labgob: count exceeds the data")
	errZero       = errors.New("labgob: single value is not led in by a zero")
	errExtra      = errors.New("labgob: data after the end of the value")
	errNoMatch    = errors.New("labgob: no field in common")
)

// inField says where in a value an error happened.
func inField(s *shape, name string, err error) error {
	var at *fieldError
	if errors.As(err, &at) {
		if len(at.path) < 200 { // deep enough to find it
			at.path = name + "." + at.path
			at.in = s
		}
		return err
	}
	return &fieldError{s, name, err}
}

// A fieldError is an error in a field of a struct.
type fieldError struct {
	in   *shape
	path string
	err  error
}

func (e *fieldError) Error() string {
	return fmt.Sprintf("%v (in %v, field %s)", e.err, e.in.typ, e.path)
}
func (e *fieldError) Unwrap() error { return e.err }
