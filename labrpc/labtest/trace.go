package labtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"6.824/labrpc"
	"6.824/labrpc/labtest/trace"
)

// traceFile writes a run's events as package trace has it. In a run that was asked for by its seed it writes each step as it happens:
// if that run crashes the process, the file is readable up to the last step. With many seeds these writes would be half
// of the cost of recording; there they are gathered.
type traceFile struct {
	file   *os.File
	buf    []byte
	gather int // so many bytes before they are written
	err    error
	said   []said
	state  []byte
}

const gathered = 1 << 16

// said is a message that was sent. What it says is decoded when the run is over, if somebody will look.
type said struct {
	seq     int
	message *labrpc.Event
}

// Of so many of a run's last messages the trace has what they say; of so many items of a list, or bytes of a text,
// in a state and in a message.
const (
	mostMessages  = 1 << 17
	mostInState   = 1 << 12
	mostInMessage = 1 << 8
)

// tracePath is where the trace of one run goes below dir.
func tracePath(dir string, suite, scenario string, seed int64) string {
	name := fmt.Sprintf("%s-%s-seed%d.jsonl", suite, scenario, seed)
	return filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
}

// newTrace creates the file and writes its header.
func newTrace(path string, h trace.Header) (*traceFile, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	t := &traceFile{file: f}
	if !oneSeed() {
		t.gather = gathered
	}
	h.Version = trace.Version
	t.line(h)
	return t, nil
}

// event takes an event, and the message that it is of, or nil.
func (t *traceFile) event(e *Event, message *labrpc.Event) {
	line := trace.Event{
		Seq: e.Seq, At: e.At, Kind: e.Kind, Node: e.Node, To: e.To, Method: e.Method,
		N: e.N, Copy: e.Copy, Bytes: e.Bytes, Sum: e.Sum, Text: e.Text,
	}
	if e.State != nil {
		t.state = trace.AppendValue(t.state[:0], e.State, mostInState)
		line.State = t.state
	}
	t.buf = trace.AppendEvent(t.buf, &line)
	if message == nil {
		return
	}
	if len(t.said) == 2*mostMessages {
		t.said = slices.Clone(t.said[mostMessages:])
	}
	t.said = append(t.said, said{e.Seq, message})
}

func (t *traceFile) line(v any) {
	var err error
	if t.buf, err = trace.AppendLine(t.buf, v); err != nil {
		t.err = errors.Join(t.err, err)
	}
}

// step ends a step.
func (t *traceFile) step() {
	if len(t.buf) > t.gather {
		t.flush()
	}
}

// flush writes out what has gathered.
func (t *traceFile) flush() {
	if _, err := t.file.Write(t.buf); err != nil && t.err == nil {
		t.err = err
	}
	t.buf = t.buf[:0]
}

// explain adds what those want to know who look at the run: what the messages say, and what order the operations have.
func (t *traceFile) explain(histories []*History) {
	for _, m := range t.said[max(0, len(t.said)-mostMessages):] {
		if body := m.message.Body(); body != nil {
			t.line(trace.Content{Of: m.seq, Content: trace.AppendValue(nil, body, mostInMessage)})
			t.step()
		}
	}
	for _, h := range histories {
		for _, order := range h.orders() {
			t.line(order)
		}
	}
}

// close ends the file; it returns the first error of the whole writing.
func (t *traceFile) close(f trace.Footer) error {
	t.line(f)
	t.flush()
	if err := t.file.Close(); t.err == nil {
		t.err = err
	}
	return t.err
}
