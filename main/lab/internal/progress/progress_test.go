package progress

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/screen"
)

func TestOnATerminalTheLineIsWrittenOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		n := 0
		s := screen.Screen{Writer: &out, Live: true, Width: func() int { return 21 }}
		m := Start(s, func(width int) string {
			n++
			return fmt.Sprintf("drawn %d times, width %d and more", n, width)
		})
		time.Sleep(drawEvery + time.Millisecond)
		m.Say("a line that stays\n")
		m.Stop()
		require.Equal(t, "drawn 1 times, widt…"+
			"\r\x1b[Kdrawn 2 times, widt…"+
			"\r\x1b[Ka line that stays\ndrawn 2 times, widt…"+
			"\r\x1b[K", out.String())
	})
}

func TestInAPipeThereArePlainLinesNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		n := 0
		m := Start(screen.Plain(&out), func(int) string {
			n++
			return fmt.Sprint("so far ", n)
		})
		time.Sleep(2*plainEvery + time.Millisecond)
		m.Say("a line")
		m.Stop()
		require.Equal(t, "so far 1\nso far 2\na line\n", out.String())
		require.NotContains(t, out.String(), "\x1b")

		lines := 0
		m = Start(screen.Plain(&out), func(int) string {
			lines++
			return "."
		})
		time.Sleep(24 * time.Hour)
		m.Stop()
		require.InDelta(t, 75, lines, 15, "of a long run too, a person can read them all")
	})
}

func TestBar(t *testing.T) {
	require.Equal(t, "    ", Bar(4, 0))
	require.Equal(t, "██  ", Bar(4, 0.5))
	require.Equal(t, "██▌ ", Bar(4, 0.625))
	require.Equal(t, "████", Bar(4, 1))
	require.Equal(t, "████", Bar(4, 7))
	require.Equal(t, strings.Repeat(" ", 4), Bar(4, -1))
}
