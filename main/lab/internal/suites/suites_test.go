package suites_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/suites"
)

// house is a small house of the same plan as ours.
var house = map[string]string{
	"go.mod":                    "module 6.824\n\ngo 1.26\n",
	"labrpc/labtest/labtest.go": "package labtest\n\nimport \"testing\"\n\ntype Suite struct{}\n\nfunc (Suite) Test(t *testing.T) {}\n",
	"raft/raft.go":              "package raft\n",
	"raft/rafttest/suite.go":    "package rafttest\n\nimport \"6.824/labrpc/labtest\"\n\nvar Suite labtest.Suite\n",
	"raft/rafttest/suite_test.go": "package rafttest_test\n\nimport (\n\t\"testing\"\n\n\t\"6.824/raft/rafttest\"\n)\n\n" +
		"func TestItself(t *testing.T) { rafttest.Suite.Test(t) }\n",
	"raft/raft_test.go": `package raft_test

import (
	"testing"

	"6.824/raft/rafttest"
)

func TestElection2A(t *testing.T) { rafttest.Suite.Test(t) }

func TestThroughAHelper(t *testing.T) { through(t, 1) }

func through(tt *testing.T, n int) { further(tt) }

func further(tt *testing.T) { rafttest.Suite.Test(tt) }

func TestOrdinary(t *testing.T) {
	t.Run("part", func(t *testing.T) {})
	other(t)
}

func other(t *testing.T) { t.Helper() }
`,
	"raft/rafttest/tiny/tiny.go": "package tiny\n",
	"raft/rafttest/tiny/tiny_test.go": "package tiny\n\nimport (\n\t\"testing\"\n\n\t\"6.824/raft/rafttest\"\n)\n\n" +
		"func TestTiny(t *testing.T) { rafttest.Suite.Test(t) }\n",
	"mine/mine_test.go": "package mine\n\nimport \"testing\"\n\nfunc TestMine(t *testing.T) {}\n",
	"empty/empty.go":    "package empty\n",
	"docs/README":       "no package",
}

func inHouse(t *testing.T) *suites.Catalog {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range house {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	tool, err := gotool.Find()
	require.NoError(t, err)
	c, err := suites.Load(t.Context(), tool)
	require.NoError(t, err)
	return c
}

func TestLabsAreThePackagesWithAConformanceSuiteBeside(t *testing.T) {
	c := inHouse(t)
	require.Len(t, c.Labs, 1)
	raft := c.Labs[0]
	require.Equal(t, "raft", raft.Name)
	require.Equal(t, "6.824/raft", raft.ImportPath)
	require.Equal(t, "rafttest", filepath.Base(raft.Conformance))
	require.Equal(t, filepath.Dir(raft.Dir), raft.Root)
	require.Equal(t, []string{"TestElection2A", "TestThroughAHelper"}, raft.Tests)
	require.Len(t, c.Also, 1)
	require.Equal(t, "./raft/rafttest/tiny", c.Also[0].Name)
}

func TestResolve(t *testing.T) {
	c := inHouse(t)
	for arg, want := range map[string][2]string{
		"raft":                  {"raft", ""},
		"raft/":                 {"raft", ""},
		"raft/TestElection2A":   {"raft", "TestElection2A"},
		"./raft":                {"raft", ""},
		"./raft/TestElection2A": {"raft", "TestElection2A"},
		"./mine":                {"./mine", ""},
		"./mine/TestMine":       {"./mine", "TestMine"},
	} {
		s, scenario, err := c.Resolve(t.Context(), arg)
		require.NoError(t, err, arg)
		require.Equal(t, want, [2]string{s.Name, scenario}, arg)
	}
	for arg, want := range map[string]string{
		"rfat":      `there is no suite "rfat"; did you mean raft?`,
		"paxos/X":   `there is no suite "paxos"; there is raft`,
		"mine":      `there is no suite "mine"; if you mean the package in that directory, write ./mine`,
		"./nowhere": `there is no directory ./nowhere`,
		"./empty":   `./empty has no tests; a test file that runs a suite takes five lines, see the README`,
	} {
		_, _, err := c.Resolve(t.Context(), arg)
		require.EqualError(t, err, want, arg)
	}
	_, _, err := c.Resolve(t.Context(), "./docs")
	require.ErrorContains(t, err, "docs")
}

func TestLoadOutsideTheHouse(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("go.mod", []byte("module example.com/else\n\ngo 1.26\n"), 0o644))
	tool, err := gotool.Find()
	require.NoError(t, err)
	_, err = suites.Load(t.Context(), tool)
	require.ErrorContains(t, err, "6.824")
}

func TestNear(t *testing.T) {
	names := []string{"TestFigure82C", "TestFigure8Unreliable2C", "TestBackup2B", "TestBasicAgree2B"}
	require.Equal(t, []string{"TestFigure82C", "TestFigure8Unreliable2C"}, suites.Near("figure8", names))
	require.Equal(t, []string{"TestBackup2B"}, suites.Near("TestBakcup2B", names))
	require.Empty(t, suites.Near("TestSomethingElse", names))
	require.Equal(t, []string{"pause"}, suites.Near("apsue", []string{"pause"}), "letters that swapped places count once a pair")
}
