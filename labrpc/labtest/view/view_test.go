package view_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest/trace"
	"6.824/labrpc/labtest/view"
)

const ms = time.Millisecond

// sample is a run of two servers and a client: a request that comes twice, one that is lost, a crash, a fault, an operation, and what
// somebody wrote who wants to break out of the page.
func sample() *trace.Trace {
	t := &trace.Trace{
		Header: trace.Header{Version: trace.Version, Suite: "raft", Scenario: "TestX", Seed: 7, Doc: "a thing is tried", Paper: "§5.1", Again: "go test ./raft -run '^TestX$' -lab.seed=7"},
		Events: []trace.Event{
			{Kind: "start", Node: "raft/0"},
			{Kind: "start", Node: "raft/10"},
			{Kind: "start", Node: "raft/2"},
			{At: 1 * ms, Kind: "invoke", Node: "client/0", State: json.RawMessage(`{"Key":"k"}`)},
			{At: 2 * ms, Kind: "began", Text: "0.002s for 9ms cut raft/0 → raft/2"},
			{At: 3 * ms, Kind: "sent", Node: "raft/0", To: "raft/2", Method: "Raft.X", N: 1, Bytes: 3},
			{At: 3 * ms, Kind: "duplicated", Node: "raft/0", To: "raft/2", Method: "Raft.X", N: 1, Copy: 1, Bytes: 3},
			{At: 4 * ms, Kind: "delivered", Node: "raft/0", To: "raft/2", Method: "Raft.X", N: 1, Copy: 1, Bytes: 3},
			{At: 4 * ms, Kind: "report", Node: "raft/2", Text: "</script><b>", State: json.RawMessage(`{"Role":"leader","Term":1,"LastIndex":0}`)},
			{At: 4 * ms, Kind: "replied", Node: "raft/0", To: "raft/2", Method: "Raft.X", N: 1, Copy: 1, Bytes: 2},
			{At: 5 * ms, Kind: "dropped", Node: "raft/0", To: "raft/2", Method: "Raft.X", N: 1, Text: "cut"},
			{At: 6 * ms, Kind: "returned", Node: "raft/0", To: "raft/2", Method: "Raft.X", N: 1, Copy: 1, Bytes: 2},
			{At: 7 * ms, Kind: "crash", Node: "raft/2"},
			{At: 9 * ms, Kind: "start", Node: "raft/2"},
			{At: 10 * ms, Kind: "return", Node: "client/0", State: json.RawMessage(`{"Value":"v"}`)},
			{At: 11 * ms, Kind: "ended", Text: "0.002s for 9ms cut raft/0 → raft/2"},
		},
		Contents: map[int]json.RawMessage{5: json.RawMessage(`{"Term":1}`)},
		Orders:   []trace.Order{{Order: []trace.Operation{{Client: "client/0"}}, Legal: true}},
	}
	for i := range t.Events {
		t.Events[i].Seq = i
	}
	t.Footer = &trace.Footer{Digest: "abc", Check: "nothing is <lost>", Paper: "§5.4", Text: "it was", At: 10 * ms, Seq: 13}
	return t
}

var update = flag.Bool("update", false, "write the golden files")

func write(t *testing.T, format string, tr *trace.Trace, most int) string {
	t.Helper()
	f, err := view.FormatNamed(format)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, f.Write(&b, tr, most))
	return b.String()
}

// TestFormats compares text, ShiViz's and Chrome's with golden files, which are to be looked at when they change.
func TestFormats(t *testing.T) {
	for _, name := range []string{"text", "shiviz", "chrome"} {
		golden := filepath.Join("testdata", "sample."+name)
		got := write(t, name, sample(), 0)
		if *update {
			require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
		}
		want, err := os.ReadFile(golden)
		require.NoError(t, err)
		require.Equal(t, string(want), got, name)
	}
	_, err := view.FormatNamed("pdf")
	require.EqualError(t, err, `there is no format "pdf"; there is html, text, shiviz, chrome`)
}

// ShiViz finds an event's host and clock with the regular expression that heads the log. The clocks are vector clocks: a host's own
// entry counts its events, and an arrival knows all that the sender knew.
func TestShiVizClocks(t *testing.T) {
	lines := strings.Split(write(t, "shiviz", sample(), 0), "\n")
	require.Equal(t, `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`, lines[0])
	pattern := regexp.MustCompile(`(?m)^(\S*) ({.*})\n(.*)$`)
	events := pattern.FindAllStringSubmatch(strings.Join(lines[2:], "\n"), -1)
	require.Len(t, events, 14, "all but what happened to nobody")
	own := map[string]int{}
	for _, e := range events {
		var clock map[string]int
		require.NoError(t, json.Unmarshal([]byte(e[2]), &clock))
		own[e[1]]++
		require.Equal(t, own[e[1]], clock[e[1]], e[3])
		if strings.Contains(e[3], "delivered") {
			require.Equal(t, map[string]int{"raft/0": 3, "raft/2": 2}, clock, "start, sent and duplicated, and then this")
		}
	}
}

func TestChromeEventsAreJSON(t *testing.T) {
	var doc struct {
		TraceEvents []struct {
			Name, Ph string
			ID       int
		}
	}
	require.NoError(t, json.Unmarshal([]byte(write(t, "chrome", sample(), 0)), &doc))
	begun, ended := map[int]bool{}, map[int]bool{}
	for _, e := range doc.TraceEvents {
		switch e.Ph {
		case "s":
			begun[e.ID] = true
		case "f":
			ended[e.ID] = true
		}
	}
	require.Equal(t, map[int]bool{7: true, 10: true}, ended)
	for id := range ended {
		require.True(t, begun[id], "a flow that ends has begun: %d", id)
	}
}

// The data of the page are in it as JSON that no text in it can break out of.
func TestPage(t *testing.T) {
	page := write(t, "html", sample(), 0)
	require.Contains(t, page, "<title>raft/TestX seed 7</title>")
	require.Contains(t, page, "<h2>nothing is &lt;lost&gt;</h2>")
	require.Contains(t, page, "go test ./raft -run &#39;^TestX$&#39; -lab.seed=7")
	require.NotContains(t, page, "</script><b>")
	require.NotRegexp(t, `(src|href)="?https?:`, page, "it needs no network")
	require.Equal(t, 2, strings.Count(page, "</script>"))
	require.NotContains(t, page, "ZgotmplZ")

	data := dataOf(t, page)
	require.Equal(t, []string{"raft/0", "raft/2", "raft/10", "client/0"}, data.Lanes, "nodes first, numbers in their order")
	require.Equal(t, []int{0, 2, 1, 3, -1, 0, 0, 1, 1, 1, -1, 0, 1, 1, 3, -1}, data.Lane)
	require.Equal(t, []int{-1, -1, -1, -1, -1, -1, -1, 6, -1, -1, 5, 9, -1, -1, -1, -1}, data.Cause)
	require.Equal(t, 13, data.Break)
	require.Len(t, data.Bands, 2)
	require.Equal(t, view.Band{From: 2 * ms, To: 11 * ms, Text: "0.002s for 9ms cut raft/0 → raft/2", Lanes: []int{0, 1}}, data.Bands[0])
	require.Equal(t, view.Band{From: 7 * ms, To: 9 * ms, Text: "down", Lanes: []int{1}, Down: true}, data.Bands[1])
}

// Of a long run the last events are shown, and those before them that say what the state is are kept.
func TestAPageOfALongRun(t *testing.T) {
	page := write(t, "html", sample(), 6)
	require.Contains(t, page, "the last 6 of 16 events, from 0.005000s on")
	data := dataOf(t, page)
	require.Equal(t, 2, data.First, "an operation that began and a report")
	require.Len(t, data.Lane, 8)
	require.Contains(t, write(t, "text", sample(), 6), "(the last 6 of 16 events, from 0.005000s on")
}

func TestARunThatHasNoEnd(t *testing.T) {
	tr := sample()
	tr.Footer = nil
	require.Contains(t, write(t, "html", tr, 0), "The process ended in the middle of the run")
	require.Contains(t, write(t, "text", tr, 0), "no end: the process was gone after 16 events")
	require.Contains(t, write(t, "chrome", tr, 0), "no end")
	empty := &trace.Trace{Header: tr.Header}
	for _, f := range view.Formats {
		write(t, f.Name, empty, 0)
	}
}

type data struct {
	Lanes       []string
	Lane, Cause []int
	First       int
	Break       int
	Bands       []view.Band
}

func dataOf(t *testing.T, page string) (d data) {
	t.Helper()
	_, rest, found := strings.Cut(page, `id="data">`)
	require.True(t, found)
	text, _, _ := strings.Cut(rest, "</script>")
	require.NoError(t, json.Unmarshal([]byte(text), &d))
	return d
}

// A history is judged at the end: what is shown is the answer that can't be explained.
func TestUnexplainedAnswer(t *testing.T) {
	tr := sample()
	tr.Footer.Check, tr.Footer.Seq = "linearizability", 15
	tr.Orders = []trace.Order{{Left: []trace.Operation{{Client: "client/0"}}, Breaks: []trace.Operation{{Client: "client/0"}}}}
	lines := strings.Split(write(t, "text", tr, 0), "\n")
	broken := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "BROKEN") })
	require.Positive(t, broken)
	require.Contains(t, lines[broken-1], "return")
	require.Contains(t, lines[broken-1], "client/0")
}
