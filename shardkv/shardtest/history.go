package shardtest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/anishathalye/porcupine"

	"6.824/labrpc/labtest"
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

func (r *recorded) Get(key string) string {
	done := r.st.history.Invoke(r.client, request{Kind: "get", Key: key})
	value := r.ck.Get(key)
	r.answered(done, value)
	return value
}

func (r *recorded) Put(key, value string) {
	done := r.st.history.Invoke(r.client, request{"put", key, value})
	r.ck.Put(key, value)
	r.answered(done, nil)
}

func (r *recorded) Append(key, value string) {
	done := r.st.history.Invoke(r.client, request{"append", key, value})
	r.ck.Append(key, value)
	r.answered(done, nil)
}

// answered notes an answer, unless the run is over: a clerk that comes back from a closed network has none.
func (r *recorded) answered(done func(any), output any) {
	if r.st.Failed() {
		output = labtest.Unknown{}
	}
	done(output)
}
