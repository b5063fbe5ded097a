package shuffle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"6.824/mr/store"
)

const (
	magic     = "6.824mr1"
	entrySize = 8 + 8 + 4
	tailSize  = 4 + 4 + len(magic)
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// entry is where a section is.
type entry struct {
	offset, length uint64
	sum            uint32
}

// writer writes an output file, section by section.
type writer struct {
	f    store.Sink
	buf  *bufio.Writer
	b    []byte // the record at hand
	n    uint64
	at   int // the section at hand
	secs []entry
	err  error
}

func newWriter(f store.Sink, sections int) *writer {
	return &writer{f: f, buf: bufio.NewWriterSize(f, 64<<10), secs: make([]entry, sections)}
}

// section goes on to a section: the same one or a later one.
func (w *writer) section(p int) {
	for ; w.at < p; w.at++ {
		w.secs[w.at+1].offset = w.n
	}
}

// record writes a key and some values.
func (w *writer) record(key string, runs []run) {
	b := binary.AppendUvarint(w.b[:0], uint64(len(key)))
	b = append(b, key...)
	b = binary.AppendUvarint(b, uint64(len(runs)))
	for _, r := range runs {
		b = binary.AppendUvarint(b, uint64(r.n))
		b = binary.AppendUvarint(b, uint64(len(r.value)))
		b = append(b, r.value...)
	}
	w.b = b
	s := &w.secs[w.at]
	s.length += uint64(len(b))
	s.sum = crc32.Update(s.sum, castagnoli, b)
	w.put(b)
}

func (w *writer) put(b []byte) {
	w.n += uint64(len(b))
	if w.err == nil {
		_, w.err = w.buf.Write(b)
	}
}

// close writes the index. It returns the size of the file.
func (w *writer) close() (int64, error) {
	w.section(len(w.secs) - 1)
	var index []byte
	for _, s := range w.secs {
		index = binary.LittleEndian.AppendUint64(index, s.offset)
		index = binary.LittleEndian.AppendUint64(index, s.length)
		index = binary.LittleEndian.AppendUint32(index, s.sum)
	}
	sum := crc32.Checksum(index, castagnoli)
	index = binary.LittleEndian.AppendUint32(index, uint32(len(w.secs)))
	index = binary.LittleEndian.AppendUint32(index, sum)
	w.put(append(index, magic...))
	if w.err == nil {
		w.err = w.buf.Flush()
	}
	return int64(w.n), errors.Join(w.err, w.f.Close())
}
