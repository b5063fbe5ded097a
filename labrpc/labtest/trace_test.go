package labtest

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest/trace"
)

// spoken has a client say something, a node show something, and fails if it is told to.
func spoken(fails bool) func(*World) {
	return func(w *World) {
		addEchoes(w, 2)
		w.Go("client", func() {
			w.Dial("client", "echo/1").Call("Echo.Say", EchoArgs{"hello"}, &EchoReply{})
			w.nodes["echo/0"].Show("mood", map[string]int{"good": 1})
			w.NoteFault(true, Fault{Kind: "isolate", Nodes: []string{"echo/0"}})
			w.Sleep(time.Second)
			w.NoteFault(false, Fault{Kind: "isolate", Nodes: []string{"echo/0"}})
			if fails {
				w.Violate("silence", "§0", "somebody spoke")
			}
		})
		w.Wait()
	}
}

// withTrace sets -lab.trace for a test.
func withTrace(t *testing.T) (dir string) {
	dir, before := t.TempDir(), *flags.trace
	*flags.trace = dir
	t.Cleanup(func() { *flags.trace = before })
	return dir
}

func TestTraceOfAFailure(t *testing.T) {
	dir := withTrace(t)
	r := &runner{t: t, suite: &Suite{Name: "kit"}, seed: 7, sc: Scenario{Name: "TestSpoken", Doc: "somebody speaks", Paper: "§0", Limit: time.Hour, Run: spoken(true)}}
	res := r.run(false)
	require.False(t, res.OK)
	path := filepath.Join(dir, "kit-TestSpoken-seed7.jsonl")
	page := filepath.Join(dir, "kit-TestSpoken-seed7.html")
	require.Contains(t, res.Failure, "\n  trace   "+path+"\n  page    "+page+"\n")
	html, err := os.ReadFile(page)
	require.NoError(t, err)
	require.Contains(t, string(html), "<title>kit/TestSpoken seed 7</title>")

	got, err := trace.Read(path)
	require.NoError(t, err)
	require.Equal(t, trace.Header{Version: trace.Version, Suite: "kit", Scenario: "TestSpoken", Seed: 7, Doc: "somebody speaks", Paper: "§0", Again: res.Repro}, got.Header)
	require.Equal(t, &trace.Footer{Digest: res.Digest, Check: "silence", Paper: "§0", Text: "somebody spoke", At: res.violation.At, Seq: res.violation.Seq}, got.Footer)
	said, shown := map[string]string{}, map[string]string{}
	for _, e := range got.Events {
		switch {
		case e.Kind == trace.Shown:
			shown[e.Text] = string(e.State)
		case got.Contents[e.Seq] != nil:
			said[e.Kind] = string(got.Contents[e.Seq])
		}
	}
	require.Equal(t, map[string]string{"sent": `{"Text":"hello"}`, "replied": `{"Text":"hello"}`}, said)
	require.Equal(t, map[string]string{"mood": `{"good":1}`, trace.FaultBegan: `"0.000000s isolate echo/0"`, trace.FaultEnded: `"0.000000s isolate echo/0"`}, shown)
}

// A trace changes nothing of the history, and of a run that nobody asked for by its seed it does not decode what messages say.
func TestATraceIsNotSeen(t *testing.T) {
	r := &runner{t: t, suite: &Suite{Name: "kit"}, seed: 7, sc: Scenario{Name: "TestSpoken", Limit: time.Hour, Run: spoken(false)}}
	plain, _ := r.once("", nil)
	requireOK(t, plain)
	dir := withTrace(t)
	traced := r.run(false)
	requireOK(t, traced)
	require.Equal(t, plain.Digest, traced.Digest)
	require.Equal(t, plain.Events, traced.Events)
	got, err := trace.Read(filepath.Join(dir, "kit-TestSpoken-seed7.jsonl"))
	require.NoError(t, err)
	require.True(t, got.Footer.OK)
	require.Empty(t, got.Contents)
	require.NoFileExists(t, filepath.Join(dir, "kit-TestSpoken-seed7.html"))
}
