// Mrbeam runs an application of mr/apps as an Apache Beam pipeline, and so on any
// engine that runs such pipelines. README.md says what was tried on which.
//
//	mrbeam [-runner prism] [-nreduce N] [-o DIR] [-nocombine] [-v] [BEAM'S FLAGS] APP FILES-OR-DIRS…
//
// APP is the name of an application in mr/apps, or the path of a plugin, *.so, that exports Map and Reduce. Of a directory all
// files below it are taken. Files and DIR are paths, or URLs of a file system that Beam knows (gs://, s3://), files as patterns
// then. The output is in DIR, as mr-out-0 and so on, byte for byte what mr makes of it.
//
// Its exit status is 0 if the job was done, 1 if it failed or an input can't be read, 2 after bad use, and 130 after Ctrl-C.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners"

	"6.824/mr"
	"6.824/mr/apps"

	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/s3"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/x/beamx" // every runner, gs:// and the local file system
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
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "mrbeam: interrupted; there is no new output")
		return 130
	}
	fmt.Fprintln(os.Stderr, "mrbeam:", err)
	if errors.As(err, new(usageError)) {
		return 2
	}
	return 1
}

const synopsis = "usage: mrbeam [-runner prism] [-nreduce N] [-o DIR] APP FILES-OR-DIRS…"

// engines are the runners that Beam's Go SDK has. The default is the first, which runs in this process.
var engines = []string{"prism", "flink", "dataflow", "spark", "universal"}

// flags are Beam's, which are global, and ours. A worker gets Beam's alone.
var (
	reduces   = flag.Int("nreduce", 10, "how many output files there are")
	out       = flag.String("o", ".", "the directory of the output")
	nocombine = flag.Bool("nocombine", false, "don't combine the values of a key before they are shuffled")
	verbose   = flag.Bool("v", false, "show what Prism in this process logs")
)

func run(ctx context.Context, args []string) error {
	name, rest, err := parse(args)
	if err != nil {
		return err
	}
	// In a worker that an engine has started this does not return: it has no APP in its arguments, but in the functions it is sent.
	beam.Init()
	if name == "" {
		return usageError{fmt.Errorf("an app is needed: %s, or a plugin, *.so; %s", strings.Join(apps.Names(), ", "), synopsis)}
	}
	app, err := apps.Lookup(name)
	if err != nil {
		return usageError{err}
	}
	if *runners.Runner == "" {
		*runners.Runner = engines[0]
	}
	switch {
	case !slices.Contains(engines, *runners.Runner):
		return usageError{fmt.Errorf("-runner is one of %s, not %q", strings.Join(engines, ", "), *runners.Runner)}
	case *runners.Runner != "prism" && *runners.Runner != "dataflow" && *jobopts.Endpoint == "":
		return usageError{fmt.Errorf("-runner %s needs -endpoint HOST:PORT, that of its job service", *runners.Runner)}
	case *reduces < 1:
		return usageError{fmt.Errorf("-nreduce must be 1 or more, it is %d", *reduces)}
	case len(rest) == 0:
		return usageError{errors.New("there are no input files; " + synopsis)}
	}
	embedded := *runners.Runner == "prism" && *jobopts.Endpoint == "" // in this process
	if embedded && !*verbose {
		slog.SetDefault(slog.New(slog.DiscardHandler)) // what matters is in the error
	}
	files, err := inputs(ctx, rest, *out)
	if err != nil {
		return err
	}
	o := output{Dir: *out, Job: mr.NewID()}
	if err := o.probe(ctx); err != nil {
		return usageError{err}
	}
	j := job{app: app.Name, path: name, files: files, out: o, reduces: *reduces, combine: app.Combine != nil && !*nocombine, embedded: embedded}
	return j.run(ctx)
}

// parse reads the flags, which may stand in front of APP or behind it, and APP.
func parse(args []string) (name string, rest []string, err error) {
	f := flag.CommandLine
	f.Init("mrbeam", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	if err = f.Parse(args); err == nil && f.NArg() > 0 {
		name = f.Arg(0)
		err = f.Parse(f.Args()[1:])
	}
	if errors.Is(err, flag.ErrHelp) {
		fmt.Printf("%s\n\nAPP is %s, or a plugin, *.so; the runner is %s.\n\nThe flags, most of them Beam's:\n\n",
			synopsis, strings.Join(apps.Names(), ", "), strings.Join(engines, ", "))
		f.SetOutput(os.Stdout)
		f.PrintDefaults()
		return "", nil, err
	}
	if err != nil {
		return "", nil, usageError{err}
	}
	return name, f.Args(), nil
}
