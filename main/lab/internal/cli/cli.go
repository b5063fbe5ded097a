// Package cli is the commands of lab.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"runtime"
	"strings"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/suites"
)

const usage = `lab runs the suites of 6.824.

  lab list [suite]                    what the suites try, and where the papers say so
  lab run [suite[/scenario]] [flags]  many seeds on all cores, and a verdict per scenario
  lab run … -shard I/N -result FILE   one share of the seeds, as a task of a job array does it
  lab merge FILE|DIRECTORY …          one verdict of the result files of all shares
  lab view TRACE.jsonl [-o FILE]      a page to step through a recorded run with; or text, ShiViz's log, Chrome's events
  lab diff A.jsonl B.jsonl [flags]    where two traces of one seed part, as text or -o page.html
  lab replay FILE                     runs a failure again that lab run made smaller
  lab mutants [suite] [flags]         proves the suites on implementations with a known bug

A suite is one of ours, such as raft, or the directory of a package of yours whose
tests run one: ./mypkg. Without a suite, all of ours. lab run -h, lab view -h and
so on tell the flags.
`

// The exit statuses.
const (
	allWell     = 0
	failed      = 1
	untried     = 2 // it could not be tried: wrong arguments, no toolchain, a package that does not build
	interrupted = 130
)

// What has been told already: that something failed, or that the run was interrupted.
var (
	errFailed      = errors.New("failed")
	errInterrupted = errors.New("interrupted")
)

// Main runs lab with the given arguments and returns its exit status.
func Main(ctx context.Context, args []string, stdout, stderr screen.Screen) int {
	err := dispatch(ctx, args, stdout)
	var build *gotool.BuildError
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
		return allWell
	case errors.Is(err, errFailed):
		return failed
	case errors.Is(err, errInterrupted):
		return interrupted
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "lab: interrupted")
		return interrupted
	case errors.As(err, &build):
		fmt.Fprintf(stderr, "lab: %v\n%s\n", err, build.Output)
		return untried
	}
	fmt.Fprintf(stderr, "lab: %v\n", err)
	return untried
}

func dispatch(ctx context.Context, args []string, out screen.Screen) error {
	if len(args) == 0 {
		fmt.Fprint(out, usage)
		return nil
	}
	commands := map[string]func(context.Context, []string, screen.Screen) error{
		"list": list, "run": run, "replay": replay, "merge": merge, "view": show, "diff": diff, "mutants": hunt,
	}
	switch name := args[0]; name {
	case "help", "-h", "-help", "--help":
		fmt.Fprint(out, usage)
		return nil
	default:
		command, ok := commands[name]
		if !ok {
			known := []string{"list", "run", "replay", "merge", "view", "diff", "mutants"}
			return &suites.UnknownError{What: "command", Name: name, Near: suites.Near(name, known), Known: known}
		}
		return command(ctx, args[1:], out)
	}
}

// parse reads flags and other arguments in any order; the latter are returned, and may
// be at most so many.
func parse(f *flag.FlagSet, what string, args []string, atMost int, out screen.Screen) ([]string, error) {
	f.SetOutput(&strings.Builder{}) // errors are told once, by Main
	var rest []string
	for {
		err := f.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(out, "usage: lab %s\n", what)
			f.SetOutput(out)
			f.PrintDefaults()
			return nil, err
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w (lab %s -h tells the flags)", f.Name(), err, f.Name())
		}
		if f.NArg() == 0 {
			break
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
	if len(rest) > atMost {
		return nil, fmt.Errorf("%s: there is no use for %q; usage: lab %s", f.Name(), rest[atMost], what)
	}
	return rest, nil
}

// positive refuses numbers below one for the flags with these names, if they were given.
func positive(f *flag.FlagSet, names ...string) error {
	var err error
	f.Visit(func(given *flag.Flag) {
		for _, name := range names {
			if value, _ := given.Value.(flag.Getter).Get().(int); given.Name == name && value < 1 {
				err = fmt.Errorf("%s: -%s must be 1 or more", f.Name(), name)
			}
		}
	})
	return err
}

// cores is how many processes run at once unless told otherwise.
func cores() int { return runtime.GOMAXPROCS(0) }
