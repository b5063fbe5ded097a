// An application as the course has them, to be built as a plugin.
package main

import (
	"strconv"
	"strings"

	"6.824/mr"
)

// Map emits the first letter of each line.
func Map(_, contents string) (kva []mr.KeyValue) {
	for line := range strings.Lines(contents) {
		kva = append(kva, mr.KeyValue{Key: line[:1], Value: "1"})
	}
	return kva
}

// Reduce counts.
func Reduce(_ string, values []string) string { return strconv.Itoa(len(values)) }

func main() {}
