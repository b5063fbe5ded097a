package cli

import (
	"fmt"
	"strings"
	"time"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
)

// maxReports is how many failing scenarios are reported in full.
const maxReports = 3

// verdict is what a run came to.
type verdict struct {
	tallies     []*runner.Tally
	skipped     []string
	took        time.Duration // 0 if the seeds did not run in one go
	interrupted bool
	partial     bool // shares are missing
	race        bool
}

func (v *verdict) failed() bool {
	for _, t := range v.tallies {
		if t.Failed > 0 || t.Vacuous() != "" {
			return true
		}
	}
	return false
}

// err is what the verdict means for the exit status.
func (v *verdict) err() error {
	switch {
	case v.failed():
		return errFailed
	case v.interrupted:
		return errInterrupted
	}
	return nil
}

// print prints a row per scenario, the first failing seed of those that failed, and a
// line that sums it up.
func (v *verdict) print(out screen.Screen) {
	if v.failed() {
		fmt.Fprintln(out) // parts the table from the news of the failures
	}
	v.table().Print(out)
	for _, s := range v.skipped {
		fmt.Fprintln(out, out.Paint(screen.Faint, "skipped "+s))
	}
	reported := 0
	for _, t := range v.tallies {
		name := t.Job.Scenario.Suite + "/" + t.Job.Scenario.Name
		if reason := t.Vacuous(); reason != "" {
			fmt.Fprintf(out, "\n%s %s\n%s\n", out.Paint(screen.Bad, "FAIL"), name, reason)
		}
		if t.First == nil {
			continue
		}
		if reported++; reported <= maxReports+1 {
			fmt.Fprintln(out)
		}
		fmt.Fprintf(out, "%s %s: %s of %s failed, the first of them is %d\n", out.Paint(screen.Bad, "FAIL"), name,
			count(t.Failed), plural(t.Done, "seed"), t.First.Seed)
		if reported <= maxReports {
			fmt.Fprintln(out, strings.TrimSpace(t.First.Text))
		}
		if reported > maxReports || !strings.Contains(t.First.Text, "\n  again ") { // the kit's reports say it themselves
			fmt.Fprintf(out, "  again   %s\n", t.First.Command)
		}
	}
	fmt.Fprintf(out, "\n%s\n", v.summary(out))
}

func (v *verdict) table() *table.Table {
	t := table.New(
		table.Column{Head: "scenario", Gives: 20}, table.Column{Head: "verdict"},
		table.Column{Head: "seeds", Right: true}, table.Column{Head: "failed", Right: true},
		table.Column{Head: "virtual", Right: true, Spare: true}, table.Column{Head: "wall", Right: true, Spare: true}, table.Column{Head: "seeds/s", Right: true, Spare: true},
		table.Column{Head: "messages", Right: true, Spare: true}, table.Column{Head: "lost", Right: true, Spare: true}, table.Column{Head: "faults", Right: true, Spare: true})
	suite := ""
	for _, tally := range v.tallies {
		sc := tally.Job.Scenario
		if sc.Suite != suite {
			suite = sc.Suite
			t.Row(table.Cell{Text: suite, Style: screen.Bold})
		}
		seeds := count(tally.Done)
		if tally.Done < tally.Job.Seeds {
			seeds += "/" + count(tally.Job.Seeds)
		}
		t.Row("  "+sc.Name, verdictOn(tally), seeds, count(tally.Failed), seconds(tally.Virtual),
			seconds(tally.Wall), rate(tally.Rate()), count(tally.Messages), count(tally.Lost), count(tally.Faults))
	}
	return t
}

// verdictOn is the verdict on one scenario.
func verdictOn(t *runner.Tally) table.Cell {
	switch {
	case t.Failed > 0:
		return table.Cell{Text: "FAIL", Style: screen.Bad}
	case t.Vacuous() != "":
		return table.Cell{Text: "VACUOUS", Style: screen.Bad}
	case t.Job.Seeds == 0: // there are more shares than seeds
		return table.Cell{Text: "none here", Style: screen.Faint}
	case t.Done == 0:
		return table.Cell{Text: "not run", Style: screen.Faint}
	case t.Done < t.Job.Seeds:
		return table.Cell{Text: "so far ok"}
	}
	return table.Cell{Text: "ok", Style: screen.Good}
}

// summary is the run in a line.
func (v *verdict) summary(out screen.Screen) string {
	var done, failures, scenarios int
	var virtual, wall time.Duration
	for _, t := range v.tallies {
		done += t.Done
		failures += t.Failed
		virtual += t.Virtual
		wall += t.Wall
		if t.Failed > 0 || t.Vacuous() != "" {
			scenarios++
		}
	}
	word := out.Paint(screen.Good, "ok") + ":"
	what := fmt.Sprintf("%s of %s", plural(done, "seed"), plural(len(v.tallies), "scenario"))
	if v.failed() {
		word = out.Paint(screen.Bad, "FAIL") + ":"
		what = fmt.Sprintf("%s of %s failed, in %d of %s", count(failures), plural(done, "seed"), scenarios, plural(len(v.tallies), "scenario"))
	}
	switch {
	case v.partial:
		word = strings.TrimSuffix(word, ":") + " so far:"
	case v.interrupted:
		word = strings.TrimSuffix(word, ":") + " so far, interrupted:"
	}
	with := ""
	if v.race {
		with = " with -race"
	}
	if v.took == 0 {
		return fmt.Sprintf("%s %s; %s of virtual time in %s of one core%s", word, what, seconds(virtual), seconds(wall), with)
	}
	s := v.took.Seconds()
	return fmt.Sprintf("%s %s; %s of virtual time in %s%s (%s seeds/s, %s virtual s/s)", word,
		what, seconds(virtual), seconds(v.took), with, rate(float64(done)/s), rate(virtual.Seconds()/s))
}
