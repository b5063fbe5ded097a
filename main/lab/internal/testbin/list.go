package testbin

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Binary is a built test binary.
type Binary struct {
	Path    string
	Dir     string   // the package's, in which `go test` would run it
	Package string   // its import path
	Race    bool     // it was built with -race
	Scratch string   // a directory for result files
	Flags   []string // passed on every run
	Cores   int      // that a process may use; 0 means one
}

// List asks for the scenarios that the tests with the given names lead to; no names
// means all tests.
func (b Binary) List(ctx context.Context, tests []string) ([]Scenario, error) {
	pattern := "."
	if len(tests) > 0 {
		quoted := make([]string, len(tests))
		for i, name := range tests {
			quoted[i] = regexp.QuoteMeta(name)
		}
		pattern = "^(" + strings.Join(quoted, "|") + ")$"
	}
	cmd := exec.CommandContext(ctx, b.Path, "-test.run", pattern, "-lab.list")
	cmd.Dir = b.Dir
	var stdout bytes.Buffer
	var all output
	cmd.Stdout, cmd.Stderr = &stdout, &all
	runErr := cmd.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if strings.Contains(all.String(), "flag provided but not defined: -lab.list") {
		return nil, fmt.Errorf("%s is not built on 6.824/labrpc/labtest, so it has no scenarios", b.Package)
	}
	found, err := parseList(stdout.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Package, err)
	}
	var exit *exec.ExitError
	if runErr != nil && (len(found) == 0 || !errors.As(runErr, &exit)) {
		return nil, fmt.Errorf("%s -lab.list: %w\n%s%s", b.Package, runErr, stdout.String(), all.String())
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no scenarios", b.Package)
	}
	return found, nil
}

// parseList reads the lines of -lab.list among whatever else the binary prints.
func parseList(out []byte) ([]Scenario, error) {
	var found []Scenario
	seen := map[string]bool{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := bytes.TrimSpace(lines.Bytes())
		if !bytes.HasPrefix(line, []byte(`{"suite":`)) {
			continue
		}
		var sc Scenario
		if err := json.Unmarshal(line, &sc); err != nil {
			return nil, fmt.Errorf("-lab.list: %w in %s", err, line)
		}
		if sc.Test == "" {
			sc.Test = sc.Name
		}
		if !sc.Course {
			sc.Course = courseName.MatchString(sc.Name)
		}
		if !seen[sc.Test] {
			seen[sc.Test] = true
			found = append(found, sc)
		}
	}
	return found, lines.Err()
}

// courseName matches the names of the course that carry the lab's part, as in
// TestInitialElection2A.
var courseName = regexp.MustCompile(`[0-9][A-D]$`)
