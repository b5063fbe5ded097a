package sweep_test

import (
	"fmt"
	"maps"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/sweep"
)

func TestSharesAreEverySeedOnce(t *testing.T) {
	for _, seeds := range []int{0, 1, 7, 10, 1000} {
		for _, n := range []int{1, 2, 3, 7, 16} {
			for turn := range 3 {
				seen := map[int64]int{}
				for i := range n {
					first, k := sweep.Share{I: i + 1, N: n}.Of(-3, seeds, turn)
					require.LessOrEqual(t, k, seeds/n+1)
					require.GreaterOrEqual(t, k, seeds/n)
					for s := range int64(k) {
						seen[first+s]++
					}
				}
				require.Len(t, seen, seeds)
				for seed := range int64(seeds) {
					require.Equal(t, 1, seen[seed-3])
				}
			}
		}
	}
}

func TestOfVeryManySeeds(t *testing.T) {
	last, n := sweep.Share{I: 1000, N: 1000}.Of(0, math.MaxInt, 0)
	require.Equal(t, int64(math.MaxInt), last+int64(n))
}

func TestParseShare(t *testing.T) {
	s, err := sweep.ParseShare("3/16")
	require.NoError(t, err)
	require.Equal(t, sweep.Share{I: 3, N: 16}, s)
	for _, text := range []string{"", "3", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/2/3", "1 / 2"} {
		_, err := sweep.ParseShare(text)
		require.Error(t, err, text)
	}
}

func TestShareFromEnv(t *testing.T) {
	slurm := func(id, lo, hi, step, count int) map[string]string {
		return map[string]string{
			"SLURM_ARRAY_TASK_ID": fmt.Sprint(id), "SLURM_ARRAY_TASK_MIN": fmt.Sprint(lo), "SLURM_ARRAY_TASK_MAX": fmt.Sprint(hi),
			"SLURM_ARRAY_TASK_STEP": fmt.Sprint(step), "SLURM_ARRAY_TASK_COUNT": fmt.Sprint(count),
		}
	}
	with := func(env map[string]string, name, value string) map[string]string {
		env = maps.Clone(env)
		env[name] = value
		return env
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		want string // or what the error says
	}{
		{"nothing", nil, "no job array"},
		{"Slurm", slurm(4, 1, 16, 1, 16), "4/16"},
		{"Slurm from 0", slurm(4, 0, 15, 1, 16), "5/16"},
		{"Slurm in steps", slurm(10, 2, 14, 4, 4), "3/4"},
		{"Slurm with gaps", slurm(3, 1, 9, 1, 3), "not numbered in equal steps"},
		{"Slurm, some again", with(slurm(7, 3, 7, 4, 2), "LAB_SHARDS", "16"), "7/16"},
		{"Slurm, wrong again", with(slurm(17, 17, 17, 1, 1), "LAB_SHARDS", "16"), "Slurm: SLURM_ARRAY_TASK_ID=17 is none of 16 tasks from 1"},
		{"Slurm, no number", with(slurm(1, 1, 4, 1, 4), "SLURM_ARRAY_TASK_STEP", "x"), `SLURM_ARRAY_TASK_STEP="x" is not a number`},
		{"Slurm, no step", slurm(1, 1, 4, 0, 4), "none of"},
		{"Kubernetes", map[string]string{"JOB_COMPLETION_INDEX": "0", "LAB_SHARDS": "8"}, "1/8"},
		{"Kubernetes without a count", map[string]string{"JOB_COMPLETION_INDEX": "0"}, "set LAB_SHARDS"},
		{"Kubernetes with too small a count", map[string]string{"JOB_COMPLETION_INDEX": "8", "LAB_SHARDS": "8"}, "none of 8 tasks"},
		{"AWS Batch", map[string]string{"AWS_BATCH_JOB_ARRAY_INDEX": "3", "AWS_BATCH_JOB_ARRAY_SIZE": "4"}, "4/4"},
		{"Cloud Run", map[string]string{"CLOUD_RUN_TASK_INDEX": "0", "CLOUD_RUN_TASK_COUNT": "4"}, "1/4"},
		{"Grid Engine", map[string]string{"SGE_TASK_ID": "5", "SGE_TASK_FIRST": "1", "SGE_TASK_LAST": "9", "SGE_TASK_STEPSIZE": "2"}, "3/5"},
		{"Grid Engine, no array", map[string]string{"SGE_TASK_ID": "undefined"}, "no job array"},
		{"GitLab", map[string]string{"CI_NODE_INDEX": "1", "CI_NODE_TOTAL": "2"}, "1/2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := sweep.ShareFromEnv(func(name string) string { return c.env[name] })
			if err != nil {
				require.Contains(t, err.Error(), c.want)
				require.NotContains(t, err.Error(), "\n")
				return
			}
			require.Equal(t, c.want, strings.TrimSpace(s.String()))
		})
	}
}
