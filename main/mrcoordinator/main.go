// Mrcoordinator hands out the tasks of a MapReduce job to workers (mrworker) and ends when
// all output is there, as mr-out-* in the working directory or that of -o.
//
//	mrcoordinator [-n 10] [-o DIR] [-listen ADDRESS] [-journal FILE] FILES…
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"6.824/mr"
	"6.824/mr/store"
	"6.824/mr/tasks"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mrcoordinator:", err)
		os.Exit(1)
	}
}

// linger bounds how long the coordinator stays to tell workers that the job is over.
const linger = 2 * time.Second

func run(args []string) (err error) {
	flags := flag.NewFlagSet("mrcoordinator", flag.ContinueOnError)
	n := flags.Int("n", 10, "how many reduce tasks there are")
	out := flags.String("o", ".", "the directory of output and intermediate files, which all workers share")
	listen := flags.String("listen", mr.Socket(), "where to listen: the path of a Unix socket, or host:port")
	journal := flags.String("journal", "", "keep a journal in this file, and go on with the job that it holds")
	status := flags.String("status", "", "serve a status page at this port of the loopback interface")
	skip := flags.Bool("skip", false, "leave out records at which Map or Reduce has panicked twice, or two workers have died")
	lease := flags.Duration("lease", 10*time.Second, "a worker that is silent for so long is taken for dead")
	if err := flags.Parse(args); err != nil {
		return err
	}
	for _, file := range flags.Args() { // at once, not when a worker comes to it
		f, err := store.OpenFile(file)
		if err != nil {
			return fmt.Errorf("input: %w", err)
		}
		f.Close()
	}
	dir, err := store.NewDir(*out)
	if err == nil {
		err = dir.Writable()
	}
	if err != nil {
		return err
	}
	cfg := mr.Config{
		Files: flags.Args(), Reduces: *n, Store: dir, ID: mr.NewID(), Log: slog.Default(), Tasks: tasks.Config{Skip: *skip, Lease: *lease},
	}
	if *journal != "" {
		cfg.Journal = mr.JournalFile(*journal)
	}
	l, err := mr.Listen(*listen)
	if err != nil {
		return err
	}
	c, err := mr.NewCoordinator(cfg)
	if err != nil {
		l.Close()
		return err
	}
	server := mr.Serve(l, c)
	defer func() {
		c.Kill() // handlers that wait get no answer
		err = errors.Join(err, server.Close(), c.Close())
	}()
	if *status != "" {
		stop, err := mr.ServeStatus(*status, c)
		if err != nil {
			return err
		}
		defer stop()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	poll := time.NewTicker(look)
	defer poll.Stop()
	var over time.Time
	for {
		select {
		case <-stop:
			return errors.New("interrupted")
		case <-poll.C:
		}
		if !c.Done() {
			continue
		}
		if over.IsZero() {
			over = time.Now()
		}
		if c.Idle() && time.Since(over) > 4*look || time.Since(over) > linger {
			return c.Err()
		}
	}
}

// look is how often it looks whether the job is over.
const look = 50 * time.Millisecond
