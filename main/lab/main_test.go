//go:build unix

package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// start runs lab as a process, in the house whose suites simulate nothing, with a
// directory for temporary files of its own.
func start(t *testing.T, args ...string) (cmd *exec.Cmd, out io.ReadCloser, tmp string) {
	t.Helper()
	tmp = t.TempDir()
	cmd = exec.Command(build(t), args...)
	cmd.Dir = "internal/cli/testdata/house"
	cmd.Env = append(os.Environ(), "TMPDIR="+tmp)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, out, tmp
}

// build builds lab.
func build(t *testing.T) string {
	t.Helper()
	lab := filepath.Join(t.TempDir(), "lab")
	text, err := exec.Command("go", "build", "-o", lab, ".").CombinedOutput()
	require.NoError(t, err, string(text))
	return lab
}

// untilItRuns waits until lab has begun to run seeds.
func untilItRuns(t *testing.T, tmp string) {
	t.Helper()
	require.Eventually(t, func() bool {
		found, _ := filepath.Glob(filepath.Join(tmp, "lab-*", "results-*"))
		return len(found) > 0
	}, time.Minute, 10*time.Millisecond)
}

const forever = "-seeds=1000000000"

func TestCtrlCPrintsWhatThereIs(t *testing.T) {
	cmd, out, tmp := start(t, "run", "raft/TestQuorum2A", forever)
	untilItRuns(t, tmp)
	time.Sleep(300 * time.Millisecond)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	cmd.Wait()
	require.Equal(t, 130, cmd.ProcessState.ExitCode())
	require.Regexp(t, `TestQuorum2A +so far ok`, string(text))
	require.Contains(t, string(text), "\nok so far, interrupted: ")
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestCtrlCAfterAFailureIsAFailure(t *testing.T) {
	cmd, out, _ := start(t, "run", "./mine", forever)
	lines := bufio.NewScanner(out)
	require.True(t, lines.Scan())
	require.True(t, strings.HasPrefix(lines.Text(), "FAIL raft/TestQuorum2A seed=2"), lines.Text())
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	cmd.Wait()
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), string(text))
}

func TestAReaderWhoLeavesLeavesNothingBehind(t *testing.T) {
	cmd, out, tmp := start(t, "run", "./mine", forever)
	require.True(t, bufio.NewScanner(out).Scan())
	require.NoError(t, out.Close())
	require.NoError(t, cmd.Process.Signal(syscall.SIGPIPE)) // as its next line would
	cmd.Wait()
	require.Positive(t, cmd.ProcessState.ExitCode(), "it ended by itself")
	left, err := os.ReadDir(tmp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestAKilledShareLosesNoSeedAndDoublesNone(t *testing.T) {
	dir := t.TempDir()
	share := func(i string) []string {
		return []string{"run", "raft", "-seeds=60000", "-jobs=2", "-shard=" + i + "/2", "-result=" + filepath.Join(dir, i+".jsonl")}
	}
	parts := func() int {
		text, _ := os.ReadFile(filepath.Join(dir, "1.jsonl.part"))
		return strings.Count(string(text), "\n")
	}
	done := func() bool {
		_, err := os.Stat(filepath.Join(dir, "1.jsonl"))
		return err == nil
	}
	kills := 0
	for had := 0; kills < 3; kills++ { // each attempt gets a little further
		cmd, out, tmp := start(t, share("1")...)
		require.Eventually(t, func() bool { return parts() > had+2 || done() }, time.Minute, time.Millisecond)
		require.NoError(t, cmd.Process.Kill())
		io.Copy(io.Discard, out)
		cmd.Wait()
		require.NoError(t, os.RemoveAll(tmp)) // what a lab that was killed could not clear away
		if done() {
			break // we were too slow for it
		}
		had = parts()
	}
	require.Positive(t, kills, "it was never killed in time")
	for _, i := range []string{"1", "2"} {
		cmd, out, _ := start(t, share(i)...)
		text, err := io.ReadAll(out)
		require.NoError(t, err)
		require.NoError(t, cmd.Wait(), string(text))
		require.Equal(t, i == "1", strings.Contains(string(text), "done before; results in "), string(text))
	}
	cmd, out, _ := start(t, "merge", dir)
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	require.NoError(t, cmd.Wait(), string(text))
	require.Regexp(t, `TestQuorum2A +ok +60,000 +0 +180,000 s`, string(text))
	require.Regexp(t, `TestVotes +ok +60,000 +0 +180,000 s`, string(text))
}
