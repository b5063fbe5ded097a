package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/testbin"
	"6.824/main/lab/internal/testbin/fakebin"
)

func TestMain(m *testing.M) { fakebin.Main(m) }

var (
	calm  = testbin.Scenario{Suite: "fake", Name: "TestCalm", Test: "TestCalm", Seeds: 20}
	storm = testbin.Scenario{Suite: "fake", Name: "TestStorm", Test: "TestStorm", Seeds: 20}
	both  = []testbin.Scenario{calm, storm}
)

func jobs(b testbin.Binary, seeds int) []runner.Job {
	return []runner.Job{{Binary: b, Scenario: calm, First: 1, Seeds: seeds}, {Binary: b, Scenario: storm, First: 1, Seeds: seeds}}
}

func TestEverySeedRunsOnce(t *testing.T) {
	starts := filepath.Join(t.TempDir(), "starts")
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Starts: starts})
	seen := 0
	tallies, err := runner.Run(t.Context(), jobs(b, 200), runner.Options{Workers: 3, Notify: func(int, runner.Snapshot, runner.Snapshot) { seen++ }})
	require.NoError(t, err)
	require.Equal(t, 400, seen)
	for i, tally := range tallies {
		require.Equal(t, both[i], tally.Job.Scenario)
		require.Equal(t, 200, tally.Done)
		require.Zero(t, tally.Failed)
		require.Equal(t, 200*10*time.Second, tally.Virtual)
		require.Equal(t, int64(200*8), tally.Messages)
		require.Equal(t, int64(200*3), tally.Lost)
		require.Equal(t, int64(200*2), tally.Faults)
		require.Equal(t, map[string]int64{"cut": 400}, tally.Hits)
		require.True(t, tally.OK())
		require.Positive(t, tally.Rate())
	}
	text, err := os.ReadFile(starts)
	require.NoError(t, err)
	require.Less(t, strings.Count(string(text), "\n"), 40, "seeds are run many to a process")
}

func TestFirstFailureIsTheLowestSeed(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Fail: map[string][]int64{"TestStorm": {17, 5, 90}}})
	tallies, err := runner.Run(t.Context(), jobs(b, 100), runner.Options{Workers: 2})
	require.NoError(t, err)
	require.True(t, tallies[0].OK())
	storm := tallies[1]
	require.False(t, storm.OK())
	require.Equal(t, 3, storm.Failed)
	require.Equal(t, 100, storm.Done)
	require.Equal(t, int64(5), storm.First.Seed)
	require.Contains(t, storm.First.Text, "election safety")
	require.Equal(t, "go test example.com/fake -run '^TestStorm$' -lab.seed=5", storm.First.Command)
}

func TestACrashCostsOneSeedOnly(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Crash: map[string][]int64{"TestStorm": {1, 7, 30}}})
	tallies, err := runner.Run(t.Context(), jobs(b, 30), runner.Options{Workers: 2})
	require.NoError(t, err)
	storm := tallies[1]
	require.Equal(t, 30, storm.Done)
	require.Equal(t, 3, storm.Failed)
	require.Equal(t, int64(1), storm.First.Seed)
	require.Contains(t, storm.First.Text, "the process died (exit status 2)")
	require.Contains(t, storm.First.Text, "told to crash")
	require.Equal(t, int64(27*8), storm.Messages)
}

func TestSilenceIsAFailure(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Mute: true})
	tallies, err := runner.Run(t.Context(), jobs(b, 3), runner.Options{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, 3, tallies[0].Failed)
	require.Contains(t, tallies[0].First.Text, "without a word")
}

func TestAFailingProcessIsAFailureThoughEachSeedWasWell(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Exit: 1})
	tallies, err := runner.Run(t.Context(), jobs(b, 1), runner.Options{Workers: 1})
	require.NoError(t, err)
	require.Equal(t, 1, tallies[0].Failed)
	require.Equal(t, 1, tallies[0].Done)
	require.Contains(t, tallies[0].First.Text, "yet the test failed")
}

func TestTooManyFailuresStopAJob(t *testing.T) {
	var every []int64
	for seed := range int64(1000) {
		every = append(every, seed)
	}
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Fail: map[string][]int64{"TestStorm": every}, Took: 5 * time.Millisecond})
	left := 600
	tallies, err := runner.Run(t.Context(), jobs(b, 300), runner.Options{Workers: 2, MaxFailures: 4, Notify: func(_ int, before, after runner.Snapshot) {
		left += after.Left - before.Left
	}})
	require.NoError(t, err)
	require.Zero(t, left, "the seeds that will not run are no longer to come")
	require.True(t, tallies[0].OK(), "the other job is not disturbed")
	require.True(t, tallies[1].Stopped)
	require.GreaterOrEqual(t, tallies[1].Failed, 4)
	require.Less(t, tallies[1].Done, 100)
	require.False(t, tallies[1].OK())
}

func TestAJobThatStopsEndsItsOtherProcesses(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Fail: map[string][]int64{"TestCalm": {1}}, Hang: map[string][]int64{"TestCalm": {2}}, Took: 100 * time.Millisecond})
	start := time.Now()
	tallies, err := runner.Run(t.Context(), jobs(b, 2)[:1], runner.Options{Workers: 2, MaxFailures: 1})
	require.NoError(t, err)
	require.Less(t, time.Since(start), 20*time.Second)
	require.Equal(t, 1, tallies[0].Failed)
}

func TestInterruptReturnsWhatThereIs(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Took: 20 * time.Millisecond})
	ctx, cancel := context.WithCancel(t.Context())
	var ended atomic.Int64
	start := time.Now()
	tallies, err := runner.Run(ctx, jobs(b, 100_000), runner.Options{Workers: 2, Notify: func(int, runner.Snapshot, runner.Snapshot) {
		if ended.Add(1) == 10 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, time.Since(start), 10*time.Second)
	require.GreaterOrEqual(t, tallies[0].Done+tallies[1].Done, 10)
	require.Positive(t, tallies[0].Done, "all jobs come on together")
	require.Positive(t, tallies[1].Done)
	require.Zero(t, tallies[0].Failed+tallies[1].Failed, "a worker that was stopped is no failure")
	require.False(t, tallies[0].OK(), "what is not done is not proven")
}

func TestABinaryThatCannotRunIsAnError(t *testing.T) {
	b := testbin.Binary{Path: "/nowhere/at/all", Scratch: t.TempDir(), Package: "p"}
	_, err := runner.Run(t.Context(), jobs(b, 5), runner.Options{Workers: 2})
	require.ErrorContains(t, err, "p: ")
}

func TestVacuityIsJudgedOverAllSeeds(t *testing.T) {
	b := fakebin.Binary(t, fakebin.Plan{Scenarios: both, Vacuous: map[string]int64{"TestCalm": 20, "TestStorm": 21}})
	tallies, err := runner.Run(t.Context(), jobs(b, 20), runner.Options{Workers: 2})
	require.NoError(t, err)
	require.True(t, tallies[0].OK())
	require.False(t, tallies[1].OK())
	require.Contains(t, tallies[1].Vacuous(), `over all 20 seeds "election" happened 20 times, at least 21`)

	tallies, err = runner.Run(t.Context(), jobs(b, 5), runner.Options{Workers: 2})
	require.NoError(t, err)
	require.True(t, tallies[1].OK(), "five seeds of a scenario that needs twenty prove nothing")
}
