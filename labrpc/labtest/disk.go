package labtest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"6.824/labgob"
	"6.824/labrpc"
)

// CrashMode says what a crash does to the writes of a disk that were not synced.
type CrashMode string

// The crash modes.
const (
	Keep CrashMode = "keep" // they survive: the process died, the machine did not
	Lose CrashMode = "lose" // they are lost: the power failed
	Torn CrashMode = "torn" // of each file a prefix of them survives, which may end within a write
)

// Why a write failed, for errors.Is. In each case it must be taken that it may or may not have
// happened.
var (
	ErrFenced  = errors.New("this incarnation's disk is gone") // the node has crashed, or opened the disk again
	ErrCrashed = errors.New("the node crashed in this write")
	ErrDisk    = errors.New("the disk failed the write")
)

// Disk is a node's disk: named files that can be appended to, and replaced as one. What was
// appended is durable only after Sync. It outlives crashes.
type Disk struct {
	rng     *rand.Rand
	onWrite func(DiskWrite)
	onCrash func(CrashMode)

	mu       sync.Mutex
	files    map[string]*file
	opened   int // how often; a Volume of an earlier time is fenced off
	latency  labrpc.Dist
	failing  int // writes that will fail; negative: all
	crashIn  int // writes until the node crashes; 0: never
	crashHow CrashMode
}

// file is a file's contents: chunks, so that appending does not copy, of which the first are
// durable.
type file struct {
	chunks  [][]byte
	durable int // how many of the chunks
	size    int
}

// DiskWrite is one write, as the record sees it.
type DiskWrite struct {
	Op    string // append, sync or replace
	File  string
	Bytes int
	Sum   uint64
	Err   error
}

func newDisk(rng *rand.Rand, onWrite func(DiskWrite)) *Disk {
	return &Disk{rng: rng, onWrite: onWrite, files: map[string]*file{}}
}

// Volume is an incarnation's hold on its disk.
type Volume struct {
	disk   *Disk
	opened int
}

// Open returns a hold on the disk, and takes it from whoever had one.
func (d *Disk) Open() *Volume {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened++
	return &Volume{d, d.opened}
}

// SetLatency makes every Sync and Replace take a while.
func (d *Disk) SetLatency(latency labrpc.Dist) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.latency = latency
}

// FailWrites makes the next n writes fail, all of them if n is negative. A write that fails
// changes nothing.
func (d *Disk) FailWrites(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing = n
}

// CrashAtWrite makes the node crash in the middle of the k-th write from now; 0 calls it off.
func (d *Disk) CrashAtWrite(k int, mode CrashMode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashIn, d.crashHow = k, mode
}

// Append appends to a file, which need not exist. It is durable only after Sync.
func (v *Volume) Append(name string, b []byte) error {
	return v.write(DiskWrite{Op: "append", File: name, Bytes: len(b), Sum: labgob.Fingerprint(b)}, false, func() {
		f := v.disk.file(name)
		f.chunks = append(f.chunks, slices.Clone(b))
		f.size += len(b)
	})
}

// Sync makes all that was appended durable.
func (v *Volume) Sync() error {
	return v.write(DiskWrite{Op: "sync"}, true, func() {
		for _, f := range v.disk.files {
			f.durable = len(f.chunks)
		}
	})
}

// Replace replaces the contents of files; a nil value removes one. It is atomic, all or none, and
// durable when it returns.
func (v *Volume) Replace(files map[string][]byte) error {
	w := DiskWrite{Op: "replace", File: fmt.Sprint(slices.Sorted(maps.Keys(files))), Sum: labgob.Fingerprint(files)}
	for _, b := range files {
		w.Bytes += len(b)
	}
	return v.write(w, true, func() {
		for name, b := range files {
			if b == nil {
				delete(v.disk.files, name)
			} else {
				v.disk.files[name] = &file{chunks: [][]byte{slices.Clone(b)}, durable: 1, size: len(b)}
			}
		}
	})
}

// Read returns a file's contents; ok is false if there is none of that name.
func (v *Volume) Read(name string) (b []byte, ok bool) {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	f := v.disk.files[name]
	if f == nil {
		return nil, false
	}
	return slices.Concat(f.chunks...), true
}

// Size is a file's size in bytes, 0 if there is none of that name.
func (v *Volume) Size(name string) int {
	v.disk.mu.Lock()
	defer v.disk.mu.Unlock()
	if f := v.disk.files[name]; f != nil {
		return f.size
	}
	return 0
}

func (d *Disk) file(name string) *file {
	f := d.files[name]
	if f == nil {
		f = &file{}
		d.files[name] = f
	}
	return f
}

// write does one write under the disk's faults. The mutex is not held while time passes.
func (v *Volume) write(w DiskWrite, slow bool, do func()) error {
	d := v.disk
	if slow {
		if wait := v.wait(); wait > 0 {
			time.Sleep(wait)
		}
	}
	var crash CrashMode
	d.mu.Lock()
	switch {
	case v.opened != d.opened:
		w.Err = ErrFenced
	case d.failing != 0:
		d.failing = max(-1, d.failing-1)
		w.Err = ErrDisk
	default:
		if d.crashIn > 0 {
			if d.crashIn--; d.crashIn == 0 {
				crash, w.Err = d.crashHow, ErrCrashed
			}
		}
		if crash == "" || d.rng.IntN(2) == 0 { // what was being written when the node crashed may have arrived
			do()
		}
	}
	d.mu.Unlock()
	if w.Err != ErrFenced {
		d.onWrite(w)
	}
	if crash != "" {
		d.onCrash(crash)
	}
	if w.Err != nil {
		return fmt.Errorf("labtest: %s %s: %w", w.Op, w.File, w.Err)
	}
	return nil
}

// wait draws the latency of one write.
func (v *Volume) wait() time.Duration {
	d := v.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.latency.IsZero() || v.opened != d.opened {
		return 0
	}
	return d.latency.Sample(d.rng.Float64(), d.rng.Float64())
}

// crash fences off whoever holds the disk, and decides what survives of what was not synced.
func (d *Disk) crash(mode CrashMode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened++
	d.crashIn = 0
	for _, name := range slices.Sorted(maps.Keys(d.files)) {
		f := d.files[name]
		lost := f.chunks[f.durable:]
		f.chunks = f.chunks[:f.durable:f.durable]
		switch mode {
		case Keep:
			f.chunks = append(f.chunks, lost...)
		case Torn:
			all := slices.Concat(lost...)
			if len(all) > 0 {
				f.chunks = append(f.chunks, all[:d.rng.IntN(len(all)+1)])
			}
		}
		f.durable, f.size = len(f.chunks), 0
		for _, c := range f.chunks {
			f.size += len(c)
		}
	}
}
