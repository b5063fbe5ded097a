package labgob

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"reflect"
	"sync"
)

// A LabDecoder reads values from a stream that was written by a [LabEncoder] or a gob.Encoder. It is safe for concurrent use.
//
// The stream is not trusted. Whatever its bytes, Decode returns, and takes memory only in proportion to the bytes that it
// has read and to the size of the types that it decodes into.
type LabDecoder struct {
	mu sync.Mutex
	r  interface {
		io.Reader
		io.ByteReader
	}
	stream stream
	buf    []byte
}

// NewDecoder returns a decoder that reads from r. If r is not also an io.ByteReader, the decoder may read more of it than
// the values that it returns.
func NewDecoder(r io.Reader) *LabDecoder {
	d := new(LabDecoder)
	if br, ok := r.(interface {
		io.Reader
		io.ByteReader
	}); ok {
		d.r = br
	} else {
		d.r = bufio.NewReader(r)
	}
	d.stream.next = d.next
	return d
}

// Decode reads the next value into what v points to; if v is nil, it passes over the value. It returns [io.EOF] if there is
// none. Zero fields do not travel, so what v points to should be zero before; Decode warns if it is not. Where it isn't, gob's rules
// hold: fields that were zero at the sender keep their value, maps keep their entries, slices and pointers their memory.
//
// After an error v may be partly filled. If the value did not fit v, the next Decode reads the next value.
func (d *LabDecoder) Decode(v any) error {
	if v == nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.stream.message(nil, reflect.Value{})
	}
	s, p, err := target(v)
	if err != nil {
		return err
	}
	CheckDefault(v)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stream.message(s, p)
}

// next reads a message.
func (d *LabDecoder) next() ([]byte, error) {
	n, err := d.count()
	if err != nil {
		return nil, err
	}
	// The memory for it grows with what arrives, unless it is known to be there already.
	d.buf = keep(d.buf)
	chunk := 4096
	switch r := d.r.(type) {
	case *bytes.Buffer:
		chunk = max(chunk, r.Len())
	case *bytes.Reader:
		chunk = max(chunk, r.Len())
	}
	for len(d.buf) < n {
		from := len(d.buf)
		to := min(n, max(chunk, cap(d.buf), 2*from))
		d.buf = append(d.buf, make([]byte, to-from)...)
		if _, err := io.ReadFull(d.r, d.buf[from:]); err != nil {
			if err == io.EOF {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		}
	}
	return d.buf, nil
}

// count reads the size of a message.
func (d *LabDecoder) count() (int, error) {
	var a [9]byte
	for n := range a {
		c, err := d.r.ReadByte()
		if err != nil {
			if err == io.EOF && n > 0 {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		a[n] = c
		x, k := readUint(a[:n+1])
		switch {
		case k < 0:
			return 0, errNumber
		case k > 0 && x > maxMessage:
			return 0, fmt.Errorf("labgob: message of %d bytes is too large", x)
		case k > 0:
			return int(x), nil
		}
	}
	return 0, errNumber
}
