package labtest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Operation is one thing that a client asked of a node, as data. What Op and Arg mean is the suite's to say.
type Operation struct {
	At   time.Duration   // since the world began
	Op   string          // what was asked for
	Node string          // of whom, "" if of nobody in particular
	Arg  json.RawMessage // with what, nil if there is nothing to say
}

// operationJSON is an Operation as it is written.
type operationJSON struct {
	At   string          `json:"at"`
	Op   string          `json:"op"`
	Node string          `json:"node,omitempty"`
	Arg  json.RawMessage `json:"arg,omitempty"`
}

// MarshalJSON writes o as one object, its time as Go writes durations.
func (o Operation) MarshalJSON() ([]byte, error) {
	return json.Marshal(o.plain())
}

func (o Operation) plain() operationJSON { return operationJSON{o.At.String(), o.Op, o.Node, o.Arg} }

// UnmarshalJSON reads what MarshalJSON writes. Unknown and missing fields are errors.
func (o *Operation) UnmarshalJSON(b []byte) error {
	var j operationJSON
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&j); err != nil {
		return err
	}
	at, err := time.ParseDuration(j.At)
	if err != nil || at < 0 {
		return fmt.Errorf(`"at" must be a time such as "1.5s", not %q`, j.At)
	}
	if j.Op == "" {
		return fmt.Errorf(`an operation needs "op": what is asked for`)
	}
	*o = Operation{at, j.Op, j.Node, j.Arg}
	return nil
}

// String is o as a line that a person can read, without its time.
func (o Operation) String() string {
	text := o.Op
	if len(o.Arg) > 0 {
		arg := string(o.Arg)
		if len(arg) > 60 {
			arg = fmt.Sprintf("%.57s… (%d bytes)", arg, len(o.Arg))
		}
		text += " " + arg
	}
	return text
}

// plainJSON is v as JSON that a person can read: with < and > as they are.
func plainJSON(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSpace(b.Bytes()), err
}

// inOrder sorts operations by time; of those of one instant, who noted them first is the scheduler's choice.
func inOrder(ops []Operation) []Operation {
	return slices.SortedStableFunc(slices.Values(ops), func(a, b Operation) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Node, b.Node), cmp.Compare(a.Op, b.Op), bytes.Compare(a.Arg, b.Arg))
	})
}
