package labtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// regressionsDir is where the cases lie that each `go test` of a suite runs first, below the directory of
// its tests.
const regressionsDir = "testdata/regressions"

// caseSuffix is that of their files.
const caseSuffix = ".case"

// caseName is what the file of a case is called.
func (c *Case) fileName() string {
	return fmt.Sprintf("%s-%s-seed%d%s", c.Scenario, slug(c.Check), c.Seed, caseSuffix)
}

// slug is text as a part of a file's name.
func slug(text string) string {
	parts := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') })
	return strings.Join(parts, "-")
}

// keep saves a shrunk case: beside the traces, or, if -lab.save is set, as a regression test.
func (s *Shrunk) keep(dir string) error {
	name := s.Case.fileName()
	if *flags.save {
		dir = regressionsDir
	} else {
		name = s.Case.Suite + "-" + name
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path, err := filepath.Abs(filepath.Join(dir, name))
	if err != nil {
		return err
	}
	s.File = path
	return s.Case.save(path)
}

// regression is a case with the file that it was read from.
type regression struct {
	*Case
	path string
}

// regressions are the saved cases of all suites of the package, or what is wrong with those that are none.
var regressions = sync.OnceValues(func() ([]regression, error) { return loadRegressions(regressionsDir) })

func loadRegressions(dir string) (all []regression, err error) {
	paths, err := filepath.Glob(filepath.Join(dir, "*"+caseSuffix))
	if err != nil {
		return nil, err
	}
	slices.Sort(paths)
	for _, path := range paths {
		c, e := LoadCaseFile(path)
		err = errors.Join(err, e)
		all = append(all, regression{c, path})
	}
	return all, err
}

// regress runs the saved cases of a scenario, in which nothing may be violated.
func (s *Suite) regress(t *testing.T, sc Scenario) {
	t.Helper()
	if chosenSeeds() || *flags.faults != "" {
		return
	}
	all, err := regressions()
	if err != nil {
		t.Fatal(err)
	}
	failures, err := s.again(t, sc, all)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range failures {
		t.Error(f)
	}
}

// again runs the cases of a scenario, and returns a report of each that fails.
func (s *Suite) again(t *testing.T, sc Scenario, all []regression) (failures []string, err error) {
	for _, g := range all {
		if g.Suite != s.Name {
			continue // of another suite in this package
		}
		if err := s.fits(g.Case); err != nil {
			return nil, fmt.Errorf("%s: %w", g.path, err)
		}
		if g.Scenario != sc.Name {
			continue
		}
		if res := s.runCase(t, sc, g.Case, g.path); !res.OK {
			failures = append(failures, g.path+" fails again\n"+res.Failure)
		}
	}
	return failures, nil
}

// runCase runs a case and says what came of it.
func (s *Suite) runCase(t *testing.T, sc Scenario, c *Case, path string) (res *result) {
	if sc.Limit == 0 {
		sc.Limit = defaultLimit
	}
	r := &runner{t: t, suite: s, sc: sc, seed: c.Seed, plan: c}
	onACore(func() { res, _ = r.once(*flags.trace, nil) })
	res.Replayed = r.retell(path, res)
	if res.OK = res.violation == nil && res.outcome.frozen == ""; !res.OK {
		res.Failure = res.Replayed
	}
	return res
}

// fits says why a case can't be run with the suite, if it can't.
func (s *Suite) fits(c *Case) error {
	i := slices.IndexFunc(s.Scenarios, func(sc Scenario) bool { return sc.Name == c.Scenario })
	switch {
	case c.Suite != s.Name:
		return c.wrong("this is the suite %s, and the case is of %s", s.Name, c.Suite)
	case i < 0:
		return c.wrong("the suite %s has no scenario %q (any more)", s.Name, c.Scenario)
	case c.Played && s.Scenarios[i].Play == nil:
		return c.wrong(`operations of %s can't be played, so it can't be "played"`, c.Scenario)
	}
	return nil
}

// replay runs the case of -lab.replay, if it is of this scenario, and says what came of it. It returns false if
// no case was asked for.
func (s *Suite) replay(t *testing.T, sc Scenario) bool {
	t.Helper()
	path := *flags.replay
	if path == "" {
		return false
	}
	c, err := LoadCaseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.fits(c); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	if c.Scenario != sc.Name {
		t.Skipf("%s is a case of %s", path, c.Scenario)
	}
	res := s.runCase(t, sc, c, path)
	if *flags.digest {
		fmt.Printf("digest %s seed=%d %s\n", t.Name(), c.Seed, res.Digest)
	}
	if res.OK {
		t.Log(res.Replayed)
	} else {
		t.Error(res.Failure)
	}
	writeResult(t, res)
	return true
}

// retell says what came of a case.
func (r *runner) retell(path string, res *result) string {
	var b strings.Builder
	c := r.plan
	fmt.Fprintf(&b, "%s seed=%d: %s, %s\n", c.name(), c.Seed, counted(len(c.Faults), "fault"), counted(len(c.Ops), "operation"))
	switch v := res.violation; {
	case res.outcome.frozen != "":
		fmt.Fprintf(&b, "  frozen  %s\n", res.outcome.frozen)
		return b.String()
	case v == nil:
		fmt.Fprintf(&b, "  check   %s holds\n", c.Check)
	case v.Check != c.Check:
		fmt.Fprintf(&b, "  check   %s (not %s, of which the file speaks)\n  what    %s\n", v.Check, c.Check, v.Text)
	default:
		fmt.Fprintf(&b, "  check   %s\n  what    %s\n", v.Check, v.Text)
	}
	if v := res.violation; v != nil && v.Paper != "" {
		fmt.Fprintf(&b, "  paper   %s\n", v.Paper)
	}
	switch {
	case c.Digest == "":
		fmt.Fprintf(&b, "  digest  %s (the file has none)\n", res.Digest)
	case c.Digest == res.Digest:
		fmt.Fprintf(&b, "  digest  %s, as the file says: this is the same history\n", res.Digest)
	default:
		fmt.Fprintf(&b, "  digest  %s, and the file says %s: this is another history, since the file or the code has changed\n", res.Digest, c.Digest)
	}
	if res.violation != nil {
		fmt.Fprintf(&b, "  story   %s\n", indent(r.story(c)))
	}
	fmt.Fprintf(&b, "  again   lab replay %s", fromRoot(path))
	return b.String()
}

// counted is n and a noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// fromRoot is a path from the module's root, given one from the package's directory.
func fromRoot(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return "./" + filepath.ToSlash(filepath.Join(packageDir(), path))
}

func indent(text string) string { return strings.ReplaceAll(text, "\n", "\n          ") }
