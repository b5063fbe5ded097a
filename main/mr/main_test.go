package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/mr"
	"6.824/mr/apps"
	"6.824/mr/mrtest"
	"6.824/mr/store"
)

// command is where the command was built: a job starts it again, so the test binary will not do.
var command string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "mrcommand")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		command = filepath.Join(dir, "mr")
		if out, err := exec.Command("go", "build", "-o", command, ".").CombinedOutput(); err != nil {
			panic(string(out))
		}
		return m.Run()
	}())
}

// mrIn runs the command in dir, and returns what it said, and its exit status.
func mrIn(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir = dir
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// write makes input in dir/in, in two directories.
func write(t *testing.T, dir string) (files []string) {
	t.Helper()
	for i, name := range []string{"a.txt", "b.txt", "sub/c.txt", "sub/d.txt"} {
		path := filepath.Join(dir, "in", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(mrtest.Text(i, 50_000)), 0o644))
		files = append(files, path)
	}
	return files
}

// lines are all lines of the files that match, in order.
func lines(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	var all []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		all = slices.AppendSeq(all, strings.Lines(string(b)))
	}
	slices.Sort(all)
	return strings.Join(all, "")
}

// want is what a job over files must come to.
func want(t *testing.T, app string, files ...string) string {
	t.Helper()
	a, err := apps.Lookup(app)
	require.NoError(t, err)
	var out bytes.Buffer
	_, err = mr.Sequential(a, files, store.OpenFile, &out)
	require.NoError(t, err)
	return strings.Join(slices.Sorted(strings.Lines(out.String())), "")
}

func TestJob(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // the indexer's output has the files' names in it
	files := write(t, "")
	for _, app := range []string{"wc", "indexer"} {
		stdout, stderr, status := mrIn(t, dir, "-workers", "3", app, "-nreduce", "4", "-o", "out", "in", "in/a.txt")
		require.Zero(t, status, stderr)
		require.Equal(t, want(t, app, files...), lines(t, "out/mr-out-*"))
		for _, s := range []string{app + ": 4 files, 200.0 kB in", "map           4 tasks", "reduce        4 tasks", "in out/mr-out-*"} {
			require.Contains(t, stdout, s)
		}
		require.Contains(t, stderr, "map: 4 of 4 tasks\n")
		left, err := filepath.Glob("out/mr-*")
		require.NoError(t, err)
		require.Len(t, left, 4, "the output, and nothing else")
	}
}

// TestOutputAmongTheInput: the output directory may be below what is read.
func TestOutputAmongTheInput(t *testing.T) {
	dir := t.TempDir()
	files := write(t, dir)
	for range 2 {
		_, stderr, status := mrIn(t, dir, "-nreduce", "2", "-o", "in/sub", "wc", "in")
		require.Zero(t, status, stderr)
		require.Equal(t, want(t, "wc", files...), lines(t, filepath.Join(dir, "in/sub/mr-out-*")))
	}
}

func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	write(t, dir)
	cmd := exec.Command(command, "-workers", "2", "-o", "out", "mtiming", "in")
	cmd.Dir = dir
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	// The app leaves a file in its working directory while it maps.
	require.Eventually(t, func() bool {
		names, _ := filepath.Glob(filepath.Join(dir, "mr-worker-*"))
		return len(names) > 0
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	err := cmd.Wait()
	require.Equal(t, 130, cmd.ProcessState.ExitCode(), "%v: %s", err, errs.String())
	left, err := filepath.Glob(filepath.Join(dir, "out", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
}

// TestADeadWorker: the tasks of a worker that is killed are not waited for.
func TestADeadWorker(t *testing.T) {
	dir := t.TempDir()
	files := write(t, dir)
	cmd := exec.Command(command, "-workers", "1", "jobcount", "in") // of one worker nobody can be a backup
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MR_TIMESCALE=0.3")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Start())
	var pids []string // the app leaves a file in its working directory when it maps
	require.Eventually(t, func() bool {
		pids, _ = filepath.Glob(filepath.Join(dir, "mr-worker-jobcount-*"))
		return len(pids) > 0
	}, time.Minute, 10*time.Millisecond)
	pid, err := strconv.Atoi(strings.Split(filepath.Base(pids[0]), "-")[3])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.NoError(t, cmd.Wait(), "%s", &out)
	require.Contains(t, out.String(), "0 failed, 1 of dead workers")
	require.Contains(t, out.String(), "1 died and were replaced")
	require.Equal(t, fmt.Sprintf("a %d\n", len(files)+1), lines(t, filepath.Join(dir, "mr-out-*")), "jobcount counts the calls of Map")
}

func TestBadUse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "empty"), 0o755))
	for _, c := range []struct{ args, want string }{
		{"", "an app is needed: crash, "},
		{"wx in", `there is no app "wx"; there is crash, `},
		{"wc", "there are no input files"},
		{"wc nowhere", "nowhere: no such file"},
		{"wc empty", "there are no files in [empty]"},
		{"wc /dev/null", "/dev/null is not a file but"},
		{"wc -split -1 in", "-split must be 0 or more, it is -1"},
		{"-workers 0 wc in", "-workers must be 1 or more, it is 0"},
		{"wc -nreduce -2 in", "-nreduce must be 1 or more, it is -2"},
		{"-o in/a.txt wc in", "output directory"},
		{"-streaming sort wc", `-streaming is map or reduce, not "sort"`},
		{"-fast wc in", "flag provided but not defined: -fast"},
		{"nothing.so in", "nothing.so"},
	} {
		stdout, stderr, status := mrIn(t, dir, strings.Fields(c.args)...)
		require.Equal(t, 2, status, "%s: %s%s", c.args, stdout, stderr)
		require.Contains(t, stderr, c.want, c.args)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
		left, err := filepath.Glob(filepath.Join(dir, "mr-*"))
		require.NoError(t, err)
		require.Empty(t, left, c.args)
	}
}

// TestStreamingPipe is an engine for streaming at its smallest.
func TestStreamingPipe(t *testing.T) {
	dir := t.TempDir()
	files := write(t, dir)
	cmd := exec.Command("sh", "-c", `cat in/a.txt in/b.txt | "$0" -streaming map wc | LC_ALL=C sort | "$0" -streaming reduce wc`, command)
	cmd.Dir = dir
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Equal(t, want(t, "wc", files[:2]...), strings.ReplaceAll(string(out), "\t", " "))
}

// TestHopelessWorkers: when workers die before they have done anything, the job ends with what the last one said.
func TestHopelessWorkers(t *testing.T) {
	var gone []string
	c := &crew{stop: func() {}, gone: func(name string) { gone = append(gone, name) }, missing: 2, start: func(string) *exec.Cmd { return exec.Command("sh", "-c", "echo no luck; exit 3") }}
	var err error
	for end := time.Now().Add(time.Minute); err == nil && time.Now().Before(end); time.Sleep(time.Millisecond) {
		err = c.replace(0)
	}
	require.ErrorContains(t, err, "the last said: no luck")
	c.dismiss(false)
	require.GreaterOrEqual(t, c.lost(), giveUpAfter)
	require.Len(t, gone, c.lost())
	require.Subset(t, gone, []string{"worker1", "worker2", "worker3"})
}
