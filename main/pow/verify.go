package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// networks are whose rules a file can be held against.
var networks = map[string]func() *consensus.Params{
	"main":    consensus.MainNet,
	"regtest": consensus.RegTest,
	"lab":     consensus.Lab,
}

func verifyHeaders(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("verify-headers", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, "Usage: pow verify-headers [-net NAME] [-now SECONDS] FILE\n\n"+
			"FILE is block headers of 80 bytes each, nothing between them, genesis first; - is standard input.\n\n")
		flags.PrintDefaults()
	}
	net := flags.String("net", "main", "whose rules: main (Bitcoin), regtest or lab (this module's own)")
	now := flags.Int64("now", time.Now().Unix(), "the present, in Unix seconds, which headers may not be far ahead of")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return good
	case err != nil:
		return badUse
	}
	params, ok := networks[*net]
	if !ok {
		fmt.Fprintf(stderr, "pow: there is no network %q; there are main, regtest and lab\n", *net)
		return badUse
	}
	if flags.NArg() != 1 {
		fmt.Fprintf(stderr, "pow: verify-headers takes one file, not %d\n\n", flags.NArg())
		flags.Usage()
		return badUse
	}

	in := stdin
	if name := flags.Arg(0); name != "-" {
		f, err := os.Open(name)
		if err != nil {
			fmt.Fprintf(stderr, "pow: %v\n", err)
			return bad
		}
		defer f.Close()
		in = f
	}
	began := time.Now()
	chain, err := headers.Verify(in, params(), *now)
	took := time.Since(began)
	report(stdout, *net, chain, err == nil)
	if err != nil {
		fmt.Fprintf(stderr, "pow: %v\n", err)
		var rule *consensus.Rule
		if errors.As(err, &rule) {
			fmt.Fprintf(stderr, "     the rule %s: %s\n", rule.Name, rule.Doc)
		}
		return bad
	}
	if s := took.Seconds(); s > 0 {
		fmt.Fprintf(stdout, "took         %v, %.0f headers/s\n", took.Round(time.Millisecond), float64(chain.Height()+1)/s)
	}
	return good
}

// report tells of the good part of a file. If that has not even a genesis, there is nothing to tell; Verify's chain then has
// the network's own.
func report(w io.Writer, net string, c *headers.Chain, all bool) {
	tip, hash := c.Tip()
	if !all && c.Height() == 0 {
		return
	}
	what := "all good"
	if !all {
		what = "good up to here"
	}
	fmt.Fprintf(w, "network      %s\nheaders      %d, %s\ntip          %v at height %d\n", net, c.Height()+1, what, hash, c.Height())
	fmt.Fprintf(w, "time         %s\n", time.Unix(int64(tip.Time), 0).UTC().Format(time.RFC3339))
	fmt.Fprintf(w, "next bits    %08x\nwork         %v hashes (hexadecimal)\n", c.Next().Bits, c.Work())
}
