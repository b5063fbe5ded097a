package labtest

import (
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

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

// Why a write failed, for errors.Is.
var (
	ErrFenced  = errors.New("the disk belongs to a later incarnation") // the node has crashed, or opened the disk again; nothing was changed
	ErrCrashed = errors.New("the node crashed in this write")          // it may or may not have happened
	ErrDisk    = errors.New("the disk failed the write")               // nothing was changed
)

// Disk is a node's disk: named files that can be appended to, and replaced as one. What is appended
// can be read at once but survives a crash for certain only after Sync. The disk itself outlives
// crashes; what a node holds of it is a [Volume]. Its methods may be called from any goroutine.
//
// All that it decides by chance is drawn from (the disk's key, what for, the how manieth time), so
// that an operation more or less does not change the fate of the others.
type Disk struct {
	key     uint64
	onWrite func(DiskWrite)
	onCrash func(CrashMode)   // crashes the node, in the middle of its own write
	onFault func(kind string) // a fault of this kind has touched a write; nil if nobody counts

	mu       sync.Mutex
	files    map[string]*file
	epoch    int // goes up with every Open and crash: a Volume of an earlier epoch is fenced off
	latency  labrpc.Dist
	slow     uint64 // writes that latency was drawn for
	failing  int    // writes that will fail; negative: all
	crashIn  int    // the node crashes in the write that brings it to 0; 0: in none
	crashHow CrashMode
	crashes  uint64
}

// DiskWrite is one write, as the record sees it. It is told of when it takes effect, or does not.
type DiskWrite struct {
	Op    string // append, sync or replace
	File  string // of an append; of a replace all of them, with spaces between
	Bytes int    // that were given; of a sync those that became durable
	Sum   uint64 // hash of what was written; 0 for a sync
	Err   error  // nil, [ErrDisk] or [ErrCrashed]
}

// newDisk makes an empty disk. onWrite is told of every write, except of those of fenced volumes, on
// the goroutine that writes.
func newDisk(r *rand.Rand, onWrite func(DiskWrite)) *Disk {
	d := &Disk{key: r.Uint64(), onWrite: onWrite, files: map[string]*file{}}
	d.onCrash = d.crash
	return d
}

// dice returns the random numbers for one decision.
func (d *Disk) dice(what string, n uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(what))
	return rand.New(rand.NewPCG(d.key^h.Sum64(), n))
}

// Open returns a hold on the disk, and takes it from whoever had one.
func (d *Disk) Open() *Volume {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	return &Volume{d, d.epoch}
}

// SetLatency makes every Sync and Replace take that much virtual time before it takes effect. The
// zero Dist makes them instant again.
func (d *Disk) SetLatency(latency labrpc.Dist) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.latency = latency
}

// FailWrites makes the next n writes (Append, Sync, Replace) fail with ErrDisk: all of them if n is
// negative, none if it is 0. A write that fails changes nothing; what was appended before stays as it
// is, not synced.
func (d *Disk) FailWrites(n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.failing = n
}

// CrashAtWrite makes the node crash in the middle of its k-th write (Append, Sync, Replace) from now,
// 1 being the next; k ≤ 0 calls it off. What becomes of that write is up to the mode. Keep: an Append
// and a Replace have happened, and no Sync was needed. Lose: it has not happened. Torn: an Append may
// be cut off anywhere, a Replace has happened or not. The write returns ErrCrashed.
func (d *Disk) CrashAtWrite(k int, mode CrashMode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.crashIn, d.crashHow = max(k, 0), mode
}

// watch has f told of the kind of fault that touches a write: slowdisk, failwrites, crashatwrite.
func (d *Disk) watch(f func(kind string)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onFault = f
}

// crash fences off whoever holds the disk, and decides what survives of what was not synced.
func (d *Disk) crash(mode CrashMode) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.epoch++
	d.crashes++
	d.crashIn = 0
	for name, f := range d.files { // each file has dice of its own, so the order does not matter
		switch mode {
		case Lose:
			f.cut(f.durable)
		case Torn:
			f.cut(f.tear(d.dice("tear "+name, d.crashes)))
		}
		if f.size == 0 && !f.created {
			delete(d.files, name)
			continue
		}
		f.sync(f.size)
	}
}

// write does one write under the disk's faults. w is what to tell of it, and do has its effect: it is
// called with d.mu held. No mutex is held while time passes.
func (v *Volume) write(w DiskWrite, slow bool, do func(w *DiskWrite)) error {
	d := v.disk
	wait := time.Duration(0)
	if slow {
		wait = v.delay()
	}
	if wait > 0 {
		time.Sleep(wait)
	}
	d.mu.Lock()
	if v.epoch != d.epoch {
		d.mu.Unlock()
		return fmt.Errorf("labtest: %s %s: %w", w.Op, w.File, ErrFenced)
	}
	fate := d.judge() // only now: a fault that is over by the time that a slow write is done does not touch it
	fate.slow = wait > 0
	w.Err = fate.err
	if fate.happens(w.Op, d) {
		do(&w)
	}
	onFault := d.onFault
	d.mu.Unlock()

	if onFault != nil {
		for _, kind := range fate.kinds() {
			onFault(kind)
		}
	}
	d.onWrite(w)
	if fate.crash != "" {
		d.onCrash(fate.crash)
	}
	if w.Err != nil {
		return fmt.Errorf("labtest: %s %s: %w", w.Op, w.File, w.Err)
	}
	return nil
}

// A writeFate is what becomes of a write.
type writeFate struct {
	slow  bool
	err   error     // nil, ErrDisk or ErrCrashed
	crash CrashMode // "" unless err is ErrCrashed
}

// delay is how long the write that begins now takes.
func (v *Volume) delay() time.Duration {
	d := v.disk
	d.mu.Lock()
	defer d.mu.Unlock()
	if v.epoch != d.epoch || d.latency.IsZero() {
		return 0
	}
	d.slow++
	r := d.dice("latency", d.slow)
	// The odd nanoseconds keep a constant latency from ending when something else happens.
	return d.latency.Sample(r.Float64(), r.Float64()) + time.Duration(r.IntN(1000))
}

// judge decides about the write that is at hand; d.mu is held.
func (d *Disk) judge() (f writeFate) {
	if d.crashIn > 0 {
		if d.crashIn--; d.crashIn == 0 {
			f.crash, f.err = d.crashHow, ErrCrashed
			return f
		}
	}
	if d.failing != 0 {
		d.failing = max(d.failing-1, -1)
		f.err = ErrDisk
	}
	return f
}

// happens says whether the write has its effect on the disk; d.mu is held.
func (f writeFate) happens(op string, d *Disk) bool {
	switch {
	case f.err == nil:
		return true
	case f.crash == "":
		return false
	case op == "append":
		return true // the crash decides what survives of it
	case op == "replace":
		return f.crash == Keep || f.crash == Torn && d.dice("replace", d.crashes).IntN(2) == 0
	}
	return false
}

// kinds lists the kinds of faults that have touched the write.
func (f writeFate) kinds() (kinds []string) {
	if f.slow {
		kinds = append(kinds, "slowdisk")
	}
	switch f.err {
	case ErrDisk:
		kinds = append(kinds, "failwrites")
	case ErrCrashed:
		kinds = append(kinds, "crashatwrite")
	}
	return kinds
}
