package labtest

import (
	"bytes"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
)

// Volume is an incarnation's hold on its disk. When the node crashes, or the disk is opened again, it
// is fenced off: its writes return ErrFenced and change nothing. It can still be read.
type Volume struct {
	disk  *Disk
	epoch int
}

// Append appends b to a file, which need not exist. It survives a crash for certain only after Sync.
// It costs O(len(b)), however large the file is. b is copied.
func (v *Volume) Append(name string, b []byte) error {
	return v.write(DiskWrite{Op: "append", File: name, Bytes: len(b), Sum: sum(b)}, false, func(*DiskWrite) {
		f := v.disk.files[name]
		if f == nil {
			f = &file{}
			v.disk.files[name] = f
		}
		f.append(b)
	})
}

// Sync makes durable, in all files, what had been appended when it was called. It returns when that is
// so.
func (v *Volume) Sync() error {
	d := v.disk
	d.mu.Lock()
	marks := make([]mark, 0, len(d.files))
	for name, f := range d.files {
		marks = append(marks, mark{name, f, f.size})
	}
	d.mu.Unlock()
	return v.write(DiskWrite{Op: "sync"}, true, func(w *DiskWrite) {
		for _, m := range marks {
			if d.files[m.name] == m.file { // not replaced meanwhile
				w.Bytes += m.file.sync(m.size)
			}
		}
	})
}

// mark is how far a file was when a Sync began.
type mark struct {
	name string
	file *file
	size int
}

// Replace sets the contents of files; a nil value removes the file. It is atomic, all of them or none,
// whenever a crash hits it, and durable when it returns. What was appended to other files is left as it
// is. The contents are copied.
func (v *Volume) Replace(files map[string][]byte) error {
	names := slices.Sorted(maps.Keys(files))
	w := DiskWrite{Op: "replace", File: strings.Join(names, " ")}
	contents := make([]*file, len(names))
	h := fnv.New64a()
	for i, name := range names {
		b := files[name]
		w.Bytes += len(b)
		h.Write([]byte(name))
		h.Write([]byte{byte(len(b)), byte(len(b) >> 8), byte(len(b) >> 16), byte(len(b) >> 24)})
		h.Write(b)
		if b != nil {
			f := &file{created: true}
			f.append(b)
			f.durable = f.size
			contents[i] = f
		}
	}
	w.Sum = h.Sum64()
	return v.write(w, true, func(*DiskWrite) {
		for i, name := range names {
			if contents[i] == nil {
				delete(v.disk.files, name)
			} else {
				v.disk.files[name] = contents[i]
			}
		}
	})
}

// Read returns a copy of a file's contents, with what was appended and not synced; ok is false if there
// is none of that name.
func (v *Volume) Read(name string) (b []byte, ok bool) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	f := v.disk.files[name]
	if f == nil {
		return nil, false
	}
	return bytes.Join(f.chunks, nil), true
}

// Size is a file's size in bytes, 0 if there is none of that name.
func (v *Volume) Size(name string) int {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if f := v.disk.files[name]; f != nil {
		return f.size
	}
	return 0
}

// sum is a hash of b that is the same in every process.
func sum(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}

// file is the contents of a file, in chunks, so that appending does not copy what is there.
type file struct {
	chunks  [][]byte // only the last has room
	size    int      // bytes of all chunks
	durable int      // how many of them a crash can't take
	created bool     // nor the file itself, even if it is empty
	last    int      // bytes of the last append
}

// Chunks grow with the file, so that small files stay small and large ones have few chunks.
const minChunk, maxChunk = 256, 64 << 10

func (f *file) append(b []byte) {
	f.last = len(b)
	f.size += len(b)
	if n := len(f.chunks); n > 0 {
		c := f.chunks[n-1]
		room := min(cap(c)-len(c), len(b))
		f.chunks[n-1], b = append(c, b[:room]...), b[room:]
	}
	if len(b) > 0 {
		c := make([]byte, 0, max(len(b), min(max(f.size, minChunk), maxChunk)))
		f.chunks = append(f.chunks, append(c, b...))
	}
}

// sync makes the first size bytes durable. It returns how many of them were not.
func (f *file) sync(size int) int {
	more := max(0, size-f.durable)
	f.durable += more
	f.created = true
	return more
}

// cut shortens f to size bytes.
func (f *file) cut(size int) {
	if size >= f.size {
		return
	}
	f.last = 0
	for f.size > size {
		n := len(f.chunks) - 1
		c := f.chunks[n]
		if drop := f.size - size; drop < len(c) {
			f.chunks[n] = c[:len(c)-drop]
			f.size = size
			return
		}
		f.chunks = f.chunks[:n]
		f.size -= len(c)
	}
}

// tear draws how many bytes survive of a file whose last writes are torn: half of the time all but a
// part of the last append, since that is where a reader most easily goes wrong, else any prefix of
// what was not synced.
func (f *file) tear(r *rand.Rand) (size int) {
	from := f.durable
	if r.IntN(2) == 0 {
		from = max(from, f.size-f.last)
	}
	return from + r.IntN(f.size-from+1)
}
