package labtest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func aCase() *Case {
	const ms = time.Millisecond
	return &Case{
		Suite: "toy", Scenario: "TestToy", Package: "./toy", Test: "TestAll/TestToy", Seed: 7, Check: "all ≤ is > well", Digest: "abc",
		Nodes: 2, Until: 3 * time.Second, Played: true,
		Faults: Schedule{{At: 200 * ms, For: 50 * ms, Kind: "pause", Nodes: []string{"toy/0"}}, {At: 100 * ms, Kind: "unreliable"}},
		Ops:    []Operation{{300 * ms, "get", "", nil}, {100 * ms, "put", "toy/1", json.RawMessage(`{"value":"<x>"}`)}},
	}
}

func TestCaseReadsAsLines(t *testing.T) {
	c := aCase()
	c.comments = []string{"it may be edited"}
	var b bytes.Buffer
	_, err := c.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, `# it may be edited
{"case":"toy/TestToy","package":"./toy","test":"TestAll/TestToy","seed":7,"check":"all ≤ is > well","played":true,"nodes":2,"until":"3s","digest":"abc"}
{"at":"100ms","kind":"unreliable"}
{"at":"100ms","op":"put","node":"toy/1","arg":{"value":"<x>"}}
{"at":"200ms","for":"50ms","kind":"pause","nodes":["toy/0"]}
{"at":"300ms","op":"get"}
`, b.String())
	text := b.String()
	read, err := LoadCase(&b)
	require.NoError(t, err)
	b.Reset()
	read.comments = c.comments
	_, err = read.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, text, b.String())
	require.Equal(t, c.Faults.sorted(), read.Faults)
	require.Equal(t, 2, read.line)

	driven := Case{Suite: "toy", Scenario: "TestToy", Check: "c", Faults: Schedule{}}
	b.Reset()
	_, err = driven.WriteTo(&b)
	require.NoError(t, err)
	read, err = LoadCase(&b)
	require.NoError(t, err)
	require.False(t, read.Played)
	require.Zero(t, read.Until)
}

func TestCasesThatAreNone(t *testing.T) {
	const head = `{"case":"toy/TestToy","seed":1,"check":"c","played":true,"until":"1s"}`
	for text, want := range map[string]string{
		"":               "line 1: there is no line",
		"# only\n\n# c":  "line 4: there is no line",
		"{":              "line 1: not JSON",
		`{"case":"toy"}`: `line 1: the first line must tell what it is, {"case":"suite/scenario",…}, not "toy"`,
		`{"case":"a/b"}`: `line 1: "check" is missing`,
		`{"case":"a/b","check":"c","played":true}`:                          `line 1: a case that is "played" needs "until"`,
		`{"case":"a/b","check":"c","until":"soon"}`:                         `line 1: "until" must be a time such as "2.5s", not "soon"`,
		`{"case":"a/b","check":"c","nodes":-1}`:                             `line 1: "nodes" can't be negative`,
		`{"case":"a/b","check":"c","sizes":{"a":1,"b":0}}`:                  `line 1: "sizes": "b" must be at least 1, not 0`,
		`{"case":"a/b","check":"c","seeed":1}`:                              `line 1: unknown field "seeed"`,
		`{"at":"1s","kind":"pause","nodes":["a"]}`:                          `line 1: unknown field "at"`,
		"# x\n" + head + "\n" + head:                                        "line 3: a file holds one case",
		head + "\n\n" + `{"at":"1s","kind":"paws"}`:                         `line 3: there is no kind "paws" of faults`,
		head + "\n" + `{"at":"1s","kind":"pause"}`:                          `line 2: a pause needs "nodes"`,
		head + "\n" + `{"at":"-1s","op":"put"}`:                             `line 2: "at" must be a time`,
		head + "\n" + `{"at":"1s","op":""}`:                                 `line 2: an operation needs "op"`,
		head + "\n" + `{"at":"1s","op":"put","whom":"n"}`:                   `line 2: unknown field "whom"`,
		head + "\nnonsense":                                                 "line 2: not JSON",
		`{"case":"a/b","check":"c"}` + "\n" + `{"at":"1s","op":"put"}`:      `line 2: this case is not "played"`,
		head + "\n" + `{"at":"1s","op":"put"}` + "\n" + `{"at":1,"op":"p"}`: "line 3: at can't be a number",
	} {
		_, err := LoadCase(strings.NewReader(text))
		require.ErrorContains(t, err, want, text)
		require.NotContains(t, err.Error(), "\n")
	}
	path := filepath.Join(t.TempDir(), "x.case")
	require.NoError(t, os.WriteFile(path, []byte(head+"\n{}"), 0o644))
	_, err := LoadCaseFile(path)
	require.ErrorContains(t, err, path+": line 2: ")
	_, err = LoadCaseFile(path + "x")
	require.ErrorContains(t, err, path+"x")
}

func TestWithoutNames(t *testing.T) {
	s := Schedule{
		{Kind: "pause", Nodes: []string{"a", "b"}}, {Kind: "pause", Nodes: []string{"b"}}, {Kind: "cut", From: []string{"a"}, To: []string{"b"}},
		{Kind: "partition", Groups: [][]string{{"a"}, {"b"}}}, {Kind: "partition", Groups: [][]string{{"a"}, {"b", "c"}}}, {Kind: "unreliable"},
	}
	require.Equal(t, Schedule{
		{Kind: "pause", Nodes: []string{"a"}}, {Kind: "partition", Groups: [][]string{{"a"}, {"c"}}}, {Kind: "unreliable"},
	}.String(), s.without(func(n string) bool { return n == "b" }).String())
}
