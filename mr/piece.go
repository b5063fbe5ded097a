package mr

import (
	"bytes"
	"fmt"
	"io"
	"unsafe"

	"6.824/mr/store"
)

// Piece is a part of an input file, what the paper calls a split (§3.1): the lines that begin in its bytes From to To, without To. If
// both are 0, it is the whole file.
type Piece struct {
	File string `json:"file"`
	From int64  `json:"from,omitempty"`
	To   int64  `json:"to,omitempty"`
}

func (p Piece) whole() bool { return p.From == 0 && p.To == 0 }

func (p Piece) String() string {
	if p.whole() {
		return p.File
	}
	return fmt.Sprintf("%s, bytes %d to %d", p.File, p.From, p.To)
}

// Cut makes pieces of files: of each larger one several, of about size bytes. It is for an App with [App.Pieces]. Input opens a file; nil: one
// of this machine.
func Cut(files []string, size int64, input func(name string) (store.Source, error)) (pieces []Piece, err error) {
	if size < 1 {
		return nil, fmt.Errorf("pieces must be of at least a byte, not of %d", size)
	}
	if input == nil {
		input = store.OpenFile
	}
	for _, name := range files {
		f, err := input(name)
		if err != nil {
			return nil, fmt.Errorf("the input %s can't be opened: %w", name, err)
		}
		length := f.Size()
		if err := f.Close(); err != nil {
			return nil, fmt.Errorf("the input %s: %w", name, err)
		}
		n := max(1, length/size)
		if length-n*size > size/2 { // of one size, and none that is a little rest
			n++
		}
		for i := range n {
			p := Piece{name, length / n * i, length / n * (i + 1)}
			switch {
			case n == 1:
				p.To = 0
			case i == n-1:
				p.To = length
			}
			pieces = append(pieces, p)
		}
	}
	return pieces, nil
}

// read returns what the piece is, from its file.
func (p Piece) read(f store.Source) (string, error) {
	from, to := int64(0), f.Size()
	if !p.whole() {
		next, err := min(p.To, to), error(nil)
		if from, err = lineAt(f, p.From, next); err != nil || from >= next { // no line begins here
			return "", err
		}
		if to, err = lineAt(f, next, to); err != nil {
			return "", err
		}
	}
	b := make([]byte, max(0, to-from))
	if n, err := f.ReadAt(b, from); n < len(b) {
		return "", err
	}
	return unsafe.String(unsafe.SliceData(b), len(b)), nil // b is not written any more
}

// lineAt is where the first line begins that does so at or after an offset; end, if none does before that.
func lineAt(f io.ReaderAt, at, end int64) (int64, error) {
	if at == 0 {
		return 0, nil
	}
	buf := make([]byte, 4<<10)
	for at--; at < end; { // a line that ends right before begins here
		b := buf[:min(int64(len(buf)), end-at)]
		if n, err := f.ReadAt(b, at); n < len(b) {
			return 0, err
		}
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return min(at+int64(i)+1, end), nil
		}
		at += int64(len(b))
		buf = buf[:cap(buf)]
		if len(buf) < 1<<20 {
			buf = make([]byte, 4*len(buf)) // a long line
		}
	}
	return end, nil
}
