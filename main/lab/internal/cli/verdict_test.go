package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/testbin"
)

func tally(name string, first *runner.Failure) *runner.Tally {
	t := &runner.Tally{Job: runner.Job{Scenario: testbin.Scenario{Suite: "raft", Name: name}, Seeds: 10}, Sums: runner.Sums{Done: 10, First: first}}
	if first != nil {
		t.Failed = 2
	}
	return t
}

func TestEachFailureCanBeHadAgain(t *testing.T) {
	v := verdict{took: time.Second, tallies: []*runner.Tally{tally("TestGood", nil)}}
	for i := range 5 {
		text := fmt.Sprintf("report %d", i)
		if i == 1 {
			text += "\n  again   the kit's own"
		}
		v.tallies = append(v.tallies, tally(fmt.Sprintf("TestBad%d", i), &runner.Failure{Seed: 3, Text: text, Command: fmt.Sprintf("command %d", i)}))
	}
	var out bytes.Buffer
	v.print(screen.Plain(&out))
	for i := range 5 {
		require.Equal(t, i < maxReports, strings.Contains(out.String(), fmt.Sprintf("report %d\n", i)), "only the first few are told in full")
		require.Equal(t, i != 1, strings.Contains(out.String(), fmt.Sprintf("  again   command %d\n", i)))
	}
	require.Contains(t, out.String(), "FAIL: 10 of 60 seeds failed, in 5 of 6 scenarios")
}

func TestWhatIsNotDoneIsNotOK(t *testing.T) {
	half := tally("TestHalf", nil)
	half.Done = 5
	none := tally("TestNone", nil)
	none.Done = 0
	v := verdict{took: time.Second, interrupted: true, tallies: []*runner.Tally{half, none}, skipped: []string{"TestX: because"}}
	var out bytes.Buffer
	v.print(screen.Plain(&out))
	require.Regexp(t, `TestHalf +so far ok +5/10`, out.String())
	require.Regexp(t, `TestNone +not run +0/10`, out.String())
	require.Contains(t, out.String(), "skipped TestX: because\n")
	require.Contains(t, out.String(), "\nok so far, interrupted: 5 seeds of 2 scenarios;")
	require.False(t, v.failed())
}
