package testbin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Batch is consecutive seeds of one scenario, run by one process.
type Batch struct {
	Test  string // the scenario's full test name
	First int64
	Seeds int
}

// Outcome is how a process ended.
type Outcome struct {
	Reported int           // how many runs it gave a result of; they are the first of the batch
	Exit     error         // nil for status 0
	Output   string        // what it printed
	Wall     time.Duration // how long it took
}

// pollEvery is how often a worker's result file is looked at.
const pollEvery = 50 * time.Millisecond

// graceful is how long a worker may take to go when it is told to.
const graceful = 2 * time.Second

// Run runs a batch in a process of its own, on one core, and calls each with every
// result as soon as it is there. The error says that the process could not be run at
// all, that its results could not be read, or that ctx has ended.
func (b Binary) Run(ctx context.Context, batch Batch, each func(Result)) (Outcome, error) {
	file, err := os.CreateTemp(b.Scratch, "results-*.jsonl")
	if err != nil {
		return Outcome{}, err
	}
	defer os.Remove(file.Name())
	defer file.Close()

	args := append([]string{
		"-test.run", RunPattern(batch.Test),
		fmt.Sprintf("-lab.seed=%d", batch.First), fmt.Sprintf("-lab.seeds=%d", batch.Seeds),
		"-lab.results=" + file.Name(),
	}, b.Flags...)
	cmd := exec.CommandContext(ctx, b.Path, args...)
	cmd.Dir = b.Dir
	cmd.Env = append(os.Environ(), fmt.Sprintf("GOMAXPROCS=%d", max(b.Cores, 1)),
		// A data race ends the process, so that the seed in which it happened is known;
		// and a process that ends does not sleep for a second first.
		"GORACE="+strings.TrimSpace("atexit_sleep_ms=0 "+os.Getenv("GORACE")+" halt_on_error=1"))
	cmd.Cancel = func() error { return stop(cmd.Process) }
	cmd.WaitDelay = graceful
	detach(cmd) // a Ctrl-C is for us; we stop our workers
	var out output
	cmd.Stdout, cmd.Stderr = &out, &out

	start := time.Now()
	if err := cmd.Start(); err != nil {
		return Outcome{}, fmt.Errorf("%s: %w", b.Package, err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()

	o := Outcome{}
	lines := tail{r: file}
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for running := true; running; {
		select {
		case o.Exit = <-exited:
			running = false
		case <-ticker.C:
		}
		n, err := lines.results(each)
		o.Reported += n
		if err != nil {
			cmd.Process.Kill()
			if running {
				<-exited
			}
			return o, fmt.Errorf("%s: -lab.results: %w", b.Package, err)
		}
	}
	o.Wall = time.Since(start)
	o.Output = out.String()
	if ctx.Err() != nil {
		return o, ctx.Err()
	}
	var exit *exec.ExitError
	if o.Exit != nil && !errors.As(o.Exit, &exit) {
		return o, fmt.Errorf("%s: %w", b.Package, o.Exit)
	}
	return o, nil
}

// Command is what a person types to run one seed again, anywhere in the module.
func (b Binary) Command(test string, seed int64) string {
	race := ""
	if b.Race {
		race = " -race"
	}
	return fmt.Sprintf("go test%s %s -run '%s' -lab.seed=%d", race, b.Package, RunPattern(test), seed)
}

// RunPattern is the pattern of -test.run that means exactly this test.
func RunPattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// tail reads a file that another process appends lines to.
type tail struct {
	r    io.Reader
	rest []byte // the beginning of a line that is not complete yet
}

// results calls each with every result that is complete by now.
func (t *tail) results(each func(Result)) (int, error) {
	fresh, err := io.ReadAll(t.r)
	if err != nil {
		return 0, err
	}
	t.rest = append(t.rest, fresh...)
	for n := 0; ; n++ {
		end := bytes.IndexByte(t.rest, '\n')
		if end < 0 {
			return n, nil
		}
		var r Result
		if err := json.Unmarshal(t.rest[:end], &r); err != nil {
			return n, err
		}
		t.rest = t.rest[end+1:]
		each(r)
	}
}
