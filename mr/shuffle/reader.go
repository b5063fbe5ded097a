package shuffle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"6.824/mr/store"
)

// ErrTorn is what errors of a file that is not whole are.
var ErrTorn = errors.New("the file is torn")

// A BadFile error says that an output of a map task can't be read: it is gone, or torn.
type BadFile struct {
	Index int // among those that were given to Merge
	Name  string
	Err   error
}

func (e *BadFile) Error() string { return fmt.Sprintf("%s: %v", e.Name, e.Err) }
func (e *BadFile) Unwrap() error { return e.Err }

// reader reads the records of a section.
type reader struct {
	index int
	name  string
	file  store.Source
	buf   *bufio.Reader
	left  uint64 // bytes of the section
	sum   uint32
	want  uint32
	key   []byte
	runs  uint64 // of the record at hand that were not read
	value []byte
	last  string // the last value, which the next one often is again
	err   error
}

// openSection opens a section of a file.
func openSection(s store.Store, index int, name string, p, bufSize int) (*reader, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, &BadFile{index, name, err}
	}
	e, err := readEntry(f, p)
	if err != nil {
		f.Close()
		return nil, &BadFile{index, name, err}
	}
	r := &reader{index: index, name: name, file: f, left: e.length, want: e.sum}
	r.buf = bufio.NewReaderSize(io.NewSectionReader(f, int64(e.offset), int64(e.length)), int(min(uint64(bufSize), max(e.length, 16))))
	return r, nil
}

// readEntry looks a section up in a file's index.
func readEntry(f store.Source, p int) (e entry, err error) {
	size := f.Size()
	tail := make([]byte, tailSize)
	if size < int64(tailSize) {
		return e, fmt.Errorf("%w: it has %d bytes", ErrTorn, size)
	}
	if _, err := f.ReadAt(tail, size-int64(tailSize)); err != nil && err != io.EOF {
		return e, err
	}
	sections := int64(binary.LittleEndian.Uint32(tail))
	from := size - int64(tailSize) - sections*entrySize
	if string(tail[8:]) != magic || from < 0 || int64(p) >= sections {
		return e, fmt.Errorf("%w: it does not end as such files do", ErrTorn)
	}
	index := make([]byte, sections*entrySize)
	if _, err := f.ReadAt(index, from); err != nil && err != io.EOF {
		return e, err
	}
	if crc32.Checksum(index, castagnoli) != binary.LittleEndian.Uint32(tail[4:]) {
		return e, fmt.Errorf("%w: the checksum of its index is wrong", ErrTorn)
	}
	b := index[p*entrySize:]
	e = entry{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:]), binary.LittleEndian.Uint32(b[16:])}
	if e.offset > uint64(from) || e.length > uint64(from)-e.offset {
		return e, fmt.Errorf("%w: its index points beyond its end", ErrTorn)
	}
	return e, nil
}

// nextKey goes on to the next record. It returns false at the end of the section, or after an error.
func (r *reader) nextKey() bool {
	for r.runs > 0 && r.err == nil {
		r.nextRun()
	}
	if r.err != nil {
		return false
	}
	if r.left == 0 {
		if r.sum != r.want {
			r.err = &BadFile{r.index, r.name, fmt.Errorf("%w: a checksum is wrong", ErrTorn)}
		}
		return false
	}
	r.key = r.bytes(r.key)
	r.runs = r.uvarint()
	return r.err == nil
}

// nextRun reads the next value of the record at hand, and how often it is there.
func (r *reader) nextRun() run {
	r.runs--
	n := r.uvarint()
	r.value = r.bytes(r.value)
	if string(r.value) != r.last {
		r.last = string(r.value)
	}
	return run{r.last, int(n)}
}

func (r *reader) uvarint() (x uint64) {
	var b [binary.MaxVarintLen64]byte
	for i := range b {
		c, err := r.buf.ReadByte()
		if err != nil {
			r.fail(err)
			return 0
		}
		b[i] = c
		if c < 0x80 {
			r.took(b[:i+1])
			x, _ = binary.Uvarint(b[:i+1])
			return x
		}
	}
	r.fail(errors.New("a number is too long"))
	return 0
}

// bytes reads a length and so many bytes into b.
func (r *reader) bytes(b []byte) []byte {
	n := r.uvarint()
	if r.err != nil || n > r.left {
		r.fail(io.ErrUnexpectedEOF)
		return b[:0]
	}
	if uint64(cap(b)) < n {
		b = make([]byte, n, n+n/2)
	}
	b = b[:n]
	if _, err := io.ReadFull(r.buf, b); err != nil {
		r.fail(err)
		return b[:0]
	}
	r.took(b)
	return b
}

func (r *reader) took(b []byte) {
	r.left -= min(r.left, uint64(len(b)))
	r.sum = crc32.Update(r.sum, castagnoli, b)
}

func (r *reader) fail(err error) {
	if r.err == nil {
		r.runs = 0
		r.err = &BadFile{r.index, r.name, fmt.Errorf("%w: %w", ErrTorn, err)}
	}
}
