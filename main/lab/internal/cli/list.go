package cli

import (
	"context"
	"flag"
	"fmt"
	"strings"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/table"
	"6.824/main/lab/internal/testbin"
)

// list tells what the suites try.
func list(ctx context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("list", flag.ContinueOnError)
	args, err := parse(f, "list [suite]", args, 1, out)
	if err != nil {
		return err
	}
	h, all, err := openHouse(ctx, args, gotool.BuildOptions{}, out)
	if err != nil {
		return err
	}
	defer h.close()
	for i, o := range all {
		if i > 0 {
			fmt.Fprintln(out)
		}
		o.describe(out)
	}
	if len(args) == 0 && len(h.catalog.Also) > 0 {
		fmt.Fprintln(out, "\nThe same suites are run against other implementations here:")
		for _, s := range h.catalog.Also {
			fmt.Fprintf(out, "  lab run %s\n", s.Name)
		}
	}
	return nil
}

// describe prints the scenarios of a suite, the course's first.
func (o *opened) describe(out screen.Screen) {
	var course, further []testbin.Scenario
	for _, sc := range o.scenarios {
		if sc.Course {
			course = append(course, sc)
		} else {
			further = append(further, sc)
		}
	}
	fmt.Fprintf(out, "%s  %s: %s of the course, %d more\n",
		out.Paint(screen.Bold, o.Name), o.ImportPath, plural(len(course), "scenario"), len(further))
	t := table.New(
		table.Column{Head: "  scenario", Gives: 24}, table.Column{Head: "what is tried", Gives: 24},
		table.Column{Head: "paper", Gives: 16}, table.Column{Head: "seeds", Right: true})
	rows := func(head string, scenarios []testbin.Scenario) {
		if len(scenarios) == 0 {
			return
		}
		t.Row(table.Cell{Text: head, Style: screen.Bold})
		for _, sc := range scenarios {
			doc := sc.Doc
			if sc.Skip != "" {
				doc = "skipped: " + sc.Skip
			}
			t.Row("  "+sc.Name, strings.TrimSpace(doc), sc.Paper, sc.Seeds)
		}
	}
	rows("the course's", course)
	rows("more", further)
	t.Print(out)
}
