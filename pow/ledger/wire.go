package ledger

import (
	"encoding/binary"

	"6.824/pow/consensus"
)

// Numbers are little-endian and of fixed size, except counts, which are Bitcoin's CompactSize: one byte below 253, else a byte that
// says that 2, 4 or 8 follow. A value has one encoding: a count in more bytes than it needs is refused.

func appendCount(b []byte, n uint64) []byte {
	switch {
	case n < 0xfd:
		return append(b, byte(n))
	case n <= 0xffff:
		return binary.LittleEndian.AppendUint16(append(b, 0xfd), uint16(n))
	case n <= 0xffffffff:
		return binary.LittleEndian.AppendUint32(append(b, 0xfe), uint32(n))
	}
	return binary.LittleEndian.AppendUint64(append(b, 0xff), n)
}

func countSize(n int) int {
	switch {
	case n < 0xfd:
		return 1
	case n <= 0xffff:
		return 3
	}
	return 5
}

// reader takes a value apart. After the first thing that is wrong it stays failed, and what it reads is zero: callers look at err
// once, at the end.
type reader struct {
	b   []byte // what is left
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = consensus.Broken(ErrDecode, format, args...)
		r.b = nil
	}
}

// take is the next n bytes. They are the input's own memory.
func (r *reader) take(n int, what string) []byte {
	if r.err == nil && n > len(r.b) {
		r.fail("%s needs %d bytes, %d are left", what, n, len(r.b))
	}
	if r.err != nil {
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) uint32(what string) uint32 {
	if b := r.take(4, what); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *reader) uint64(what string) uint64 {
	if b := r.take(8, what); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) hash(what string) (h consensus.Hash) {
	copy(h[:], r.take(len(h), what))
	return h
}

// count reads how many things of at least size bytes follow. More than what is left could hold is refused, so that what a
// caller allocates is in proportion to the input.
func (r *reader) count(size int, what string) int {
	first := r.take(1, what)
	if first == nil {
		return 0
	}
	n, least := uint64(first[0]), uint64(0)
	switch first[0] {
	case 0xfd:
		if b := r.take(2, what); b != nil {
			n, least = uint64(binary.LittleEndian.Uint16(b)), 0xfd
		}
	case 0xfe:
		n, least = uint64(r.uint32(what)), 0x10000
	case 0xff:
		n, least = r.uint64(what), 0x1_0000_0000
	}
	switch {
	case r.err != nil:
		return 0
	case n < least:
		r.fail("%s: the count %d is written too long", what, n)
		return 0
	case n > uint64(len(r.b)/size):
		r.fail("%s: %d of at least %d bytes do not fit into the %d left", what, n, size, len(r.b))
		return 0
	}
	return int(n)
}

// end is the verdict: everything was right, and nothing is left.
func (r *reader) end(what string) error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("%d bytes after the %s", len(r.b), what)
	}
	return r.err
}
