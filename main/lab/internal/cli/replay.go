package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/testbin"
)

// replay runs a case: a failure that was made smaller.
func replay(ctx context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("replay", flag.ContinueOnError)
	race := f.Bool("race", false, "with the race detector")
	args, err := parse(f, "replay FILE [flags]", args, 1, out)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errors.New("replay: a file is needed; usage: lab replay FILE [flags]")
	}
	file, err := filepath.Abs(args[0])
	if err != nil {
		return err
	}
	c, err := testbin.ReadCase(file)
	if err != nil {
		return err
	}
	root, err := moduleRoot()
	if err != nil {
		return err
	}
	h, all, err := openHouse(ctx, []string{filepath.Join(root, c.Package)}, gotool.BuildOptions{Race: *race}, out)
	if err != nil {
		return err
	}
	defer h.close()
	result, outcome, err := all[0].binary.Replay(ctx, c.Test, file)
	switch {
	case err != nil:
		return err
	case result.Replayed == "":
		return fmt.Errorf("replay: %s", complaint(outcome.Output, file, c))
	}
	word := out.Paint(screen.Bad, "FAIL")
	if result.OK {
		word = out.Paint(screen.Good, "ok")
	}
	fmt.Fprintf(out, "%s %s\n", word, strings.TrimSpace(result.Replayed))
	if !result.OK {
		return errFailed
	}
	return nil
}

// complaint is what a process says of a case that it could not run: a line that names the file, if there is one.
func complaint(output, file string, c testbin.Case) string {
	for line := range strings.Lines(output) {
		if i := strings.Index(line, file); i >= 0 {
			return strings.TrimSpace(line[i:])
		}
	}
	if strings.Contains(output, "no tests to run") {
		return fmt.Sprintf("%s: %s has no test %s (any more)", file, c.Package, c.Test)
	}
	return fmt.Sprintf("%s could not be run:\n%s", file, strings.TrimSpace(output))
}

// moduleRoot is the directory of the module that we are in.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return root, nil
		}
		if root == filepath.Dir(root) {
			return "", errors.New("there is no go.mod above " + dir + ": run lab within the tree of a module")
		}
	}
}
