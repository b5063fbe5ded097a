package gotool_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/gotool"
)

// inModule makes a module of the given files and goes there.
func inModule(t *testing.T, files map[string]string) gotool.Tool {
	t.Helper()
	t.Chdir(t.TempDir())
	files["go.mod"] = "module example.com/m\n\ngo 1.26\n"
	for name, text := range files {
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
	}
	tool, err := gotool.Find()
	require.NoError(t, err)
	return tool
}

const passes = "package a\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { if A != 1 { t.Fail() } }\n"

func TestNoToolchain(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	_, err := gotool.Find()
	require.ErrorIs(t, err, gotool.ErrNoToolchain)
}

func TestListAndBuild(t *testing.T) {
	tool := inModule(t, map[string]string{"a/a.go": "package a\n\nconst A = 1\n", "a/a_test.go": passes, "b/b.go": "package b\n"})
	found, err := tool.List(t.Context(), "./...")
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, "example.com/m/a", found[0].ImportPath)
	require.True(t, found[0].HasTests())
	require.False(t, found[1].HasTests())

	out := filepath.Join(t.TempDir(), "a.test")
	require.NoError(t, tool.BuildTest(t.Context(), "./a", out, gotool.BuildOptions{Procs: 1}))
	require.FileExists(t, out)

	err = tool.BuildTest(t.Context(), "./b", filepath.Join(t.TempDir(), "b.test"), gotool.BuildOptions{})
	require.EqualError(t, err, "./b has no tests")
}

func TestBuildErrorCarriesTheCompilersWords(t *testing.T) {
	tool := inModule(t, map[string]string{"a/a.go": "package a\n\nconst A = x\n", "a/a_test.go": passes})
	err := tool.BuildTest(t.Context(), "./a", filepath.Join(t.TempDir(), "a.test"), gotool.BuildOptions{})
	var build *gotool.BuildError
	require.ErrorAs(t, err, &build)
	require.Contains(t, build.Output, "undefined: x")
	require.EqualError(t, err, "./a does not build")
}

func TestOverlayReplacesAFile(t *testing.T) {
	tool := inModule(t, map[string]string{"a/a.go": "package a\n\nconst A = 1\n", "a/a_test.go": passes, "other.txt": "package a\n\nconst A = broken\n"})
	dir, err := os.Getwd()
	require.NoError(t, err)
	overlay := `{"Replace": {"` + filepath.Join(dir, "a/a.go") + `": "` + filepath.Join(dir, "other.txt") + `"}}`
	require.NoError(t, os.WriteFile("overlay.json", []byte(overlay), 0o644))
	err = tool.BuildTest(t.Context(), "./a", filepath.Join(t.TempDir(), "a.test"), gotool.BuildOptions{Overlay: "overlay.json"})
	var build *gotool.BuildError
	require.ErrorAs(t, err, &build)
	require.Contains(t, build.Output, "undefined: broken")
}
