package labgob

import (
	"encoding/binary"
	"math/bits"
	"reflect"
)

// Fingerprint returns a hash of the value that v is or points to: of its type's name and structure, and of its contents as
// gob sees them. So pointers are followed, unexported fields, channels and functions are passed over, a nil slice is an empty one,
// and what has been encoded and decoded has the same fingerprint as before. It is the same in every process, with and
// without -race, whatever has been registered. It is defined for any v, also where gob would return an error.
func Fingerprint(v any) uint64 {
	e := newEncoder(nil)
	e.buf, e.hashing = e.spare, true
	h := uint64(seed)
	if p := reflect.ValueOf(v); p.IsValid() {
		s := slotOf(p.Type())
		h ^= s.hash
		if p, ok := s.deref(p); ok {
			if e.top(s.shape, p, 0) != nil {
				e.buf = append(e.buf, markDeep)
			}
		} else {
			e.buf = append(e.buf, markNil)
		}
	}
	h = hash(h, e.buf)
	e.spare = e.buf
	e.free()
	return h
}

// The hash is made for speed on short inputs and for the same result everywhere, not against an adversary: eight bytes at
// a time, each step a bijection of what came before.
const (
	seed   = 0x6824_6824_6824_6824
	factor = 0x9e37_79b9_7f4a_7c15 // 2^64 over the golden ratio, and odd
)

func hash(h uint64, b []byte) uint64 {
	n := len(b)
	for ; len(b) >= 8; b = b[8:] {
		h = bits.RotateLeft64((h^binary.LittleEndian.Uint64(b))*factor, 29)
	}
	if len(b) > 0 {
		var tail [8]byte
		copy(tail[:], b)
		h = bits.RotateLeft64((h^binary.LittleEndian.Uint64(tail[:]))*factor, 29)
	}
	h ^= uint64(n)
	h = (h ^ h>>32) * factor
	h = (h ^ h>>29) * factor
	return h ^ h>>32
}

func hashString(h uint64, s string) uint64 { return hash(h, []byte(s)) }
