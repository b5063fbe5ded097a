package shuffle

import (
	"bytes"
	"cmp"
	"container/heap"
	"errors"
	"fmt"
	"iter"

	"6.824/mr/store"
)

// maxFanIn is how many files are merged at a time, and readAhead what is read of each at a time: together they bound
// the memory of a merge.
const (
	maxFanIn  = 512
	readAhead = 32 << 10
)

// A Merger is a stream of keys in order, each with its values. The values of a key come in the order of the files, and
// within one as they were emitted.
type Merger struct {
	store   store.Store
	temps   []string
	readers readers
	key     string
	begun   bool
	err     error
}

// Merge merges a section of several files. Errors that a file causes are of type *[BadFile]. If there are too many to be open at a time, it makes temporary
// files whose names begin with temp.
func Merge(s store.Store, temp string, names []string, section int) (*Merger, error) {
	m := &Merger{store: s}
	if err := m.open(temp, names, section); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *Merger) open(temp string, names []string, section int) error {
	for first := 0; len(names) > maxFanIn; first++ {
		// All names of one pass are merged in order, so that the values keep theirs.
		var merged []string
		for i := 0; i < len(names); i += maxFanIn {
			name := fmt.Sprintf("%s.%d.%d", temp, first, i)
			if err := mergeInto(m.store, name, names[i:min(i+maxFanIn, len(names))], section, i); err != nil {
				return err
			}
			m.temps = append(m.temps, name)
			merged = append(merged, name)
		}
		names, section = merged, 0
	}
	for i, name := range names {
		r, err := openSection(m.store, i, name, section, readAhead)
		if err != nil {
			return err
		}
		m.readers = append(m.readers, r)
	}
	live := m.readers[:0]
	for _, r := range m.readers {
		switch {
		case r.nextKey():
			live = append(live, r)
		case r.err != nil:
			return r.err
		default:
			r.file.Close()
		}
	}
	m.readers = live
	heap.Init(&m.readers)
	return nil
}

// mergeInto merges a section of some files into a file of one section.
func mergeInto(s store.Store, to string, names []string, section, offset int) error {
	m := &Merger{store: s}
	defer m.Close()
	if err := m.open("", names, section); err != nil {
		return shifted(err, offset)
	}
	f, err := s.Create(to)
	if err != nil {
		return err
	}
	w := newWriter(f, 1)
	for m.Next() {
		m.each(func(r run) bool {
			w.record(m.key, []run{r})
			return true
		})
	}
	_, err = w.close()
	return errors.Join(shifted(m.Err(), offset), err)
}

func shifted(err error, offset int) error {
	var bad *BadFile
	if errors.As(err, &bad) {
		bad.Index += offset
	}
	return err
}

// Next goes on to the next key.
func (m *Merger) Next() bool {
	if m.begun {
		m.each(func(run) bool { return true }) // what was not read of the last one
	}
	if m.err != nil || len(m.readers) == 0 {
		return false
	}
	m.begun = true
	m.key = string(m.readers[0].key)
	return true
}

// Key is the key at hand.
func (m *Merger) Key() string { return m.key }

// Values are those of the key at hand. They can be read once.
func (m *Merger) Values() iter.Seq[string] {
	return func(yield func(string) bool) {
		m.each(func(r run) bool {
			for range r.n {
				if !yield(r.value) {
					return false
				}
			}
			return true
		})
	}
}

// each reads the values of the key at hand that were not read yet.
func (m *Merger) each(yield func(run) bool) {
	for m.err == nil && len(m.readers) > 0 {
		r := m.readers[0]
		if string(r.key) != m.key {
			return
		}
		for r.runs > 0 {
			run := r.nextRun()
			if r.err != nil {
				break
			}
			if !yield(run) {
				return
			}
		}
		m.advance(r)
	}
}

// advance moves the first reader on to its next record.
func (m *Merger) advance(r *reader) {
	switch {
	case r.nextKey():
		heap.Fix(&m.readers, 0)
	case r.err != nil:
		m.err = r.err
	default:
		r.file.Close()
		heap.Pop(&m.readers)
	}
}

// Err is what went wrong, nil if nothing did.
func (m *Merger) Err() error { return m.err }

// Close closes the files and removes the temporary ones.
func (m *Merger) Close() error {
	var errs []error
	for _, r := range m.readers {
		errs = append(errs, r.file.Close())
	}
	for _, name := range m.temps {
		errs = append(errs, m.store.Remove(name))
	}
	m.readers, m.temps = nil, nil
	return errors.Join(errs...)
}

// readers is a heap by key and, of one key, by file.
type readers []*reader

func (h readers) Len() int { return len(h) }
func (h readers) Less(i, j int) bool {
	return cmp.Or(bytes.Compare(h[i].key, h[j].key), cmp.Compare(h[i].index, h[j].index)) < 0
}
func (h readers) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *readers) Push(x any)   { *h = append(*h, x.(*reader)) }
func (h *readers) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
