// Mr runs a whole MapReduce job on this machine: a coordinator, and workers that are processes of their own.
//
//	mr [-workers N] [-nreduce R] [-o DIR] [-split MB] [-nocombine] [-skip] APP FILES-OR-DIRS…
//	mr -streaming map|reduce APP
//
// APP is the name of an application in mr/apps, or the path of a plugin, *.so, that exports Map and Reduce. Of a directory all
// files below it are taken. The output is in DIR, as mr-out-0 and so on, with a line per key.
//
// With -streaming it is a mapper or a reducer for an engine that speaks Hadoop Streaming: it reads standard input and writes
// lines of a key, a tab and a value.
//
// Its exit status is 0 if the job was done, 1 if it failed, 2 if it could not be tried, and 130 after Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"6.824/mr"
	"6.824/mr/apps"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(status(ctx, run(ctx, os.Args[1:])))
}

// usageError is what is wrong with the command line.
type usageError struct{ error }

// status says what went wrong, and returns the exit status for it.
func status(ctx context.Context, err error) int {
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "mr: interrupted; nothing is left behind")
		return 130
	}
	fmt.Fprintln(os.Stderr, "mr:", err)
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

const synopsis = "usage: mr [-workers N] [-nreduce R] [-o DIR] APP FILES-OR-DIRS…, or mr -streaming map|reduce APP"

func run(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("mr", flag.ContinueOnError)
	f.SetOutput(os.Stdout)
	workers := f.Int("workers", runtime.NumCPU(), "how many worker processes there are")
	reduces := f.Int("nreduce", 10, "how many reduce tasks, and so output files, there are")
	out := f.String("o", ".", "the directory of the output")
	nocombine := f.Bool("nocombine", false, "don't combine the values of a key before they leave a map task")
	skip := f.Bool("skip", false, "leave out records at which Map or Reduce has panicked twice, or two workers have died")
	split := f.Int("split", 32, "cut input files of more than so many `MB` into pieces, if the app does not mind; 0: never")
	streaming := f.String("streaming", "", "be a mapper or reducer of Hadoop Streaming: `map|reduce`")
	worker := f.String("worker", "", "be a worker of the coordinator at `ADDRESS`; a job starts its workers with this")
	called := f.String("called", "", "the `NAME` of the worker that this is to be")
	f.Usage = func() {
		fmt.Fprintf(f.Output(), "%s\n\nAPP is %s, or a plugin, *.so.\n\n", synopsis, strings.Join(apps.Names(), ", "))
		f.PrintDefaults()
	}
	name, app, rest, err := parse(f, args)
	if err != nil {
		return err
	}
	if *nocombine {
		app.Combine = nil
	}
	switch {
	case *streaming == "map":
		return mr.StreamMap(app, os.Getenv("mapreduce_map_input_file"), os.Stdin, os.Stdout, os.Stderr)
	case *streaming == "reduce":
		return mr.StreamReduce(app, os.Stdin, os.Stdout, os.Stderr)
	case *streaming != "":
		return usageError{fmt.Errorf("-streaming is map or reduce, not %q", *streaming)}
	case *worker != "":
		return mr.WorkAt(ctx, *worker, *called, app, *out)
	case *workers < 1:
		return usageError{fmt.Errorf("-workers must be 1 or more, it is %d", *workers)}
	case *reduces < 1:
		return usageError{fmt.Errorf("-nreduce must be 1 or more, it is %d", *reduces)}
	case *split < 0:
		return usageError{fmt.Errorf("-split must be 0 or more, it is %d", *split)}
	case len(rest) == 0:
		return usageError{errors.New("there are no input files; " + synopsis)}
	}
	in, err := inputs(rest, *out)
	if err != nil {
		return usageError{err}
	}
	cut := int64(math.MaxInt64)
	if app.Pieces && *split > 0 {
		cut = int64(*split) << 20
	}
	pieces, err := mr.Cut(in.files, cut, nil)
	if err != nil {
		return usageError{err}
	}
	j := &job{app: name, in: in, pieces: pieces, out: *out, workers: *workers, reduces: *reduces, nocombine: *nocombine, skip: *skip}
	return j.run(ctx)
}

// parse reads the flags, which may stand in front of APP or behind it, and APP.
func parse(f *flag.FlagSet, args []string) (name string, app mr.App, rest []string, err error) {
	if err = f.Parse(args); err == nil {
		if name = f.Arg(0); name == "" {
			err = fmt.Errorf("an app is needed: %s, or a plugin, *.so; %s", strings.Join(apps.Names(), ", "), synopsis)
		}
	}
	if err == nil {
		app, err = apps.Lookup(name)
	}
	if err == nil {
		err = f.Parse(f.Args()[1:])
	}
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		err = usageError{err}
	}
	return name, app, f.Args(), err
}
