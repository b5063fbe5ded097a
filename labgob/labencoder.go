package labgob

import (
	"io"
	"reflect"
	"sync"
)

// A LabEncoder writes values to a stream, which begins by defining the types in it and can be read by a [LabDecoder] or a
// gob.Decoder. It is safe for concurrent use.
//
// Equal values written in the same order make equal streams, in every process.
type LabEncoder struct {
	mu  sync.Mutex
	w   io.Writer
	ids idTable
	out []byte
}

// NewEncoder returns an encoder that writes to w, once per value.
func NewEncoder(w io.Writer) *LabEncoder { return &LabEncoder{w: w} }

// Encode writes the value that v is or points to. After an error from v, nothing has been written, and the encoder can be
// used further; after one of the writer it cannot.
func (e *LabEncoder) Encode(v any) error { return e.EncodeValue(reflect.ValueOf(v)) }

// EncodeValue is Encode for a value in reflection.
func (e *LabEncoder) EncodeValue(v reflect.Value) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	out, err := e.ids.append(keep(e.out), v)
	e.out = out
	if err != nil {
		return err
	}
	_, err = e.w.Write(out)
	return err
}
