package gotool_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/gotool"
)

func TestSourceSumIsOfTheSourceWhereverItLies(t *testing.T) {
	tool, err := gotool.Find()
	require.NoError(t, err)
	sum := func(test string, helper string) string {
		t.Chdir(t.TempDir())
		for name, text := range map[string]string{
			"go.mod":      "module example.com/m\n\ngo 1.26\n",
			"m.go":        "package m\n",
			"m_test.go":   "package m\n\n" + test,
			"h/h.go":      "package h\n\n" + helper,
			"m_x_test.go": "package m_test\n\nimport _ \"example.com/m/h\"\n",
		} {
			require.NoError(t, os.MkdirAll("h", 0o755))
			require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		}
		s, err := tool.SourceSum(t.Context(), ".")
		require.NoError(t, err)
		require.Len(t, s, 16)
		return s
	}
	first := sum("const A = 1\n", "const B = 1\n")
	require.Equal(t, first, sum("const A = 1\n", "const B = 1\n"))
	require.NotEqual(t, first, sum("const A = 2\n", "const B = 1\n"), "a test file counts")
	require.NotEqual(t, first, sum("const A = 1\n", "const B = 2\n"), "what a test needs counts")
}

func TestSourceSumOfNothing(t *testing.T) {
	tool, err := gotool.Find()
	require.NoError(t, err)
	t.Chdir(t.TempDir())
	_, err = tool.SourceSum(t.Context(), ".")
	require.ErrorContains(t, err, "go list: ")
}
