package cli

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"6.824/labrpc/labtest/trace"
	"6.824/labrpc/labtest/view"
	"6.824/main/lab/internal/screen"
)

// show writes a recorded run as a page, or in another format.
func show(_ context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("view", flag.ContinueOnError)
	var formats []string
	for _, x := range view.Formats {
		formats = append(formats, x.Name+" ("+x.Doc+")")
	}
	name := f.String("format", view.Formats[0].Name, "write this `FORMAT`: "+strings.Join(formats, ", "))
	to := f.String("o", "", "write to `FILE`, - for standard output; otherwise beside the trace, and text to standard output")
	most := f.Int("events", view.MostEvents, "show at most the last `N` events")
	const use = "view TRACE.jsonl [-o FILE] [flags]"
	args, err := parse(f, use, args, 1, out)
	if err != nil {
		return err
	}
	if err := positive(f, "events"); err != nil {
		return err
	}
	if len(args) != 1 {
		return errors.New("view: a trace is needed, as go test … -lab.trace=DIR writes it; usage: lab " + use)
	}
	format, err := view.FormatNamed(*name)
	if err != nil {
		return fmt.Errorf("view: -format: %w", err)
	}
	t, err := trace.Read(args[0])
	if err != nil {
		return fmt.Errorf("view: %w", err)
	}
	var shown bytes.Buffer
	if err := format.Write(&shown, t, *most); err != nil {
		return fmt.Errorf("view: %w", err)
	}
	if *to == "" && format.Name != "text" {
		*to = strings.TrimSuffix(args[0], ".jsonl") + format.Ext
	}
	if *to == "" || *to == "-" {
		_, err := out.Write(shown.Bytes())
		return err
	}
	if same(*to, args[0]) {
		return fmt.Errorf("view: -o: %s is the trace itself", *to)
	}
	if err := os.WriteFile(*to, shown.Bytes(), 0o644); err != nil {
		return fmt.Errorf("view: -o: %w", err)
	}
	fmt.Fprintln(out, *to)
	return nil
}

// same says whether two paths are of one file.
func same(a, b string) bool {
	x, errX := os.Stat(a)
	y, errY := os.Stat(b)
	return errX == nil && errY == nil && os.SameFile(x, y)
}
