package mr

import (
	"iter"
	"slices"
)

// KeyValue is a pair that a map function of the course emits.
type KeyValue struct {
	Key   string
	Value string
}

// App is a job's functions. Map and Reduce must be there, all else may be left out.
//
// All of them must be functions in the mathematical sense: any number of attempts at a task may be made, at the same time,
// and one of them counts.
type App struct {
	Name string

	// Map is called with a file's name and its contents. What it has to say it says through t.
	Map func(t *Task, file, contents string)
	// Reduce is called once per key, keys of a reduce task in order, and returns what stands for the key in the output.
	// The values can be read once, while it runs.
	Reduce func(t *Task, key string, values iter.Seq[string]) string

	// Combine makes one value out of several of a key, before they leave the map task (§4.3). Reduce must not see a difference.
	Combine func(key string, values iter.Seq[string]) string
	// Partition says which of n reduce tasks a key goes to (§4.1), from 0.
	Partition func(key string, n int) int
	// Lines has Map be called for every line of a file, which then are the records that can be left out if Map panics
	// at them (§4.6). Otherwise the file is one record.
	Lines bool
	// Pieces says that Map may be given a file in pieces, whole lines each, one at a time and anywhere: what comes out is the same. Then
	// a large file is work for many, and need not fit in memory.
	Pieces bool
}

// Course makes an App of functions as the course has them.
func Course(name string, mapf func(file, contents string) []KeyValue, reducef func(key string, values []string) string) App {
	return App{
		Name: name,
		Map: func(t *Task, file, contents string) {
			for _, kv := range mapf(file, contents) {
				t.Emit(kv.Key, kv.Value)
			}
		},
		Reduce: func(_ *Task, key string, values iter.Seq[string]) string {
			return reducef(key, slices.Collect(values))
		},
	}
}

// Typed makes an App of functions over values of a type of their own, which travel as strings in between.
func Typed[V any](name string, encode func(V) string, decode func(string) V,
	mapf func(t *Task, file, contents string, emit func(key string, v V)), reducef func(t *Task, key string, values iter.Seq[V]) string,
) App {
	return App{
		Name: name,
		Map: func(t *Task, file, contents string) {
			mapf(t, file, contents, func(key string, v V) { t.Emit(key, encode(v)) })
		},
		Reduce: func(t *Task, key string, values iter.Seq[string]) string {
			return reducef(t, key, func(yield func(V) bool) {
				for s := range values {
					if !yield(decode(s)) {
						return
					}
				}
			})
		},
	}
}

// Task is what an App's functions see of the task that they are called for. It belongs to the goroutine that they are called on.
type Task struct {
	emit     func(key, value string)
	counters map[string]int64
}

// Emit hands a pair on to the reduce tasks. Only Map may call it.
func (t *Task) Emit(key, value string) { t.emit(key, value) }

// Count adds to a counter (§4.8). The job's counters are the sums over its tasks, each of which counts once, however often
// it was tried.
func (t *Task) Count(counter string, n int64) { t.counters[counter] += n }
