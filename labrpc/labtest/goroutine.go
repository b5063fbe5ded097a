package labtest

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"strconv"
	"unsafe"
)

// label puts labels on the calling goroutine and those that it starts: a traceback, and so the
// report of a panic, shows whose they are. It returns a mark of the goroutine.
func label(run, actor string) goroutineMark {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("lab", run, "actor", actor)))
	return markOf()
}

// goroutineMark tells goroutines apart that were labelled: it is where the runtime keeps a
// goroutine's labels. Asking for the goroutine's number, by way of runtime.Stack, is a thousand
// times slower, and every Sleep asks.
type goroutineMark unsafe.Pointer

func markOf() goroutineMark { return goroutineMark(getProfLabel()) }

// getProfLabel is one of the runtime's internals that it keeps open for use from outside
// (runtime/proflabel.go).
//
//go:linkname getProfLabel runtime/pprof.runtime_getProfLabel
func getProfLabel() unsafe.Pointer

// currentBubble is the runtime's number of the bubble that the caller runs in, -1 if it is in none.
func currentBubble() int64 { return numberAfter("synctest bubble ") }

// goroutineNumber is the runtime's number of the calling goroutine.
func goroutineNumber() int64 { return numberAfter("goroutine ") }

// numberAfter is the number behind a word in the first line of the caller's stack, -1 if there is none. No API tells those numbers.
func numberAfter(word string) int64 {
	var buf [128]byte
	_, rest, _ := bytes.Cut(buf[:runtime.Stack(buf[:], false)], []byte(word))
	digits := 0
	for digits < len(rest) && rest[digits] >= '0' && rest[digits] <= '9' {
		digits++
	}
	n, err := strconv.ParseInt(string(rest[:digits]), 10, 64)
	if err != nil {
		return -1
	}
	return n
}
