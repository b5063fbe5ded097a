package labtest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// failureReport is all that somebody needs to know about a failed run: which check, at
// which event and time, from which section of which paper, the events that led there,
// the one command that runs exactly this again, and where the trace lies.
func failureReport(r *runner, v *Violation, tracePath, schedulePath, page string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s seed=%d failed\n", r.suite.Name, r.sc.Name, r.seed)
	field := func(name, text string) {
		if text != "" {
			fmt.Fprintf(&b, "  %-7s %s\n", name, strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n          "))
		}
	}
	field("check", v.Check)
	field("what", v.Text)
	field("paper", v.Paper)
	if v.At > 0 {
		field("when", fmt.Sprintf("%s of virtual time, after event %d", stamp(v.At), v.Seq))
	}
	for i, f := range v.Under {
		field(map[bool]string{true: "under"}[i == 0], f.String())
	}
	for i, e := range v.Last {
		field(map[bool]string{true: "events"}[i == 0], e.String())
	}
	field("again", reproCommand(r))
	switch {
	case page != "":
		field("trace", tracePath)
		field("page", page)
	case tracePath != "":
		field("trace", tracePath+"  (lab view shows it)")
	}
	if schedulePath != "" {
		field("faults", schedulePath+"  (edit it, and give it back with -lab.faults=FILE)")
	}
	return b.String()
}

// reproCommand runs exactly this run again, from the module's root.
func reproCommand(r *runner) string {
	if *flags.again != "" {
		return *flags.again
	}
	test := "^" + strings.ReplaceAll(r.t.Name(), "/", "$/^") + "$"
	race := ""
	if raceEnabled {
		race = " -race"
	}
	cmd := fmt.Sprintf("go test %s%s -run '%s' -lab.seed=%d", packageDir(), race, test, r.seed)
	if *flags.faults != "" {
		cmd += " -lab.faults=" + *flags.faults
	}
	return cmd
}

// packageDir is the directory of the package under test as a pattern relative to the
// module's root; `go test` runs a test binary in that directory.
var packageDir = sync.OnceValue(func() string {
	dir, err := os.Getwd()
	if err != nil {
		return "."
	}
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			rel, err := filepath.Rel(root, dir)
			if err != nil {
				return "."
			}
			return "./" + filepath.ToSlash(rel)
		}
		if root == filepath.Dir(root) {
			return "."
		}
	}
})
