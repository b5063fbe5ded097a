package shardtest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"
)

// request is an operation of a client, as the checker sees it.
type request struct {
	Kind  string // get, put, append
	Key   string
	Value string
}

func (r request) String() string { return fmt.Sprintf("%s %q %q", r.Kind, r.Key, r.Value) }

// ReadOnly says that an operation without an answer need not be explained: it changed nothing.
func (r request) ReadOnly() bool { return r.Kind == "get" }

// model is what clients must see: each key by itself is a register that can be appended to.
var model = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		by := map[string][]porcupine.Operation{}
		for _, op := range history {
			key := op.Input.(request).Key
			by[key] = append(by[key], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range by {
			parts = append(parts, part)
		}
		slices.SortFunc(parts, func(a, b []porcupine.Operation) int {
			return cmp.Compare(a[0].Input.(request).Key, b[0].Input.(request).Key)
		})
		return parts
	},
	Init: func() any { return "" },
	Step: func(state, input, output any) (bool, any) {
		switch r := input.(request); r.Kind {
		case "put":
			return true, r.Value
		case "append":
			return true, state.(string) + r.Value
		}
		got, answered := output.(string)
		return !answered || got == state.(string), state
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v → %v", input, output) },
}

// recorded is a clerk whose operations are in the history.
type recorded struct {
	ck     Clerk
	st     *Store
	client int
}

// Get also checks what is known of the key for certain.
func (r *recorded) Get(key string) string {
	known := r.st.sequences.Read(key)
	done := r.invoke(request{Kind: "get", Key: key})
	got := r.ck.Get(key)
	done(got)
	if want, certain := known(); certain {
		r.st.Count("values checked")
		r.st.holds(got == want, "a client reads what was written", "%q is %q, and was written to be %q", key, shorten(got), shorten(want))
	}
	return got
}

func (r *recorded) Put(key, value string) {
	written := r.st.sequences.Write(key)
	done := r.invoke(request{"put", key, value})
	r.ck.Put(key, value)
	done(nil)
	written(func(string) (string, bool) { return value, true })
}

func (r *recorded) Append(key, value string) {
	written := r.st.sequences.Write(key)
	done := r.invoke(request{"append", key, value})
	r.ck.Append(key, value)
	done(nil)
	written(func(old string) (string, bool) { return old + value, false })
}

// invoke notes that an operation begins.
func (r *recorded) invoke(q request) (answered func(any)) {
	r.st.Asks(q.Kind, fmt.Sprintf("client/%d", r.client), asked{Key: q.Key, Value: q.Value})()
	return r.st.history.Invoke(r.client, q)
}

// shorten keeps reports readable.
func shorten(s string) string {
	if len(s) > 60 {
		return fmt.Sprintf("%s… (%d bytes)", s[:60], len(s))
	}
	return s
}
