package mr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"6.824/mr/tasks"
)

// Journal is a file that outlives the coordinator.
type Journal interface {
	// Load returns what was appended, or a prefix of it that ends anywhere, if that could not be made durable.
	Load() ([]byte, error)
	// Reset replaces the contents, in one step.
	Reset(b []byte) error
	// Append appends b; it is durable when Append returns.
	Append(b []byte) error
	// Remove removes the file.
	Remove() error
}

// A journal is lines: a checksum and a JSON value each, first the header, then records. What does not follow on the
// last line that is whole was never acknowledged to anybody.

// header says what job it is.
type header struct {
	Job         string  `json:"job"`
	Incarnation uint32  `json:"incarnation"`
	App         string  `json:"app,omitempty"`
	Reduces     int     `json:"reduces"`
	Input       []Piece `json:"input"`
}

// loadJournal begins an incarnation: the first of this job, or the next one of that which the journal holds.
func loadJournal(j Journal, job header) (header, []tasks.Record, error) {
	job.Incarnation = 1
	if j == nil {
		return job, nil, nil
	}
	b, err := j.Load()
	if err != nil {
		return job, nil, fmt.Errorf("the journal can't be read: %w", err)
	}
	old, records, ok := parseJournal(b)
	switch {
	case !ok && len(b) > 0 && bytes.IndexByte(b, '\n') >= 0:
		return job, nil, errors.New("the journal is damaged: its first line is none that a coordinator wrote. Remove it to begin anew")
	case !ok: // a coordinator died before it could hand out anything
	case old.App != job.App || old.Reduces != job.Reduces || !slices.Equal(old.Input, job.Input):
		return job, nil, fmt.Errorf("the journal is of another job (app %q, %d map tasks, %d reduce tasks). Remove it to begin anew, or name that job's files in the same order to go on with it",
			old.App, len(old.Input), old.Reduces)
	default:
		job = old
		job.Incarnation++
	}
	var out bytes.Buffer
	writeLine(&out, job)
	for _, r := range records {
		writeLine(&out, r)
	}
	if err := j.Reset(out.Bytes()); err != nil {
		return job, nil, fmt.Errorf("the journal can't be written: %w", err)
	}
	return job, records, nil
}

func parseJournal(b []byte) (h header, records []tasks.Record, ok bool) {
	for i := 0; ; i++ {
		line, rest, whole := bytes.Cut(b, []byte("\n"))
		if !whole {
			return h, records, i > 0
		}
		b = rest
		sum, value, _ := bytes.Cut(line, []byte(" "))
		if string(sum) != checksum(value) {
			return h, records, i > 0
		}
		var r tasks.Record
		if i == 0 {
			if json.Unmarshal(value, &h) != nil {
				return h, nil, false
			}
		} else if json.Unmarshal(value, &r) != nil {
			return h, records, true
		} else {
			records = append(records, r)
		}
	}
}

func checksum(b []byte) string { return fmt.Sprintf("%08x", crc32.ChecksumIEEE(b)) }

func writeLine(w *bytes.Buffer, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // it is made of numbers and strings
	}
	fmt.Fprintf(w, "%s %s\n", checksum(b), b)
}

func appendJournal(j Journal, records []tasks.Record) error {
	var b bytes.Buffer
	for _, r := range records {
		writeLine(&b, r)
	}
	if err := j.Append(b.Bytes()); err != nil {
		return fmt.Errorf("the journal can't be written: %w", err)
	}
	return nil
}

// JournalFile is a journal in a file of the machine.
type JournalFile string

func (path JournalFile) Load() ([]byte, error) {
	b, err := os.ReadFile(string(path))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return b, err
}

func (path JournalFile) Reset(b []byte) error {
	temp := string(path) + ".new"
	if err := writeSynced(temp, os.O_TRUNC, b); err != nil {
		return err
	}
	return os.Rename(temp, string(path))
}

func (path JournalFile) Append(b []byte) error { return writeSynced(string(path), os.O_APPEND, b) }

func (path JournalFile) Remove() error { return os.Remove(string(path)) }

func writeSynced(path string, flag int, b []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|flag, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, strings.NewReader(string(b)))
	return errors.Join(err, f.Sync(), f.Close())
}
