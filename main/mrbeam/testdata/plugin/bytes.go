// Bytes is an app whose keys and values are any bytes: each byte of a file, and
// the bytes that come behind it. A file that begins with "panic" has Map panic.
package main

import (
	"slices"
	"strings"

	"6.824/mr"
)

// Map emits each byte of contents with the one behind it.
func Map(_, contents string) (all []mr.KeyValue) {
	if strings.HasPrefix(contents, "panic") {
		panic("as it was asked")
	}
	for i := range len(contents) - 1 {
		all = append(all, mr.KeyValue{Key: contents[i : i+1], Value: contents[i+1 : i+2]})
	}
	return all
}

// Reduce joins values in order.
func Reduce(_ string, values []string) string {
	slices.Sort(values)
	return strings.Join(values, "")
}
