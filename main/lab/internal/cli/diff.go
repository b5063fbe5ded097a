package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"6.824/labrpc/labtest/trace"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
	"6.824/main/lab/internal/tracediff"
)

// wide is from how many columns on two events fit side by side.
const wide = 140

// diff shows where two traces part.
func diff(_ context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("diff", flag.ContinueOnError)
	var names []string
	for _, l := range tracediff.Levels {
		names = append(names, l.Name+" ("+l.Doc+")")
	}
	levelName := f.String("level", "all", "compare at this `LEVEL`: "+strings.Join(names, ", "))
	around := f.Int("context", 8, "show `N` events before the first that differs, and N from there on")
	page := f.String("o", "", "write a page with all levels to `FILE.html` as well")
	const use = "diff A.jsonl B.jsonl [flags]"
	args, err := parse(f, use, args, 2, out)
	if err != nil {
		return err
	}
	if err := positive(f, "context"); err != nil {
		return err
	}
	if len(args) != 2 {
		return errors.New("diff: two traces are needed, as go test … -lab.trace=DIR writes them; usage: lab " + use)
	}
	level, err := tracediff.LevelNamed(*levelName)
	if err != nil {
		return fmt.Errorf("diff: -level: %w", err)
	}
	a, err := trace.Read(args[0])
	if err != nil {
		return fmt.Errorf("diff: %w", err)
	}
	b, err := trace.Read(args[1])
	if err != nil {
		return fmt.Errorf("diff: %w", err)
	}
	if *page != "" {
		var html bytes.Buffer
		if err := tracediff.Page(&html, a, b, max(*around, 40)); err != nil {
			return fmt.Errorf("diff: -o: %w", err)
		}
		if err := os.WriteFile(*page, html.Bytes(), 0o644); err != nil {
			return fmt.Errorf("diff: -o: %w", err)
		}
	}
	return tell(out, a, b, level, *around)
}

// tell prints how two traces compare; its error says whether they differ.
func tell(out screen.Screen, a, b *trace.Trace, level tracediff.Level, around int) error {
	sides := table.New(table.Column{}, table.Column{Head: "trace", Gives: 20}, table.Column{Head: "seed", Right: true},
		table.Column{Head: "events", Right: true}, table.Column{Head: "end", Gives: 20})
	sides.Row("A", a.Path, a.Header.Seed, count(len(a.Events)), a.End())
	sides.Row("B", b.Path, b.Header.Seed, count(len(b.Events)), b.End())
	sides.Print(out)
	strangers := tracediff.Strangers(a, b)
	if strangers != "" {
		fmt.Fprintln(out, out.Paint(screen.Bad, strangers))
	}

	fmt.Fprintln(out)
	levels := table.New(table.Column{Head: "level"}, table.Column{Head: "they part", Gives: 20}, table.Column{Head: "what is compared", Gives: 10})
	var chosen *tracediff.Parting
	for _, l := range tracediff.Levels {
		p := tracediff.Diff(a, b, l, around)
		if l.Name == level.Name {
			chosen = p
		}
		if lacking := l.Lacking(a, b); lacking != "" {
			levels.Row(l.Name, table.Cell{Text: lacking, Style: screen.Faint}, l.Doc)
			continue
		}
		levels.Row(l.Name, where(p), l.Doc)
	}
	levels.Print(out)
	fmt.Fprintln(out)
	if chosen == nil {
		fmt.Fprintf(out, "%s at level %s\n", out.Paint(screen.Good, "equal"), level.Name)
		if strangers != "" {
			return errFailed
		}
		return nil
	}
	chronicle(out, chosen)
	return errFailed
}

// where says where traces part, in a few words.
func where(p *tracediff.Parting) any {
	if p == nil {
		return table.Cell{Text: "nowhere", Style: screen.Good}
	}
	text := fmt.Sprintf("%.6fs", p.At.Seconds())
	if p.Lane != "" {
		text += " " + p.Lane
	}
	return text + ", after " + plural(p.Index, "event")
}

// chronicle prints the events around a parting.
func chronicle(out screen.Screen, p *tracediff.Parting) {
	if p.Lane != "" {
		fmt.Fprintln(out, out.Paint(screen.Bold, p.Lane))
	}
	width := out.Width()
	for i, r := range append(p.Common, p.After...) {
		if i == len(p.Common) {
			fmt.Fprintln(out, out.Paint(screen.Faint, "-- here they part; | differs, < only in A, > only in B, ~ at another time"))
		}
		row(out, r, width)
	}
	if first := p.After[0]; first.A == nil || first.B == nil {
		side := "A"
		if first.B == nil {
			side = "B"
		}
		if p.OneSided() {
			fmt.Fprintf(out, "%s has no more events\n", side)
		}
	}
	for _, f := range p.Fields {
		fmt.Fprintf(out, "%s %s: %s in A, %s in B\n", out.Paint(screen.Bad, "differs"), f.Name, orNothing(f.A), orNothing(f.B))
	}
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

// row prints a row: in two columns where there is room, else one below the other.
func row(out screen.Screen, r tracediff.Row, width int) {
	mark := r.Mark()
	style := screen.Style("")
	if mark != " " && mark != "~" {
		style = screen.Bad
	}
	switch {
	case width >= wide:
		half := (width - 4) / 2
		left, right := screen.Cut(text(r.A), half), screen.Cut(text(r.B), half)
		pad := strings.Repeat(" ", half-utf8.RuneCountInString(left))
		fmt.Fprintln(out, strings.TrimRight(left+pad+" "+out.Paint(style, mark)+" "+right, " "))
	case mark == " ":
		fmt.Fprintln(out, screen.Cut("    "+text(r.A), width))
	default:
		for _, side := range []struct {
			name  string
			event *trace.Event
		}{{"A", r.A}, {"B", r.B}} {
			if side.event != nil {
				fmt.Fprintln(out, out.Paint(style, screen.Cut(mark+" "+side.name+" "+text(side.event), width)))
			}
		}
	}
}

// text is an event in a line, "" if there is none.
func text(e *trace.Event) string {
	if e == nil {
		return ""
	}
	return fmt.Sprintf("%6d %11s  %s", e.Seq, e.Stamp(), e.What())
}
