package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	"github.com/stretchr/testify/require"

	"6.824/mr"
	"6.824/mr/apps"
	"6.824/mr/mrtest"
	"6.824/mr/shuffle"
	"6.824/mr/store"
)

// as says what this binary is, if it is not the tests.
const as = "MRBEAM_TEST_AS"

func TestMain(m *testing.M) {
	switch os.Getenv(as) {
	case "mrbeam":
		main()
	case "boot":
		boot()
	}
	os.Exit(m.Run())
}

// boot starts a worker as the program of that name in Beam's containers does, for an engine all of whose services are at one address.
func boot() {
	var id, address string
	for _, arg := range os.Args[1:] {
		if s, ok := strings.CutPrefix(arg, "--id="); ok {
			id = strings.Trim(s, "'")
		}
		if s, ok := strings.CutPrefix(arg, "--provision_endpoint="); ok {
			address = s
		}
	}
	os.Setenv(as, "mrbeam")
	if log := os.Getenv("MRBEAM_TEST_BOOTED"); log != "" {
		if err := os.WriteFile(log, []byte(id), 0o644); err != nil {
			panic(err)
		}
	}
	panic(syscall.Exec(os.Args[0], []string{os.Args[0], "--worker", "--id=" + id, "--logging_endpoint=" + address, "--control_endpoint=" + address}, os.Environ()))
}

// command is mrbeam to be run in dir.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), as+"=mrbeam", "TMPDIR="+t.TempDir())
	return cmd
}

// mrbeam runs it, and returns what it said, and its exit status.
func mrbeam(t *testing.T, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := command(t, dir, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// input makes files in dir/in: two directories, an empty file, words that are not ASCII, and bytes that are not UTF-8.
func input(t *testing.T, dir string) (files []string) {
	t.Helper()
	for i, name := range []string{"a.txt", "empty", "sub/c.txt", "sub/d d.txt", "z"} {
		text := mrtest.Text(i, 50_000) + "Ærø Ωμέγα 東京 naïve\n"
		switch name {
		case "empty":
			text = ""
		case "z":
			text = "caf\xe9 \xff\xfe \xc3\xa9t\xc3\xa9 \x00 été"
		}
		path := filepath.Join("in", name)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, path), []byte(text), 0o644))
		files = append(files, path)
	}
	return files
}

// requireOutput requires dir/out to have what the sequential job comes to, each line in the file that is its key's, in order, and
// nothing else.
func requireOutput(t *testing.T, app, dir, out string, reduces int, files ...string) {
	t.Helper()
	t.Chdir(dir) // the indexer's output has the files' names in it
	a, err := apps.Lookup(app)
	require.NoError(t, err)
	var all bytes.Buffer
	_, err = mr.Sequential(a, files, store.OpenFile, &all)
	require.NoError(t, err)
	require.NotZero(t, all.Len())
	want := make([]string, reduces)
	for line := range strings.Lines(all.String()) {
		key, _, _ := strings.Cut(line, " ")
		want[shuffle.Hash(key, reduces)] += line
	}
	for r, want := range want {
		b, err := os.ReadFile(filepath.Join(out, mr.OutputFile(r)))
		require.NoError(t, err)
		require.Equal(t, want, string(b), mr.OutputFile(r))
	}
	require.Len(t, glob(t, filepath.Join(out, "mr-*")), reduces)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	require.NoError(t, err)
	return names
}

func TestJob(t *testing.T) {
	dir := t.TempDir()
	files := input(t, dir)
	for _, c := range []struct{ app, flags string }{{"wc", ""}, {"wc", "-nocombine"}, {"indexer", "-runner prism"}} {
		t.Run(c.app+c.flags, func(t *testing.T) {
			out := t.TempDir()
			args := append(strings.Fields(c.flags), c.app, "-nreduce", "4", "-o", out, "in", "in/a.txt")
			stdout, stderr, status := mrbeam(t, dir, args...)
			require.Zero(t, status, stderr)
			require.Empty(t, stderr)
			require.Contains(t, stdout, c.app+": 5 files on prism in ")
			requireOutput(t, c.app, dir, out, 4, files...)
		})
	}
}

// TestWorkersOfTheirOwn: where maps and reduces are called in other processes than that which made the pipeline, as on a cluster.
func TestWorkersOfTheirOwn(t *testing.T) {
	dir := t.TempDir()
	files := input(t, dir)
	self, err := os.Executable()
	require.NoError(t, err)
	booted := filepath.Join(dir, "booted")
	cmd := command(t, dir, "-environment_type", "PROCESS", "-environment_config",
		fmt.Sprintf(`{"command": %q, "env": {%q: "boot"}}`, self, as), "-worker_binary", os.Args[0], "wc", "-nreduce", "3", "-o", "out", "in")
	cmd.Env = append(cmd.Env, "MRBEAM_TEST_BOOTED="+booted)
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
	require.FileExists(t, booted, "a worker was started")
	requireOutput(t, "wc", dir, "out", 3, files...)
}

// TestNoKeys: with nothing in the input, all files of the output are there, and empty.
func TestNoKeys(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "empty"), nil, 0o644))
	_, stderr, status := mrbeam(t, dir, "-nreduce", "3", "-o", "out", "wc", "empty")
	require.Zero(t, status, stderr)
	for r := range 3 {
		b, err := os.ReadFile(filepath.Join(dir, "out", mr.OutputFile(r)))
		require.NoError(t, err)
		require.Empty(t, b)
	}
}

// TestOutputAmongTheInput: the output directory may be below what is read; and its name may look like a pattern.
func TestOutputAmongTheInput(t *testing.T) {
	dir := t.TempDir()
	files := input(t, dir)
	for range 2 {
		_, stderr, status := mrbeam(t, dir, "-nreduce", "2", "-o", "in/[*?]", "wc", "in")
		require.Zero(t, status, stderr)
	}
	left, err := os.ReadDir(filepath.Join(dir, "in", "[*?]"))
	require.NoError(t, err)
	require.Len(t, left, 2, "the output, and nothing else")
	require.NoError(t, os.Rename(filepath.Join(dir, "in", "[*?]"), filepath.Join(dir, "out")))
	requireOutput(t, "wc", dir, "out", 2, files...)
}

// TestPlugin: an app of somebody else, keys and values that are not UTF-8, and a job that fails.
func TestPlugin(t *testing.T) {
	dir := t.TempDir()
	input(t, dir)
	so := filepath.Join(dir, "bytes.so")
	build := []string{"build", "-buildmode=plugin", "-o", so}
	if info, _ := debug.ReadBuildInfo(); slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		build = append(build, "-race") // as what loads it
	}
	if said, err := exec.Command("go", append(build, "./testdata/plugin")...).CombinedOutput(); err != nil {
		t.Skipf("no plugins here: %s", said)
	}
	_, stderr, status := mrbeam(t, dir, "-nreduce", "2", "-o", "out", so, "in/z")
	require.Zero(t, status, stderr)
	var got []string
	for _, name := range glob(t, filepath.Join(dir, "out", "mr-out-*")) {
		b, err := os.ReadFile(name)
		require.NoError(t, err)
		got = append(got, string(b))
	}
	require.Contains(t, "\n"+strings.Join(got, ""), "\n\xff \xfe\n")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "in", "bad"), []byte("panic"), 0o644))
	_, stderr, status = mrbeam(t, dir, "-o", "failed", so, "in")
	require.Equal(t, 1, status)
	require.Equal(t, "mrbeam: the job failed on prism: Map of in/bad, record 0, panicked: as it was asked\n", stderr)
	require.Empty(t, glob(t, filepath.Join(dir, "failed", "*")))
}

func TestInterrupt(t *testing.T) {
	dir := t.TempDir()
	input(t, dir)
	cmd := command(t, dir, "-o", "out", "mtiming", "in")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { return len(glob(t, filepath.Join(dir, "mr-worker-*"))) > 0 }, time.Minute, 10*time.Millisecond, "it maps")
	require.NoError(t, cmd.Process.Signal(syscall.SIGINT))
	err := cmd.Wait()
	require.Equal(t, 130, cmd.ProcessState.ExitCode(), "%v: %s", err, errs.String())
	require.Empty(t, glob(t, filepath.Join(dir, "out", "*")))
}

func TestBadUse(t *testing.T) {
	dir := t.TempDir()
	input(t, dir)
	require.NoError(t, os.Mkdir(filepath.Join(dir, "none"), 0o755))
	for _, c := range []struct {
		args, want string
		status     int
	}{
		{"", "an app is needed: crash, ", 2},
		{"wx in", `there is no app "wx"; there is crash, early_exit, indexer, `, 2},
		{"wc", "there are no input files", 2},
		{"-nreduce 0 wc in", "-nreduce must be 1 or more, it is 0", 2},
		{"wc -nreduce -2 in", "-nreduce must be 1 or more, it is -2", 2},
		{"wc -nreduce x in", `invalid value "x" for flag -nreduce`, 2},
		{"-fast wc in", "flag provided but not defined: -fast", 2},
		{"-runner spork wc in", `-runner is one of prism, flink, dataflow, spark, universal, not "spork"`, 2},
		{"-runner flink wc in", "-runner flink needs -endpoint", 2},
		{"-o in/a.txt wc in", "the output directory in/a.txt is not writable", 2},
		{"-o hdfs://there wc in", `"hdfs" not registered`, 2},
		{"nothing.so in", "nothing.so", 2},
		{"wc nowhere", "nowhere: no such file", 1},
		{"wc none", "there are no files in [none]", 1},
		{"wc /dev/null", "/dev/null is not a file but", 1},
		{"wc hdfs://there/books", `"hdfs" not registered`, 1},
	} {
		stdout, stderr, status := mrbeam(t, dir, strings.Fields(c.args)...)
		require.Equal(t, c.status, status, "%s: %s%s", c.args, stdout, stderr)
		require.Contains(t, stderr, c.want, c.args)
		require.Equal(t, 1, strings.Count(stderr, "\n"), "one line: %s", stderr)
		require.Empty(t, glob(t, filepath.Join(dir, "mr-*")), c.args)
	}
}

// TestCombiner: whatever is emitted when, the sums are those of what was added.
func TestCombiner(t *testing.T) {
	for _, keys := range []int{10, held / 3, 10 * held} {
		want, got, emitted := map[string]int{}, map[string]int{}, 0
		emit := func(key, value []byte) {
			n, _ := strconv.Atoi(string(value))
			got[string(key)] += n
			emitted++
		}
		c := newCombiner(func(_ string, values iter.Seq[string]) string {
			sum := 0
			for v := range values {
				n, _ := strconv.Atoi(v)
				sum += n
			}
			return strconv.Itoa(sum)
		})
		r := rand.New(rand.NewPCG(1, uint64(keys)))
		for range 3 * held {
			key := strconv.Itoa(r.IntN(keys))
			want[key]++
			c.add(key, "1", emit)
			if c.n >= held {
				t.Fatalf("it holds %d values", c.n)
			}
		}
		c.flush(emit)
		require.Equal(t, want, got)
		if keys < held/2 {
			require.Equal(t, len(want), emitted, "each key once")
		}
	}
}

// TestCommitAgain: an engine may commit again what it has, wholly or in part.
func TestCommitAgain(t *testing.T) {
	dir := t.TempDir()
	o := output{Dir: dir, Job: "01234567"}
	fs, err := filesystem.New(t.Context(), dir)
	require.NoError(t, err)
	var parts []Part
	for r := range int64(2) {
		parts = append(parts, Part{r, o.path(fmt.Sprintf("mr-01234567-out-%d-aa", r))})
		require.NoError(t, filesystem.Write(t.Context(), fs, parts[r].Temp, []byte{byte('0' + r)}))
	}
	late := o.path("mr-01234567-out-1-bb")
	require.NoError(t, filesystem.Write(t.Context(), fs, late, []byte("of another attempt")))
	require.NoError(t, rename(t.Context(), fs, parts[0].Temp, o.path("mr-out-0"))) // all that the first attempt came to
	for range 2 {
		next := 0
		require.NoError(t, (&commitFn{o}).ProcessElement(t.Context(), 0, func(p *Part) bool {
			if next == len(parts) {
				return false
			}
			*p = parts[next]
			next++
			return true
		}))
		for r := range parts {
			b, err := os.ReadFile(o.path(mr.OutputFile(r)))
			require.NoError(t, err)
			require.Equal(t, strconv.Itoa(r), string(b))
		}
		require.Len(t, glob(t, filepath.Join(dir, "*")), 2)
	}
	require.Error(t, rename(t.Context(), fs, o.path("lost"), o.path("mr-out-7")), "neither is there")
}
