package mr

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/mr/store"
	"6.824/mr/tasks"
)

// A site is a folder with input, and a coordinator that serves at a socket of it.
type site struct {
	t     *testing.T
	dir   *store.Dir
	cfg   Config
	files []string
	addr  string
}

func newSite(t *testing.T, contents ...string) *site {
	path, err := os.MkdirTemp("", "mr") // short, for the socket
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(path) })
	dir, err := store.NewDir(path)
	require.NoError(t, err)
	s := &site{t: t, dir: dir, addr: dir.Path("sock")}
	for i, c := range contents {
		name := dir.Path(fmt.Sprintf("in-%d", i))
		require.NoError(t, os.WriteFile(name, []byte(c), 0o644))
		s.files = append(s.files, name)
	}
	s.cfg = Config{Files: s.files, Reduces: 3, Store: dir, ID: NewID(), Tasks: tasks.Config{Lease: 2 * time.Second}}
	return s
}

// serve starts a coordinator.
func (s *site) serve() (*Coordinator, *Server) {
	c, err := NewCoordinator(s.cfg)
	require.NoError(s.t, err)
	l, err := Listen(s.addr)
	require.NoError(s.t, err)
	server := Serve(l, c)
	s.t.Cleanup(func() {
		c.Kill()
		server.Close()
		c.Close()
	})
	return c, server
}

func (s *site) work(ctx context.Context, app App) error {
	client := NewClient(s.addr)
	defer client.Close()
	return RunWorker(ctx, WorkerConfig{Name: NewID(), App: app, Coordinator: client, Store: s.dir, Memory: 1 << 20, Patience: 3 * time.Second})
}

// run runs a job with two workers, and returns why they ended.
func (s *site) run(app App) (c *Coordinator, errs [2]error) {
	s.t.Helper()
	c, _ = s.serve()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- s.work(ctx, app) }()
	}
	errs = [2]error{<-done, <-done}
	require.True(s.t, c.Done())
	return c, errs
}

func (s *site) output() string {
	var lines []string
	for r := range s.cfg.Reduces {
		b, err := os.ReadFile(s.dir.Path(OutputFile(r)))
		require.NoError(s.t, err)
		lines = slices.AppendSeq(lines, strings.Lines(string(b)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func (s *site) want(app App) string {
	var b strings.Builder
	_, err := Sequential(app, s.files, store.OpenFile, &b)
	require.NoError(s.t, err)
	return b.String()
}

var counting = App{
	Map: func(t *Task, _, contents string) {
		for _, w := range strings.FieldsFunc(contents, func(r rune) bool { return r == ' ' || r == '\n' }) {
			t.Emit(w, "1")
			t.Count("words", 1)
		}
	},
	Reduce: func(_ *Task, _ string, values iter.Seq[string]) string {
		return strconv.Itoa(len(slices.Collect(values)))
	},
}

func TestInputs(t *testing.T) {
	long := strings.Repeat("word", 1<<20) // one word of 4 MB, in a longer line
	for name, contents := range map[string][]string{
		"an empty file":      {""},
		"empty among others": {"a b", "", "b"},
		"invalid UTF-8":      {"a \xff\xfe b\xc3( \x00"},
		"one long line":      {strings.Repeat("a b ", 1<<17) + long},
		"no newline":         {"end"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, contents...)
			c, errs := s.run(counting)
			require.Equal(t, [2]error{}, errs)
			require.NoError(t, c.Err())
			require.Equal(t, s.want(counting), s.output())
			require.NoError(t, c.Close())
			left, err := s.dir.List("mr-")
			require.NoError(t, err)
			require.Equal(t, []string{"mr-out-0", "mr-out-1", "mr-out-2"}, left, "something is left behind")
		})
	}
}

// What a job emits may be much more than its workers hold in memory.
func TestMoreThanFitsInMemory(t *testing.T) {
	const keys = 60_000 // which take 10 MB and more, the workers hold 1 MB
	app := counting
	app.Map = func(t *Task, _, contents string) {
		for i := range keys {
			t.Emit(contents+strconv.Itoa(i*7919%keys), strconv.Itoa(i%3))
		}
	}
	s := newSite(t, "a", "a")
	c, errs := s.run(app)
	require.Equal(t, [2]error{}, errs)
	require.Greater(t, c.Counters()["spills"], int64(10))
	require.Equal(t, int64(2*keys), c.Counters()["map output pairs"])
	require.Equal(t, s.want(app), s.output())
}

func TestCountersAndTypes(t *testing.T) {
	s := newSite(t, "a b a", "c")
	c, _ := s.run(counting)
	require.Equal(t, int64(4), c.Counters()["words"])
	require.Equal(t, int64(6), c.Counters()["map input bytes"])

	typed := Typed("sizes", strconv.Itoa, func(s string) int { n, _ := strconv.Atoi(s); return n },
		func(_ *Task, file, contents string, emit func(string, int)) { emit("bytes", len(contents)) },
		func(_ *Task, _ string, values iter.Seq[int]) string {
			sum := 0
			for v := range values {
				sum += v
			}
			return strconv.Itoa(sum)
		})
	s = newSite(t, "a b a", "c")
	s.run(typed)
	require.Equal(t, "bytes 6\n", s.output())
}

func TestFunctionsThatPanic(t *testing.T) {
	for what, app := range map[string]App{
		"Map":       {Map: func(*Task, string, string) { panic("oh no") }, Reduce: counting.Reduce},
		"Reduce":    {Map: counting.Map, Reduce: func(*Task, string, iter.Seq[string]) string { panic("oh no") }},
		"Partition": {Map: counting.Map, Reduce: counting.Reduce, Partition: func(string, int) int { panic("oh no") }},
		"Combine":   {Map: counting.Map, Reduce: counting.Reduce, Combine: func(string, iter.Seq[string]) string { panic("oh no") }},
	} {
		t.Run(what, func(t *testing.T) {
			s := newSite(t, "a b a")
			c, errs := s.run(app)
			for _, err := range append(errs[:], c.Err()) {
				require.ErrorContains(t, err, "oh no")
				require.ErrorContains(t, err, what)
			}
			if what != "Reduce" {
				require.ErrorContains(t, c.Err(), s.files[0], "which file is it?")
			}
			require.NoError(t, c.Close())
			left, err := s.dir.List("mr-")
			require.NoError(t, err)
			require.Empty(t, left)
		})
	}
}

func TestAPartitionerThatErrs(t *testing.T) {
	app := counting
	app.Partition = func(string, int) int { return -1 }
	s := newSite(t, "a")
	s.cfg.Tasks.Patience = 300 * time.Millisecond
	c, _ := s.run(app)
	require.ErrorContains(t, c.Err(), `sends the key "a" to reduce task -1`)
}

func TestInputThatDisappears(t *testing.T) {
	s := newSite(t, "a", "b")
	require.NoError(t, os.Remove(s.files[1]))
	c, _ := s.run(counting)
	require.ErrorContains(t, c.Err(), s.files[1])
}

func TestStrangers(t *testing.T) {
	s := newSite(t, "a b")
	s.serve()
	for _, garbage := range []string{"", "\n", "GET / HTTP/1.1\r\n\r\n", strings.Repeat("x", 10_000), "\x00\xff\x10\n", greeting + "\n" + strings.Repeat("\xff", 5000)} {
		conn, err := net.Dial("unix", s.addr)
		require.NoError(t, err)
		io.WriteString(conn, garbage)
		conn.(*net.UnixConn).CloseWrite()
		conn.SetReadDeadline(time.Now().Add(5 * time.Second))
		_, err = io.ReadAll(conn)
		if ne, ok := err.(net.Error); ok {
			require.False(t, ne.Timeout(), "the coordinator keeps a connection at which there is only garbage: %.20q", garbage)
		}
		conn.Close()
	}
	require.NoError(t, s.work(t.Context(), counting), "and after that it does not work any more")
}

func TestOtherVersionsAndApps(t *testing.T) {
	s := newSite(t, "a")
	s.cfg.App = "wc"
	s.serve()
	other := counting
	other.Name = "grep"
	require.ErrorContains(t, s.work(t.Context(), other), `this worker has the app "grep", the job's is "wc"`)

	conn, err := net.Dial("unix", s.addr)
	require.NoError(t, err)
	defer conn.Close()
	io.WriteString(conn, "6.824 mr 99\n")
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	require.Contains(t, line, greeting)

	c := NewClient(s.addr)
	defer c.Close()
	var reply AskReply
	require.NoError(t, c.Do("Coordinator.Ask", &AskArgs{Version: 99, Worker: "w", N: 1, App: "wc"}, &reply))
	require.Equal(t, tasks.Leave, reply.Order.What)
	require.Contains(t, reply.Err, "version 99")
}

func TestNoCoordinator(t *testing.T) {
	s := newSite(t, "a")
	begun := time.Now()
	require.ErrorIs(t, s.work(t.Context(), counting), ErrNoCoordinator)
	require.Less(t, time.Since(begun), 20*time.Second)

	l, err := net.Listen("unix", s.addr) // somebody else is there
	require.NoError(t, err)
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(conn, "SSH-2.0\n")
			conn.Close()
		}
	}()
	require.ErrorContains(t, s.work(t.Context(), counting), "SSH-2.0")
}

// A coordinator that is killed is followed by another, which goes on where it was.
func TestResume(t *testing.T) {
	s := newSite(t, "a b", "b c", "c d", "d e")
	path := JournalFile(s.dir.Path("journal"))
	s.cfg.Journal = path
	calls := make(chan string, 100)
	held := make(chan struct{}, 2)
	hold := make(chan struct{})
	app := counting
	app.Map = func(t *Task, file, contents string) {
		calls <- file
		counting.Map(t, file, contents)
		if strings.HasSuffix(file, "in-3") {
			held <- struct{}{}
			<-hold
		}
	}
	c, server := s.serve()
	done := make(chan error, 1)
	go func() { done <- s.work(t.Context(), app) }()
	<-held // the kill must find in-3 begun, and the others done
	require.Eventually(t, func() bool { return c.Stats().Done[tasks.Map] == 3 }, 10*time.Second, time.Millisecond)
	c.Kill()
	server.Close()
	s.cfg.ID = NewID()
	c, _ = s.serve()
	require.Equal(t, 3, c.Stats().Done[tasks.Map])
	close(hold)
	require.NoError(t, <-done)
	require.Equal(t, s.want(counting), s.output())
	require.Equal(t, int64(8), c.Counters()["words"])
	close(calls)
	n := map[string]int{}
	for file := range calls {
		n[filepath.Base(file)]++
	}
	require.Equal(t, map[string]int{"in-0": 1, "in-1": 1, "in-2": 1, "in-3": 2}, n, "what was done was done again")
	require.NoError(t, c.Close())
	require.NoFileExists(t, string(path))
}

func TestJournalOfAnotherJob(t *testing.T) {
	s := newSite(t, "a")
	s.cfg.Journal = JournalFile(s.dir.Path("journal"))
	s.serve()
	s.cfg.Reduces = 7
	_, err := NewCoordinator(s.cfg)
	require.ErrorContains(t, err, "of another job")
	require.NoError(t, os.WriteFile(s.dir.Path("journal"), []byte("what is this\nand this\n"), 0o644))
	_, err = NewCoordinator(s.cfg)
	require.ErrorContains(t, err, "damaged")
}

// Whatever prefix of a journal is left, it is one of its records.
func TestTornJournal(t *testing.T) {
	s := newSite(t, "a")
	path := JournalFile(s.dir.Path("journal"))
	h := header{Job: "j", Incarnation: 1, Reduces: 1, Input: []Piece{{File: "f"}}}
	_, _, err := loadJournal(path, h)
	require.NoError(t, err)
	require.NoError(t, appendJournal(path, []tasks.Record{{Op: tasks.OpDone, N: 0, Attempt: 5}, {Op: tasks.OpLost, N: 0, Attempt: 5}}))
	whole, err := path.Load()
	require.NoError(t, err)
	for n := range whole {
		_, records, _ := parseJournal(whole[:n])
		require.LessOrEqual(t, len(records), 2)
		for i, r := range records {
			require.Equal(t, []tasks.Op{tasks.OpDone, tasks.OpLost}[i], r.Op)
		}
	}
}

func TestStatusPage(t *testing.T) {
	s := newSite(t, "a b")
	c, _ := s.run(counting)
	w := httptest.NewRecorder()
	c.StatusPage().ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Contains(t, w.Body.String(), "<td>map<td>1<td>0<td>1")
	stop, err := ServeStatus("0", c)
	require.NoError(t, err)
	stop()
	_, err = http.Get("http://127.0.0.1:0")
	require.Error(t, err)
}

func TestConfigurations(t *testing.T) {
	for _, cfg := range []Config{{Reduces: 1, ID: "j"}, {Files: []string{"f"}, ID: "j"}, {Files: []string{"f"}, Reduces: -1, ID: "j"}, {Files: []string{"f"}, Reduces: 1, ID: "../x"}, {Files: []string{"f"}, Pieces: []Piece{{File: "f"}}, Reduces: 1, ID: "j"}} {
		_, err := NewCoordinator(cfg)
		require.Error(t, err, "%+v", cfg)
	}
}
