package sweep_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/sweep"
	"6.824/main/lab/internal/testbin"
)

func header(i, n int) sweep.Header {
	return sweep.Header{
		Share:  sweep.Share{I: i, N: n},
		Suites: []sweep.Suite{{Package: "p", Code: "abc"}},
		Scenarios: []sweep.Scenario{
			{Scenario: testbin.Scenario{Suite: "fake", Name: "TestCalm"}, Package: "p", First: 1, Total: 100},
			{Scenario: testbin.Scenario{Suite: "fake", Name: "TestStorm"}, Package: "p", First: 1, Total: 7},
		},
	}
}

// complete writes the whole file of a share, in parts of up to three seeds.
func complete(t *testing.T, path string, h sweep.Header) {
	t.Helper()
	f, err := sweep.Open(path, h)
	require.NoError(t, err)
	for i, job := range f.Jobs(nil) {
		for s := 0; s < job.Seeds; s += 3 {
			n := min(3, job.Seeds-s)
			require.NoError(t, f.Record(i, runner.Part{From: job.First + int64(s), Sums: runner.Sums{Done: n, Messages: int64(10 * n)}}))
		}
	}
	require.NoError(t, f.Finish(nil))
}

func read(t *testing.T, paths ...string) (all []*sweep.Results) {
	t.Helper()
	for _, path := range paths {
		r, err := sweep.Read(path)
		require.NoError(t, err)
		all = append(all, r)
	}
	return all
}

func TestMergeOfAllSharesIsTheWhole(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	complete(t, a, header(1, 3))
	complete(t, b, header(2, 3))
	complete(t, c, header(3, 3))
	m, err := sweep.Merge(read(t, a, b, c))
	require.NoError(t, err)
	require.Empty(t, m.Missing)
	require.Empty(t, m.Partial)
	require.Equal(t, 100, m.Tallies[0].Done)
	require.Equal(t, int64(1000), m.Tallies[0].Messages)
	require.Equal(t, 7, m.Tallies[1].Done)
	require.True(t, m.Tallies[0].OK())

	m, err = sweep.Merge(read(t, b))
	require.NoError(t, err)
	require.Equal(t, []int{1, 3}, m.Missing)
	require.False(t, m.Tallies[0].OK(), "what is not done is not proven")

	_, err = sweep.Merge(read(t, a, b, c, a))
	require.ErrorContains(t, err, "share 1/3 is there twice")
}

func TestFilesOfDifferentRunsDontMix(t *testing.T) {
	for want, change := range map[string]func(*sweep.Header){
		"p was not the same code: abc and xyz": func(h *sweep.Header) { h.Suites[0].Code = "xyz" },
		"one ran p, the other q":               func(h *sweep.Header) { h.Suites[0].Package = "q" },
		"of different scenarios or seeds":      func(h *sweep.Header) { h.Scenarios[0].First = 50 },
		"one ran with -race":                   func(h *sweep.Header) { h.Race = true },
		"one is of 2 shares, the other of 3":   func(h *sweep.Header) { h.N = 3 },
		"of different suites":                  func(h *sweep.Header) { h.Suites = nil },
	} {
		dir := t.TempDir()
		a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
		complete(t, a, header(1, 2))
		other := header(2, 2)
		change(&other)
		complete(t, b, other)
		_, err := sweep.Merge(read(t, a, b))
		require.ErrorContains(t, err, want)
	}
}

func TestATaskThatWasKilledGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "deep", "1.jsonl")
	f, err := sweep.Open(path, header(1, 1))
	require.NoError(t, err)
	require.NoError(t, f.Record(0, runner.Part{From: 11, Sums: runner.Sums{Done: 20}}))
	_, err = sweep.Open(path, header(1, 1))
	require.ErrorContains(t, err, "another process writes it")
	f.Close()
	torn, err := os.OpenFile(path+sweep.Unfinished, os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = torn.WriteString(`{"scenario":0,"part":{"from":31,`)
	require.NoError(t, err)
	require.NoError(t, torn.Close())

	f, err = sweep.Open(path, header(1, 1))
	require.NoError(t, err)
	require.Equal(t, 80, f.Jobs(nil)[0].Left())
	require.ErrorContains(t, f.Record(0, runner.Part{From: 30, Sums: runner.Sums{Done: 5}}), "there twice")
	require.ErrorContains(t, f.Record(0, runner.Part{From: 100, Sums: runner.Sums{Done: 5}}), "not of this share")
	require.NoError(t, f.Record(0, runner.Part{From: 31, Sums: runner.Sums{Done: 70}}))
	require.NoError(t, f.Record(0, runner.Part{From: 1, Sums: runner.Sums{Done: 10}}))
	require.NoError(t, f.Finish([]int{1}))
	require.NoFileExists(t, path+sweep.Unfinished)
	m, err := sweep.Merge(read(t, path))
	require.NoError(t, err)
	require.Equal(t, 100, m.Tallies[0].Done)
	require.True(t, m.Tallies[1].Stopped)

	f, err = sweep.Open(path, header(1, 1))
	require.NoError(t, err)
	require.True(t, f.Complete, "a task that is started once more has nothing to do")

	changed := header(1, 1)
	changed.Suites[0].Code = "new"
	complete(t, path, changed)
	require.Equal(t, "new", read(t, path)[0].Header.Suites[0].Code, "other code begins anew")
}

func TestWhatIsNoResultFile(t *testing.T) {
	const head = `{"sweep":1,"share":1,"of":1,"suites":[],"scenarios":[{"suite":"s","scenario":"TestX","first":1,"total":5}]}` + "\n"
	const part = `{"scenario":0,"part":{"from":1,"done":3}}` + "\n"
	for text, want := range map[string]string{
		"":                                       "not a result file",
		"hello\n":                                "not a result file",
		"{}\n":                                   "not a result file",
		`{"sweep":2,"of":1}` + "\n":              "version 2; this lab reads version 1",
		head + part + part:                       "line 3: s/TestX: seeds from 1 on are there twice",
		head + "nonsense\n":                      "line 2: ",
		head + `{"scenario":4}` + "\n":           "line 2: it is of no scenario",
		head + `{"complete":true}` + "\n" + part: "line 3: there is more after the end",
	} {
		path := filepath.Join(t.TempDir(), "r.jsonl")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := sweep.Read(path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
	}
	path := filepath.Join(t.TempDir(), "r.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(head+part+`{"complete":true}`+"\n"), 0o644))
	_, err := sweep.Merge(read(t, path))
	require.ErrorContains(t, err, "says that it is complete, but has only 3 of 5 seeds of s/TestX")
}
