package cli

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/screen"
)

// houseDir is where the tests' suites are.
var houseDir = func() string {
	dir, err := filepath.Abs("testdata/house")
	if err != nil {
		panic(err)
	}
	return dir
}()

// lab runs a command line in the house of testdata, whose suites simulate nothing.
func lab(t *testing.T, ctx context.Context, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	t.Chdir(houseDir)
	var out, errOut bytes.Buffer
	status = Main(ctx, args, screen.Plain(&out), screen.Plain(&errOut))
	return status, out.String(), errOut.String()
}

func TestRunOfAGoodSuite(t *testing.T) {
	status, out, errOut := lab(t, t.Context(), "run", "raft", "-seeds", "20", "-jobs", "2")
	require.Zero(t, status, errOut)
	require.Empty(t, errOut)
	require.Regexp(t, `(?m)^  TestQuorum2A +ok +20 +0 +60.0 s .* 380 +20 +80$`, out)
	require.Contains(t, out, "skipped TestReads: there is no ReadIndex")
	require.Contains(t, out, "\nok: 40 seeds of 2 scenarios; 120 s of virtual time in ")
	require.NotContains(t, out, "\x1b")
}

func TestRunWithoutASuiteRunsAllOfOurs(t *testing.T) {
	status, out, _ := lab(t, t.Context(), "run")
	require.Zero(t, status)
	require.Contains(t, out, "ok: 10 seeds of 2 scenarios", "each has five of its own")
}

func TestRunOfOneScenario(t *testing.T) {
	status, out, _ := lab(t, t.Context(), "run", "-seed=7", "raft/TestVotes")
	require.Zero(t, status)
	require.NotContains(t, out, "TestQuorum2A")
	require.Contains(t, out, "ok: 1 seed of 1 scenario")
}

func TestRunOfAnImplementationWithABug(t *testing.T) {
	status, out, errOut := lab(t, t.Context(), "run", "./mine", "-seeds", "6", "-failures", "0")
	require.Equal(t, 1, status, errOut)
	require.Contains(t, out, "FAIL raft/TestQuorum2A seed=2: check election safety\n")
	require.Regexp(t, `(?m)^  TestQuorum2A +FAIL +6 +3 `, out)
	require.Regexp(t, `(?m)^  TestVotes +ok +6 +0 `, out)
	require.Contains(t, out, `FAIL raft/TestQuorum2A: 3 of 6 seeds failed, the first of them is 2
TestQuorum2A seed=2 failed
  check   election safety
  again   go test ./raft -run '^TestQuorum2A$' -lab.seed=2
`)
	require.Contains(t, out, "\nFAIL: 3 of 12 seeds failed, in 1 of 2 scenarios;")
}

func TestList(t *testing.T) {
	status, out, errOut := lab(t, t.Context(), "list")
	require.Zero(t, status, errOut)
	require.Contains(t, out, "raft  6.824/raft: 1 scenario of the course, 2 more")
	require.Regexp(t, `TestVotes +a stale candidate gets no vote +Raft extended §5.4.1 +5`, out)
	require.Contains(t, out, "lab run ./mine")
}

func TestWhatCannotBeTried(t *testing.T) {
	for _, c := range []struct {
		args string
		want string
	}{
		{"run rfat", `lab: there is no suite "rfat"; did you mean raft?`},
		{"run raft/TestVotse", `lab: there is no scenario "TestVotse"; did you mean TestVotes?`},
		{"run raft/TestNothingOfTheKind", `lab: there is no scenario "TestNothingOfTheKind"; there is what lab list raft tells`},
		{"rnu raft", `lab: there is no command "rnu"; did you mean run?`},
		{"run raft -seeds 0", `lab: run: -seeds must be 1 or more`},
		{"run raft -jobs -3", `lab: run: -jobs must be 1 or more`},
		{"run raft -failures -1", `lab: run: -failures must be 0 or more`},
		{"run raft -shard 5/4", `lab: run: there is no share 5/4: shares are numbered from 1 to how many there are`},
		{"run raft -result go.mod/x", `lab: run: -result: mkdir go.mod: not a directory`},
		{"merge", `lab: merge: result files are needed, or the directory in which they are; usage: lab merge FILE|DIRECTORY …`},
		{"merge nowhere.jsonl", `lab: merge: nowhere.jsonl: no such file or directory`},
		{"merge raft", `lab: merge: no result files (*.jsonl) there`},
		{"merge go.mod", `lab: merge: go.mod: not a result file of lab run -shard`},
		{"run -shrnk raft", `lab: run: flag provided but not defined: -shrnk (lab run -h tells the flags)`},
		{"run raft -seeds many", `lab: run: invalid value "many" for flag -seeds: parse error (lab run -h tells the flags)`},
		{"run raft kvraft", `lab: run: there is no use for "kvraft"; usage: lab run [suite[/scenario]] [flags]`},
		{"run ./quiet", `lab: 6.824/quiet is not built on 6.824/labrpc/labtest, so it has no scenarios`},
		{"run ./nowhere", `lab: there is no directory ./nowhere`},
		{"replay", `lab: replay: a file is needed; usage: lab replay FILE [flags]`},
		{"replay a b", `lab: replay: there is no use for "b"; usage: lab replay FILE [flags]`},
		{"run raft -budget 0s", `lab: run: -budget must be more than nothing`},
		{"mutants ./mine", `lab: mutants: ./mine has none: they are patches to our own implementations`},
		{"mutants raft -run nothing", `lab: mutants: raft has none that match`},
		{"mutants raft/TestVotes", `lab: mutants: a suite is needed, not one of its scenarios`},
	} {
		t.Run(c.args, func(t *testing.T) {
			status, out, errOut := lab(t, t.Context(), strings.Fields(c.args)...)
			require.Equal(t, 2, status)
			require.Equal(t, c.want+"\n", errOut, "one clear line")
			require.Empty(t, out)
		})
	}
}

func TestAPackageThatDoesNotBuild(t *testing.T) {
	status, _, errOut := lab(t, t.Context(), "run", "./broken")
	require.Equal(t, 2, status)
	require.True(t, strings.HasPrefix(errOut, "lab: 6.824/broken does not build\n"), errOut)
	require.Contains(t, errOut, "undefined: undefinedThing")
}

func TestNoToolchain(t *testing.T) {
	t.Setenv("PATH", "")
	status, _, errOut := lab(t, t.Context(), "run", "raft")
	require.Equal(t, 2, status)
	require.Equal(t, "lab: no Go toolchain on PATH: install Go from https://go.dev/dl and try again\n", errOut)
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	status, _, errOut := lab(t, ctx, "run", "raft")
	require.Equal(t, 130, status)
	require.Equal(t, "lab: interrupted\n", errOut)
}

// tree is the text of every file of the house.
func tree(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	require.NoError(t, fs.WalkDir(os.DirFS("testdata/house"), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile("testdata/house/" + path)
		files[path] = string(text)
		return err
	}))
	return files
}

func TestMutants(t *testing.T) {
	before := tree(t)
	t.Run("all are killed", func(t *testing.T) {
		status, out, errOut := lab(t, t.Context(), "mutants", "raft")
		require.Zero(t, status, errOut+out)
		require.Regexp(t, `(?m)^quorum of n/2 +a majority elects +TestQuorum2A +1 `, out)
		require.Regexp(t, `(?m)^no up-to-date check +.* TestVotes +3 `, out)
		require.Contains(t, out, "\nok raft: 2 of 2 mutants killed in ")
	})
	t.Run("with the failures", func(t *testing.T) {
		status, out, _ := lab(t, t.Context(), "mutants", "-v", "-run", "quorum")
		require.Zero(t, status)
		require.Contains(t, out, "\nquorum of n/2 (quorum.patch), seed 1\nTestQuorum2A seed=1 failed\n  check   election safety\n"+
			"  again   lab mutants raft -v -run '^quorum of n/2$'\n")
	})
	t.Run("one survives a small budget", func(t *testing.T) {
		status, out, _ := lab(t, t.Context(), "mutants", "raft", "-seeds", "2")
		require.Equal(t, 1, status)
		require.Contains(t, out, "ALIVE no up-to-date check (votes.patch): nothing failed in 3 seeds; TestVotes should have found it")
		require.Contains(t, out, "\nFAIL raft: 1 of 2 mutants killed in ")
	})
	require.Equal(t, before, tree(t), "the tree is never touched")
}

func TestFormats(t *testing.T) {
	require.Equal(t, "0", count(0))
	require.Equal(t, "999", count(999))
	require.Equal(t, "1,000", count(1000))
	require.Equal(t, "-1,234,567", count(-1234567))
	require.Equal(t, "-123", count(-123))
	require.Equal(t, "1 seed", plural(1, "seed"))
	require.Equal(t, "1,200 seeds", plural(1200, "seed"))
	require.Equal(t, "0.12 s", seconds(120e6))
	require.Equal(t, "12.3 s", seconds(12345e6))
	require.Equal(t, "1,235 s", seconds(1234567e6))
	require.Equal(t, "-", rate(0))
	require.Equal(t, "9.9", rate(9.94))
	require.Equal(t, "1,500", rate(1500))
	require.Equal(t, "0:07", clock(7e9))
	require.Equal(t, "1:02:03", clock(3723e9))
}
