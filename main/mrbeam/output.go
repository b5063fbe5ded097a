package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"6.824/mr"
)

func init() {
	register.DoFn5x1[context.Context, int64, func(*int64) bool, func(*Line) bool, func(int64, Part), error](&writeFn{})
	register.DoFn3x1[context.Context, int64, func(*Part) bool, error](&commitFn{})
	register.Emitter2[int64, Part]()
	register.Iter1[int64]()
	register.Iter1[Line]()
	register.Iter1[Part]()
}

// output is where a job writes: to files of names of its own, until all of them are whole. Only then they are renamed, so that a job that
// fails leaves no output. On a file system without a rename (gs://, s3://) a file is copied, and is there when its copy is whole.
type output struct {
	Dir string
	Job string // names the files that are not output yet
}

// path is where a file is.
func (o output) path(name string) string {
	if remote(o.Dir) {
		return strings.TrimSuffix(o.Dir, "/") + "/" + name
	}
	return filepath.Join(o.Dir, name)
}

// pattern is path for a pattern of names, in which nothing of Dir is one.
func (o output) pattern(names string) string {
	return output{Dir: plain.Replace(o.Dir)}.path(names)
}

var plain = strings.NewReplacer("*", "[*]", "?", "[?]", "[", "[[]", `\`, `[\\]`) // each as a class of its own: some know no other quotes

// Part is the file of a partition.
type Part struct {
	Partition int64
	Temp      string // what it is called until it is output
}

// writeFn writes a partition, keys in order, to a file of its own. It holds all lines of it.
type writeFn struct{ Out output }

func (f *writeFn) ProcessElement(ctx context.Context, partition int64, _ func(*int64) bool, lines func(*Line) bool, emit func(int64, Part)) error {
	var all []Line
	for line := (Line{}); lines(&line); line = (Line{}) {
		all = append(all, line)
	}
	slices.SortFunc(all, func(a, b Line) int { return bytes.Compare(a.Key, b.Key) })
	temp := f.Out.path(fmt.Sprintf("mr-%s-out-%d-%08x", f.Out.Job, partition, rand.Uint32())) // of this attempt
	if err := write(ctx, temp, all); err != nil {
		return fmt.Errorf("the output %s can't be written: %w", temp, err)
	}
	emit(0, Part{partition, temp})
	return nil
}

func write(ctx context.Context, name string, lines []Line) error {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return err
	}
	defer fs.Close()
	f, err := fs.OpenWrite(ctx, name)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	for _, line := range lines {
		w.Write(line.Key)
		w.WriteByte(' ')
		w.Write(line.Value)
		w.WriteByte('\n')
	}
	return errors.Join(w.Flush(), f.Close())
}

// commitFn makes output of the files of all partitions, and removes the files of other attempts.
type commitFn struct{ Out output }

func (f *commitFn) ProcessElement(ctx context.Context, _ int64, parts func(*Part) bool) error {
	fs, err := filesystem.New(ctx, f.Out.Dir)
	if err != nil {
		return err
	}
	defer fs.Close()
	for part := (Part{}); parts(&part); {
		name := f.Out.path(mr.OutputFile(int(part.Partition)))
		if err := rename(ctx, fs, part.Temp, name); err != nil {
			return fmt.Errorf("the output %s can't be made: %w", name, err)
		}
	}
	return f.Out.clean(ctx)
}

// rename renames a file, unless an attempt before this one has.
func rename(ctx context.Context, fs filesystem.Interface, from, to string) error {
	err := filesystem.Rename(ctx, fs, from, to)
	if err == nil {
		return nil
	}
	if there, e := fs.List(ctx, plain.Replace(from)); e != nil || len(there) > 0 {
		return err
	}
	if there, e := fs.List(ctx, plain.Replace(to)); e != nil || len(there) == 0 {
		return err
	}
	return nil
}

// clean removes the job's files that are not output.
func (o output) clean(ctx context.Context) error {
	fs, err := filesystem.New(ctx, o.Dir)
	if err != nil {
		return err
	}
	defer fs.Close()
	names, err := fs.List(ctx, o.pattern("mr-"+o.Job+"-*"))
	if r, ok := fs.(filesystem.Remover); ok {
		for _, name := range names {
			err = errors.Join(err, r.Remove(ctx, name))
		}
	}
	return err
}

// probe says, with an error, why there can be no files in the directory.
func (o output) probe(ctx context.Context) error {
	if err := write(ctx, o.path("mr-"+o.Job+"-probe"), nil); err != nil {
		return fmt.Errorf("the output directory %s is not writable: %w", o.Dir, err)
	}
	return o.clean(ctx)
}
