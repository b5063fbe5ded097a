package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Dir is a folder of the machine's file system.
type Dir struct {
	path string
	sync bool
}

// NewDir returns the folder at path, which it makes if need be.
func NewDir(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("the output directory can't be made: %w", err)
	}
	return &Dir{path: path}, nil
}

// Synced returns the same folder, but files that are written are on the disk when they are closed: they survive
// a power failure.
func (d *Dir) Synced() *Dir { return &Dir{d.path, true} }

// Path is where a file is.
func (d *Dir) Path(name string) string { return filepath.Join(d.path, name) }

// Writable says whether files can be made in the folder, and with an error why not.
func (d *Dir) Writable() error {
	f, err := os.CreateTemp(d.path, "mr-probe-*")
	if err != nil {
		return fmt.Errorf("the output directory %s is not writable: %w", d.path, err)
	}
	f.Close()
	return os.Remove(f.Name())
}

func (d *Dir) Open(name string) (Source, error) { return OpenFile(d.Path(name)) }

// OpenFile opens any file of the machine.
func OpenFile(path string) (Source, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			err = fmt.Errorf("%w: %w", ErrNotExist, err)
		}
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file but %v", path, kindOf(info))
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return source{f, info.Size()}, nil
}

func kindOf(info fs.FileInfo) string {
	if info.IsDir() {
		return "a directory"
	}
	return "a " + info.Mode().Type().String()
}

type source struct {
	*os.File
	size int64
}

func (s source) Size() int64 { return s.size }

func (d *Dir) Create(name string) (Sink, error) {
	f, err := os.OpenFile(d.Path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return sink{f, d.sync}, nil
}

type sink struct {
	*os.File
	sync bool
}

func (s sink) Close() error {
	var err error
	if s.sync {
		err = s.File.Sync()
	}
	return errors.Join(err, s.File.Close())
}

func (d *Dir) Rename(from, to string) error { return os.Rename(d.Path(from), d.Path(to)) }

func (d *Dir) Remove(name string) error {
	err := os.Remove(d.Path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (d *Dir) List(prefix string) ([]string, error) {
	entries, err := os.ReadDir(d.path)
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			names = append(names, e.Name())
		}
	}
	sort.Strings(names)
	return names, err
}
