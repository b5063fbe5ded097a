package labtest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// traceVersion is the version of the trace format, in its first line.
const traceVersion = 1

// traceHeader is the first line of a trace file.
type traceHeader struct {
	Version  int    `json:"version"`
	Suite    string `json:"suite"`
	Scenario string `json:"scenario"`
	Seed     int64  `json:"seed"`
}

// traceFooter is the last line of the trace file of a run that came to its end.
type traceFooter struct {
	Digest  string `json:"digest"`
	OK      bool   `json:"ok"`
	Failure string `json:"failure,omitempty"`
}

// trace writes a run's events as JSON lines, each step as it happens, so that
// the file of a run that crashed the process is readable up to the last step.
type trace struct {
	file *os.File
	buf  []byte
	err  error
}

// tracePath is where the trace of one run goes below dir.
func tracePath(dir string, suite, scenario string, seed int64) string {
	name := fmt.Sprintf("%s-%s-seed%d.jsonl", suite, scenario, seed)
	return filepath.Join(dir, strings.ReplaceAll(name, "/", "_"))
}

// newTrace creates the file and writes its header.
func newTrace(path string, h traceHeader) (*trace, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	t := &trace{file: f}
	h.Version = traceVersion
	t.line(h)
	t.step()
	return t, nil
}

func (t *trace) line(v any) {
	line, err := json.Marshal(v)
	if err != nil { // a reported state that JSON cannot say: keep the event, as text
		if e, ok := v.(Event); ok {
			e.State = fmt.Sprintf("%+v", e.State)
			line, err = json.Marshal(e)
		}
	}
	if err != nil {
		t.err = err
		return
	}
	t.buf = append(append(t.buf, line...), '\n')
}

// step writes out what has gathered.
func (t *trace) step() {
	if len(t.buf) == 0 {
		return
	}
	if _, err := t.file.Write(t.buf); err != nil && t.err == nil {
		t.err = err
	}
	t.buf = t.buf[:0]
}

// close ends the file; it returns the first error of the whole writing.
func (t *trace) close(f traceFooter) error {
	t.line(f)
	t.step()
	if err := t.file.Close(); t.err == nil {
		t.err = err
	}
	return t.err
}
