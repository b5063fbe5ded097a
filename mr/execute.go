package mr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"

	"6.824/mr/shuffle"
	"6.824/mr/store"
	"6.824/mr/tasks"
)

// errVoid ends an attempt that can't count any more.
var errVoid = errors.New("the attempt is void")

// failure is an error that says what kind of failure it is.
type failure struct {
	tasks.Failure
	err   error
	stack []byte // of a panic
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failureOf(err error) tasks.Failure {
	if f := new(failure); errors.As(err, &f) {
		f.Reason = f.err.Error()
		return f.Failure
	}
	return tasks.Failure{Kind: tasks.Storage, Reason: err.Error(), Record: -1}
}

func failed(kind tasks.FailureKind, err error) error {
	return &failure{Failure: tasks.Failure{Kind: kind, Record: -1}, err: err}
}

// guard calls one of the job's functions. A panic of it is an error that names the record.
func guard(what string, record int64, f func()) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case unwind:
			err = p.err
		default:
			// The stack has addresses in it, which differ from run to run, so it is not for the coordinator.
			err = &failure{tasks.Failure{Kind: tasks.Function, Record: record}, fmt.Errorf("%s panicked: %v", what, p), debug.Stack()}
		}
	}()
	f()
	return nil
}

// unwind is the panic with which a function of the job is left that called Emit when that was impossible.
type unwind struct{ err error }

// execute makes the output of an attempt. Whatever happens, files of the names that other tasks look for are whole.
func (w *worker) execute(at *attempt) (counters map[string]int64, err error) {
	t := &Task{counters: map[string]int64{}}
	w.Observe("begun")
	if at.order.ID.Phase == tasks.Map {
		err = w.mapTask(at, t)
	} else {
		err = w.reduceTask(at, t)
	}
	return t.counters, err
}

func (w *worker) removeOutput(at *attempt) {
	name := MapFile(at.job.ID, at.order.ID.N, at.order.Attempt)
	if at.order.ID.Phase == tasks.Reduce {
		name = ReduceFile(at.job.ID, at.order.ID.N, at.order.Attempt)
	}
	w.Gate("worker")
	if err := w.Store.Remove(name); err != nil {
		w.Log.Warn("a file that nobody needs can't be removed", "file", name, "err", err)
	}
}

// voidEvery is how many pairs a function may emit before it is looked whether they are still of use.
const voidEvery = 1 << 10

// mapTask reads the input, has Map called for its records, and writes what it emits.
func (w *worker) mapTask(at *attempt, t *Task) error {
	contents, err := w.read(at.input)
	if err != nil {
		return err
	}
	t.Count("map input bytes", int64(len(contents)))
	name := MapFile(at.job.ID, at.order.ID.N, at.order.Attempt)
	c := shuffle.NewCollector(w.Store, name, shuffle.Config{
		Reduces: at.job.Reduces, Partition: w.App.Partition, Combine: w.App.Combine, Memory: w.Memory,
	})
	emitted := int64(0)
	t.emit = func(key, value string) {
		if emitted++; emitted%voidEvery == 0 && at.void.Load() {
			panic(unwind{errVoid})
		}
		if err := c.Add(key, value); err != nil {
			panic(unwind{err})
		}
	}
	for n, record := range records(contents, w.App.Lines) {
		if slices.Contains(at.order.Skip, n) {
			t.Count("records skipped", 1)
			continue
		}
		w.announce(at, n)
		err := guard(fmt.Sprintf("Map of %v, record %d,", at.input, n), n, func() { w.App.Map(t, at.input.File, record) })
		if err != nil {
			return errors.Join(err, c.Discard())
		}
	}
	w.Observe("mapped")
	t.Count("map output pairs", emitted)
	w.Gate("worker")
	if at.void.Load() {
		return errors.Join(errVoid, c.Discard())
	}
	// What is called here of the app's are Combine and Partition.
	var bad error
	if err := guard(fmt.Sprintf("Combine or Partition of %v", at.input), -1, func() { bad = c.Commit(name) }); err != nil {
		return errors.Join(err, c.Discard())
	}
	w.Observe("committed")
	t.Count("intermediate bytes", c.Bytes)
	t.Count("spills", int64(c.Spills))
	return bad
}

// read reads an input.
func (w *worker) read(input Piece) (string, error) {
	w.Gate("worker")
	f, err := w.Input(input.File)
	if err != nil {
		return "", failed(tasks.Function, fmt.Errorf("the input %s can't be opened: %w", input.File, err))
	}
	defer f.Close()
	contents, err := input.read(f)
	if err != nil {
		return "", failed(tasks.Function, fmt.Errorf("the input %v can't be read: %w", input, err))
	}
	return contents, nil
}

// records numbers the records of an input.
func records(contents string, lines bool) func(yield func(int64, string) bool) {
	return func(yield func(int64, string) bool) {
		if !lines {
			yield(0, contents)
			return
		}
		n := int64(0)
		for line := range strings.Lines(contents) {
			if !yield(n, line) {
				return
			}
			n++
		}
	}
}

// reduceTask merges what the map tasks have for it, has Reduce called for each key, and writes what it returns.
func (w *worker) reduceTask(at *attempt, t *Task) (err error) {
	id, r := at.job.ID, at.order.ID.N
	out := ReduceFile(id, r, at.order.Attempt)
	names := make([]string, len(at.order.Inputs))
	for m, a := range at.order.Inputs {
		names[m] = MapFile(id, m, a)
	}
	w.Gate("worker")
	m, err := shuffle.Merge(w.Store, out+".merge", names, r)
	if err != nil {
		return w.lost(at, names, err)
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	w.Observe("read")
	temp := out + ".tmp"
	f, err := w.Store.Create(temp)
	if err != nil {
		return err
	}
	err = w.reduce(at, t, m, f)
	if err == nil {
		w.Gate("worker")
	}
	err = errors.Join(err, f.Close())
	w.Observe("written")
	if err != nil {
		err = errors.Join(err, w.Store.Remove(temp))
		return w.lost(at, names, err)
	}
	if err := w.Store.Rename(temp, out); err != nil {
		return err
	}
	w.Observe("committed")
	return nil
}

func (w *worker) reduce(at *attempt, t *Task, m *shuffle.Merger, f io.Writer) error {
	buf := bufio.NewWriterSize(f, 64<<10)
	n := int64(-1)
	for m.Next() {
		n++
		if at.void.Load() {
			return errVoid
		}
		if slices.Contains(at.order.Skip, n) {
			t.Count("records skipped", 1)
			continue
		}
		w.announce(at, n)
		var value string
		err := guard(fmt.Sprintf("Reduce of the key %q", m.Key()), n, func() { value = w.App.Reduce(t, m.Key(), m.Values()) })
		if err != nil {
			return err
		}
		buf.WriteString(m.Key())
		buf.WriteByte(' ')
		buf.WriteString(value)
		if err := buf.WriteByte('\n'); err != nil {
			return err
		}
	}
	t.Count("reduce keys", n+1)
	return errors.Join(m.Err(), buf.Flush())
}

// lost says of which map tasks the output is gone, if that is why a reduce task came to nothing. All inputs are looked at, so that
// what is lost together is made again together.
func (w *worker) lost(at *attempt, names []string, err error) error {
	bad := new(shuffle.BadFile)
	if !errors.As(err, &bad) {
		return err
	}
	i := slices.Index(names, bad.Name)
	if i < 0 {
		return err // a temporary file of our own
	}
	lost := []tasks.Input{{Map: i, Attempt: at.order.Inputs[i]}}
	for m, name := range names {
		if m == i {
			continue
		}
		if f, err := w.Store.Open(name); errors.Is(err, store.ErrNotExist) {
			lost = append(lost, tasks.Input{Map: m, Attempt: at.order.Inputs[m]})
		} else if err == nil {
			f.Close()
		}
	}
	return &failure{Failure: tasks.Failure{Kind: tasks.Lost, Record: -1, Lost: lost}, err: err}
}
