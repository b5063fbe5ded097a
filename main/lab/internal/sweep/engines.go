package sweep

import (
	"errors"
	"fmt"
	"strconv"
)

// CountVariable is the environment variable that says how many shares there are. It is
// for engines that don't tell, and it wins over what others tell: then their index counts
// from the first that they know, so that some tasks of an array can be run again alone.
const CountVariable = "LAB_SHARDS"

// engine is what tells a task of a job array which one it is. Names are environment
// variables.
type engine struct {
	name  string
	index string
	count string // how many tasks there are
	// In what steps the index goes, and between which bounds, if it may be other than
	// first, first+1, …
	min, max, step string
	first          int
}

var engines = []engine{
	{name: "Slurm", index: "SLURM_ARRAY_TASK_ID", count: "SLURM_ARRAY_TASK_COUNT",
		min: "SLURM_ARRAY_TASK_MIN", max: "SLURM_ARRAY_TASK_MAX", step: "SLURM_ARRAY_TASK_STEP", first: 1},
	{name: "Kubernetes", index: "JOB_COMPLETION_INDEX"},
	{name: "AWS Batch", index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE"},
	{name: "Cloud Run", index: "CLOUD_RUN_TASK_INDEX", count: "CLOUD_RUN_TASK_COUNT"},
	{name: "Grid Engine", index: "SGE_TASK_ID", min: "SGE_TASK_FIRST", max: "SGE_TASK_LAST", step: "SGE_TASK_STEPSIZE", first: 1},
	{name: "GitLab", index: "CI_NODE_INDEX", count: "CI_NODE_TOTAL", first: 1},
}

// ShareFromEnv finds out from the environment which task of which job array this is.
func ShareFromEnv(getenv func(string) string) (Share, error) {
	for _, e := range engines {
		if index := getenv(e.index); index != "" && index != "undefined" { // Grid Engine's word for no array
			s, err := e.share(getenv)
			if err != nil {
				return Share{}, fmt.Errorf("%s: %w", e.name, err)
			}
			return s, nil
		}
	}
	return Share{}, errors.New("no job array: none of the variables by which Slurm, Kubernetes, AWS Batch, Cloud Run, Grid Engine and GitLab number their tasks is set")
}

func (e engine) share(getenv func(string) string) (Share, error) {
	vars := reader{getenv: getenv}
	index, first, n, step := vars.number(e.index), e.first, 0, 1
	switch {
	case getenv(CountVariable) != "":
		n = vars.number(CountVariable)
	case e.min != "" && getenv(e.min) != "":
		first, step = vars.number(e.min), vars.number(e.step)
		if vars.err != nil || step < 1 {
			break
		}
		n = (vars.number(e.max)-first)/step + 1
		if e.count != "" && vars.number(e.count) != n || (index-first)%step != 0 {
			return Share{}, fmt.Errorf("the array's tasks are not numbered in equal steps; set %s and number them from %d", CountVariable, e.first)
		}
	case e.count != "":
		n = vars.number(e.count)
	default:
		return Share{}, fmt.Errorf("%s is set, but nothing says how many tasks there are; set %s", e.index, CountVariable)
	}
	switch i := (index - first) / max(step, 1); {
	case vars.err != nil:
		return Share{}, vars.err
	case step < 1 || n < 1 || index < first || i >= n:
		return Share{}, fmt.Errorf("%s=%d is none of %d tasks from %d", e.index, index, n, first)
	default:
		return Share{i + 1, n}, nil
	}
}

// reader reads numbers and keeps the first error.
type reader struct {
	getenv func(string) string
	err    error
}

func (r *reader) number(name string) int {
	n, err := strconv.Atoi(r.getenv(name))
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s=%q is not a number", name, r.getenv(name))
	}
	return n
}
