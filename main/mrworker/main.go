// Mrworker executes map and reduce tasks for a coordinator (mrcoordinator) until the job is over.
//
//	mrworker [-o DIR] [-coordinator ADDRESS] APP
//
// APP is the name of an application in mr/apps, or the path of a plugin, *.so, that
// exports Map and Reduce.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"6.824/mr"
	"6.824/mr/apps"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mrworker:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	flags := flag.NewFlagSet("mrworker", flag.ContinueOnError)
	out := flags.String("o", ".", "the directory of output and intermediate files: the coordinator's")
	address := flags.String("coordinator", mr.Socket(), "where the coordinator listens: the path of a Unix socket, or host:port")
	nocombine := flags.Bool("nocombine", false, "don't combine the values of a key before they leave a map task")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("one app is needed: %s, or a plugin, *.so", strings.Join(apps.Names(), ", "))
	}
	app, err := apps.Lookup(flags.Arg(0))
	if err != nil {
		return err
	}
	if *nocombine {
		app.Combine = nil
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return mr.WorkAt(ctx, *address, "", app, *out)
}
