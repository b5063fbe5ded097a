package mr_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/mr"
	"6.824/mr/apps"
	"6.824/mr/mrtest"
	"6.824/mr/store"
)

// sortLines is what an engine does between map and reduce.
func sortLines(b []byte) []byte {
	lines := slices.Sorted(strings.Lines(string(b)))
	return []byte(strings.Join(lines, ""))
}

func TestStreaming(t *testing.T) {
	for _, name := range []string{"wc", "indexer"} {
		app, err := apps.Lookup(name)
		require.NoError(t, err)
		dir := t.TempDir()
		var files []string
		var mapped, reduced, sequential, counters bytes.Buffer
		for i := range 5 {
			file := filepath.Join(dir, "in-"+string(rune('a'+i)))
			text := mrtest.Text(i, 20_000)
			require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
			require.NoError(t, mr.StreamMap(app, file, strings.NewReader(text), &mapped, &counters))
			files = append(files, file)
		}
		require.NoError(t, mr.StreamReduce(app, bytes.NewReader(sortLines(mapped.Bytes())), &reduced, &counters))
		_, err = mr.Sequential(app, files, store.OpenFile, &sequential)
		require.NoError(t, err)
		require.NotZero(t, reduced.Len())
		require.Equal(t, sequential.String(), strings.ReplaceAll(reduced.String(), "\t", " "))
	}
}

func TestStreamingSaysWhatIsWrong(t *testing.T) {
	echo := mr.Course("echo", func(_, contents string) []mr.KeyValue { return []mr.KeyValue{{Key: contents, Value: "x"}} },
		func(key string, values []string) string {
			if key == "bad" {
				panic("no")
			}
			return strings.Join(values, ",")
		})
	var out, counters bytes.Buffer
	require.ErrorIs(t, mr.StreamMap(echo, "f", strings.NewReader("a\tb"), &out, &counters), mr.ErrNotALine)
	require.ErrorContains(t, mr.StreamReduce(echo, strings.NewReader("bad\t1\n"), &out, &counters), `Reduce of the key "bad" panicked: no`)
	require.ErrorContains(t, mr.StreamReduce(echo, strings.NewReader("a\t1\nb\t1\na\t2\n"), &out, &counters), `the key "a" comes behind "b"`)

	out.Reset()
	require.NoError(t, mr.StreamReduce(echo, strings.NewReader("b\t1\nb\na\t2\t3"), &out, &counters))
	require.Equal(t, "b\t1,\na\t2\t3\n", out.String(), "a line without a tab is a key; the value is all behind the first")
	out.Reset()
	require.NoError(t, mr.StreamReduce(echo, strings.NewReader(""), &out, &counters))
	require.NoError(t, mr.StreamMap(echo, "f", strings.NewReader(""), &out, &counters))
	require.Empty(t, out.String())
	require.Empty(t, counters.String())
}
