package table_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
)

func sample() *table.Table {
	t := table.New(table.Column{Head: "scenario", Gives: 10}, table.Column{Head: "seeds", Right: true}, table.Column{Head: "verdict"})
	t.Row("TestElectionWithAVeryLongName", 1000, table.Cell{Text: "ok", Style: screen.Good})
	t.Row("TestSmall", 7, "FAIL")
	t.Row("TestNone")
	return t
}

func TestColumnsLineUp(t *testing.T) {
	var out bytes.Buffer
	sample().Print(screen.Plain(&out))
	require.Equal(t, `scenario                       seeds  verdict
TestElectionWithAVeryLongName   1000  ok
TestSmall                          7  FAIL
TestNone
`, out.String())
}

func TestANarrowScreenShortensWhatGives(t *testing.T) {
	var out bytes.Buffer
	s := screen.Plain(&out)
	s.Width = func() int { return 30 }
	sample().Print(s)
	require.Equal(t, `scenario        seeds  verdict
TestElectionW…   1000  ok
TestSmall           7  FAIL
TestNone
`, out.String())

	out.Reset()
	s.Width = func() int { return 5 } // can't be had: what gives, gives all it may
	sample().Print(s)
	require.Contains(t, out.String(), "TestElect…   1000  ok")
}

func TestAScreenTooNarrowForAllLeavesOutWhatIsSpare(t *testing.T) {
	tb := table.New(table.Column{Head: "name", Gives: 4}, table.Column{Head: "seeds", Right: true},
		table.Column{Head: "wall", Right: true, Spare: true}, table.Column{Head: "lost", Right: true, Spare: true})
	tb.Row("TestElection", 10, "3 s", 77)
	for width, want := range map[int]string{
		0:  "name          seeds  wall  lost\nTestElection     10   3 s    77\n",
		25: "name    seeds  wall  lost\nTestE…     10   3 s    77\n",
		20: "name     seeds  wall\nTestEl…     10   3 s\n",
		11: "name  seeds\nTes…     10\n",
	} {
		var out bytes.Buffer
		s := screen.Plain(&out)
		s.Width = func() int { return width }
		tb.Print(s)
		require.Equal(t, want, out.String(), width)
	}
}

func TestColourDoesNotCountAsWidth(t *testing.T) {
	var out bytes.Buffer
	s := screen.Plain(&out)
	s.Colour = true
	tb := table.New(table.Column{Head: "a", Right: true}, table.Column{Head: "b"}, table.Column{Head: "c"})
	tb.Row(table.Cell{Text: "1", Style: screen.Bad}, table.Cell{Text: "x", Style: screen.Good}, "z")
	tb.Row("22", "yyy", "z")
	tb.Print(s)
	require.Contains(t, out.String(), " \x1b[1;31m1\x1b[0m  \x1b[32mx\x1b[0m    z\n22  yyy  z\n")
}
