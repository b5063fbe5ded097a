// Package store is where a job's files are: its input, what its workers write
// for each other, and its output. A job needs little of a file system, and that
// little is the interface [Store]; [Dir] is a folder of a real one.
package store

import (
	"errors"
	"io"
)

// Store is a file system that the coordinator and all workers share (GFS in the paper). Its methods may be called by many
// goroutines at a time. Errors name the file.
type Store interface {
	// Open opens a file for reading.
	Open(name string) (Source, error)
	// Create makes a file, which must not exist, and opens it for writing. Readers may see it before it is closed.
	Create(name string) (Sink, error)
	// Rename gives a file another name, in one step: at any time a reader finds the old file of that name or the new one.
	Rename(from, to string) error
	// Remove removes a file; it is no error if there is none.
	Remove(name string) error
	// List returns the names of files that begin with prefix, sorted.
	List(prefix string) ([]string, error)
}

// Source is a file that is read.
type Source interface {
	io.ReaderAt
	io.Closer
	Size() int64
}

// Sink is a file that is written. Close returns when what was written is as safe as the store can make it.
type Sink interface {
	io.Writer
	io.Closer
}

// ErrNotExist is what errors of files that are not there are.
var ErrNotExist = errors.New("there is no such file")

// ReadFile reads a whole file.
func ReadFile(s Store, name string) ([]byte, error) {
	f, err := s.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, f.Size())
	n, err := f.ReadAt(b, 0)
	if err == io.EOF && n == len(b) {
		err = nil
	}
	return b[:n], err
}
