package apps

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"6.824/mr"
)

// The applications here are the course's instruments: what they emit says how they were run. They leave marks in the working
// directory, mr-worker-*, which workers of one machine share.

// pause is what the course's applications sleep. MR_TIMESCALE scales it, for tests in a hurry.
func pause(d time.Duration) {
	if s, err := strconv.ParseFloat(os.Getenv("MR_TIMESCALE"), 64); err == nil {
		d = time.Duration(float64(d) * s)
	}
	time.Sleep(d)
}

// together says how many processes execute a task of the phase now.
func together(phase string) int {
	mark := fmt.Sprintf("mr-worker-%s-%d", phase, os.Getpid())
	if err := os.WriteFile(mark, []byte("x"), 0o666); err != nil {
		panic(err)
	}
	defer os.Remove(mark)
	pause(200 * time.Millisecond) // let the others put up theirs
	n := 0
	marks, _ := filepath.Glob("mr-worker-" + phase + "-*")
	for _, m := range marks {
		if pid, err := strconv.Atoi(m[strings.LastIndexByte(m, '-')+1:]); err == nil && alive(pid) {
			n++
		}
	}
	pause(time.Second)
	return n
}

// mapTiming has every map task say which process executed it, when, and beside how many.
var mapTiming = mr.App{
	Map: func(t *mr.Task, _, _ string) {
		began := float64(time.Now().UnixNano()) / 1e9
		pid := os.Getpid()
		n := together("map")
		t.Emit(fmt.Sprintf("times-%v", pid), fmt.Sprintf("%.1f", began))
		t.Emit(fmt.Sprintf("parallel-%v", pid), strconv.Itoa(n))
	},
	Reduce: joined,
}

// joined is the values in order, with spaces between.
func joined(_ *mr.Task, _ string, values iter.Seq[string]) string {
	return strings.Join(slices.Sorted(values), " ")
}

// reduceTiming has a reduce task say of each of ten keys how many processes reduced at the time.
var reduceTiming = mr.App{
	Map: func(t *mr.Task, _, _ string) {
		for c := 'a'; c <= 'j'; c++ {
			t.Emit(string(c), "1")
		}
	},
	Reduce: func(*mr.Task, string, iter.Seq[string]) string { return strconv.Itoa(together("reduce")) },
}

var jobs atomic.Int64

// jobCount counts how often Map was called, by marks that outlive the calls.
var jobCount = mr.App{
	Map: func(t *mr.Task, _, _ string) {
		mark := fmt.Sprintf("mr-worker-jobcount-%d-%d", os.Getpid(), jobs.Add(1))
		if err := os.WriteFile(mark, []byte("x"), 0o666); err != nil {
			panic(err)
		}
		pause(2*time.Second + rand.N(3*time.Second))
		t.Emit("a", "x")
	},
	Reduce: func(*mr.Task, string, iter.Seq[string]) string {
		marks, _ := filepath.Glob("mr-worker-jobcount*")
		return strconv.Itoa(len(marks))
	},
}

// earlyExit takes its time with some keys, so that somebody who leaves before the end is seen.
var earlyExit = mr.App{
	Map: func(t *mr.Task, file, _ string) { t.Emit(file, "1") },
	Reduce: func(_ *mr.Task, key string, values iter.Seq[string]) string {
		if strings.Contains(key, "sherlock") || strings.Contains(key, "tom") {
			pause(3 * time.Second)
		}
		return strconv.Itoa(len(slices.Collect(values)))
	},
}

// noCrash says a little about each file.
var noCrash = unsound(func() {})

// crash is noCrash in a process that dies, or hangs, every other time.
var crash = unsound(func() {
	switch p := rand.IntN(1000); {
	case p < 330:
		os.Exit(1)
	case p < 660:
		pause(rand.N(10 * time.Second))
	}
})

func unsound(mishap func()) mr.App {
	return mr.App{
		Map: func(t *mr.Task, file, contents string) {
			mishap()
			t.Emit("a", file)
			t.Emit("b", strconv.Itoa(len(file)))
			t.Emit("c", strconv.Itoa(len(contents)))
			t.Emit("d", "xyzzy")
		},
		Reduce: func(t *mr.Task, key string, values iter.Seq[string]) string {
			mishap()
			return joined(t, key, values)
		},
	}
}
