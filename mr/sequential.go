package mr

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"6.824/mr/store"
)

// Sequential runs a whole job in this process and writes its output to out, keys in order: what the job must come to, however it
// is run. It shares nothing with workers but the app, holds all that is emitted in memory, and does not combine.
func Sequential(app App, files []string, input func(name string) (store.Source, error), out io.Writer) (counters map[string]int64, err error) {
	counters = map[string]int64{}
	count := func(more map[string]int64) {
		for name, n := range more {
			counters[name] += n
		}
	}
	var all []KeyValue
	for _, name := range files {
		f, err := input(name)
		if err != nil {
			return nil, fmt.Errorf("the input %s can't be opened: %w", name, err)
		}
		b, err := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("the input %s can't be read: %w", name, err)
		}
		counted, err := app.CallMap(name, string(b), func(key, value string) { all = append(all, KeyValue{key, value}) })
		if err != nil {
			return nil, err
		}
		count(counted)
	}
	slices.SortStableFunc(all, func(a, b KeyValue) int { return strings.Compare(a.Key, b.Key) })
	w := bufio.NewWriter(out)
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].Key == all[0].Key {
			n++
		}
		values := func(yield func(string) bool) {
			for _, kv := range all[:n] {
				if !yield(kv.Value) {
					return
				}
			}
		}
		key := all[0].Key
		value, counted, err := app.CallReduce(key, values)
		if err != nil {
			return nil, err
		}
		count(counted)
		fmt.Fprintf(w, "%v %v\n", key, value)
		all = all[n:]
	}
	return counters, w.Flush()
}
