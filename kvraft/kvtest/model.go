package kvtest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"

	"6.824/labrpc/labtest"
)

// Op is an operation as a client calls it.
type Op struct {
	Kind    string // get, put, append, putif, delete
	Key     string
	Value   string
	Version int64 // that putif and delete expect; of delete, -1 for any
	Rich    bool  // the client gets to know the version, and whether there is such a key
}

// ReadOnly says that an operation without an answer need not be explained.
func (o Op) ReadOnly() bool { return o.Kind == "get" }

func (o Op) String() string {
	switch o.Kind {
	case "get":
		return fmt.Sprintf("get %q", o.Key)
	case "putif":
		return fmt.Sprintf("putif %q=%q at version %d", o.Key, o.Value, o.Version)
	case "delete":
		return fmt.Sprintf("delete %q at version %d", o.Key, o.Version)
	}
	return fmt.Sprintf("%s %q %q", o.Kind, o.Key, o.Value)
}

// Answer is what came of an operation.
type Answer struct {
	Value   string // of a get
	Version int64  // that the key has now, 0 if there is none; of the rich API only
	Refused string // "": done; otherwise "not found" or "version"
}

func (a Answer) String() string {
	switch {
	case a.Refused != "":
		return a.Refused
	case a.Version != 0:
		return fmt.Sprintf("%q, version %d", a.Value, a.Version)
	}
	return fmt.Sprintf("%q", a.Value)
}

// cell is what the store has under a key; its version is 0 if there is none.
type cell struct {
	value   string
	version int64
}

// step executes an operation: what a store must do. A version is one more with each change, and begins anew after a delete.
func (s cell) step(o Op) (cell, Answer) {
	absent := s.version == 0
	switch o.Kind {
	case "get":
		if absent {
			return s, Answer{Refused: "not found"}
		}
		return s, Answer{Value: s.value, Version: s.version}
	case "append":
		o.Value = s.value + o.Value
	case "putif":
		if s.version != o.Version {
			return s, s.conflict()
		}
	case "delete":
		if absent || o.Version >= 0 && o.Version != s.version {
			return s, s.conflict()
		}
		return cell{}, Answer{}
	}
	s = cell{o.Value, s.version + 1}
	return s, Answer{Version: s.version}
}

func (s cell) conflict() Answer {
	if s.version == 0 {
		return Answer{Refused: "not found"}
	}
	return Answer{Refused: "version"}
}

// forCourse is the answer as the course's API has it.
func (a Answer) forCourse() Answer { return Answer{Value: a.Value} }

// guided is an append of which it is known what the value was before: some get has returned it with what was appended.
type guided struct {
	Op
	before string
}

// model is what all clients together must see. Keys have nothing to do with each other.
var model = porcupine.Model{
	Partition: partition,
	Init:      func() any { return cell{} },
	Step: func(state, input, output any) (bool, any) {
		now := state.(cell)
		op, ok := input.(Op)
		if !ok {
			g := input.(guided)
			if now.value != g.before {
				return false, state
			}
			op = g.Op
		}
		next, want := now.step(op)
		got, answered := output.(Answer)
		if !answered {
			return true, next
		}
		if !op.Rich {
			want = want.forCourse()
		}
		return got == want, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v → %v", input, output) },
	DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
}

// partition parts a history by keys, and makes it easier to decide, which else takes time that grows exponentially with the number of
// appends between two gets.
func partition(history []porcupine.Operation) [][]porcupine.Operation {
	byKey := map[string][]porcupine.Operation{}
	var keys []string
	for _, o := range history {
		key := o.Input.(Op).Key
		if byKey[key] == nil {
			keys = append(keys, key)
		}
		byKey[key] = append(byKey[key], o)
	}
	slices.Sort(keys)
	parts := make([][]porcupine.Operation, 0, len(keys))
	for _, key := range keys {
		parts = append(parts, easier(byKey[key]))
	}
	return parts
}

// easier makes the history of one key easier to decide, and not another. What is appended is unique (see clerk.value), so if a get
// has returned it, what stands before it is what was there when it was appended. And if nobody has seen it, and it had no answer, then it
// makes no difference to anybody whether it has happened, unless there are clients who see versions. The same goes for puts.
func easier(ops []porcupine.Operation) []porcupine.Operation {
	var seen []string
	versions := false
	for _, o := range ops {
		op := o.Input.(Op)
		versions = versions || op.Rich
		if a, ok := o.Output.(Answer); ok && op.Kind == "get" {
			seen = append(seen, a.Value)
		}
	}
	slices.Sort(seen)
	seen = slices.Compact(seen)
	var list []porcupine.Operation
	for _, o := range ops {
		op := o.Input.(Op)
		before, found := beforeIn(seen, op.Value)
		_, open := o.Output.(labtest.Unknown)
		switch {
		case open && !found && !versions:
			continue
		case op.Kind == "append" && found && op.Value != "":
			o.Input = guided{op, before}
		}
		list = append(list, o)
	}
	return list
}

// beforeIn looks for v in the values that were seen, and returns what stands before it there.
func beforeIn(seen []string, v string) (before string, found bool) {
	for _, s := range seen {
		if before, _, found := strings.Cut(s, v); found {
			return before, true
		}
	}
	return "", false
}
