package mr

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// The contract of Hadoop Streaming, in which a mapper and a reducer are programs: a pair is a line, the key up to the first tab and
// the value behind it; the engine sorts what mappers say, and a reducer reads it with the lines of one key in a row. So an app
// runs on every engine that speaks this.

// ErrNotALine is the error of a key or value that can't be part of such a line.
var ErrNotALine = errors.New("a key with a tab or newline in it, or a value with a newline, can't be streamed")

// StreamMap calls Map with all of in, or with each of its lines if the app takes lines, as the contents of file, and writes what it emits
// to out. Counters go to counters, in the form that Hadoop reads from a program's standard error.
func StreamMap(app App, file string, in io.Reader, out, counters io.Writer) error {
	w := bufio.NewWriter(out)
	t := &Task{counters: map[string]int64{}}
	t.emit = func(key, value string) {
		if err := writePair(w, key, value); err != nil {
			panic(unwind{err})
		}
	}
	r := bufio.NewReader(in)
	for n := int64(0); ; n++ {
		record, err := nextRecord(r, app.Lines)
		if err == io.EOF {
			break
		}
		if err == nil {
			err = guard(fmt.Sprintf("Map of record %d", n), n, func() { app.Map(t, file, record) })
		}
		if err != nil {
			return errors.Join(err, w.Flush())
		}
	}
	return errors.Join(w.Flush(), writeCounters(counters, app, t))
}

// nextRecord is the next line, or all there is; then io.EOF.
func nextRecord(r *bufio.Reader, lines bool) (string, error) {
	if _, err := r.Peek(1); err != nil {
		return "", err
	}
	if lines {
		line, err := r.ReadString('\n')
		if err == io.EOF {
			err = nil
		}
		return line, err
	}
	all, err := io.ReadAll(r)
	return string(all), err
}

// StreamReduce reads pairs, all of a key in a row, calls Reduce for each key, and writes what it returns to out. A key that
// comes again after another one is an error: what was read was not sorted.
func StreamReduce(app App, in io.Reader, out, counters io.Writer) error {
	w := bufio.NewWriter(out)
	t := &Task{counters: map[string]int64{}}
	p := &pairs{r: bufio.NewReader(in)}
	p.next()
	for order := 0; p.err == nil; {
		key := p.key
		var value string
		err := guard(fmt.Sprintf("Reduce of the key %q", key), 0, func() {
			value = app.Reduce(t, key, func(yield func(string) bool) {
				for p.err == nil && p.key == key && yield(p.value) {
					p.next()
				}
			})
		})
		for p.err == nil && p.key == key { // what Reduce did not read
			p.next()
		}
		if err == nil {
			err = writePair(w, key, value)
		}
		if p.err == nil && err == nil {
			// Engines sort in orders of their own, but up or down it must be.
			switch now := strings.Compare(key, p.key); {
			case order == 0:
				order = now
			case order != now:
				err = fmt.Errorf("the key %q comes behind %q, against the order of the keys before: sort them, with LC_ALL=C", p.key, key)
			}
		}
		if err != nil {
			return errors.Join(err, w.Flush())
		}
	}
	if p.err != io.EOF {
		return errors.Join(p.err, w.Flush())
	}
	return errors.Join(w.Flush(), writeCounters(counters, app, t))
}

// pairs reads lines of pairs.
type pairs struct {
	r          *bufio.Reader
	key, value string
	err        error // io.EOF behind the last one
}

func (p *pairs) next() {
	line, err := p.r.ReadString('\n')
	if err != nil && (err != io.EOF || line == "") {
		p.err = err
		return
	}
	p.key, p.value, _ = strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
}

func writePair(w *bufio.Writer, key, value string) error {
	if strings.ContainsAny(key, "\t\n") || strings.Contains(value, "\n") {
		return fmt.Errorf("%w: %.100q, %.100q", ErrNotALine, key, value)
	}
	w.WriteString(key)
	w.WriteByte('\t')
	w.WriteString(value)
	return w.WriteByte('\n') // which has the error of all of them
}

func writeCounters(w io.Writer, app App, t *Task) error {
	for _, name := range slices.Sorted(maps.Keys(t.counters)) {
		if _, err := fmt.Fprintf(w, "reporter:counter:%s,%s,%d\n", app.Name, name, t.counters[name]); err != nil {
			return err
		}
	}
	return nil
}
