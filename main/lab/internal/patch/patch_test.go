package patch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/patch"
)

const source = `package p

func one() int {
	return 1
}

func two() int {
	return 2
}

func three() int {
	return 3
}
`

const diff = `Name: two is three
Breaks: arithmetic

--- a/sub/p.go
+++ b/sub/p.go
@@ -5,5 +5,6 @@
 }
 
 func two() int {
-	return 2
+	// wrong
+	return 3
 }
`

// apply applies a diff to a module that holds sub/p.go with the given text, and
// returns what the overlay makes of the file.
func apply(t *testing.T, diff, text string) (string, error) {
	t.Helper()
	root, scratch := t.TempDir(), t.TempDir()
	path := filepath.Join(root, "sub", "p.go")
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	p, err := patch.Parse(strings.NewReader(diff))
	if err != nil {
		return "", err
	}
	file, err := p.Overlay(root, scratch)
	if err != nil {
		return "", err
	}
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, string(after), "the tree is never touched")

	var overlay struct{ Replace map[string]string }
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(raw, &overlay))
	require.Contains(t, overlay.Replace, path)
	if overlay.Replace[path] == "" {
		return "(deleted)", nil
	}
	out, err := os.ReadFile(overlay.Replace[path])
	require.NoError(t, err)
	return string(out), nil
}

func TestOverlay(t *testing.T) {
	want := strings.Replace(source, "\treturn 2\n", "\t// wrong\n\treturn 3\n", 1)
	got, err := apply(t, diff, source)
	require.NoError(t, err)
	require.Equal(t, want, got)

	got, err = apply(t, diff, strings.Replace(source, "package p\n", "package p\n\n// more\n// and more\n", 1))
	require.NoError(t, err, "the file has changed elsewhere")
	require.Equal(t, strings.Replace(want, "package p\n", "package p\n\n// more\n// and more\n", 1), got)
}

func TestWhatDoesNotApply(t *testing.T) {
	_, err := apply(t, diff, strings.Replace(source, "return 2", "return 22", 1))
	require.ErrorContains(t, err, filepath.Join("sub", "p.go")+": hunk 1 (line 5, \"return 2\"): does not apply: the lines that it changes are not there")

	doubled := "// a comment\n" + source + strings.TrimPrefix(source, "package p\n")
	_, err = apply(t, diff, doubled)
	require.ErrorContains(t, err, "in 2 places")

	_, err = apply(t, strings.ReplaceAll(diff, "sub/p.go", "sub/../../p.go"), source)
	require.ErrorContains(t, err, "not a file of the module")

	_, err = apply(t, "Name: nothing\n", source)
	require.ErrorContains(t, err, "no diff")

	_, err = apply(t, strings.Replace(diff, "@@ -5,5 +5,6 @@", "@@ -5,9 +5,6 @@", 1), source)
	require.Error(t, err, "the counts are wrong")
}

func TestHunksMoveTogether(t *testing.T) {
	twoHunks := diff + `@@ -12,2 +13,2 @@
-	return 3
+	return 4
 }
`
	twins := source + "\nfunc four() int {\n\treturn 3\n}\n"
	want := strings.Replace(twins, "\treturn 2\n", "\t// wrong\n\treturn 3\n", 1)
	want = strings.Replace(want, "func three() int {\n\treturn 3\n", "func three() int {\n\treturn 4\n", 1)
	got, err := apply(t, twoHunks, "// moved\n"+twins)
	require.NoError(t, err, "the second hunk's lines are in two places, but the first hunk tells how far they moved")
	require.Equal(t, "// moved\n"+want, got)
}

func TestNewAndDeletedFiles(t *testing.T) {
	got, err := apply(t, "diff --git a/sub/p.go b/sub/p.go\ndeleted file mode 100644\n--- a/sub/p.go\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-package p\n-\n", "package p\n\n")
	require.NoError(t, err)
	require.Equal(t, "(deleted)", got)

	got, err = apply(t, "diff --git a/sub/p.go b/sub/p.go\nnew file mode 100644\n--- /dev/null\n+++ b/sub/p.go\n@@ -0,0 +1 @@\n+package q\n", "")
	require.NoError(t, err)
	require.Equal(t, "package q\n", got)
}

// What diff -u makes of two texts must turn the one into the other.
func TestAgainstDiff(t *testing.T) {
	if _, err := exec.LookPath("diff"); err != nil {
		t.Skip("there is no diff on PATH")
	}
	many := strings.Repeat(source, 4)
	for name, edited := range map[string]string{
		"several hunks":     strings.ReplaceAll(many, "return 3", "return 33"),
		"at the top":        "// first\n" + many,
		"at the end":        many + "// last\n",
		"no newline at end": strings.TrimSuffix(many, "\n"),
		"lines taken out":   strings.Replace(many, "func two() int {\n\treturn 2\n}\n", "", 2),
	} {
		for _, context := range []string{"-U0", "-U1", "-U3"} {
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "sub", "p.go"), []byte(many), 0o644))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "new.go"), []byte(edited), 0o644))
			cmd := exec.Command("diff", context, "sub/p.go", "new.go")
			cmd.Dir = dir
			out, _ := cmd.Output() // status 1 says that they differ
			require.NotEmpty(t, out, name)
			got, err := apply(t, strings.Replace(string(out), "+++ new.go", "+++ sub/p.go", 1), many)
			require.NoError(t, err, "%s %s\n%s", name, context, out)
			require.Equal(t, edited, got, "%s %s", name, context)
		}
	}
}
