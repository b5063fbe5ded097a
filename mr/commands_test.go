package mr_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/mr/mrtest"
)

// bin is where the commands are, built once.
var bin = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "mrbin")
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-o", dir, "6.824/main/mrcoordinator", "6.824/main/mrworker", "6.824/main/mrsequential")
	cmd.Stderr = os.Stderr
	return dir, cmd.Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built {
		dir, _ := bin()
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

var built bool

func binDir(t *testing.T) string {
	t.Helper()
	built = true
	dir, err := bin()
	require.NoError(t, err)
	return dir
}

// commands are the reference's.
func commands(t *testing.T) mrtest.Commands {
	dir := binDir(t)
	return mrtest.Commands{
		Coordinator: func(ctx context.Context, files ...string) *exec.Cmd {
			return exec.CommandContext(ctx, filepath.Join(dir, "mrcoordinator"), append([]string{"-lease", "1s"}, files...)...)
		},
		Worker: func(ctx context.Context, app string) *exec.Cmd {
			return exec.CommandContext(ctx, filepath.Join(dir, "mrworker"), app)
		},
		Sequential: func(ctx context.Context, app string, files ...string) *exec.Cmd {
			return exec.CommandContext(ctx, filepath.Join(dir, "mrsequential"), append([]string{app}, files...)...)
		},
		Timescale: 0.25,
	}
}

func TestCommands(t *testing.T) { commands(t).Check(t) }

// sh runs a command in dir, and returns what it said and whether it succeeded.
func sh(t *testing.T, dir string, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MR_SOCKET="+filepath.Join(dir, "sock"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestCommandsSayWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	b := binDir(t)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "in.txt"), []byte("a b"), 0o644))
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"no files", "no input files", []string{"mrcoordinator"}},
		{"missing file", "nowhere.txt", []string{"mrcoordinator", "in.txt", "nowhere.txt"}},
		{"directory", "a directory", []string{"mrcoordinator", "."}},
		{"device", "/dev/null", []string{"mrcoordinator", "/dev/null"}},
		{"no reduce tasks", "must be positive, it is 0", []string{"mrcoordinator", "-n", "0", "in.txt"}},
		{"negative reduce tasks", "must be positive, it is -3", []string{"mrcoordinator", "-n", "-3", "in.txt"}},
		{"output is a file", "output directory", []string{"mrcoordinator", "-o", "in.txt", "in.txt"}},
		{"socket is a file", "not a socket", []string{"mrcoordinator", "-listen", "./in.txt", "in.txt"}},
		{"no app", "one app is needed", []string{"mrworker"}},
		{"unknown app", `there is no app "wx"; there is crash`, []string{"mrworker", "wx"}},
		{"plugin that is none", "nothing.so", []string{"mrworker", "nothing.so"}},
		{"sequential without files", "usage", []string{"mrsequential", "wc"}},
		{"sequential, missing file", "nowhere.txt", []string{"mrsequential", "wc", "nowhere.txt"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := sh(t, dir, filepath.Join(b, c.args[0]), c.args[1:]...)
			require.Error(t, err, "it should not succeed: %s", out)
			require.Contains(t, out, c.want)
			require.NotContains(t, out, "goroutine", "that is a panic")
			found, _ := filepath.Glob(filepath.Join(dir, "mr-*"))
			require.Empty(t, found, "something is left behind")
		})
	}
}

// freePort is one of the loopback interface that nobody listens at.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	return port
}

var mapsDone = regexp.MustCompile(`<tr><td>map<td>([0-9]+)`)

// TestKilledCoordinator: over TCP, a coordinator with a journal is killed when its status page says that it has got somewhere, and started again.
// The worker lives on, and the output is that of one run.
func TestKilledCoordinator(t *testing.T) {
	dir, b := t.TempDir(), binDir(t)
	var files []string
	for i := range 1500 {
		files = append(files, fmt.Sprintf("in-%04d", i))
		require.NoError(t, os.WriteFile(filepath.Join(dir, files[i]), []byte(mrtest.Text(i, 500)), 0o644))
	}
	address, page := "127.0.0.1:"+freePort(t), freePort(t)
	start := func(name string, args ...string) (cmd *exec.Cmd, said *bytes.Buffer) {
		said = new(bytes.Buffer)
		cmd = exec.CommandContext(t.Context(), filepath.Join(b, name), args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, said, said
		require.NoError(t, cmd.Start())
		return cmd, said
	}
	coordinate := append([]string{"-listen", address, "-journal", "journal", "-status", page, "-n", "3"}, files...)
	first, said := start("mrcoordinator", coordinate...)
	worker, workerSaid := start("mrworker", "-coordinator", address, "wc")
	done := 0
	require.Eventually(t, func() bool {
		r, err := http.Get("http://127.0.0.1:" + page)
		if err != nil {
			return false
		}
		defer r.Body.Close()
		text, err := io.ReadAll(r.Body)
		if m := mapsDone.FindSubmatch(text); err == nil && m != nil {
			done, _ = strconv.Atoi(string(m[1]))
		}
		return done > 0
	}, time.Minute, time.Millisecond, said)
	require.NoError(t, first.Process.Kill())
	first.Wait()
	require.Less(t, done, len(files), "it was too quick for this test")
	require.FileExists(t, filepath.Join(dir, "journal"))

	second, said := start("mrcoordinator", coordinate...)
	require.NoError(t, second.Wait(), said)
	require.NoError(t, worker.Wait(), workerSaid)
	require.NoFileExists(t, filepath.Join(dir, "journal"))
	got := sorted(t, dir)
	_, err := sh(t, dir, "sh", "-c", "rm mr-out-*")
	require.NoError(t, err)
	out, err := sh(t, dir, filepath.Join(b, "mrsequential"), append([]string{"wc"}, files...)...)
	require.NoError(t, err, out)
	require.Equal(t, sorted(t, dir), got)
}

// The course's own applications are built as plugins.
func TestPlugin(t *testing.T) {
	if out, _ := exec.Command("go", "env", "CGO_ENABLED").Output(); strings.TrimSpace(string(out)) != "1" || runtime.GOOS == "windows" {
		t.Skip("plugins need cgo")
	}
	dir := t.TempDir()
	b := binDir(t)
	if out, err := exec.Command("go", "build", "-buildmode=plugin", "-o", filepath.Join(dir, "letters.so"), "./testdata/plugin").CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %s", out)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "in.txt"), []byte("apple\nbear\nant\n"), 0o644))
	out, err := sh(t, dir, filepath.Join(b, "mrsequential"), "letters.so", "in.txt")
	require.NoError(t, err, out)
	got, err := os.ReadFile(filepath.Join(dir, "mr-out-0"))
	require.NoError(t, err)
	require.Equal(t, "a 2\nb 1\n", string(got))
}

// On real text, if there is any: the folder that MR_BOOKS names, or one beside the module.
func TestBooks(t *testing.T) {
	dir := os.Getenv("MR_BOOKS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data", "books")
	}
	books, _ := filepath.Glob(filepath.Join(dir, "*.txt"))
	if len(books) == 0 {
		t.Skip("there are no books")
	}
	for i := range books {
		books[i], _ = filepath.Abs(books[i])
	}
	for _, app := range []string{"wc", "indexer"} {
		t.Run(app, func(t *testing.T) {
			work, b := t.TempDir(), binDir(t)
			wait := make(chan string, 2)
			for range 2 {
				go func() {
					out, err := sh(t, work, filepath.Join(b, "mrworker"), app)
					if err == nil {
						out = ""
					}
					wait <- out
				}()
			}
			out, err := sh(t, work, filepath.Join(b, "mrcoordinator"), books...)
			require.NoError(t, err, out)
			require.Empty(t, <-wait)
			require.Empty(t, <-wait)
			got := sorted(t, work)
			_, err = sh(t, work, "sh", "-c", "rm mr-out-*")
			require.NoError(t, err)
			out, err = sh(t, work, filepath.Join(b, "mrsequential"), append([]string{app}, books...)...)
			require.NoError(t, err, out)
			require.Equal(t, sorted(t, work), got)
		})
	}
}

// sorted is the sorted lines of all outputs in a directory.
func sorted(t *testing.T, dir string) string {
	out, err := sh(t, dir, "sh", "-c", "cat mr-out-* | LC_ALL=C sort")
	require.NoError(t, err, out)
	return out
}
