package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestView(t *testing.T) {
	a, _, dir := traces(t)
	status, out, errOut := lab(t, t.Context(), "view", a)
	require.Zero(t, status, errOut)
	require.Equal(t, filepath.Join(dir, "a.html")+"\n", out)
	page, err := os.ReadFile(filepath.Join(dir, "a.html"))
	require.NoError(t, err)
	require.Contains(t, string(page), "<title>raft/TestX seed 7</title>")

	status, out, errOut = lab(t, t.Context(), "view", "-format", "text", a)
	require.Zero(t, status, errOut)
	require.Contains(t, out, "\n      1    0.000001s  report raft/0 {\"Term\":1}\nok, digest abc\n")

	other := filepath.Join(dir, "x.json")
	status, out, errOut = lab(t, t.Context(), "view", a, "-format", "chrome", "-o", other)
	require.Zero(t, status, errOut)
	require.Equal(t, other+"\n", out)
	events, err := os.ReadFile(other)
	require.NoError(t, err)
	require.True(t, json.Valid(events))
}

func TestWhatCannotBeViewed(t *testing.T) {
	a, _, dir := traces(t)
	none := filepath.Join(dir, "none")
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "lab: view: a trace is needed, as go test … -lab.trace=DIR writes it; usage: lab view TRACE.jsonl [-o FILE] [flags]\n"},
		{[]string{none}, "lab: view: open " + none + ": no such file or directory\n"},
		{[]string{a, "-format", "pdf"}, "lab: view: -format: there is no format \"pdf\"; there is html, text, shiviz, chrome\n"},
		{[]string{a, "-events", "0"}, "lab: view: -events must be 1 or more\n"},
		{[]string{a, "-o", a}, "lab: view: -o: " + a + " is the trace itself\n"},
		{[]string{a, "-o", filepath.Join(none, "x")}, "lab: view: -o: open " + filepath.Join(none, "x") + ": no such file or directory\n"},
		{[]string{a, a}, "lab: view: there is no use for \"" + a + "\"; usage: lab view TRACE.jsonl [-o FILE] [flags]\n"},
	} {
		status, out, errOut := lab(t, t.Context(), append([]string{"view"}, c.args...)...)
		require.Equal(t, 2, status)
		require.Empty(t, out)
		require.Equal(t, c.want, errOut)
	}
	after, err := os.ReadFile(a)
	require.NoError(t, err)
	require.Contains(t, string(after), `"digest":"abc"`)
}
