package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNoSpaceLeft: the output goes to a device of 256 KB.
func TestNoSpaceLeft(t *testing.T) {
	t.Parallel() // it takes half a minute until the job is given up
	dir := t.TempDir()
	write(t, dir)
	full := filepath.Join(dir, "full")
	require.NoError(t, os.Mkdir(full, 0o755))
	if err := syscall.Mount("tmpfs", full, "tmpfs", 0, "size=256k"); err != nil {
		t.Skipf("a small device can't be had: mount: %v", err)
	}
	t.Cleanup(func() { syscall.Unmount(full, 0) })
	require.NoError(t, os.WriteFile(filepath.Join(full, "ballast"), make([]byte, 200<<10), 0o644))
	_, stderr, status := mrIn(t, dir, "-workers", "2", "-o", "full", "indexer", "in")
	require.Equal(t, 1, status, stderr)
	last := stderr[strings.LastIndexByte(strings.TrimSpace(stderr), '\n')+1:]
	require.Contains(t, last, "no space left on device")
	require.Regexp(t, `(map|reduce) task \d+`, last, "which task is it?")
	left, err := os.ReadDir(full)
	require.NoError(t, err)
	require.Len(t, left, 1, "nothing is left but what was there")
}

// TestOneLine: a file of 100 MB that is one line. Workers hold an input, and what they are told to of what it becomes.
func TestOneLine(t *testing.T) {
	countRepeated(t, strings.Repeat("some words in one long line ", 1<<15), 100<<20, 1, map[string]int{
		"in": 1 << 15, "line": 1 << 15, "long": 1 << 15, "one": 1 << 15, "some": 1 << 15, "words": 1 << 15,
	}, 400<<10)
}

// TestOneLargeFile: all of the input is one file, which is work for both workers, and of which no process holds more than a piece or two.
func TestOneLargeFile(t *testing.T) {
	said := countRepeated(t, strings.Repeat("a line of a very large file, and\nthe next one of it\n", 1<<10), 300<<20, 2, map[string]int{
		"a": 2 << 10, "and": 1 << 10, "file": 1 << 10, "it": 1 << 10, "large": 1 << 10, "line": 1 << 10, "next": 1 << 10, "of": 2 << 10, "one": 1 << 10, "the": 1 << 10, "very": 1 << 10,
	}, 256<<10)
	require.Contains(t, said, "map           9 tasks")
}

// countRepeated counts the words of one file that is a text again and again, size bytes of it and perhaps a little more, and returns what the
// job said. The text has each word as often as per says. No process may take more than so many KB.
func countRepeated(t *testing.T, text string, size, workers int, per map[string]int, mostKB int64) (said string) {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "all.txt"))
	require.NoError(t, err)
	n := size/len(text) + 1
	for range n {
		_, err := f.WriteString(text)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())

	cmd := exec.Command(command, "-workers", strconv.Itoa(workers), "-o", "out", "wc", "all.txt")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var want strings.Builder
	for _, word := range slices.Sorted(maps.Keys(per)) {
		want.WriteString(word + " " + strconv.Itoa(per[word]*n) + "\n")
	}
	require.Equal(t, want.String(), lines(t, filepath.Join(dir, "out", "mr-out-*")))
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage) // of the process and those that it has waited for
	require.Less(t, usage.Maxrss, mostKB)
	return string(out)
}
