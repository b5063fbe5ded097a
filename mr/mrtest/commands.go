package mrtest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Commands are how an implementation is started as processes. What they return is run in a directory of its own, with the
// environment variable MR_SOCKET naming a Unix socket there. The course's applications are wc, indexer, mtiming, rtiming,
// jobcount, early_exit, crash and nocrash.
type Commands struct {
	Coordinator func(ctx context.Context, files ...string) *exec.Cmd
	Worker      func(ctx context.Context, app string) *exec.Cmd
	Sequential  func(ctx context.Context, app string, files ...string) *exec.Cmd // leaves its output in mr-out-0
	Timescale   float64                                                          // passed on as MR_TIMESCALE, for applications that sleep; 0 means 1
}

// checkWithin is the real time that a job of Check may take.
const checkWithin = 100 * time.Second

// Check runs the checks of the course's test-mr.sh, each as a subtest.
func (c Commands) Check(t *testing.T) {
	t.Helper()
	for _, app := range []string{"wc", "indexer"} {
		t.Run(app, func(t *testing.T) {
			t.Parallel()
			s := c.stage(t)
			s.job(app, 3)
			require.Equal(t, s.sequential(app), s.output(), "the output is not the sequential one")
		})
	}
	t.Run("map parallelism", func(t *testing.T) {
		t.Parallel()
		s := c.stage(t)
		s.job("mtiming", 2)
		out := s.output()
		require.Len(t, regexp.MustCompile(`(?m)^times-`).FindAllString(out, -1), 2, "not both workers have mapped:\n%s", out)
		require.Regexp(t, `(?m)^parallel-.* 2`, out, "map tasks did not run in parallel")
	})
	t.Run("reduce parallelism", func(t *testing.T) {
		t.Parallel()
		s := c.stage(t)
		s.job("rtiming", 2)
		out := s.output()
		require.GreaterOrEqual(t, len(regexp.MustCompile(`(?m)^[a-z] 2`).FindAllString(out, -1)), 2, "reduce tasks did not run in parallel:\n%s", out)
	})
	t.Run("job count", func(t *testing.T) {
		t.Parallel()
		s := c.stage(t)
		s.job("jobcount", 4)
		require.Equal(t, "a 8\n", s.output(), "map tasks were not run once each")
	})
	t.Run("early exit", func(t *testing.T) {
		t.Parallel()
		s := c.stage(t)
		coordinator, workers := s.start("early_exit", 3)
		first := make(chan string, 4)
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			done := make(chan struct{})
			for i, p := range append(workers, coordinator) {
				go func() {
					err := p.Wait()
					first <- fmt.Sprintf("process %d: %v", i, err)
					done <- struct{}{}
				}()
			}
			for range len(workers) + 1 {
				<-done
			}
		}()
		who := <-first
		then := s.output()
		<-finished
		require.Equal(t, then, s.output(), "the output has changed after %s had exited", who)
		require.Equal(t, s.sequential("early_exit"), then)
	})
	t.Run("crash", func(t *testing.T) {
		t.Parallel()
		s := c.stage(t)
		s.crash()
		require.Equal(t, s.sequential("nocrash"), s.output(), "the output is not the sequential one")
	})
}

// stage is a directory in which a job is run.
type stage struct {
	Commands
	t     *testing.T
	ctx   context.Context
	dir   string
	files []string
}

func (c Commands) stage(t *testing.T) *stage {
	dir, err := os.MkdirTemp("", "mr") // not that of t: the path of a socket must be short
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	ctx, cancel := context.WithTimeout(context.Background(), checkWithin)
	t.Cleanup(cancel)
	s := &stage{Commands: c, t: t, ctx: ctx, dir: dir}
	for i, name := range []string{"being_ernest", "dorian_gray", "frankenstein", "grimm", "huckleberry_finn", "metamorphosis", "sherlock_holmes", "tom_sawyer"} {
		s.files = append(s.files, "pg-"+name+".txt")
		require.NoError(t, os.WriteFile(filepath.Join(dir, s.files[i]), []byte(Text(i, 20_000)), 0o644))
	}
	return s
}

// Text is a text of so many bytes, more or less, whose words are about as frequent as those of a language. The same number makes the
// same text.
func Text(number, size int) string {
	var b strings.Builder
	b.Grow(size + 32)
	x := uint64(number)*0x9e3779b97f4a7c15 + 1
	for b.Len() < size {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		rank := 40_000 / (1 + x%40_000) // Zipf's law
		rank += x >> 20 % max(rank/8+1, 1) % 3
		for n := rank + 3; n > 0; n /= 26 {
			b.WriteByte("etaoinshrdlucmfwypvbgkjqxz"[n%26])
		}
		switch x >> 40 % 24 {
		case 0:
			b.WriteString(".\n")
		case 1:
			b.WriteString(" naïve ")
		case 2:
			b.WriteString("'s 42, ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// run starts a process.
func (s *stage) run(cmd *exec.Cmd) *exec.Cmd {
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "MR_SOCKET="+filepath.Join(s.dir, "sock"))
	if s.Timescale != 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("MR_TIMESCALE=%g", s.Timescale))
	}
	cmd.WaitDelay = time.Second
	out := &bytes.Buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	s.t.Cleanup(func() {
		if s.t.Failed() && out.Len() > 0 {
			s.t.Logf("%s:\n%s", strings.Join(cmd.Args[:min(2, len(cmd.Args))], " "), out)
		}
	})
	require.NoError(s.t, cmd.Start())
	return cmd
}

// start starts a coordinator and workers.
func (s *stage) start(app string, workers int) (coordinator *exec.Cmd, others []*exec.Cmd) {
	coordinator = s.run(s.Coordinator(s.ctx, s.files...))
	s.listening()
	for range workers {
		others = append(others, s.run(s.Worker(s.ctx, app)))
	}
	return coordinator, others
}

func (s *stage) listening() {
	require.Eventually(s.t, func() bool {
		_, err := os.Stat(filepath.Join(s.dir, "sock"))
		return err == nil
	}, 20*time.Second, 5*time.Millisecond, "the coordinator does not listen at MR_SOCKET")
}

// job runs a job to its end.
func (s *stage) job(app string, workers int) {
	coordinator, others := s.start(app, workers)
	require.NoError(s.t, coordinator.Wait(), "the coordinator")
	for _, w := range others {
		require.NoError(s.t, w.Wait(), "a worker")
	}
}

// crash runs a job whose workers die, each of which has a successor.
func (s *stage) crash() {
	coordinator := s.run(s.Coordinator(s.ctx, s.files...))
	s.listening()
	over := make(chan struct{})
	ended := make(chan struct{})
	for range 3 {
		go func() {
			defer func() { ended <- struct{}{} }()
			for {
				select {
				case <-over:
					return
				default:
				}
				cmd := s.Worker(s.ctx, "crash")
				cmd.Dir = s.dir
				cmd.Env = append(os.Environ(), "MR_SOCKET="+filepath.Join(s.dir, "sock"), fmt.Sprintf("MR_TIMESCALE=%g", s.crashScale()))
				cmd.Run() // how it ends does not matter
				time.Sleep(20 * time.Millisecond)
			}
		}()
	}
	err := coordinator.Wait()
	close(over)
	for range 3 {
		<-ended
	}
	require.NoError(s.t, err, "the coordinator")
}

// crashScale has a worker that hangs do so for a tenth of the time of the other applications: it is long enough, and happens often.
func (s *stage) crashScale() float64 {
	if s.Timescale == 0 {
		return 1
	}
	return s.Timescale / 10
}

// output is the lines of all outputs, sorted.
func (s *stage) output() string {
	names, err := filepath.Glob(filepath.Join(s.dir, "mr-out-*"))
	require.NoError(s.t, err)
	var lines []string
	for _, name := range names {
		b, err := os.ReadFile(name)
		require.NoError(s.t, err)
		lines = slices.AppendSeq(lines, strings.Lines(string(b)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// sequential is what the sequential program makes of the same input, sorted.
func (s *stage) sequential(app string) string {
	names, _ := filepath.Glob(filepath.Join(s.dir, "mr-out-*"))
	for _, name := range names {
		require.NoError(s.t, os.Rename(name, filepath.Join(s.dir, "was-"+filepath.Base(name))))
	}
	require.NoError(s.t, s.run(s.Sequential(s.ctx, app, s.files...)).Wait(), "the sequential program")
	want := s.output()
	require.NoError(s.t, os.Remove(filepath.Join(s.dir, "mr-out-0")))
	for _, name := range names {
		require.NoError(s.t, os.Rename(filepath.Join(s.dir, "was-"+filepath.Base(name)), name))
	}
	return want
}
