package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Read reads a file. It may end in the middle of a line, which does not count.
func Read(path string) (*Trace, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &Trace{Path: path, Contents: map[int]json.RawMessage{}}
	lines := bufio.NewReaderSize(file, 1<<16)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		switch {
		case err == io.EOF && n == 1:
			return nil, fmt.Errorf("%s: not a trace of labtest", path)
		case err == io.EOF:
			return t, nil
		case err != nil:
			return nil, err
		}
		if err := t.line(n, line); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
}

// line takes the n-th line.
func (t *Trace) line(n int, text []byte) error {
	if n == 1 {
		return t.header(text)
	}
	if t.Footer != nil {
		return fmt.Errorf("line %d: there is more after the end", n)
	}
	if err := t.further(text); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}

func (t *Trace) header(text []byte) error {
	switch err := json.Unmarshal(text, &t.Header); {
	case err != nil || t.Header.Version == 0 || t.Header.Scenario == "":
		return errors.New("not a trace of labtest")
	case t.Header.Version != Version:
		return fmt.Errorf("a trace of version %d; this lab reads version %d", t.Header.Version, Version)
	}
	return nil
}

// further takes a line after the first. What it is of is told by the name of its first field.
func (t *Trace) further(text []byte) error {
	begins := func(field string) bool { return bytes.HasPrefix(text, []byte(`{"`+field+`":`)) }
	switch {
	case begins("digest"):
		var f Footer
		err := json.Unmarshal(text, &f)
		t.Footer = &f
		return err
	case begins("of"):
		var c Content
		err := json.Unmarshal(text, &c)
		t.Contents[c.Of] = c.Content
		return err
	case begins("order"):
		var o Order
		err := json.Unmarshal(text, &o)
		t.Orders = append(t.Orders, o)
		return err
	}
	var e Event
	if err := json.Unmarshal(text, &e); err != nil {
		return err
	}
	if e.Kind == "" {
		return errors.New("not an event")
	}
	t.Events = append(t.Events, e)
	return nil
}
