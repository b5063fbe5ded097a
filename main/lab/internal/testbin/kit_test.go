package testbin_test

import (
	"os"
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
