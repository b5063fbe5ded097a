package labtest

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Schedule is a list of faults: data, so that it can be printed, saved, edited and replayed. Faults may
// overlap, and any of them can be taken out without a side effect on the others.
type Schedule []Fault

// String is one line per fault, in order of time.
func (s Schedule) String() string {
	var b strings.Builder
	for _, f := range s.sorted() {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

// WriteTo writes s as JSON lines, in order of time: what [LoadSchedule] reads. A fault that could not be
// read again is an error, and nothing is written.
func (s Schedule) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, f := range s.sorted() {
		if err := f.check(); err != nil {
			return 0, err
		}
		line, err := json.Marshal(f)
		if err != nil {
			return 0, err
		}
		b.Write(append(line, '\n'))
	}
	return b.WriteTo(w)
}

// sorted is a copy of s in order of time; faults of one instant keep theirs.
func (s Schedule) sorted() Schedule {
	return slices.SortedStableFunc(slices.Values(s), func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
}

// end is when the last fault with an end of its own has ended.
func (s Schedule) end() (end time.Duration) {
	for _, f := range s {
		end = max(end, f.At+f.For)
	}
	return end
}

// LoadSchedule reads JSON lines, one fault each:
//
//	{"at":"1.2s","for":"800ms","kind":"partition","groups":[["raft/0"],["raft/1","raft/2"]]}
//
// Times are Go durations, since the world began. [KindDoc] tells what fields a kind has. Empty lines and
// those that begin with # are passed over. An error names the line and what is wrong with it.
func LoadSchedule(r io.Reader) (Schedule, error) {
	s := Schedule{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 1
	for ; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		var f Fault
		if err := json.Unmarshal(line, &f); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, plain(err))
		}
		s = append(s, f)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n, err)
	}
	return s, nil
}

// maxLine bounds a line of a schedule, in bytes.
const maxLine = 1 << 20

// plain takes Go's own words out of an error about JSON.
func plain(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("%s can't be a %s", cmp.Or(kind.Field, "a fault"), kind.Value)
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return fmt.Errorf("not JSON: %w", err)
	}
	if text, ok := strings.CutPrefix(err.Error(), "json: "); ok {
		return errors.New(text)
	}
	return err
}

// Validate says whether every fault makes sense and names only these nodes, or clients, whose names begin
// with "client".
func (s Schedule) Validate(nodes []string) error {
	for _, f := range s {
		if err := f.check(); err != nil {
			return fmt.Errorf("fault %q: %w", f, err)
		}
		for _, name := range f.names() {
			known := isClient(name) || slices.ContainsFunc(nodes, func(n string) bool { return matches(name, n) })
			if !known {
				return fmt.Errorf("fault %q: there is no node %q, only %s", f, name, strings.Join(nodes, ", "))
			}
		}
	}
	return nil
}
