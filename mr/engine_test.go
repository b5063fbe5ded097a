package mr

import (
	"iter"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCallsForAnotherEngine(t *testing.T) {
	app := App{
		Lines: true,
		Map: func(t *Task, file, line string) {
			if line == "bad\n" {
				panic("a bad line")
			}
			t.Emit(file, line)
			t.Count("lines", 1)
		},
		Reduce: func(t *Task, key string, values iter.Seq[string]) string {
			if key == "bad" {
				panic("a bad key")
			}
			t.Count("keys", 1)
			return key + strings.Join(slices.Collect(values), "")
		},
	}
	var got []KeyValue
	emit := func(key, value string) { got = append(got, KeyValue{key, value}) }
	counters, err := app.CallMap("f", "a\nb", emit)
	require.NoError(t, err)
	require.Equal(t, []KeyValue{{"f", "a\n"}, {"f", "b"}}, got)
	require.Equal(t, map[string]int64{"lines": 2}, counters)
	_, err = app.CallMap("f", "a\nbad\n", emit)
	require.EqualError(t, err, "Map of f, record 1, panicked: a bad line")

	value, counters, err := app.CallReduce("k", slices.Values([]string{"1", "2"}))
	require.NoError(t, err)
	require.Equal(t, "k12", value)
	require.Equal(t, map[string]int64{"keys": 1}, counters)
	_, _, err = app.CallReduce("bad", slices.Values([]string{"1"}))
	require.EqualError(t, err, `Reduce of the key "bad" panicked: a bad key`)

	mapf, reducef := app.Functions()
	require.Equal(t, []KeyValue{{"f", "a\n"}, {"f", "b"}}, mapf("f", "a\nb"))
	require.Equal(t, "k12", reducef("k", []string{"1", "2"}))
	require.Panics(t, func() { mapf("f", "bad\n") })
}
