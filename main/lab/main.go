// Command lab runs the suites of this module: it lists what they try, spreads seeds
// over all cores and machines, makes failures smaller and runs those again, compares
// traces, and hunts mutants.
//
//	go run ./main/lab list
//	go run ./main/lab run raft
//	go run ./main/lab run raft/TestFigure82C -seeds 1000 -race
//	go run ./main/lab run ./mypkg
//	go run ./main/lab replay FILE
//	go run ./main/lab run raft -shard 3/16 -result results/3.jsonl
//	go run ./main/lab merge results
//	go run ./main/lab diff a.jsonl b.jsonl
//	go run ./main/lab mutants raft
//
// Its exit status is 0 if all is well, 1 if something failed, 2 if it could not be
// tried, and 130 if it was interrupted before anything failed. (go run itself ends
// with 1 whatever the status was, and prints it.)
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"6.824/main/lab/internal/cli"
	"6.824/main/lab/internal/screen"
)

func main() {
	// A reader of our output who leaves (lab run | head) stops us as cleanly as a Ctrl-C.
	ctx, _ := signal.NotifyContext(context.Background(), syscall.SIGPIPE)
	ctx, release := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, release) // a second Ctrl-C ends us at once
	os.Exit(cli.Main(ctx, os.Args[1:], screen.Of(os.Stdout), screen.Of(os.Stderr)))
}
