package mrtest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"

	"6.824/labrpc/labtest"
	"6.824/mr/store"
)

// share is the file system that all machines see. A file's bytes are on the disk of the machine that wrote it, so that all
// that can happen to a disk happens to the files.
type share struct {
	local bool // a file is there only while its machine is

	mu     sync.Mutex
	places map[string]place
	last   map[string]string                  // by machine, the last name that it has given to a file
	watch  func(name string, contents []byte) // told of what appears under a name, on the goroutine that did it
}

// place is where a file is.
type place struct {
	vol  *labtest.Volume
	node *labtest.Node
}

func newShare(local bool) *share {
	return &share{local: local, places: map[string]place{}, last: map[string]string{}}
}

// read returns a file's contents.
func (s *share) read(name string) ([]byte, bool) {
	s.mu.Lock()
	p, ok := s.places[name]
	s.mu.Unlock()
	if !ok || s.local && !p.node.Up() {
		return nil, false
	}
	return p.vol.Read(name)
}

// names lists the files that there are, sorted.
func (s *share) names(prefix string) []string {
	s.mu.Lock()
	names := slices.Sorted(maps.Keys(s.places))
	s.mu.Unlock()
	return slices.DeleteFunc(names, func(name string) bool {
		_, ok := s.read(name)
		return !ok || !strings.HasPrefix(name, prefix)
	})
}

// lose makes a file disappear.
func (s *share) lose(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.places, name)
}

// latest is the name that a machine has given to a file last, if that is there still.
func (s *share) latest(machine string) string {
	s.mu.Lock()
	name := s.last[machine]
	s.mu.Unlock()
	if _, ok := s.read(name); !ok {
		return ""
	}
	return name
}

// spoil replaces a file's contents behind everybody's back.
func (s *share) spoil(name string, contents []byte, on *labtest.Node) {
	v := on.Disk().Open()
	if err := v.Replace(map[string][]byte{name: contents}); err != nil {
		panic(err) // it is a healthy disk that nobody else uses
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.places[name] = place{v, on}
}

// mount is how one incarnation of a machine sees the share. Each operation is a step of its own.
type mount struct {
	s    *share
	node *labtest.Node
	vol  *labtest.Volume
}

func notExist(name string) error {
	return fmt.Errorf("%s: %w: %w", name, store.ErrNotExist, fs.ErrNotExist)
}

func (m mount) Open(name string) (store.Source, error) {
	m.node.GateOf("disk")
	b, ok := m.s.read(name)
	if !ok {
		return nil, notExist(name)
	}
	return source{bytes.NewReader(b)}, nil
}

type source struct{ *bytes.Reader }

func (source) Close() error { return nil }

func (m mount) Create(name string) (store.Sink, error) {
	m.node.GateOf("disk")
	if _, ok := m.s.read(name); ok {
		return nil, fmt.Errorf("%s: %w", name, fs.ErrExist)
	}
	m.s.mu.Lock()
	m.s.places[name] = place{m.vol, m.node}
	m.s.mu.Unlock()
	return &sink{m, name}, nil
}

type sink struct {
	mount
	name string
}

func (f *sink) Write(b []byte) (int, error) {
	f.node.GateOf("disk")
	if err := f.vol.Append(f.name, b); err != nil {
		return 0, err
	}
	f.appeared(f.name)
	return len(b), nil
}

func (f *sink) Close() error {
	f.node.GateOf("disk")
	return f.vol.Sync()
}

// appeared tells of a file that can now be seen.
func (m mount) appeared(name string) {
	if b, ok := m.s.read(name); ok && m.s.watch != nil {
		m.s.watch(name, b)
	}
}

func (m mount) Rename(from, to string) error {
	m.node.GateOf("disk")
	b, ok := m.s.read(from)
	if !ok {
		return notExist(from)
	}
	m.s.mu.Lock()
	p := m.s.places[from]
	m.s.mu.Unlock()
	change := map[string][]byte{to: b}
	if p.vol == m.vol {
		change[from] = nil
	}
	err := m.vol.Replace(change)
	if err != nil && !m.happened(to, b, err) {
		return err
	}
	m.s.mu.Lock()
	m.s.places[to] = place{m.vol, m.node}
	delete(m.s.places, from)
	m.s.last[m.node.Name()] = to
	m.s.mu.Unlock()
	m.appeared(to)
	return err
}

// happened says whether a replacement in which the machine crashed has had its effect.
func (m mount) happened(to string, b []byte, err error) bool {
	now, ok := m.vol.Read(to)
	return errors.Is(err, labtest.ErrCrashed) && ok && bytes.Equal(now, b)
}

func (m mount) Remove(name string) error {
	m.node.GateOf("disk")
	m.s.mu.Lock()
	p, ok := m.s.places[name]
	m.s.mu.Unlock()
	if !ok {
		return nil
	}
	if p.vol == m.vol {
		if err := m.vol.Replace(map[string][]byte{name: nil}); err != nil {
			return err
		}
	} else if err := m.vol.Replace(nil); err != nil { // a machine that is dead can't remove anything
		return err
	}
	m.s.lose(name)
	return nil
}

func (m mount) List(prefix string) ([]string, error) {
	m.node.GateOf("disk")
	return m.s.names(prefix), nil
}

// journal is a journal on a disk.
type journal struct{ vol *labtest.Volume }

const journalFile = "journal"

func (j journal) Load() ([]byte, error) {
	b, _ := j.vol.Read(journalFile)
	return b, nil
}

func (j journal) Reset(b []byte) error { return j.vol.Replace(map[string][]byte{journalFile: b}) }

func (j journal) Append(b []byte) error {
	if err := j.vol.Append(journalFile, b); err != nil {
		return err
	}
	return j.vol.Sync()
}

func (j journal) Remove() error { return j.vol.Replace(map[string][]byte{journalFile: nil}) }
