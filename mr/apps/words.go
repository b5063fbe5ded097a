package apps

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"6.824/mr"
)

// wordCount counts how often each word occurs. A word is letters; all else lies between words.
var wordCount = mr.App{
	Map: func(t *mr.Task, _, contents string) {
		for word := range words(contents) {
			t.Emit(word, "1")
		}
	},
	Reduce:  func(_ *mr.Task, _ string, values iter.Seq[string]) string { return sum(values) },
	Combine: func(_ string, values iter.Seq[string]) string { return sum(values) },
	Pieces:  true, // no word goes on in the next line
}

func sum(values iter.Seq[string]) string {
	n := 0
	for v := range values {
		if v == "1" {
			n++
			continue
		}
		i, _ := strconv.Atoi(v) // all of them are made above
		n += i
	}
	return strconv.Itoa(n)
}

// words splits a text into its words. Bytes that are not UTF-8 are no letters.
func words(s string) iter.Seq[string] {
	return func(yield func(string) bool) {
		start := -1
		for i := 0; i < len(s); {
			c := s[i]
			size, letter := 1, 'a' <= c|0x20 && c|0x20 <= 'z'
			if c >= utf8.RuneSelf {
				var r rune
				r, size = utf8.DecodeRuneInString(s[i:])
				letter = unicode.IsLetter(r)
			}
			switch {
			case letter && start < 0:
				start = i
			case !letter && start >= 0:
				if !yield(s[start:i]) {
					return
				}
				start = -1
			}
			i += size
		}
		if start >= 0 {
			yield(s[start:])
		}
	}
}

// indexer lists, for each word, the files it occurs in: how many, and their names in order.
var indexer = mr.App{
	Map: func(t *mr.Task, file, contents string) {
		seen := map[string]bool{}
		for word := range words(contents) {
			if !seen[word] {
				seen[word] = true
				t.Emit(word, file)
			}
		}
	},
	Reduce: func(_ *mr.Task, _ string, values iter.Seq[string]) string {
		files := slices.SortedFunc(values, cmp.Compare[string])
		return fmt.Sprintf("%d %s", len(files), strings.Join(files, ","))
	},
}
