package main

import (
	"os"
	"os/exec"
	"path/filepath"
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
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "line.txt"))
	require.NoError(t, err)
	piece := []byte(strings.Repeat("some words in one long line ", 1<<15))
	n := 100 << 20 / len(piece)
	for range n + 1 {
		_, err := f.Write(piece)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())

	cmd := exec.Command(command, "-workers", "1", "-o", "out", "wc", "line.txt")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var want strings.Builder
	for _, word := range []string{"in", "line", "long", "one", "some", "words"} {
		want.WriteString(word + " " + strconv.Itoa((n+1)<<15) + "\n")
	}
	require.Equal(t, want.String(), lines(t, filepath.Join(dir, "out", "mr-out-*")))
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage) // of the process and those that it has waited for
	require.Less(t, usage.Maxrss, int64(400<<10), "KB")
}

// TestOneLargeFile: all of the input is one file, which is work for both workers, and of which no process holds more than a piece or two.
func TestOneLargeFile(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds")
	}
	t.Parallel()
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "all.txt"))
	require.NoError(t, err)
	lines64K := []byte(strings.Repeat("a line of a very large file, and\nthe next one of it\n", 1<<10))
	const size = 300 << 20
	n := size / len(lines64K)
	for range n {
		_, err := f.Write(lines64K)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	cmd := exec.Command(command, "-workers", "2", "-o", "out", "wc", "all.txt")
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "map           9 tasks")
	var want strings.Builder
	for _, w := range []struct {
		word  string
		times int
	}{{"a", 2}, {"and", 1}, {"file", 1}, {"it", 1}, {"large", 1}, {"line", 1}, {"next", 1}, {"of", 2}, {"one", 1}, {"the", 1}, {"very", 1}} {
		want.WriteString(w.word + " " + strconv.Itoa(w.times*n<<10) + "\n")
	}
	require.Equal(t, want.String(), lines(t, filepath.Join(dir, "out", "mr-out-*")))
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	require.Less(t, usage.Maxrss, int64(256<<10), "KB")
}
