package cli

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/main/lab/internal/runner"
)

func TestWatchLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWatch([]runner.Job{{Seeds: 1000}, {Seeds: 500}})
		time.Sleep(2 * time.Second)
		w.update(runner.Snapshot{Left: 1000}, runner.Snapshot{Done: 300, Left: 700, Virtual: time.Hour, Lost: 12345, Faults: 678})
		w.update(runner.Snapshot{Left: 500}, runner.Snapshot{Done: 20, Failed: 1, Left: 0}) // it stopped
		const facts = "0:02 · 320/1,020 seeds · 1 failure · 160 seeds/s · 3,600 virtual s · 12,345 messages lost · 678 hit by faults"
		require.Equal(t, facts, w.line(0))
		require.Equal(t, facts, w.line(80), "no room for a bar")
		require.Equal(t, "[██▌     ] "+facts, w.line(len([]rune(facts))+11))
	})
}
