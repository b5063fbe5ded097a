package mr

import (
	"fmt"
	"iter"
	"slices"
)

// What an engine that is not ours needs to run an App: its functions, called as workers call them.

// CallMap calls Map for a file, or for each line of it if the app takes lines. What it emits goes to emit. A panic of Map is an error.
func (app App) CallMap(file, contents string, emit func(key, value string)) (counters map[string]int64, err error) {
	t := &Task{emit: emit, counters: map[string]int64{}}
	for n, record := range records(contents, app.Lines) {
		if err := guard(fmt.Sprintf("Map of %s, record %d,", file, n), n, func() { app.Map(t, file, record) }); err != nil {
			return nil, err
		}
	}
	return t.counters, nil
}

// CallReduce calls Reduce for a key. A panic of it is an error.
func (app App) CallReduce(key string, values iter.Seq[string]) (value string, counters map[string]int64, err error) {
	t := &Task{counters: map[string]int64{}}
	err = guard(fmt.Sprintf("Reduce of the key %q", key), 0, func() { value = app.Reduce(t, key, values) })
	return value, t.counters, err
}

// Functions is the app's Map and Reduce as the course has them. What they count is lost, and they panic when the app does.
func (app App) Functions() (mapf func(file, contents string) []KeyValue, reducef func(key string, values []string) string) {
	mapf = func(file, contents string) (all []KeyValue) {
		if _, err := app.CallMap(file, contents, func(key, value string) { all = append(all, KeyValue{key, value}) }); err != nil {
			panic(err)
		}
		return all
	}
	reducef = func(key string, values []string) string {
		value, _, err := app.CallReduce(key, slices.Values(values))
		if err != nil {
			panic(err)
		}
		return value
	}
	return mapf, reducef
}
