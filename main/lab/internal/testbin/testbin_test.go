package testbin_test

import (
	"context"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/testbin"
	"6.824/main/lab/internal/testbin/fakebin"
)

func TestMain(m *testing.M) { fakebin.Main(m) }

var twoScenarios = []testbin.Scenario{
	{Suite: "fake", Name: "TestElection2A", Test: "TestElection2A", Doc: "a leader is elected", Paper: "§5.2", Seeds: 10},
	{Suite: "fake", Name: "TestSwarm", Test: "TestAll/TestSwarm", Doc: "everything at once", Seeds: 5},
}

func TestListTellsScenariosAndCourse(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: twoScenarios})
	found, err := b.List(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, "TestElection2A", found[0].Name)
	require.True(t, found[0].Course, "a name that ends in 2A is the course's")
	require.False(t, found[1].Course)
	require.Equal(t, "TestAll/TestSwarm", found[1].Test)
	require.Equal(t, 5, found[1].Seeds)

	found, err = b.List(t.Context(), []string{"TestElection2A"})
	require.NoError(t, err)
	require.Len(t, found, 1)

	_, err = b.List(t.Context(), []string{"TestNothing"})
	require.ErrorContains(t, err, "example.com/fake has no scenarios")
}

func TestRunReportsEachSeed(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: twoScenarios, Fail: map[string][]int64{"TestElection2A": {4}}})
	var got []testbin.Result
	out, err := b.Run(t.Context(), testbin.Batch{Test: "TestElection2A", First: 3, Seeds: 3}, func(r testbin.Result) { got = append(got, r) })
	require.NoError(t, err)
	require.Error(t, out.Exit)
	require.Equal(t, 3, out.Reported)
	require.Len(t, got, 3)
	for i, r := range got {
		require.Equal(t, int64(3+i), r.Seed)
		require.Equal(t, r.Seed != 4, r.OK)
		require.Equal(t, int64(8), r.Messages())
		require.Equal(t, int64(3), r.Lost())
		require.Equal(t, int64(2), r.Hits())
		require.Equal(t, 10*time.Second, r.Virtual())
	}
}

func TestRunTellsACrashFromAFailure(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: twoScenarios, Crash: map[string][]int64{"TestElection2A": {4}}, Took: 70 * time.Millisecond})
	out, err := b.Run(t.Context(), testbin.Batch{Test: "TestElection2A", First: 1, Seeds: 5}, func(testbin.Result) {})
	require.NoError(t, err)
	require.Equal(t, 3, out.Reported, "three seeds were reported before the fourth crashed")
	var exit *exec.ExitError
	require.ErrorAs(t, out.Exit, &exit)
	require.Contains(t, out.Output, "told to crash")
}

func TestRunGivesResultsWhileTheWorkerRuns(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: twoScenarios, Hang: map[string][]int64{"TestElection2A": {2}}})
	ctx, cancel := context.WithCancel(t.Context())
	start := time.Now()
	_, err := b.Run(ctx, testbin.Batch{Test: "TestElection2A", First: 1, Seeds: 2}, func(testbin.Result) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(start), 20*time.Second, "the worker is stopped at once")
}

func TestRunThatCannotStart(t *testing.T) {
	b := testbin.Binary{Path: "/nowhere/at/all", Scratch: t.TempDir(), Package: "p"}
	_, err := b.Run(t.Context(), testbin.Batch{Test: "TestX", First: 1, Seeds: 1}, nil)
	require.ErrorContains(t, err, "p: ")
}

func TestCommandRunsExactlyOneTest(t *testing.T) {
	b := testbin.Binary{Package: "6.824/raft"}
	require.Equal(t, `go test 6.824/raft -run '^TestFigure82C$' -lab.seed=7`, b.Command("TestFigure82C", 7))
	b.Race = true
	require.Equal(t, `go test -race 6.824/raft -run '^TestRaft$/^TestFigure82C$' -lab.seed=7`, b.Command("TestRaft/TestFigure82C", 7))
}
