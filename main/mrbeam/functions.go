package main

import (
	"context"
	"fmt"
	"iter"
	"unsafe"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"6.824/mr"
	"6.824/mr/apps"
	"6.824/mr/shuffle"
)

// The app's functions as Beam's. Keys and values are []byte, for a string of Beam's is UTF-8 and an app's need not be.

func init() {
	register.DoFn3x1[context.Context, string, func(key, value []byte), error](&mapFn{})
	register.DoFn4x1[context.Context, []byte, func(*[]byte) bool, func(int64, Line), error](&reduceFn{})
	register.Function1x2(partitionFn)
	register.Emitter2[[]byte, []byte]()
	register.Emitter2[int64, Line]()
	register.Iter1[[]byte]()
}

// namespace is that of the app's counters among Beam's.
const namespace = "6.824"

// Line is a line of the output.
type Line struct{ Key, Value []byte }

// mapFn calls Map for files.
type mapFn struct {
	App     string // as apps.Lookup takes it
	Combine bool

	app      mr.App
	combiner *combiner // of the bundle: the files that stand or fall together
}

func (f *mapFn) Setup() (err error) {
	f.app, err = apps.Lookup(f.App)
	return err
}

func (f *mapFn) StartBundle(context.Context, func(key, value []byte)) {
	f.combiner = newCombiner(f.app.Combine)
}

func (f *mapFn) ProcessElement(ctx context.Context, name string, emit func(key, value []byte)) error {
	contents, err := read(ctx, name)
	if err != nil {
		return fmt.Errorf("the input %s can't be read: %w", name, err)
	}
	if !f.Combine {
		return f.call(ctx, name, contents, func(key, value string) { emit([]byte(key), []byte(value)) })
	}
	return f.call(ctx, name, contents, func(key, value string) { f.combiner.add(key, value, emit) })
}

func (f *mapFn) FinishBundle(_ context.Context, emit func(key, value []byte)) { f.combiner.flush(emit) }

func (f *mapFn) call(ctx context.Context, name, contents string, emit func(key, value string)) error {
	counters, err := f.app.CallMap(name, contents, emit)
	count(ctx, counters)
	return err
}

// reduceFn calls Reduce for a key, and says which partition what it returns belongs to.
type reduceFn struct {
	App     string
	Reduces int

	app mr.App
}

func (f *reduceFn) Setup() (err error) {
	if f.app, err = apps.Lookup(f.App); f.app.Partition == nil {
		f.app.Partition = shuffle.Hash
	}
	return err
}

func (f *reduceFn) ProcessElement(ctx context.Context, key []byte, values func(*[]byte) bool, emit func(int64, Line)) error {
	value, counters, err := f.app.CallReduce(string(key), stringsOf(values))
	if err != nil {
		return err
	}
	count(ctx, counters)
	p := f.app.Partition(string(key), f.Reduces)
	if p < 0 || p >= f.Reduces {
		return fmt.Errorf("the partition of the key %q is %d, of %d", key, p, f.Reduces)
	}
	emit(int64(p), Line{key, []byte(value)})
	return nil
}

func partitionFn(p int64) (int64, int64) { return p, p }

func stringsOf(values func(*[]byte) bool) iter.Seq[string] {
	return func(yield func(string) bool) {
		for v := []byte(nil); values(&v); {
			if !yield(string(v)) {
				return
			}
		}
	}
}

// read reads a file of any file system that Beam knows.
func read(ctx context.Context, name string) (string, error) {
	fs, err := filesystem.New(ctx, name)
	if err != nil {
		return "", err
	}
	defer fs.Close()
	b, err := filesystem.Read(ctx, fs, name)
	return unsafe.String(unsafe.SliceData(b), len(b)), err // b is not written any more
}

// count has Beam add to its counters. It counts what bundles that were committed have added.
func count(ctx context.Context, counters map[string]int64) {
	for name, n := range counters {
		beam.NewCounter(namespace, name).Inc(ctx, n)
	}
}
