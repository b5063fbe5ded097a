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

	"6.824/labrpc"
)

// Fault is one thing that goes wrong, for a while, as data. Which of the fields count depends on
// the kind; see [Kinds].
type Fault struct {
	At   time.Duration // from when on; of what Inject is given, since then
	For  time.Duration // for how long; 0 means until World.Heal
	Kind string

	Nodes   []string           // whom it hits
	Groups  [][]string         // of a partition
	From    []string           // of what hits links: from each of these
	To      []string           // to each of those
	Link    *labrpc.Conditions // of a link fault: what is added to the healthy conditions
	Mode    CrashMode          // of a crash
	Pace    float64            // of a skew: how fast the clock runs
	N       int                // of failwrites and crashatwrite: how many, which
	Latency labrpc.Dist        // of a slow disk
}

// faultJSON is a Fault as it is written: times as Go writes durations.
type faultJSON struct {
	At      string             `json:"at"`
	For     string             `json:"for,omitempty"`
	Kind    string             `json:"kind"`
	Nodes   []string           `json:"nodes,omitempty"`
	Groups  [][]string         `json:"groups,omitempty"`
	From    []string           `json:"from,omitempty"`
	To      []string           `json:"to,omitempty"`
	Link    *labrpc.Conditions `json:"link,omitempty"`
	Mode    CrashMode          `json:"mode,omitempty"`
	Pace    float64            `json:"pace,omitempty"`
	N       int                `json:"n,omitempty"`
	Latency labrpc.Dist        `json:"latency,omitzero"`
}

// MarshalJSON writes f on one line.
func (f Fault) MarshalJSON() ([]byte, error) {
	j := faultJSON{f.At.String(), "", f.Kind, f.Nodes, f.Groups, f.From, f.To, f.Link, f.Mode, f.Pace, f.N, f.Latency}
	if f.For != 0 {
		j.For = f.For.String()
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes. It refuses unknown fields, unknown kinds and
// negative times.
func (f *Fault) UnmarshalJSON(b []byte) error {
	var j faultJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return err
	}
	at, err := time.ParseDuration(j.At)
	if err != nil {
		return fmt.Errorf("at: %w", err)
	}
	var span time.Duration
	if j.For != "" {
		if span, err = time.ParseDuration(j.For); err != nil {
			return fmt.Errorf("for: %w", err)
		}
	}
	*f = Fault{at, span, j.Kind, j.Nodes, j.Groups, j.From, j.To, j.Link, j.Mode, j.Pace, j.N, j.Latency}
	return f.check()
}

// check says what is wrong with f, if anything.
func (f Fault) check() error {
	if kinds[f.Kind].doc == "" {
		return fmt.Errorf("no fault is of kind %q; there are %s", f.Kind, strings.Join(Kinds(), ", "))
	}
	if f.At < 0 || f.For < 0 {
		return errors.New("a fault's times can't be negative")
	}
	switch f.Mode {
	case "", Keep, Lose, Torn:
	default:
		return fmt.Errorf("no crash is of mode %q; there are keep, lose, torn", f.Mode)
	}
	if f.Kind == "skew" && f.Pace <= 0 {
		return errors.New("a skew needs a pace above 0")
	}
	if f.Kind == "link" && f.Link == nil {
		return errors.New("a link fault needs its conditions")
	}
	return nil
}

// names lists everybody whom f names.
func (f Fault) names() []string {
	return slices.Concat(append([][]string{f.Nodes, f.From, f.To}, f.Groups...)...)
}

func (f Fault) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s", stamp(f.At))
	if f.For > 0 {
		fmt.Fprintf(&b, " for %v", f.For)
	}
	fmt.Fprintf(&b, ": %s", f.Kind)
	if len(f.Nodes) > 0 {
		fmt.Fprintf(&b, " %s", strings.Join(f.Nodes, " "))
	}
	for i, g := range f.Groups {
		b.WriteString(map[bool]string{true: " ", false: " | "}[i == 0] + strings.Join(g, " "))
	}
	if len(f.From)+len(f.To) > 0 {
		fmt.Fprintf(&b, " %s→%s", strings.Join(f.From, ","), strings.Join(f.To, ","))
	}
	if f.Link != nil {
		j, _ := json.Marshal(f.Link) // numbers and texts
		fmt.Fprintf(&b, " %s", j)
	}
	if f.Mode != "" {
		fmt.Fprintf(&b, " (%s)", f.Mode)
	}
	if f.Pace != 0 {
		fmt.Fprintf(&b, " ×%.3g", f.Pace)
	}
	if f.N != 0 {
		fmt.Fprintf(&b, " n=%d", f.N)
	}
	if !f.Latency.IsZero() {
		fmt.Fprintf(&b, " %v", f.Latency)
	}
	return b.String()
}

// Schedule is a list of faults.
type Schedule []Fault

// String is one line per fault, in order of time.
func (s Schedule) String() string {
	var b strings.Builder
	for _, f := range s.sorted() {
		b.WriteString(f.String() + "\n")
	}
	return b.String()
}

func (s Schedule) sorted() Schedule {
	return slices.SortedStableFunc(slices.Values(s), func(a, b Fault) int { return cmp.Compare(a.At, b.At) })
}

// WriteTo writes s as JSON lines, in order of time: what LoadSchedule reads.
func (s Schedule) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	for _, f := range s.sorted() {
		line, err := json.Marshal(f)
		if err != nil {
			return 0, err
		}
		b.Write(append(line, '\n'))
	}
	return b.WriteTo(w)
}

// LoadSchedule reads JSON lines, one fault each. Empty lines and those that begin with # are
// passed over. An error names its line.
func LoadSchedule(r io.Reader) (Schedule, error) {
	s := Schedule{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		var f Fault
		if err := json.Unmarshal(line, &f); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		s = append(s, f)
	}
	return s, lines.Err()
}

// Validate says whether everybody whom s names is known.
func (s Schedule) Validate(names []string) error {
	for _, f := range s {
		for _, name := range f.names() {
			if !slices.Contains(names, name) {
				return fmt.Errorf("the fault %q names %s; there are %s", f, name, strings.Join(names, ", "))
			}
		}
	}
	return nil
}
