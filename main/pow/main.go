// Command pow looks at chains of blocks.
//
//	go run ./main/pow simulate -nodes 50 -shares 0.4 -attack selfish -o tree.html
//
// has a network of full nodes mine in virtual time, shows its block tree as it grows, and sums up forks, stale blocks, reorgs, and each
// miner's share of the blocks against its share of the hash power; -o draws the tree.
//
//	go run ./main/pow verify-headers FILE
//
// checks a file of block headers, 80 bytes each from the genesis block on, against all of Bitcoin's rules that need no bodies, and says
// of the first bad one which rule it breaks, at which height. FILE may be - for standard input.
//
// Its exit status is 0 if all is well, 1 if a header is bad or the file cannot be read, and 2 on bad use. (go run itself ends with 1
// whatever the status was, and prints it.)
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit statuses.
const (
	good = iota
	bad
	badUse
)

const usage = `Usage: pow COMMAND [flags] ...

Commands:
  simulate [flags]                                 a network of nodes, its block tree, and who gets what
  verify-headers [-net NAME] [-now SECONDS] FILE   check a file of 80-byte block headers

"pow COMMAND -h" says more.
`

// run is main without the process: it returns the exit status.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return badUse
	}
	switch args[0] {
	case "verify-headers":
		return verifyHeaders(args[1:], stdin, stdout, stderr)
	case "simulate":
		return simulate(args[1:], stdout, stderr)
	case "help", "-h", "-help", "--help":
		fmt.Fprint(stdout, usage)
		return good
	}
	fmt.Fprintf(stderr, "pow: there is no command %q\n\n%s", args[0], usage)
	return badUse
}
