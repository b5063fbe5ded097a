package view

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// writeText writes a line per event, what messages say below them, and at the end what broke.
func writeText(w io.Writer, d *Diagram) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s/%s seed %d\n", d.Header.Suite, d.Header.Scenario, d.Header.Seed)
	if d.First > 0 {
		fmt.Fprintf(out, "(%s)\n", d.leftOut())
	}
	for i := d.First; i < len(d.Events); i++ {
		e := &d.Events[i]
		number := fmt.Sprint(e.Seq)
		if i > 0 && d.Events[i-1].Seq == e.Seq {
			number = "" // it is only shown
		}
		fmt.Fprintf(out, "%7s %12s  %s\n", number, e.Stamp(), e.What())
		if content, ok := d.Contents[e.Seq]; ok && number != "" {
			fmt.Fprintf(out, "%22s %s\n", "", content)
		}
		if i == d.Break {
			fmt.Fprintf(out, "%s\n", d.verdict())
		}
	}
	if d.Footer == nil {
		fmt.Fprintln(out, d.End())
	} else if d.Footer.OK || d.Break == Nowhere {
		fmt.Fprintln(out, d.verdict())
	}
	return out.Flush()
}

// leftOut says what is not shown.
func (d *Diagram) leftOut() string {
	return fmt.Sprintf("the last %d of %d events, from %s on; those before it count for the state only", len(d.Events)-d.First, len(d.Events), d.Events[d.First].Stamp())
}

// verdict says what came of the run, in a paragraph.
func (d *Diagram) verdict() string {
	f := d.Footer
	switch {
	case f == nil:
		return d.End()
	case f.OK:
		return "ok, digest " + f.Digest
	}
	var b strings.Builder
	fmt.Fprintf(&b, "BROKEN  %s\n        %s\n", f.Check, strings.ReplaceAll(strings.TrimSpace(f.Text), "\n", "\n        "))
	if f.Paper != "" {
		fmt.Fprintf(&b, "        %s\n", f.Paper)
	}
	if d.Header.Again != "" {
		fmt.Fprintf(&b, "        again: %s\n", d.Header.Again)
	}
	return strings.TrimRight(b.String(), "\n")
}
