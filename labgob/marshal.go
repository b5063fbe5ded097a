package labgob

import (
	"io"
	"reflect"
)

// Marshal returns the value that v is or points to as a stream of its own, for [Unmarshal]. Equal values give equal bytes, in
// every process.
func Marshal(v any) ([]byte, error) {
	var ids idTable
	return ids.append(nil, reflect.ValueOf(v))
}

// Unmarshal decodes what [Marshal] has returned into what v points to. It is an error if b holds more than one value. It is as
// careful as a [LabDecoder], and nothing that it decodes shares memory with b.
func Unmarshal(b []byte, v any) error {
	s, p, err := target(v)
	if err != nil {
		return err
	}
	in := stream{next: func() ([]byte, error) {
		if len(b) == 0 {
			return nil, io.EOF
		}
		x, k := readUint(b)
		switch {
		case k < 0:
			return nil, errNumber
		case k == 0 || x > uint64(len(b)-k):
			return nil, io.ErrUnexpectedEOF
		}
		msg := b[k : k+int(x)]
		b = b[k+int(x):]
		return msg, nil
	}}
	if err := in.message(s, p); err != nil {
		return err
	}
	if len(b) > 0 {
		return errExtra
	}
	return nil
}
