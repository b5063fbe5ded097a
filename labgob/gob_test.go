package labgob_test

import (
	"bytes"
	"encoding/gob"
	"math/rand/v2"
	"reflect"
	"testing"

	"6.824/labgob"

	"github.com/stretchr/testify/require"
)

// TestAgreesWithGob sends random values of random types through every pair of an encoder and a decoder of this package and of
// encoding/gob. All must arrive as they do with encoding/gob alone.
func TestAgreesWithGob(t *testing.T) {
	type encoder interface{ Encode(any) error }
	type decoder interface{ Decode(any) error }
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 1_500 {
		var sent []reflect.Value
		for range 1 + r.IntN(3) {
			sent = append(sent, randomValue(r))
		}
		// send returns the stream with all values in it.
		send := func(e encoder, b *bytes.Buffer) []byte {
			for _, v := range sent {
				require.NoError(t, e.Encode(v.Interface()), "#%d: encoding a %v", i, v.Type().Elem())
			}
			return b.Bytes()
		}
		receive := func(d decoder) (got []any) {
			for _, v := range sent {
				p := reflect.New(v.Type().Elem())
				require.NoError(t, d.Decode(p.Interface()), "#%d: decoding a %v", i, v.Type().Elem())
				got = append(got, p.Interface())
			}
			return got
		}
		var a, b bytes.Buffer
		theirs := send(gob.NewEncoder(&a), &a)
		ours := send(labgob.NewEncoder(&b), &b)
		want := receive(gob.NewDecoder(bytes.NewReader(theirs)))
		require.Equal(t, want, receive(gob.NewDecoder(bytes.NewReader(ours))), "#%d: ours to theirs", i)
		require.Equal(t, want, receive(labgob.NewDecoder(bytes.NewReader(theirs))), "#%d: theirs to ours", i)
		require.Equal(t, want, receive(labgob.NewDecoder(bytes.NewReader(ours))), "#%d: ours to ours", i)

		// A value that arrives but is not wanted must leave the stream in step.
		for _, stream := range [][]byte{ours, theirs} {
			d := labgob.NewDecoder(bytes.NewReader(stream))
			for j, v := range sent {
				if j < len(sent)-1 {
					require.NoError(t, d.Decode(nil), "#%d: skipping a %v", i, v.Type().Elem())
					continue
				}
				p := reflect.New(v.Type().Elem())
				require.NoError(t, d.Decode(p.Interface()), "#%d", i)
				require.Equal(t, want[j], p.Interface(), "#%d", i)
			}
		}

		for j, v := range sent {
			c, err := labgob.CodecFor(v.Type())
			require.NoError(t, err)
			msg, err := c.Append(nil, v.Interface())
			require.NoError(t, err)
			p := reflect.New(v.Type().Elem())
			require.NoError(t, c.Decode(msg, p.Interface()), "#%d: primed %v", i, v.Type().Elem())
			require.Equal(t, want[j], p.Interface(), "#%d: primed %v", i, v.Type().Elem())

			// What arrived is the same value: it has the same bytes and the same fingerprint.
			again, err := c.Append(nil, p.Interface())
			require.NoError(t, err)
			require.Equal(t, msg, again, "#%d: bytes of a %v", i, v.Type().Elem())
			require.Equal(t, labgob.Fingerprint(v.Interface()), labgob.Fingerprint(p.Interface()), "#%d: fingerprint of a %v", i, v.Type().Elem())
		}
	}
}
