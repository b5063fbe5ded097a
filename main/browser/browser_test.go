package browser

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest/trace"
	"6.824/labrpc/labtest/view"
)

var shots = flag.String("shots", "", "keep screenshots in this `directory`")

// start starts a browser with a window of that size, and returns a tab in it.
func start(tb testing.TB, width, height int) context.Context {
	tb.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CHROMIUM") == "required" {
			tb.Fatal("there is no chromium on the path")
		}
		tb.Skip("there is no chromium on the path")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.WindowSize(width, height), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	tb.Cleanup(cancel)
	tab, cancel := chromedp.NewContext(allocator)
	tb.Cleanup(cancel)
	require.NoError(tb, chromedp.Do(tab))                 // which starts it
	tab, cancel = context.WithTimeout(tab, 3*time.Minute) // against a hang
	tb.Cleanup(cancel)
	return tab
}

// A console gathers what a page complains of.
type console struct {
	mu    sync.Mutex
	lines []string
}

func listen(t *testing.T, tab context.Context) *console {
	t.Helper()
	c := &console{}
	require.NoError(t, chromedp.Listen(tab, func(ev any) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			c.lines = append(c.lines, fmt.Sprintf("%+v", ev.ExceptionDetails))
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeWarning {
				c.lines = append(c.lines, fmt.Sprint(ev.Type, ev.Args))
			}
		case *log.EventEntryAdded:
			c.lines = append(c.lines, ev.Entry.Text+" "+ev.Entry.URL)
		}
	}))
	return c
}

func (c *console) quiet(t *testing.T) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	require.Empty(t, c.lines, "the console")
}

// record runs one seed of a scenario of ours and returns its trace.
func record(tb testing.TB, pkg, scenario string, seed int) string {
	tb.Helper()
	dir := tb.TempDir()
	command(tb, dir, "test", "./"+pkg, "-count=1", "-run", "^"+scenario+"$", fmt.Sprintf("-lab.seed=%d", seed), "-lab.trace="+dir)
	return only(tb, filepath.Join(dir, "*.jsonl"))
}

// recordMutant returns the trace of the run that kills a mutant.
func recordMutant(tb testing.TB, suite, mutant string) string {
	tb.Helper()
	dir := tb.TempDir()
	command(tb, dir, "run", "./main/lab", "mutants", suite, "-run", "^"+mutant+"$")
	traces, err := filepath.Glob(filepath.Join(dir, "lab.trace", "*.jsonl"))
	require.NoError(tb, err)
	for _, path := range traces {
		if !strings.HasSuffix(path, ".faults.jsonl") {
			return path
		}
	}
	tb.Fatalf("the mutant has left no trace: %v", traces)
	return ""
}

// command runs go in the root of the project.
func command(tb testing.TB, tmp string, args ...string) {
	tb.Helper()
	c := exec.Command("go", args...)
	c.Dir, c.Env = "../..", append(os.Environ(), "TMPDIR="+tmp)
	out, err := c.CombinedOutput()
	require.NoError(tb, err, "go %s: %s", strings.Join(args, " "), out)
}

func only(tb testing.TB, pattern string) string {
	tb.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(tb, err)
	require.Len(tb, paths, 1)
	return paths[0]
}

// page makes the page of a trace and returns where it is, and how large.
func page(tb testing.TB, tracePath string) (url string, size int64) {
	tb.Helper()
	tr, err := trace.Read(tracePath)
	require.NoError(tb, err)
	path := filepath.Join(tb.TempDir(), "page.html")
	f, err := os.Create(path)
	require.NoError(tb, err)
	require.NoError(tb, view.Formats[0].Write(f, tr, 0))
	require.NoError(tb, f.Close())
	info, err := os.Stat(path)
	require.NoError(tb, err)
	return "file://" + path, info.Size()
}

// open opens a page and waits until its program has run.
func open(url string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Navigate(url), chromedp.WaitReady(chromedp.CSS("html[data-ready=true]")))
}

// send sends a command of the protocol.
func send[P any](command cdp.Command[P, cdp.Empty], params P) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, command, params)
		return err
	})
}

// shoot keeps a screenshot, if that is wanted.
func shoot(t *testing.T, tab context.Context, name string) {
	t.Helper()
	if *shots == "" {
		return
	}
	require.NoError(t, chromedp.Do(tab, chromedp.Sleep(100*time.Millisecond)))
	png, err := chromedp.Run(tab, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(*shots, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(*shots, name+".png"), png, 0o644))
}

// eval evaluates an expression of the page's program.
func eval[T any](t *testing.T, tab context.Context, expression string) T {
	t.Helper()
	v, err := chromedp.Run(tab, chromedp.Evaluate[T](expression))
	require.NoError(t, err, expression)
	return v
}

// press presses keys, and waits until what comes of them is drawn: the page does that in its next frame, before what asks for one after it.
func press(t *testing.T, tab context.Context, keys string, modifiers ...chromedp.KeyOption) {
	t.Helper()
	require.NoError(t, chromedp.Do(tab, chromedp.KeyEvent(keys, modifiers...)))
	drawn(t, tab)
}

// drawn waits for the page's next frame.
func drawn(t *testing.T, tab context.Context) {
	t.Helper()
	_, err := chromedp.Run(tab, chromedp.Evaluate[bool](`new Promise(done => requestAnimationFrame(() => done(true)))`, chromedp.EvalAwaitPromise))
	require.NoError(t, err)
}

func text(t *testing.T, tab context.Context, selector string) string {
	t.Helper()
	s, err := chromedp.Run(tab, chromedp.Text(chromedp.CSS(selector)))
	require.NoError(t, err, selector)
	return s
}

// TestAFailure steps through the run of a mutant that commits entries of earlier terms by counting: Figure 8 of the paper.
func TestAFailure(t *testing.T) {
	tab := start(t, 1400, 1000)
	said := listen(t, tab)
	url, _ := page(t, recordMutant(t, "raft", "old-term-committed-by-counting"))
	require.NoError(t, chromedp.Do(tab, open(url)))
	shoot(t, tab, "failure")

	require.Contains(t, text(t, tab, ".verdict h2"), "leaders commit by their own term's entries")
	require.Contains(t, text(t, tab, ".verdict cite"), "§5.4.2")
	require.Equal(t, "lab mutants raft -v -run '^old-term-committed-by-counting$'", text(t, tab, "#again"))
	require.Positive(t, eval[int](t, tab, "diagram.drawn()"), "messages are drawn")
	broke := eval[int](t, tab, "run.broke")
	require.Equal(t, broke, eval[int](t, tab, "view.sel"), "the page opens where it broke")
	require.Contains(t, text(t, tab, "#lens"), "leader")
	leader := eval[string](t, tab, "document.querySelector('#lens tr.here').textContent")

	// Steps, back and forth, by key and by button, and along messages.
	press(t, tab, kb.ArrowLeft)
	require.Less(t, eval[int](t, tab, "view.sel"), broke)
	press(t, tab, kb.ArrowRight)
	require.Equal(t, broke, eval[int](t, tab, "view.sel"))
	require.NoError(t, chromedp.Do(tab, chromedp.Click(chromedp.CSS("#prev"))))
	before := eval[int](t, tab, "view.sel")
	require.Less(t, before, broke)
	require.Contains(t, text(t, tab, "#list li[aria-current]"), eval[string](t, tab, "String(run.seq[view.sel])"))
	require.NotEqual(t, leader, eval[string](t, tab, "(document.querySelector('#lens tr.here') || {}).textContent || ''"), "the state is that of the instant")
	sent := eval[int](t, tab, "(() => { for (let i = run.broke; i >= 0; i--) if (run.kind(i) === 'sent' && run.arrivals(i).length && run.kind(run.arrivals(i)[0]) === 'delivered') return i; })()")
	require.Positive(t, sent)
	eval[bool](t, tab, fmt.Sprintf("choose(%d) || true", sent))
	require.Contains(t, text(t, tab, "#event"), "It says")
	require.Regexp(t, `Term: \d`, text(t, tab, "#event"), "decoded content")
	press(t, tab, kb.Enter)
	require.Equal(t, "delivered", eval[string](t, tab, "run.kind(view.sel)"))
	require.Contains(t, text(t, tab, "#event"), "It caused")
	press(t, tab, kb.Backspace)
	require.Equal(t, sent, eval[int](t, tab, "view.sel"))
	lane := eval[int](t, tab, "run.lane[view.sel]")
	press(t, tab, kb.ArrowRight, chromedp.KeyModifiers(kb.ModifierShift))
	require.Equal(t, lane, eval[int](t, tab, "run.lane[view.sel]"))

	// A click chooses what is there.
	eval[bool](t, tab, "choose(run.broke) || diagram.show(run.broke, true) || true")
	drawn(t, tab)
	place := eval[[]float64](t, tab, `(() => { const s = document.getElementById('scroll').getBoundingClientRect(), [x, y] = diagram.place(run.before[run.broke]); return [s.left + x, s.top + y]; })()`)
	require.NoError(t, chromedp.Do(tab, chromedp.MouseClickXY(place[0], place[1])))
	require.Equal(t, eval[int](t, tab, "run.before[run.broke]"), eval[int](t, tab, "view.sel"))

	// The past of an event holds what came before on its lane, and no more than all.
	press(t, tab, "v")
	require.Equal(t, broke, eval[int](t, tab, "view.sel"))
	press(t, tab, "p")
	require.Equal(t, "true", eval[string](t, tab, "document.getElementById('past').getAttribute('aria-pressed')"))
	require.True(t, eval[bool](t, tab, "view.mask[run.before[view.sel]] === 1 && view.mask.reduce((a, b) => a + b) < run.n"))
	require.True(t, eval[bool](t, tab, "(() => { for (let i = 0; i < run.n; i++) if (view.mask[i] && (i > view.sel || run.at[i] > run.at[view.sel])) return false; return true; })()"), "nothing later is in it")
	shoot(t, tab, "past")
	press(t, tab, "p")

	// Filters.
	press(t, tab, "/")
	require.Eventually(t, func() bool { return eval[string](t, tab, "document.activeElement.id") == "filter" }, 5*time.Second, 10*time.Millisecond)
	require.NoError(t, chromedp.Do(tab, chromedp.SendKeys(chromedp.CSS("#filter"), "kind:sent term:3 node:raft/3")))
	require.Equal(t, "kind:sent term:3 node:raft/3", eval[string](t, tab, "document.getElementById('filter').value"))
	// The page waits until the typing is over, so that what was typed first may be in force for a while.
	inForce := "(() => { const all = compile('kind:sent term:3 node:raft/3'); for (let i = run.first; i < run.n; i++) if (view.passes(i) !== all(i)) return false; return true; })()"
	require.Eventually(t, func() bool { return eval[bool](t, tab, inForce) }, 5*time.Second, 10*time.Millisecond)
	require.Regexp(t, `^[1-9]\d* events$`, text(t, tab, "#matches"))
	press(t, tab, kb.Escape)
	press(t, tab, kb.ArrowLeft)
	require.Equal(t, "sent 3", eval[string](t, tab, "run.kind(view.sel) + ' ' + run.term(view.sel)"))
	shoot(t, tab, "filter")

	// Virtual time, zoom, dark.
	press(t, tab, "t")
	require.True(t, eval[bool](t, tab, "diagram.byTime()"))
	press(t, tab, "+")
	press(t, tab, "0")
	press(t, tab, "d")
	require.Equal(t, "dark", eval[string](t, tab, "document.documentElement.dataset.theme"))
	shoot(t, tab, "dark")
	press(t, tab, "?")
	require.True(t, eval[bool](t, tab, "document.getElementById('keys').open"))
	said.quiet(t)
}

// TestEveryLab opens a run of every lab and looks for the lab's own terms.
func TestEveryLab(t *testing.T) {
	for _, c := range []struct {
		pkg, scenario string
		tabs          []string
		shows         string // at the end of the run
	}{
		{"raft", "TestSwarm", []string{"Raft", "Operations"}, "commit"},
		{"kvraft", "TestSwarm", []string{"Raft", "Operations"}, "An order in which each happens at once"},
		{"shardctrler", "TestLinearizable", []string{"Raft", "Operations"}, ""},
		{"shardkv", "TestJoinLeave", []string{"Raft", "Shards", "Operations"}, "config"},
		{"mr", "TestSwarm", []string{"Tasks"}, "reduce 0"},
		{"pow", "TestPartition", []string{"Blocks"}, "pow/0"},
	} {
		t.Run(c.pkg, func(t *testing.T) {
			tab := start(t, 1400, 1100)
			said := listen(t, tab)
			url, _ := page(t, record(t, c.pkg, c.scenario, 1))
			require.NoError(t, chromedp.Do(tab, open(url)))
			require.Equal(t, "Nothing is violated", text(t, tab, ".verdict h2"))
			require.Equal(t, c.tabs, eval[[]string](t, tab, "[...document.querySelectorAll('#tabs button')].map(b => b.textContent)"))
			press(t, tab, kb.End)
			var all strings.Builder
			for i, name := range c.tabs {
				require.NoError(t, chromedp.Do(tab, chromedp.Click(chromedp.CSS(fmt.Sprintf("#tabs button:nth-child(%d)", i+1)))))
				// An operation's panel shows the order of what is chosen.
				if name == "Operations" {
					eval[bool](t, tab, "choose(lenses.find(l => l.name === 'Operations').ops.find(o => o.rank > 3).from) || true")
				}
				s := text(t, tab, "#lens")
				require.NotEmpty(t, s, name)
				all.WriteString(s)
				shoot(t, tab, c.pkg+"-"+strings.ToLower(name))
			}
			require.Contains(t, all.String(), c.shows)
			require.Eventually(t, func() bool { return eval[int](t, tab, namesWritten) > 100 }, 5*time.Second, 50*time.Millisecond, "lanes have names, which are drawn last of all")
			said.quiet(t)
		})
	}
}

// namesWritten counts what is not background where the diagram has the lanes' names.
const namesWritten = `(() => {
	const c = document.getElementById('diagram'), d = c.getContext('2d').getImageData(0, 30 * devicePixelRatio, 80 * devicePixelRatio, c.height - 60 * devicePixelRatio).data;
	let n = 0;
	for (let i = 4; i < d.length; i += 4) if (Math.abs(d[i] - d[0]) + Math.abs(d[i + 1] - d[1]) + Math.abs(d[i + 2] - d[2]) > 150) n++;
	return n;
})()`

// TestPrint looks at what is printed: the verdict, the diagram, the chosen event and a table of the last events, and no buttons.
func TestPrint(t *testing.T) {
	tab := start(t, 1400, 1000)
	said := listen(t, tab)
	url, _ := page(t, record(t, "raft", "TestFigure8Exactly", 1))
	require.NoError(t, chromedp.Do(tab, open(url), send(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Media: "print"})))
	visible := func(selector string) bool {
		return eval[bool](t, tab, "document.querySelector('"+selector+"').getClientRects().length > 0")
	}
	require.True(t, visible(".static table"))
	require.True(t, visible("#diagram"))
	require.True(t, visible(".verdict"))
	require.False(t, visible(".tools"))
	shoot(t, tab, "print")
	said.quiet(t)
}

// TestWithoutScript reads the page as one whose browser runs no program.
func TestWithoutScript(t *testing.T) {
	tab := start(t, 1000, 800)
	url, _ := page(t, record(t, "raft", "TestFigure8Exactly", 1))
	require.NoError(t, chromedp.Do(tab, send(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}), chromedp.Navigate(url)))
	require.Contains(t, text(t, tab, ".static"), "The last events")
}

// TestALongRun opens the last 50,000 events of a longer run: in at most 10 MB, and saying what is left out.
func TestALongRun(t *testing.T) {
	tab := start(t, 1400, 1000)
	said := listen(t, tab)
	url, size := page(t, long(t))
	require.LessOrEqual(t, size, int64(10<<20))
	require.NoError(t, chromedp.Do(tab, open(url)))
	require.Contains(t, text(t, tab, "header"), "This page has the last 50000 of ")
	press(t, tab, "0")
	shoot(t, tab, "long")
	require.NotEmpty(t, text(t, tab, "#undrawn"), "it says that not all messages are drawn")
	said.quiet(t)
}

// long returns the trace of a run of more than 50,000 events.
func long(tb testing.TB) string {
	tb.Helper()
	path := record(tb, "kvraft", "TestTenThousandKeys", 1)
	tr, err := trace.Read(path)
	require.NoError(tb, err)
	require.Greater(tb, len(tr.Events), view.MostEvents)
	return path
}

// BenchmarkOpen opens the page of 50,000 events, and steps through it.
func BenchmarkOpen(b *testing.B) {
	tab := start(b, 1400, 1000)
	url, size := page(b, long(b))
	var steps float64
	b.ResetTimer()
	for b.Loop() {
		require.NoError(b, chromedp.Do(tab, open(url)))
		b.StopTimer()
		var err error
		steps, err = chromedp.Run(tab, chromedp.Evaluate[float64](`(() => { const t = performance.now(); for (let i = 0; i < 50; i++) step(1); return (performance.now() - t) / 50; })()`))
		require.NoError(b, err)
		b.StartTimer()
	}
	b.ReportMetric(float64(size)/(1<<20), "MB")
	b.ReportMetric(steps, "ms/step")
}
