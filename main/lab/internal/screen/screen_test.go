package screen_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/screen"
)

func TestAFileIsPlain(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer f.Close()
	s := screen.Of(f)
	require.False(t, s.Live)
	require.False(t, s.Colour)
	require.Zero(t, s.Width())
	require.Equal(t, "text", s.Paint(screen.Bad, "text"))

	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	require.False(t, screen.Of(null).Live, "a character device, but no terminal")
}

func TestPaint(t *testing.T) {
	s := screen.Plain(&bytes.Buffer{})
	s.Colour = true
	require.Equal(t, "\x1b[1;31mtext\x1b[0m", s.Paint(screen.Bad, "text"))
	require.Equal(t, "text", s.Paint("", "text"))
	require.Empty(t, s.Paint(screen.Bad, ""))
}

func TestCut(t *testing.T) {
	require.Equal(t, "§5.4.2 of", screen.Cut("§5.4.2 of", 9))
	require.Equal(t, "§5.4.2 …", screen.Cut("§5.4.2 of", 8))
	require.Equal(t, "anything", screen.Cut("anything", 0))
	require.Equal(t, "…", screen.Cut("anything", 1))
}
