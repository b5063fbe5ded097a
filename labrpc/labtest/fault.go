package labtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"6.824/labrpc"
)

// Fault is one thing that goes wrong for a while, as data. Which of the fields count depends on the
// kind; see [Kinds] and [KindDoc]. A name that ends in * stands for all that begin with what is before it.
type Fault struct {
	At   time.Duration // from when on; of what World.Inject is given: from now
	For  time.Duration // for how long; 0 means until World.Heal
	Kind string

	Nodes   []string           // whom it hits
	Groups  [][]string         // of a partition
	From    []string           // of what hits links, one way: from each of these …
	To      []string           // … to each of those
	Link    *labrpc.Conditions // of a link fault: what comes on top of the healthy conditions
	Mode    CrashMode          // of a crash; "" means Keep
	Pace    float64            // of a skew: seconds that the clock counts in one
	N       int                // of failwrites: how many, -1 all; of crashatwrite: which, from 1, 0 means 1
	Latency labrpc.Dist        // of a slow disk: what a Sync or Replace takes
}

// faultJSON is a Fault as it is written: times as Go writes durations, a link's conditions among the
// other fields.
type faultJSON struct {
	At     string     `json:"at"`
	For    string     `json:"for,omitzero"`
	Kind   string     `json:"kind"`
	Nodes  []string   `json:"nodes,omitempty"`
	Groups [][]string `json:"groups,omitempty"`
	From   []string   `json:"from,omitempty"`
	To     []string   `json:"to,omitempty"`
	*labrpc.Conditions
	Mode    CrashMode   `json:"mode,omitzero"`
	Pace    float64     `json:"pace,omitzero"`
	N       int         `json:"n,omitzero"`
	Latency labrpc.Dist `json:"latency,omitzero"`
}

// MarshalJSON writes f as one flat object, without fields that its kind does not have.
func (f Fault) MarshalJSON() ([]byte, error) {
	f = f.trimmed()
	j := faultJSON{f.At.String(), "", f.Kind, f.Nodes, f.Groups, f.From, f.To, f.Link, f.Mode, f.Pace, f.N, f.Latency}
	if f.For != 0 {
		j.For = f.For.String()
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON writes. Unknown fields, fields that the kind does not have, missing
// ones, unknown kinds and values that make no sense are errors.
func (f *Fault) UnmarshalJSON(b []byte) (err error) {
	var j faultJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return err
	}
	g := Fault{0, 0, j.Kind, j.Nodes, j.Groups, j.From, j.To, j.Conditions, j.Mode, j.Pace, j.N, j.Latency}
	if g.At, err = time.ParseDuration(j.At); err != nil {
		return fmt.Errorf(`"at" must be a time such as "1.5s", not %q`, j.At)
	}
	if j.For != "" {
		if g.For, err = time.ParseDuration(j.For); err != nil {
			return fmt.Errorf(`"for" must be a time such as "800ms", not %q`, j.For)
		}
	}
	if err := g.check(); err != nil {
		return err
	}
	if extra := g.superfluous(); extra != "" {
		return fmt.Errorf("%s has no %s", g.noun(), inJSON(extra))
	}
	*f = g
	return nil
}

// check says what is wrong with f, if anything. Fields that its kind does not have are not looked at.
func (f *Fault) check() error {
	k := kinds[f.Kind]
	if k == nil {
		return fmt.Errorf("there is no kind %q of faults, only %s", f.Kind, strings.Join(Kinds(), ", "))
	}
	if f.At < 0 || f.For < 0 {
		return fmt.Errorf("a time can't be negative")
	}
	if k.moment && f.For != 0 {
		return fmt.Errorf(`%s has no "for": it is over at once`, f.noun())
	}
	set := f.fields()
	for _, field := range k.needs(f) {
		if !set[field] {
			return fmt.Errorf("%s needs %s", f.noun(), inJSON(field))
		}
	}
	switch f.Mode {
	case "", Keep, Lose, Torn:
	default:
		return fmt.Errorf("there is no crash mode %q, only keep, lose, torn", f.Mode)
	}
	if f.Pace < 0 || f.Pace != f.Pace {
		return fmt.Errorf("a pace must be above 0")
	}
	if k.check != nil {
		return k.check(f)
	}
	return nil
}

// noun is its kind in a sentence.
func (f *Fault) noun() string {
	if strings.ContainsRune("aeiou", rune(f.Kind[0])) {
		return "an " + f.Kind
	}
	return "a " + f.Kind
}

// fields says which of the fields that not every kind has are set.
func (f *Fault) fields() map[string]bool {
	return map[string]bool{
		"nodes": len(f.Nodes) > 0, "groups": len(f.Groups) > 0, "from": len(f.From) > 0, "to": len(f.To) > 0,
		"conditions": f.Link != nil && *f.Link != (labrpc.Conditions{}), "mode": f.Mode != "", "pace": f.Pace != 0, "n": f.N != 0, "latency": !f.Latency.IsZero(),
	}
}

// superfluous returns a field of f that its kind does not have, "" if there is none.
func (f *Fault) superfluous() string {
	set := f.fields()
	for _, field := range slices.Sorted(maps.Keys(set)) {
		if set[field] && !kinds[f.Kind].has(f, field) {
			return field
		}
	}
	return ""
}

// trimmed is f without what is superfluous.
func (f Fault) trimmed() Fault {
	k := kinds[f.Kind]
	if k == nil {
		return f
	}
	t := f
	for field, clear := range map[string]func(){
		"nodes": func() { t.Nodes = nil }, "groups": func() { t.Groups = nil }, "from": func() { t.From = nil }, "to": func() { t.To = nil },
		"conditions": func() { t.Link = nil }, "mode": func() { t.Mode = "" }, "pace": func() { t.Pace = 0 }, "n": func() { t.N = 0 },
		"latency": func() { t.Latency = labrpc.Dist{} },
	} {
		if !k.has(&f, field) {
			clear()
		}
	}
	return t
}

// checkConditions checks those of a link fault.
func checkConditions(f *Fault) error {
	c := f.Link
	for _, p := range []float64{c.DropRequest, c.DropReply, c.Duplicate, c.Reorder} {
		if !(p >= 0 && p <= 1) {
			return fmt.Errorf("a probability is from 0 to 1, not %v", p)
		}
	}
	if c.Bandwidth < 0 || c.Queue < 0 {
		return fmt.Errorf("bandwidth and queue can't be negative")
	}
	if c.Queue > 0 && c.Bandwidth == 0 {
		return fmt.Errorf("a queue only fills where there is a bandwidth")
	}
	return nil
}

// names lists everybody whom f names.
func (f *Fault) names() []string {
	return slices.Concat(append([][]string{f.Nodes, f.From, f.To}, f.Groups...)...)
}

// matches says whether a name is meant by one in a fault.
func matches(meant, name string) bool {
	if prefix, ok := strings.CutSuffix(meant, "*"); ok {
		return strings.HasPrefix(name, prefix)
	}
	return meant == name
}

// among says whether one of the names in a fault means name.
func among(meant []string, name string) bool {
	for _, m := range meant {
		if matches(m, name) {
			return true
		}
	}
	return false
}

// String is f as a line that a person can read.
func (f Fault) String() string {
	b := []byte(stamp(f.At))
	if f.For > 0 {
		b = append(append(b, " for "...), f.For.String()...)
	}
	b = append(append(b, ' '), f.Kind...)
	part := func(text string) { b = append(append(b, ' '), text...) }
	if len(f.Nodes) > 0 {
		part(strings.Join(f.Nodes, " "))
	}
	for i, g := range f.Groups {
		if i > 0 {
			part("|")
		}
		part(strings.Join(g, " "))
	}
	if len(f.From)+len(f.To) > 0 {
		part(strings.Join(f.From, ",") + " → " + strings.Join(f.To, ","))
	}
	if f.Link != nil {
		b = describeConditions(b, f.Link)
	}
	if f.Mode != "" {
		part(string(f.Mode))
	}
	if f.Pace != 0 {
		part("pace=" + strconv.FormatFloat(f.Pace, 'g', -1, 64))
	}
	if f.N != 0 {
		part("n=" + strconv.Itoa(f.N))
	}
	if !f.Latency.IsZero() {
		part("latency=" + f.Latency.String())
	}
	return string(b)
}

// describeConditions appends those of c that are not zero.
func describeConditions(b []byte, c *labrpc.Conditions) []byte {
	for _, x := range []struct {
		name string
		p    float64
	}{{"dropRequest", c.DropRequest}, {"dropReply", c.DropReply}, {"duplicate", c.Duplicate}, {"reorder", c.Reorder}} {
		if x.p != 0 {
			b = fmt.Appendf(b, " %s=%v", x.name, x.p)
		}
	}
	for _, x := range []struct {
		name string
		d    labrpc.Dist
	}{{"reorderBy", c.ReorderBy}, {"delay", c.Delay}} {
		if !x.d.IsZero() {
			b = fmt.Appendf(b, " %s=%v", x.name, x.d)
		}
	}
	if c.Cut {
		b = append(b, " cut"...)
	}
	if c.Hold {
		b = append(b, " hold"...)
	}
	if c.Bandwidth != 0 {
		b = fmt.Appendf(b, " bandwidth=%dB/s", c.Bandwidth)
	}
	if c.Queue != 0 {
		b = fmt.Appendf(b, " queue=%d", c.Queue)
	}
	return b
}
