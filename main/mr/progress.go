package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"6.824/mr"
	"6.824/mr/tasks"
)

// bars show how the phases get on: as bars on a terminal, and else as a line for each tenth of a phase.
type bars struct {
	bar   [2]*progressbar.ProgressBar // nil if there is no terminal
	shown [2]int                      // tenths, if there is none
}

func newBars(s tasks.Stats) *bars {
	b := &bars{}
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return b
	}
	for phase := range b.bar {
		b.bar[phase] = progressbar.NewOptions(s.Total[phase],
			progressbar.OptionSetWriter(os.Stderr), progressbar.OptionSetDescription(fmt.Sprintf("%-6v", tasks.Phase(phase))),
			progressbar.OptionShowCount(), progressbar.OptionThrottle(2*look), progressbar.OptionSetWidth(30), progressbar.OptionSetPredictTime(true),
			progressbar.OptionOnCompletion(func() { fmt.Fprintln(os.Stderr) }))
	}
	return b
}

func (b *bars) show(s tasks.Stats) {
	for phase := range b.bar {
		done, total := s.Done[phase], s.Total[phase]
		if phase == int(tasks.Reduce) && s.Done[tasks.Map] < s.Total[tasks.Map] {
			return
		}
		if bar := b.bar[phase]; bar != nil {
			if !bar.IsFinished() { // map tasks that are done again are not shown
				bar.Set(done)
			}
			continue
		}
		if tenth := done * 10 / total; tenth > b.shown[phase] {
			b.shown[phase] = tenth
			fmt.Fprintf(os.Stderr, "%v: %d of %d tasks\n", tasks.Phase(phase), done, total)
		}
	}
}

// stop leaves the cursor on a line of its own.
func (b *bars) stop() {
	for _, bar := range b.bar {
		if bar != nil && !bar.IsFinished() && bar.State().CurrentNum > 0 {
			bar.Exit()
			fmt.Fprintln(os.Stderr)
		}
	}
}

// summary says what came of a job.
func (j *job) summary(s tasks.Stats, counters map[string]int64, mapping, all time.Duration, died int) {
	var size int64
	for r := range j.reduces {
		if info, err := os.Stat(filepath.Join(j.out, mr.OutputFile(r))); err == nil {
			size += info.Size()
		}
	}
	fmt.Printf("%s: %d files, %s in %.2f s\n", j.app, len(j.in.files), bytesOf(j.in.bytes), all.Seconds())
	fmt.Printf("  map      %6d tasks  %.2f s\n", s.Total[tasks.Map], mapping.Seconds())
	fmt.Printf("  reduce   %6d tasks  %.2f s\n", s.Total[tasks.Reduce], (all - mapping).Seconds())
	fmt.Printf("  retries  %6d        %d failed, %d of dead workers, %d done again for lost output\n", s.Failed+s.Expired+s.Redone, s.Failed, s.Expired, s.Redone)
	fmt.Printf("  backups  %6d        %d were first\n", s.Backups, s.BackupsWon)
	if s.Skipped > 0 {
		fmt.Printf("  skipped  %6d records\n", s.Skipped)
	}
	if died > 0 {
		fmt.Printf("  workers  %6d died and were replaced\n", died)
	}
	for _, name := range slices.Sorted(maps.Keys(counters)) {
		fmt.Printf("  counter  %s = %d\n", name, counters[name])
	}
	fmt.Printf("  output   %s in %s\n", bytesOf(size), filepath.Join(j.out, "mr-out-*"))
}

// bytesOf is a number of bytes for people.
func bytesOf(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}
