package tracediff_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest/trace"
	"6.824/main/lab/internal/tracediff"
)

const head = `{"version":2,"suite":"raft","scenario":"TestX","seed":7}` + "\n"

// traceOf is a trace of these events, numbered as they come.
func traceOf(t *testing.T, events ...string) *trace.Trace {
	t.Helper()
	var b strings.Builder
	b.WriteString(head)
	for i, e := range events {
		fmt.Fprintf(&b, "{\"seq\":%d,%s}\n", i, e)
	}
	b.WriteString(`{"digest":"abc","ok":true}` + "\n")
	got, err := trace.Read(write(t, b.String()))
	require.NoError(t, err)
	require.Len(t, got.Events, len(events))
	return got
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "t.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

func at(name string) tracediff.Level {
	l, err := tracediff.LevelNamed(name)
	if err != nil {
		panic(err)
	}
	return l
}

const (
	start   = `"at":0,"kind":"start","node":"raft/0"`
	sent    = `"at":5,"kind":"sent","node":"raft/0","to":"raft/1","method":"Raft.RequestVote","n":1,"bytes":7,"sum":99`
	note    = `"at":6,"kind":"note","text":"half way"`
	leader  = `"at":9,"kind":"report","node":"raft/0","state":{"Role":3,"Term":1}`
	other   = `"at":9,"kind":"report","node":"raft/0","state":{"Role":3,"Term":2}`
	later   = `"at":30,"kind":"report","node":"raft/0","state":{"Role":3,"Term":1}`
	invoke  = `"at":10,"kind":"invoke","node":"client0","n":1,"state":"put"`
	invoke1 = `"at":11,"kind":"invoke","node":"client1","n":1,"state":"get"`
	cut     = `"at":20,"kind":"began","text":"isolate raft/0"`
	slowCut = `"at":21,"kind":"began","text":"isolate raft/0"`
)

func TestEqualTracesPartNowhere(t *testing.T) {
	a, b := traceOf(t, start, sent, leader, invoke, cut), traceOf(t, start, sent, leader, invoke, cut)
	for _, l := range tracediff.Levels {
		require.Nil(t, tracediff.Diff(a, b, l, 5), l.Name)
		require.Empty(t, l.Lacking(a, b), l.Name)
	}
	require.Empty(t, tracediff.Strangers(a, b))
}

func TestAnEventMoreDoesNotCascade(t *testing.T) {
	a, b := traceOf(t, start, sent, leader, cut), traceOf(t, start, note, sent, leader, cut)
	p := tracediff.Diff(a, b, at("all"), 5)
	require.Equal(t, 1, p.Index)
	require.Len(t, p.Common, 1)
	marks := ""
	for _, r := range p.After {
		marks += r.Mark()
	}
	require.Equal(t, ">   ", marks, "what follows meets its like again")
	require.False(t, p.OneSided())
	for _, level := range []string{"faults", "ops", "state"} {
		require.Nil(t, tracediff.Diff(a, b, at(level), 5), level)
	}
}

func TestTheFieldsThatDifferAreNamed(t *testing.T) {
	p := tracediff.Diff(traceOf(t, start, leader), traceOf(t, start, other), at("state"), 5)
	require.Equal(t, "raft/0", p.Lane)
	require.Equal(t, []tracediff.Field{{Name: "state Term", A: "1", B: "2"}}, p.Fields)
	require.Equal(t, "|", p.After[0].Mark())
}

func TestTimesCountForAllAndFaultsOnly(t *testing.T) {
	a, b := traceOf(t, start, leader, cut), traceOf(t, start, later, slowCut)
	require.Nil(t, tracediff.Diff(a, b, at("state"), 5))
	require.Equal(t, 1, tracediff.Diff(a, b, at("faults"), 5).Index)
	p := tracediff.Diff(a, b, at("all"), 5)
	require.Equal(t, "~", p.After[0].Mark())
	require.Equal(t, "time", p.Fields[0].Name)
}

func TestClientsAreComparedEachByItself(t *testing.T) {
	a, b := traceOf(t, invoke, invoke1), traceOf(t, invoke1, invoke)
	require.Nil(t, tracediff.Diff(a, b, at("ops"), 5))
	require.NotNil(t, tracediff.Diff(a, b, at("all"), 5))
	p := tracediff.Diff(a, traceOf(t, invoke), at("ops"), 5)
	require.Equal(t, "client1", p.Lane)
	require.True(t, p.OneSided())
	require.Equal(t, "<", p.After[0].Mark())
}

func TestTheEarliestLaneIsTold(t *testing.T) {
	early, late := `"at":3,"kind":"report","node":"raft/9","state":1`, `"at":3,"kind":"report","node":"raft/9","state":2`
	p := tracediff.Diff(traceOf(t, early, leader), traceOf(t, late, other), at("state"), 5)
	require.Equal(t, "raft/9", p.Lane)
}

func TestATraceThatWasCutOff(t *testing.T) {
	a := traceOf(t, start, sent, leader)
	b, err := trace.Read(write(t, head+"{\"seq\":0,"+start+"}\n{\"seq\":1,"+sent[:20]))
	require.NoError(t, err)
	require.Len(t, b.Events, 1)
	require.Equal(t, "no end: the process was gone after 1 events", b.End())
	p := tracediff.Diff(a, b, at("all"), 5)
	require.Equal(t, 1, p.Index)
	require.True(t, p.OneSided())
}

func TestStrangers(t *testing.T) {
	a := traceOf(t, start)
	b, err := trace.Read(write(t, `{"version":2,"suite":"kvraft","scenario":"TestY","seed":8}`+"\n"))
	require.NoError(t, err)
	require.Equal(t, "the scenarios differ: raft/TestX and kvraft/TestY; the seeds differ: 7 and 8", tracediff.Strangers(a, b))
}

func TestWhatIsNoTrace(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    "not a trace of labtest",
		"hello\n":                             "not a trace of labtest",
		`{"version":9,"scenario":"X"}` + "\n": "a trace of version 9; this lab reads version 2",
		head + "{}\n":                         "line 2: not an event",
		head + "[1]\n":                        "line 2: ",
		head + `{"digest":"","ok":true}` + "\n{}\n": "line 3: there is more after the end",
	} {
		path := write(t, text)
		_, err := trace.Read(path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, path)
		require.NotContains(t, err.Error(), "\n")
	}
}

func TestALevelAtWhichOneSaysNothing(t *testing.T) {
	talks, silent := traceOf(t, start, leader), traceOf(t, start)
	require.Equal(t, "only A has any", at("state").Lacking(talks, silent))
	require.Equal(t, "only B has any", at("state").Lacking(silent, talks))
	require.Equal(t, "neither has any", at("ops").Lacking(talks, silent))
	require.NotNil(t, tracediff.Diff(talks, silent, at("state"), 5))
}

func TestPage(t *testing.T) {
	evil := `"at":9,"kind":"note","text":"<script>alert(1)</script>"`
	var out bytes.Buffer
	require.NoError(t, tracediff.Page(&out, traceOf(t, start, sent, leader), traceOf(t, start, sent, evil, other), 5))
	page := out.String()
	require.Contains(t, page, "<title>TestX seed 7: two traces</title>")
	require.Contains(t, page, "they part after 2 equal events")
	require.Contains(t, page, "<code>1</code> in A, <code>2</code> in B")
	require.Contains(t, page, "color-scheme: light dark")
	require.NotContains(t, page, "<script", "what a trace says is text")
	require.NotContains(t, page, "http", "it needs no network")
	require.Equal(t, 4, strings.Count(page, "<details"))
}
