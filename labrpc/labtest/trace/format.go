// Package trace is the format of the files in which the kit records runs: to be read by whoever shows, compares or searches them.
//
// A file is lines of JSON. The first is a [Header]. Then come the [Event]s. Of a run that came to its end there follow the [Content] of messages, if it is a run
// that somebody will look at (it failed, or was asked for by its seed), the [Order] of the operations in each history, and a [Footer].
package trace

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Version is the version of the format.
const Version = 2

// Header says which run it is.
type Header struct {
	Version  int    `json:"version"`
	Suite    string `json:"suite"`
	Scenario string `json:"scenario"`
	Seed     int64  `json:"seed"`
	Doc      string `json:"doc,omitempty"`   // of the scenario
	Paper    string `json:"paper,omitempty"` // where what it tries is from
	Again    string `json:"again,omitempty"` // the command that runs it again
}

// Event is something that happened; see labtest.Event for the kinds. An event of kind [Shown] is no part of the history: it has the
// number of the event that it comes after, and no digest covers it.
type Event struct {
	Seq    int             `json:"seq"`
	At     time.Duration   `json:"at"` // virtual ns since the world began
	Kind   string          `json:"kind"`
	Node   string          `json:"node,omitempty"`
	To     string          `json:"to,omitempty"`
	Method string          `json:"method,omitempty"`
	N      uint64          `json:"n,omitempty"`
	Copy   int             `json:"copy,omitempty"`
	Bytes  int             `json:"bytes,omitempty"`
	Sum    uint64          `json:"sum,omitempty"`
	Text   string          `json:"text,omitempty"`
	State  json.RawMessage `json:"state,omitempty"` // see AppendValue
}

// Shown is the kind of what is recorded for those who look only.
const Shown = "shown"

// What is shown, with a text as its state, of a fault that a scenario brings about by itself. Those that the kit injects are
// events "began" and "ended".
const (
	FaultBegan = "fault began"
	FaultEnded = "fault ended"
)

// Content is what a message says: that of the event of this number.
type Content struct {
	Of      int             `json:"of"`
	Content json.RawMessage `json:"content"` // see AppendValue
}

// Order is what porcupine made of the operations that concern each other, as those on one key: an order in which each could have
// happened at once, or, of a history that has none, the longest that it found.
type Order struct {
	Order []Operation `json:"order"`
	Legal bool        `json:"legal"`          // all operations are in it
	Left  []Operation `json:"left,omitempty"` // those that are not in it; not those that got no answer
	// Breaks are those whose answer can't be explained, though all that came before it could: all that follow are Left for that.
	Breaks []Operation `json:"breaks,omitempty"`
}

// Operation is the N-th operation of a client, from 0: the events "invoke" and "return" of this Node and N.
type Operation struct {
	Client string `json:"client"`
	N      uint64 `json:"n"`
}

// Footer says what the run came to. Check, Paper, Text, At and Seq are of the violation.
type Footer struct {
	Digest string        `json:"digest"`
	OK     bool          `json:"ok"`
	Check  string        `json:"check,omitempty"`
	Paper  string        `json:"paper,omitempty"`
	Text   string        `json:"text,omitempty"`
	At     time.Duration `json:"at,omitempty"`
	Seq    int           `json:"seq,omitempty"` // of the last event before it was seen
}

// Trace is a whole file.
type Trace struct {
	Path     string
	Header   Header
	Events   []Event
	Contents map[int]json.RawMessage // by the number of the event
	Orders   []Order
	Footer   *Footer // nil if the process ended in the middle of the run
}

// End says how the run ended, in a line.
func (t *Trace) End() string {
	switch f := t.Footer; {
	case f == nil:
		return fmt.Sprintf("no end: the process was gone after %d events", len(t.Events))
	case !f.OK:
		return "failed: " + Printable(f.Check+": "+f.Text)
	default:
		return "ok, digest " + f.Digest
	}
}

// What is the event without its number and time, in a line.
func (e *Event) What() string {
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
	return Printable(b.String())
}

// Stamp is the event's virtual time.
func (e *Event) Stamp() string { return fmt.Sprintf("%.6fs", e.At.Seconds()) }

// Printable makes one line of a text that may hold anything.
func Printable(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}
