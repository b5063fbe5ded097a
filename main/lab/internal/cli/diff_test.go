package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/screen"
)

// traces writes two traces that part in their second event.
func traces(t *testing.T) (a, b, dir string) {
	t.Helper()
	dir = t.TempDir()
	a, b = filepath.Join(dir, "a.jsonl"), filepath.Join(dir, "b.jsonl")
	text := `{"version":2,"suite":"raft","scenario":"TestX","seed":7}
{"seq":0,"at":0,"kind":"start","node":"raft/0"}
{"seq":1,"at":1000,"kind":"report","node":"raft/0","state":{"Term":`
	require.NoError(t, os.WriteFile(a, []byte(text+"1}}\n"+`{"digest":"abc","ok":true}`+"\n"), 0o644))
	require.NoError(t, os.WriteFile(b, []byte(text+"2}}\n"), 0o644))
	return a, b, dir
}

func TestDiff(t *testing.T) {
	a, b, dir := traces(t)
	page := filepath.Join(dir, "out.html")
	status, out, errOut := lab(t, t.Context(), "diff", a, b, "-o", page)
	require.Equal(t, 1, status, errOut)
	require.Regexp(t, `(?m)^all +0.000001s, after 1 event +every event`, out)
	require.Regexp(t, `(?m)^faults +nowhere `, out)
	require.Regexp(t, `(?m)^ops +neither has any `, out)
	require.Contains(t, out, "| A      1   0.000001s  report raft/0 {\"Term\":1}\n| B      1   0.000001s  report raft/0 {\"Term\":2}\n")
	require.Contains(t, out, "differs state Term: 1 in A, 2 in B\n")
	require.FileExists(t, page)
}

func TestDiffOfEquals(t *testing.T) {
	a, _, _ := traces(t)
	status, out, _ := lab(t, t.Context(), "diff", a, a)
	require.Zero(t, status)
	require.Contains(t, out, "\nequal at level all\n")
}

func TestDiffAtALevelThatIsEqual(t *testing.T) {
	a, b, _ := traces(t)
	status, out, _ := lab(t, t.Context(), "diff", "-level", "faults", a, b)
	require.Zero(t, status)
	require.Contains(t, out, "\nequal at level faults\n")
}

func TestDiffOnAWideAndOnANarrowTerminal(t *testing.T) {
	a, b, _ := traces(t)
	for width, want := range map[int]string{
		200: `(?m)^     1   0.000001s  report raft/0 \{"Term":1\} +\|      1   0.000001s  report raft/0 \{"Term":2\}$`,
		30:  `(?m)^\| A      1   0.000001s  repor…$`,
	} {
		var out, errOut bytes.Buffer
		s := screen.Plain(&out)
		s.Width = func() int { return width }
		require.Equal(t, 1, Main(t.Context(), []string{"diff", a, b}, s, screen.Plain(&errOut)), errOut.String())
		require.Regexp(t, want, out.String())
	}
}

func TestWhatCannotBeCompared(t *testing.T) {
	a, b, dir := traces(t)
	for want, args := range map[string][]string{
		"lab: diff: two traces are needed, as go test … -lab.trace=DIR writes them; usage: lab diff A.jsonl B.jsonl [flags]\n": {a},
		"lab: diff: open " + dir + "/none: no such file or directory\n":                                                        {a, dir + "/none"},
		"lab: diff: read " + dir + ": is a directory\n":                                                                        {a, dir},
		"lab: diff: -level: there is no level \"some\"; there is all, faults, ops, state\n":                                    {a, b, "-level=some"},
		"lab: diff: -context must be 1 or more\n":                                                                              {a, b, "-context=0"},
		"lab: diff: -o: open " + dir + "/no/x.html: no such file or directory\n":                                               {a, b, "-o", dir + "/no/x.html"},
	} {
		t.Run(want, func(t *testing.T) {
			status, out, errOut := lab(t, t.Context(), append([]string{"diff"}, args...)...)
			require.Equal(t, 2, status)
			require.Equal(t, want, errOut)
			require.Empty(t, out)
		})
	}
}
