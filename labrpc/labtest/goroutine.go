package labtest

import (
	"bytes"
	"runtime"
	"strconv"
)

// goroutineID is the runtime's number of the calling goroutine. No API tells it, but the first line
// of a stack does.
func goroutineID() int64 { return headerNumber("goroutine ") }

// currentBubble is the runtime's number of the bubble that the caller runs in, found likewise.
func currentBubble() int64 { return headerNumber("synctest bubble ") }

// headerNumber returns the number after a word in "goroutine 15 [running, synctest bubble 2 …",
// -1 if the word is not there.
func headerNumber(word string) int64 {
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
