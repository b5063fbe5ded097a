package labtest

import (
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"6.824/labgob"
)

// Event is one thing that happened in a world. Which fields are set depends on
// Kind. Package trace has the same for files.
//
// Kinds of the network are labrpc's: sent, dropped, delivered and so on. Kinds
// of the kit: start, crash, restart, pause, resume (of a node), began and ended
// (of a fault), append, replace, sync (of a disk), report (a state transition
// that a node reported), invoke and return (of a client's operation, see
// [History]), note (of the scenario) and violation.
type Event struct {
	Seq    int           // position in the one order, from 0
	At     time.Duration // virtual ns since the world began
	Kind   string
	Node   string // whom it happened to; of a message, its sender; of an operation, its client
	To     string // of a message, its receiver
	Method string // of a message, the RPC's Service.Method
	N      uint64 // of a message, the call's number on its link; of an operation, its number at its client
	Copy   int    // of a duplicated message, which copy
	Bytes  int    // encoded size
	Sum    uint64 // fingerprint of the message, write or state
	Text   string // why, or what
	State  any    // of a report, what was reported; of an operation, its input or output
}

// String renders e as a line that a person can follow.
func (e Event) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%6d %12s  %-10s", e.Seq, stamp(e.At), e.Kind)
	switch {
	case e.To != "":
		fmt.Fprintf(&b, " %s→%s %s #%d", e.Node, e.To, e.Method, e.N)
		if e.Copy > 0 {
			fmt.Fprintf(&b, " copy %d", e.Copy)
		}
		fmt.Fprintf(&b, " %dB", e.Bytes)
	case e.Node != "":
		fmt.Fprintf(&b, " %s", e.Node)
	}
	if e.Text != "" {
		b.WriteString("  " + e.Text)
	}
	if e.State != nil {
		fmt.Fprintf(&b, "  %+v", e.State)
	}
	return b.String()
}

// stamp renders a virtual time with a fixed number of digits, so that columns
// line up.
func stamp(d time.Duration) string { return fmt.Sprintf("%.6fs", d.Seconds()) }

// digestInto appends everything of e that the digest covers to b.
func (e *Event) digestInto(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(e.Seq))
	b = binary.AppendVarint(b, int64(e.At))
	b = appendString(b, e.Kind)
	b = appendString(b, e.Node)
	b = appendString(b, e.To)
	b = appendString(b, e.Method)
	b = binary.AppendUvarint(b, e.N)
	b = binary.AppendVarint(b, int64(e.Copy))
	b = binary.AppendVarint(b, int64(e.Bytes))
	b = binary.AppendUvarint(b, e.Sum)
	b = appendString(b, e.Text)
	if e.State != nil {
		b = binary.AppendUvarint(b, labgob.Fingerprint(e.State))
	}
	return b
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}
