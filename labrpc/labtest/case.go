package labtest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"
)

// Case is a failure as data: a seed, what went wrong in the world and what clients asked for, and the check
// that did not hold. It is what shrinking makes, a person can edit, and a test runs again.
type Case struct {
	Suite, Scenario string
	Package         string // the directory of the suite's tests, from the module's root: "./raft"
	Test            string // the full name of the test
	Seed            int64
	Check           string         // that failed
	Digest          string         // of the history in which it did; "" says nothing about it
	Nodes           int            // how many nodes there are, 0 means as many as the scenario has
	Sizes           map[string]int // of the scenario; see World.Size

	Until time.Duration // when the run ends, 0 means when the scenario does

	Faults Schedule // instead of those that the scenario injects
	// Played says that the clients ask for Ops. Otherwise the scenario itself drives its clients, breaks what it
	// breaks by other means than Inject, and there are no Ops.
	Played bool
	Ops    []Operation

	comments []string // the lines before the header, without #
	line     int      // of the header, in the file that it was read from
}

// caseJSON is the line of a case that tells what it is.
type caseJSON struct {
	Case    string         `json:"case"`
	Package string         `json:"package"`
	Test    string         `json:"test"`
	Seed    int64          `json:"seed"`
	Check   string         `json:"check"`
	Played  bool           `json:"played,omitempty"`
	Nodes   int            `json:"nodes,omitempty"`
	Sizes   map[string]int `json:"sizes,omitempty"`
	Until   string         `json:"until,omitempty"`
	Digest  string         `json:"digest,omitempty"`
}

// wrong is an error about what the case says it is.
func (c *Case) wrong(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", c.line, fmt.Sprintf(format, args...))
}

// name is the scenario's, with its suite.
func (c *Case) name() string { return c.Suite + "/" + c.Scenario }

// WriteTo writes c: comments, a line that tells what it is, and then the faults and operations in order of
// time, a line each. [LoadCase] reads it.
func (c *Case) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, line := range c.comments {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	head := caseJSON{c.name(), c.Package, c.Test, c.Seed, c.Check, c.Played, c.Nodes, c.Sizes, "", c.Digest}
	if c.Until > 0 {
		head.Until = c.Until.String()
	}
	var err error
	line := func(v any) {
		text, e := plainJSON(v)
		b.Write(append(text, '\n'))
		err = errors.Join(err, e)
	}
	line(head)
	faults := c.Faults.sorted()
	for _, op := range inOrder(c.Ops) {
		for len(faults) > 0 && faults[0].At <= op.At {
			line(faults[0])
			faults = faults[1:]
		}
		line(op.plain())
	}
	for _, f := range faults {
		line(f)
	}
	if err != nil {
		return 0, err
	}
	return b.WriteTo(w)
}

// LoadCase reads a case: JSON lines, of which the first tells what it is, and each other is a fault, as
// [LoadSchedule] reads it, or an operation. Empty lines and those that begin with # are passed over. An
// error names the line and what is wrong with it.
func LoadCase(r io.Reader) (*Case, error) {
	var c *Case
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 1
	for ; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		err := json.Unmarshal(line, new(any)) // for what it says of text that is not JSON
		switch {
		case err != nil:
		case c == nil:
			if c, err = parseHead(line); err == nil {
				c.line = n
			}
		default:
			err = c.parseLine(line)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, plain(err))
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", n, err)
	}
	if c == nil {
		return nil, fmt.Errorf(`line %d: there is no line {"case":"suite/scenario",…}`, n)
	}
	return c, nil
}

func parseHead(line []byte) (*Case, error) {
	var j caseJSON
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return nil, err
	}
	suite, scenario, ok := strings.Cut(j.Case, "/")
	if !ok || suite == "" || scenario == "" {
		return nil, fmt.Errorf(`the first line must tell what it is, {"case":"suite/scenario",…}, not %q`, j.Case)
	}
	if j.Check == "" {
		return nil, errors.New(`"check" is missing: what failed`)
	}
	c := &Case{Suite: suite, Scenario: scenario, Package: j.Package, Test: j.Test, Seed: j.Seed, Check: j.Check, Digest: j.Digest, Played: j.Played, Nodes: j.Nodes, Sizes: j.Sizes, Faults: Schedule{}}
	if j.Nodes < 0 {
		return nil, errors.New(`"nodes" can't be negative`)
	}
	for _, name := range slices.Sorted(maps.Keys(j.Sizes)) {
		if j.Sizes[name] < 1 {
			return nil, fmt.Errorf(`"sizes": %q must be at least 1, not %d`, name, j.Sizes[name])
		}
	}
	if j.Until != "" {
		until, err := time.ParseDuration(j.Until)
		if err != nil || until <= 0 {
			return nil, fmt.Errorf(`"until" must be a time such as "2.5s", not %q`, j.Until)
		}
		c.Until = until
	}
	if c.Played && c.Until == 0 {
		return nil, errors.New(`a case that is "played" needs "until": when it ends`)
	}
	return c, nil
}

// parseLine takes a line that is a fault or an operation.
func (c *Case) parseLine(line []byte) error {
	var what struct {
		Op   *string `json:"op"`
		Case *string `json:"case"`
	}
	if err := json.Unmarshal(line, &what); err != nil {
		return err
	}
	switch {
	case what.Case != nil:
		return errors.New("a file holds one case")
	case what.Op == nil:
		var f Fault
		if err := json.Unmarshal(line, &f); err != nil {
			return err
		}
		c.Faults = append(c.Faults, f)
		return nil
	case !c.Played:
		return errors.New(`this case is not "played": its scenario drives the clients, and there can be no operation`)
	}
	var op Operation
	if err := json.Unmarshal(line, &op); err != nil {
		return err
	}
	c.Ops = append(c.Ops, op)
	return nil
}

// LoadCaseFile is LoadCase of a file; its errors name it.
func LoadCaseFile(path string) (*Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := LoadCase(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// save writes c to a file.
func (c *Case) save(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = c.WriteTo(f)
	return errors.Join(err, f.Close())
}

// clone is a copy that can be changed in its lists.
func (c *Case) clone() *Case {
	d := *c
	d.Faults, d.Ops, d.Sizes = slices.Clone(c.Faults), slices.Clone(c.Ops), maps.Clone(c.Sizes)
	return &d
}
