//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// manifest is what of a Kubernetes Job matters to a sweep.
type manifest struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		CompletionMode       string `yaml:"completionMode"`
		Completions          int
		Parallelism          int
		BackoffLimitPerIndex int `yaml:"backoffLimitPerIndex"`
		PodFailurePolicy     struct {
			Rules []struct {
				Action      string
				OnExitCodes *struct {
					ContainerName string `yaml:"containerName"`
					Operator      string
					Values        []int
				} `yaml:"onExitCodes"`
				OnPodConditions []struct{ Type string } `yaml:"onPodConditions"`
			}
		} `yaml:"podFailurePolicy"`
		Template struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Name, Image  string
					WorkingDir   string `yaml:"workingDir"`
					Command      []string
					Env          []struct{ Name, Value string }
					Resources    map[string]map[string]string
					VolumeMounts []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name                  string
					PersistentVolumeClaim struct {
						ClaimName string `yaml:"claimName"`
					} `yaml:"persistentVolumeClaim"`
				}
			}
		}
	}
}

func TestKubernetesManifest(t *testing.T) {
	file, err := os.Open("deploy/kubernetes.yaml")
	require.NoError(t, err)
	defer file.Close()
	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true) // a field that is misspelt is not known
	var m manifest
	require.NoError(t, decoder.Decode(&m))
	require.Equal(t, "batch/v1", m.APIVersion)
	require.Equal(t, "Job", m.Kind)
	require.Equal(t, "Indexed", m.Spec.CompletionMode)
	require.Positive(t, m.Spec.BackoffLimitPerIndex)
	rule := m.Spec.PodFailurePolicy.Rules[0]
	require.Equal(t, "FailIndex", rule.Action)
	require.Equal(t, []int{1}, rule.OnExitCodes.Values, "a failing seed fails again")
	require.Len(t, m.Spec.Template.Spec.Containers, 1)
	lab := m.Spec.Template.Spec.Containers[0]
	require.Equal(t, lab.Name, rule.OnExitCodes.ContainerName)
	require.Equal(t, "Never", m.Spec.Template.Spec.RestartPolicy, "a podFailurePolicy allows nothing else")
	require.Len(t, lab.Env, 1)
	require.Equal(t, "LAB_SHARDS", lab.Env[0].Name)
	require.Equal(t, strconv.Itoa(m.Spec.Completions), lab.Env[0].Value, "Kubernetes doesn't tell its pods how many there are")
	require.Equal(t, m.Spec.Template.Spec.Volumes[0].Name, lab.VolumeMounts[0].Name)

	// Its command, as the kubelet would expand it, in the house whose suites simulate nothing.
	dir := t.TempDir()
	for _, index := range []string{"0", "15"} {
		var args []string
		for _, arg := range lab.Command[1:] {
			arg = strings.ReplaceAll(arg, "$(JOB_COMPLETION_INDEX)", index)
			args = append(args, strings.ReplaceAll(arg, lab.VolumeMounts[0].MountPath, dir))
		}
		t.Setenv("LAB_SHARDS", lab.Env[0].Value)
		t.Setenv("JOB_COMPLETION_INDEX", index)
		runShare(t, build(t), args...)
		require.FileExists(t, filepath.Join(dir, index+".jsonl"))
	}
}

func TestSlurmScript(t *testing.T) {
	script, err := filepath.Abs("deploy/slurm.sh")
	require.NoError(t, err)
	dir := t.TempDir()
	for name, value := range map[string]string{
		"LAB": build(t), "LAB_RESULTS": dir, "SLURM_CPUS_PER_TASK": "2", "SLURM_ARRAY_TASK_ID": "3", "SLURM_ARRAY_TASK_MIN": "1",
		"SLURM_ARRAY_TASK_MAX": "4", "SLURM_ARRAY_TASK_STEP": "1", "SLURM_ARRAY_TASK_COUNT": "4",
	} {
		t.Setenv(name, value)
	}
	out := runShare(t, "sh", script, "raft", "-seeds", "100")
	require.Contains(t, out, "share 3/4; results in "+filepath.Join(dir, "3.jsonl"))
	text, err := os.ReadFile(script)
	require.NoError(t, err)
	for _, option := range []string{"--array=1-16", "--requeue", "--open-mode=append"} {
		require.Contains(t, string(text), "\n#SBATCH "+option+"\n")
	}
}

func runShare(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = "internal/cli/testdata/house"
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}
