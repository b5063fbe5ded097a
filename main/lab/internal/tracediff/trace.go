// Package tracediff compares two traces of one seed: of two implementations, or of one
// before and after a change.
package tracediff

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
)

// version is the version of the trace format that is read.
const version = 1

// Header is the first line of a trace: which run it is of.
type Header struct {
	Version  int    `json:"version"`
	Suite    string `json:"suite"`
	Scenario string `json:"scenario"`
	Seed     int64  `json:"seed"`
}

// Event is a line of a trace; see labtest.Event.
type Event struct {
	Seq    int             `json:"seq"`
	At     time.Duration   `json:"at"`
	Kind   string          `json:"kind"`
	Node   string          `json:"node"`
	To     string          `json:"to"`
	Method string          `json:"method"`
	N      uint64          `json:"n"`
	Copy   int             `json:"copy"`
	Bytes  int             `json:"bytes"`
	Sum    uint64          `json:"sum"`
	Text   string          `json:"text"`
	State  json.RawMessage `json:"state"`
}

// Footer is the last line of the trace of a run that came to its end.
type Footer struct {
	Digest  string `json:"digest"`
	OK      bool   `json:"ok"`
	Failure string `json:"failure"`
}

// Trace is a trace file.
type Trace struct {
	Path   string
	Header Header
	Events []Event
	Footer *Footer // nil if the process ended in the middle of the run
}

// Read reads a trace. It may end in the middle of a line, which does not count.
func Read(path string) (*Trace, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	t := &Trace{Path: path}
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

func (t *Trace) line(n int, text []byte) error {
	switch {
	case n == 1:
		switch err := json.Unmarshal(text, &t.Header); {
		case err != nil || t.Header.Version == 0 || t.Header.Scenario == "":
			return errors.New("not a trace of labtest")
		case t.Header.Version != version:
			return fmt.Errorf("a trace of version %d; this lab reads version %d", t.Header.Version, version)
		}
		return nil
	case t.Footer != nil:
		return fmt.Errorf("line %d: there is more after the end", n)
	case bytes.HasPrefix(text, []byte(`{"digest":`)):
		t.Footer = &Footer{}
		if err := json.Unmarshal(text, t.Footer); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		return nil
	}
	var e Event
	if err := json.Unmarshal(text, &e); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	if e.Kind == "" {
		return fmt.Errorf("line %d: not an event", n)
	}
	t.Events = append(t.Events, e)
	return nil
}

// End says how the run ended, in a line.
func (t *Trace) End() string {
	switch f := t.Footer; {
	case f == nil:
		return fmt.Sprintf("no end: the process was gone after %d events", len(t.Events))
	case !f.OK:
		return "failed: " + printable(f.Failure)
	default:
		return "ok, digest " + f.Digest
	}
}

// What is the event without its number and time, in a line.
func (e Event) What() string {
	var b strings.Builder
	b.WriteString(e.Kind)
	switch {
	case e.To != "":
		fmt.Fprintf(&b, " %s→%s %s #%d", e.Node, e.To, e.Method, e.N)
		if e.Copy > 0 {
			fmt.Fprintf(&b, " copy %d", e.Copy)
		}
		fmt.Fprintf(&b, " %dB", e.Bytes)
	case e.Node != "":
		b.WriteString(" " + e.Node)
	}
	if e.Text != "" {
		b.WriteString(" " + e.Text)
	}
	if len(e.State) > 0 {
		b.WriteString(" " + string(e.State))
	}
	return printable(b.String())
}

// Stamp is the event's virtual time.
func (e Event) Stamp() string { return fmt.Sprintf("%.6fs", e.At.Seconds()) }

// printable makes one line of a text that may hold anything.
func printable(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}
