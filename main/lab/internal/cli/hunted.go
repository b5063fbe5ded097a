package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/mutants"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
)

// hunted is what a hunt came to.
type hunted struct {
	suite    string
	mutants  []*mutants.Mutant
	verdicts []*mutants.Verdict // nil where it did not get to
	took     time.Duration
}

// failed reports whether a mutant is alive or could not be tried, or the reference fails.
func (h *hunted) failed() bool {
	for _, v := range h.verdicts {
		if v != nil && !v.Killed() {
			return true
		}
	}
	return len(h.alarms()) > 0
}

// alarms is the seeds in which the reference itself fails, as far as they were met.
func (h *hunted) alarms() []string {
	var all []string
	for _, v := range h.verdicts {
		if v != nil {
			all = append(all, v.Alarms...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// fate is a mutant's end in a few words.
type fate struct {
	word string
	table.Cell
}

func fateOf(v *mutants.Verdict) fate {
	switch {
	case v.Err != nil:
		line, _, _ := strings.Cut(v.Err.Error(), "\n")
		return fate{"error", table.Cell{Text: line, Style: screen.Bad}}
	case v.Killer == "":
		return fate{"alive", table.Cell{Text: fmt.Sprintf("nothing failed in %s", plural(v.Runs, "seed")), Style: screen.Bad}}
	case !v.Expected:
		return fate{"killed", table.Cell{Text: fmt.Sprintf("by %s, seed %d (not by %s)", v.Killer, v.Seeds, strings.Join(v.Mutant.KilledBy, ", ")), Style: screen.Good}}
	}
	return fate{"killed", table.Cell{Text: fmt.Sprintf("by %s, seed %d", v.Killer, v.Seeds), Style: screen.Good}}
}

// print prints a row per mutant, then what is wrong, then a line that sums it up. With
// failures it also prints the failure that killed each.
func (h *hunted) print(out screen.Screen, failures bool) {
	t := table.New(
		table.Column{Head: "mutant", Gives: 16}, table.Column{Head: "breaks", Gives: 20}, table.Column{Head: "killed by", Gives: 16},
		table.Column{Head: "seeds", Right: true}, table.Column{Head: "time", Right: true})
	killed, untried := 0, 0
	for i, v := range h.verdicts {
		m := h.mutants[i]
		switch {
		case v == nil:
			untried++
			t.Row(m.Name, m.Breaks, table.Cell{Text: "not tried", Style: screen.Faint})
		case v.Err != nil:
			t.Row(m.Name, m.Breaks, table.Cell{Text: "ERROR", Style: screen.Bad}, "", seconds(v.Took))
		case v.Killer == "":
			t.Row(m.Name, m.Breaks, table.Cell{Text: "ALIVE", Style: screen.Bad}, count(v.Runs), seconds(v.Took))
		default:
			killed++
			t.Row(m.Name, m.Breaks, v.Killer, count(v.Seeds), seconds(v.Took))
		}
	}
	t.Print(out)
	for _, v := range h.verdicts {
		switch {
		case v == nil:
		case v.Err != nil:
			fmt.Fprintf(out, "\n%s %s (%s): %v\n", out.Paint(screen.Bad, "ERROR"), v.Mutant.Name, v.Mutant.File, v.Err)
			var build *gotool.BuildError
			if errors.As(v.Err, &build) {
				fmt.Fprintln(out, build.Output)
			}
		case v.Killer == "":
			fmt.Fprintf(out, "\n%s %s (%s): nothing failed in %s; %s\n", out.Paint(screen.Bad, "ALIVE"), v.Mutant.Name, v.Mutant.File,
				plural(v.Runs, "seed"), expectation(v.Mutant))
		case failures:
			fmt.Fprintf(out, "\n%s (%s), seed %d\n%s\n", out.Paint(screen.Bold, v.Mutant.Name), v.Mutant.File, v.Failure.Seed, h.report(v))
		}
	}
	h.printShrunk(out)
	for _, command := range h.alarms() {
		fmt.Fprintf(out, "\n%s the reference itself fails here, so this kills no mutant:\n  again   %s\n", out.Paint(screen.Bad, "ERROR"), command)
	}
	word := out.Paint(screen.Good, "ok")
	if h.failed() {
		word = out.Paint(screen.Bad, "FAIL")
	}
	fmt.Fprintf(out, "\n%s %s: %d of %s killed in %s", word, h.suite, killed, plural(len(h.mutants), "mutant"), seconds(h.took))
	if untried > 0 {
		fmt.Fprintf(out, ", interrupted with %d to go", untried)
	}
	fmt.Fprintln(out)
}

// report is the failure that killed the mutant.
func (h *hunted) report(v *mutants.Verdict) string {
	var b strings.Builder
	for line := range strings.Lines(strings.TrimSpace(v.Failure.Text)) {
		line = strings.TrimSuffix(line, "  (lab replay runs it)\n") // which would run the reference
		b.WriteString(strings.TrimRight(line, "\n") + "\n")
	}
	return b.String()
}

func expectation(m *mutants.Mutant) string {
	if len(m.KilledBy) == 0 {
		return "it names no scenario that should have found it"
	}
	return strings.Join(m.KilledBy, ", ") + " should have found it"
}
