package testbin_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest"
	"6.824/main/lab/internal/testbin"
)

// kit is a suite on the real kit: this test binary speaks the contract for real.
var kit = labtest.Suite{Name: "kit", Scenarios: []labtest.Scenario{{
	Name: "TestOfTheKit", Doc: "sleeps", Paper: "none", Course: true, Seeds: 4,
	Run: func(w *labtest.World) {
		w.Sleep(3 * time.Second)
		w.Count("naps")
		w.AtLeast("naps", 1)
		if failing != "" && w.Seed() == 2 {
			w.Violate("nobody dreams", "none", "seed 2 does")
		}
	},
}}}

var failing = os.Getenv("LAB_KIT_FAILS")

func TestOfTheKit(t *testing.T) { kit.Test(t) }

func TestContractWithTheKit(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	b := testbin.Binary{Path: self, Dir: ".", Package: "p", Scratch: t.TempDir()}
	found, err := b.List(t.Context(), []string{"TestOfTheKit"})
	require.NoError(t, err)
	require.Equal(t, []testbin.Scenario{{Suite: "kit", Name: "TestOfTheKit", Test: "TestOfTheKit", Doc: "sleeps", Paper: "none", Course: true, Seeds: 4}}, found)

	run := func() (results []testbin.Result, out testbin.Outcome) {
		out, err := b.Run(t.Context(), testbin.Batch{Test: "TestOfTheKit", First: 1, Seeds: 3}, func(r testbin.Result) { results = append(results, r) })
		require.NoError(t, err)
		return results, out
	}
	results, out := run()
	require.NoError(t, out.Exit, out.Output)
	require.Equal(t, 3, out.Reported)
	for i, r := range results {
		require.True(t, r.OK)
		require.Equal(t, int64(i+1), r.Seed)
		require.Equal(t, "TestOfTheKit", r.Scenario)
		require.Equal(t, 3*time.Second, r.Virtual().Truncate(time.Second))
		require.Equal(t, int64(1), r.Counters["naps"])
	}

	t.Setenv("LAB_KIT_FAILS", "yes")
	results, out = run()
	require.Error(t, out.Exit)
	require.Len(t, results, 3)
	require.True(t, results[0].OK)
	require.False(t, results[1].OK)
	require.Contains(t, results[1].Failure, "nobody dreams")
	require.Contains(t, results[1].Failure, "\n  again ", "the line that lab goes by")
}

func TestShrinkAndReplayWithTheKit(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	t.Setenv("LAB_KIT_FAILS", "yes")
	b := testbin.Binary{Path: self, Dir: ".", Package: "p", Scratch: t.TempDir()}
	res, err := b.Shrink(t.Context(), "TestOfTheKit", 2, testbin.ShrinkOptions{Budget: time.Second, Dir: t.TempDir()})
	require.NoError(t, err)
	require.NotNil(t, res.Shrunk)
	require.Contains(t, res.Failure, "\n  shrunk  from 0 faults and 0 operations to 0 and 0")
	require.Contains(t, res.Shrunk.Story, "BROKEN   nobody dreams")

	c, err := testbin.ReadCase(res.Shrunk.File)
	require.NoError(t, err)
	require.Equal(t, testbin.Case{Case: "kit/TestOfTheKit", Package: "./main/lab/internal/testbin", Test: "TestOfTheKit"}, c)
	again, _, err := b.Replay(t.Context(), c.Test, res.Shrunk.File)
	require.NoError(t, err)
	require.False(t, again.OK)
	require.Contains(t, again.Replayed, "this is the same history")

	t.Setenv("LAB_KIT_FAILS", "")
	again, _, err = b.Replay(t.Context(), c.Test, res.Shrunk.File)
	require.NoError(t, err)
	require.True(t, again.OK)
	require.Contains(t, again.Replayed, "nobody dreams holds")
	res, err = b.Shrink(t.Context(), "TestOfTheKit", 2, testbin.ShrinkOptions{})
	require.NoError(t, err)
	require.Nil(t, res.Shrunk, "there is nothing to be made smaller")
}

func TestFilesThatAreNoCases(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.case")
	for text, want := range map[string]string{
		"":                      ": line 1: it is empty",
		"# a\n\nb":              ": line 3: not JSON",
		`{"case":"raft/TestX"}`: ": line 1: the first line must tell what it is",
		"# a\n" + `{"at":"1s"}`: ": line 2: the first line must tell what it is",
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		_, err := testbin.ReadCase(path)
		require.ErrorContains(t, err, path+want)
	}
}
