// Package tracediff compares two traces of one seed: of two implementations, or of one
// before and after a change.
package tracediff

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"6.824/labrpc/labtest/trace"
)

// Row is events of both sides that stand side by side; one may be missing.
type Row struct{ A, B *trace.Event }

// Parting is where two traces first part at a level.
type Parting struct {
	Lane   string // the node or client, "" if all are compared together
	Index  int    // so many events of the lane are the same
	At     time.Duration
	Common []Row // the last that are the same
	After  []Row // what comes then; the first is where they part
	Fields []Field
}

// Field is a part of the first event that differs, when both sides have that event.
type Field struct{ Name, A, B string }

// Diff finds where two traces first part; nil if they don't, at this level. Around it
// there are so many events of context.
func Diff(a, b *trace.Trace, level Level, context int) *Parting {
	lanesA, lanesB := level.lanes(a), level.lanes(b)
	var first *Parting
	names := slices.Sorted(maps.Keys(lanesA))
	for name := range lanesB {
		if _, ok := lanesA[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		p := part(lanesA[name], lanesB[name], level, context)
		if p != nil && (first == nil || p.At < first.At) {
			p.Lane = name
			first = p
		}
	}
	return first
}

// part finds where two lanes part.
func part(a, b []trace.Event, level Level, context int) *Parting {
	n := 0
	for n < len(a) && n < len(b) && level.same(a[n], b[n]) {
		n++
	}
	if n == len(a) && n == len(b) {
		return nil
	}
	p := &Parting{Index: n}
	for i := max(0, n-context); i < n; i++ {
		p.Common = append(p.Common, Row{&a[i], &b[i]})
	}
	a, b = a[n:min(len(a), n+context)], b[n:min(len(b), n+context)]
	switch {
	case len(a) == 0:
		p.At = b[0].At
	case len(b) == 0:
		p.At = a[0].At
	default:
		p.At = min(a[0].At, b[0].At)
		p.Fields = fields(a[0], b[0])
	}
	p.After = align(a, b)
	return p
}

// align sets events side by side so that as many as can be meet their like: the longest
// common subsequence. Times may differ, or one late event would part all that follow.
func align(a, b []trace.Event) []Row {
	length := make([][]int, len(a)+1) // of what a[i:] and b[j:] have in common
	for i := range length {
		length[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if length[i][j] = max(length[i+1][j], length[i][j+1]); sameBut(a[i], b[j]) {
				length[i][j] = length[i+1][j+1] + 1
			}
		}
	}
	var rows []Row
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && sameBut(a[i], b[j]):
			rows = append(rows, Row{&a[i], &b[j]})
			i, j = i+1, j+1
		case i < len(a) && j < len(b) && length[i+1][j+1] == length[i][j]: // neither meets its like
			rows = append(rows, Row{&a[i], &b[j]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && length[i+1][j] >= length[i][j+1]:
			rows = append(rows, Row{A: &a[i]})
			i++
		default:
			rows = append(rows, Row{B: &b[j]})
			j++
		}
	}
	return rows
}

// fields tells in what two events of one kind at one node differ, the parts of a reported
// state each by itself; nil if they are of different kinds or nodes.
func fields(a, b trace.Event) []Field {
	if a.Kind != b.Kind || a.Node != b.Node || a.To != b.To || a.Method != b.Method {
		return nil
	}
	partsA, partsB := parts(a), parts(b)
	names := slices.Collect(maps.Keys(partsA))
	for name := range partsB {
		if _, ok := partsA[name]; !ok {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, cmp.Compare)
	var differ []Field
	for _, name := range names {
		if x, y := partsA[name], partsB[name]; x != y {
			differ = append(differ, Field{name, x, y})
		}
	}
	return differ
}

func parts(e trace.Event) map[string]string {
	p := map[string]string{
		"time": e.At.String(), "call": fmt.Sprint(e.N), "copy": fmt.Sprint(e.Copy), "bytes": fmt.Sprint(e.Bytes),
		"fingerprint": fmt.Sprintf("%x", e.Sum), "text": trace.Printable(e.Text),
	}
	var state map[string]json.RawMessage
	if bytes.HasPrefix(e.State, []byte("{")) && json.Unmarshal(e.State, &state) == nil {
		for name, value := range state {
			p["state "+name] = trace.Printable(string(value))
		}
	} else {
		p["state"] = trace.Printable(string(e.State))
	}
	return p
}

// Mark says how the sides of a row stand to each other, in a letter: blank for equal, ~ for
// another time, | for different, < and > for an event of the one side only.
func (r Row) Mark() string {
	switch {
	case r.B == nil:
		return "<"
	case r.A == nil:
		return ">"
	case !sameBut(*r.A, *r.B):
		return "|"
	case r.A.At != r.B.At:
		return "~"
	}
	return " "
}

// Strangers says why two traces are not of the same run, "" if they are.
func Strangers(a, b *trace.Trace) string {
	x, y := a.Header, b.Header
	var facts []string
	if x.Suite != y.Suite || x.Scenario != y.Scenario {
		facts = append(facts, fmt.Sprintf("the scenarios differ: %s/%s and %s/%s", x.Suite, x.Scenario, y.Suite, y.Scenario))
	}
	if x.Seed != y.Seed {
		facts = append(facts, fmt.Sprintf("the seeds differ: %d and %d", x.Seed, y.Seed))
	}
	return strings.Join(facts, "; ")
}

// OneSided reports whether one side has no events left where they part.
func (p *Parting) OneSided() bool {
	noA := !slices.ContainsFunc(p.After, func(r Row) bool { return r.A != nil })
	noB := !slices.ContainsFunc(p.After, func(r Row) bool { return r.B != nil })
	return noA || noB
}
