package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSharesMergeIntoTheVerdictOfOneRun(t *testing.T) {
	dir := t.TempDir()
	for _, i := range []string{"1", "2", "3"} {
		t.Run(i, func(t *testing.T) {
			status, out, errOut := lab(t, t.Context(), "run", "./mine", "-seeds", "8", "-failures", "0", "-shard", i+"/3", "-result", filepath.Join(dir, i+".jsonl"))
			require.Equal(t, 1, status, errOut)
			require.Contains(t, out, "\nshare "+i+"/3; results in ")
		})
	}
	t.Run("all", func(t *testing.T) {
		status, out, errOut := lab(t, t.Context(), "merge", dir)
		require.Equal(t, 1, status, errOut)
		require.Regexp(t, `(?m)^  TestQuorum2A +FAIL +8 +4 +24.0 s `, out)
		require.Regexp(t, `(?m)^  TestVotes +ok +8 +0 +24.0 s `, out)
		require.Contains(t, out, "FAIL raft/TestQuorum2A: 4 of 8 seeds failed, the first of them is 2\nTestQuorum2A seed=2 failed\n")
		require.Contains(t, out, "\nmerged from 3 shares of 3\n")
	})
	t.Run("again", func(t *testing.T) {
		status, out, _ := lab(t, t.Context(), "run", "./mine", "-seeds", "8", "-failures", "0", "-shard", "2/3", "-result", filepath.Join(dir, "2.jsonl"))
		require.Equal(t, 1, status, "a task that is started once more says the same")
		require.Regexp(t, `share 2/3, \d seeds of it done before; results in `, out)
	})
	t.Run("a failure among what is there", func(t *testing.T) {
		require.NoError(t, os.Remove(filepath.Join(dir, "3.jsonl")))
		status, out, _ := lab(t, t.Context(), "merge", dir)
		require.Equal(t, 1, status)
		require.Contains(t, out, "\nFAIL so far: ")
		require.Contains(t, out, "\n1 share of 3 is missing: 3\n")
	})
}

func TestMissingSharesAreNoVerdict(t *testing.T) {
	dir := t.TempDir()
	t.Run("run", func(t *testing.T) {
		status, out, _ := lab(t, t.Context(), "run", "raft", "-seeds", "2", "-shard", "4/6", "-result", filepath.Join(dir, "4.jsonl"))
		require.Zero(t, status, out)
	})
	status, out, errOut := lab(t, t.Context(), "merge", dir)
	require.Equal(t, 2, status)
	require.Contains(t, out, "\nok so far: ")
	require.Equal(t, "lab: merge: 5 shares of 6 are missing: 1-3,5-6\n", errOut)
}
