package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const simulateUsage = `Usage: pow simulate [flags]

A network of full nodes in virtual time: real work at a small difficulty, real blocks, one seed, one history.

`

// parseSimulation reads the flags. The error has been printed, or is flag.ErrHelp.
func parseSimulation(args []string, stderr io.Writer) (c simulation, page string, err error) {
	f := flag.NewFlagSet("simulate", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.Usage = func() {
		fmt.Fprint(f.Output(), simulateUsage)
		f.PrintDefaults()
	}
	var shares string
	f.IntVar(&c.nodes, "nodes", 20, "how many full nodes there are")
	f.IntVar(&c.blocks, "blocks", 200, "until the best chain has so many blocks")
	f.IntVar(&c.degree, "degree", 6, "about how many peers a node has")
	f.StringVar(&shares, "shares", "", "hash `shares` of the first nodes, such as 0.4,0.1; the others share the rest alike")
	f.DurationVar(&c.delay, "delay", 300*time.Millisecond, "mean time that a message takes; blocks are meant to be 10 s apart")
	f.StringVar(&c.attack, "attack", "none", "none, or selfish: the first node withholds its blocks as Eyal and Sirer have it")
	f.Float64Var(&c.cut, "partition", 0, "cut the nodes into two halves for this `part` of the run, in its middle")
	f.Int64Var(&c.seed, "seed", 1, "one seed, one history")
	f.BoolVar(&c.quiet, "q", false, "print the summary only")
	f.StringVar(&page, "o", "", "write the block tree as a picture to this HTML `file`")
	if err := f.Parse(args); err != nil {
		return c, "", err
	}
	bad := func(format string, a ...any) error {
		err := fmt.Errorf(format, a...)
		fmt.Fprintf(stderr, "pow simulate: %v\n", err)
		return err
	}
	switch {
	case f.NArg() > 0:
		return c, "", bad("%q is not a flag", f.Arg(0))
	case c.nodes < 2 || c.nodes > 5000:
		return c, "", bad("-nodes %d: from 2 to 5000", c.nodes)
	case c.blocks < 1 || c.blocks > 100_000:
		return c, "", bad("-blocks %d: from 1 to 100000", c.blocks)
	case c.degree < 2:
		return c, "", bad("-degree %d: at least 2", c.degree)
	case c.delay < 0 || c.delay > time.Hour:
		return c, "", bad("-delay %v: from 0 to an hour", c.delay)
	case c.attack != "none" && c.attack != "selfish":
		return c, "", bad("-attack %q: none or selfish", c.attack)
	case !(c.cut >= 0 && c.cut < 1):
		return c, "", bad("-partition %v: from 0 to less than 1", c.cut)
	}
	left := 1.0
	if shares != "" {
		for _, s := range strings.Split(shares, ",") {
			x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
			if err != nil || !(x >= 0 && x <= 1) {
				return c, "", bad("-shares: %q is not a share from 0 to 1", s)
			}
			c.shares = append(c.shares, x)
			left -= x
		}
	}
	if n := len(c.shares); n > c.nodes || left < -1e-9 || n == c.nodes && left > 1e-9 {
		return c, "", bad("-shares %s: of %d nodes they come to %.4g", shares, c.nodes, 1-left)
	}
	for rest := c.nodes - len(c.shares); len(c.shares) < c.nodes; {
		c.shares = append(c.shares, max(left, 0)/float64(rest))
	}
	return c, page, nil
}

// simulate is the command.
func simulate(args []string, stdout, stderr io.Writer) int {
	c, page, err := parseSimulation(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return good
	}
	if err != nil {
		return badUse
	}
	status := good
	inVirtualTime(func(t *testing.T) {
		defer func() { os.Exit(status) }()
		status = c.report(t, page, stdout, stderr)
	})
	return status // not reached
}

// report runs the simulation and says what has come of it. It returns an exit status.
func (c simulation) report(t *testing.T, page string, stdout, stderr io.Writer) int {
	var tree *blockTree
	started := time.Now()
	synctest.Test(t, func(*testing.T) { tree = c.run(stdout) })
	s := tree.summary(c)
	s.print(stdout, time.Since(started))
	if page == "" {
		return good
	}
	if err := os.WriteFile(page, tree.page(c, s), 0o644); err != nil {
		fmt.Fprintf(stderr, "pow simulate: %v\n", err)
		return bad
	}
	fmt.Fprintf(stdout, "\nthe block tree is in %s\n", page)
	return good
}

// inVirtualTime calls f with a test: the bubble in which time is virtual is to be had in tests only. It does not return.
func inVirtualTime(f func(*testing.T)) {
	os.Args = os.Args[:1]
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{Name: "simulate", F: f}}, nil, nil)
}
