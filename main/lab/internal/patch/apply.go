package patch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// apply applies the hunks to a file's lines, which end in their newlines. A hunk applies
// where its line number says, as moved by the hunks before it. If its lines aren't there,
// because the file has changed since, it applies to the one other place that has them;
// if there are none or several, that is an error.
func apply(lines []string, hunks []*gitdiff.TextFragment) (string, error) {
	var out strings.Builder
	done := 0    // lines that are dealt with
	shifted := 0 // how far the last hunk was from where it said
	for i, hunk := range hunks {
		var old, fresh []string
		for _, line := range hunk.Lines {
			if line.Old() {
				old = append(old, line.Line)
			}
			if line.New() {
				fresh = append(fresh, line.Line)
			}
		}
		expected := max(0, int(hunk.OldPosition)-1)
		if len(old) == 0 && hunk.OldPosition > 0 {
			expected++ // an insertion without context comes after the line that it names
		}
		at, err := locate(lines, old, done, expected+shifted)
		if err != nil {
			return "", fmt.Errorf("hunk %d (line %d, %q): %w", i+1, hunk.OldPosition, gist(hunk), err)
		}
		shifted = at - expected
		out.WriteString(strings.Join(lines[done:at], ""))
		out.WriteString(strings.Join(fresh, ""))
		done = at + len(old)
	}
	out.WriteString(strings.Join(lines[done:], ""))
	return out.String(), nil
}

// locate finds the run of old lines in lines, at or after from.
func locate(lines, old []string, from, expected int) (int, error) {
	here := func(at int) bool {
		return at >= from && at+len(old) <= len(lines) && slices.Equal(lines[at:at+len(old)], old)
	}
	if here(expected) {
		return expected, nil
	}
	var found []int
	for at := from; len(old) > 0 && at+len(old) <= len(lines); at++ {
		if here(at) {
			found = append(found, at)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, errors.New("does not apply: the lines that it changes are not there")
	}
	return 0, fmt.Errorf("does not apply: the lines that it changes are in %d places, and none is where it says", len(found))
}

// gist is the first line that a hunk changes.
func gist(hunk *gitdiff.TextFragment) string {
	for _, line := range hunk.Lines {
		if line.Op != gitdiff.OpContext {
			return strings.TrimSpace(line.Line)
		}
	}
	return ""
}
