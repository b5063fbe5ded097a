// Package suites finds the suites that a person may mean: the labs of this module,
// each of which has its conformance suite in a package beside it, and any package
// whose tests run such a suite against an implementation of its own.
package suites

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"6.824/main/lab/internal/gotool"
)

// The module that the labs live in, and the kit that makes a package a suite.
const (
	module = "6.824"
	kit    = module + "/labrpc/labtest"
)

// Suite is a package whose tests run scenarios.
type Suite struct {
	Name        string // what a person calls it: raft, or ./mypkg
	ImportPath  string
	Dir         string
	Root        string   // the directory of its module
	Conformance string   // the directory of the package that the scenarios come from; "" for a package of one's own
	Tests       []string // the test functions that lead to scenarios; none means that any may
}

// Catalog is the labs that there are.
type Catalog struct {
	Labs []Suite
	Also []Suite // packages of the module that run a lab's suite against something else
	tool gotool.Tool
}

// UnknownError says that there is no such suite or scenario.
type UnknownError struct {
	What, Name string
	Near       []string // what it may have been meant to be
	Known      []string // what there is, if nothing is near
}

func (e *UnknownError) Error() string {
	s := fmt.Sprintf("there is no %s %q", e.What, e.Name)
	switch {
	case len(e.Near) > 0:
		s += "; did you mean " + strings.Join(e.Near, " or ") + "?"
	case len(e.Known) > 0:
		s += "; there is " + strings.Join(e.Known, ", ")
	}
	return s
}

// Load finds the labs.
func Load(ctx context.Context, tool gotool.Tool) (*Catalog, error) {
	packages, err := tool.List(ctx, module+"/...")
	if err != nil {
		return nil, err
	}
	if len(packages) == 0 {
		return nil, errors.New("module " + module + " is not to be found from here: run lab within its tree, or in a module that requires it")
	}
	c := &Catalog{tool: tool}
	conformance := map[string]gotool.Package{}
	for _, p := range packages {
		if slices.Contains(p.Imports, kit) {
			conformance[p.ImportPath] = p
		}
	}
	for _, p := range packages {
		from, ok := runs(p, conformance)
		switch {
		case !ok:
		case path.Dir(from.ImportPath) == p.ImportPath:
			s := newSuite(strings.TrimPrefix(p.ImportPath, module+"/"), p)
			s.Conformance = from.Dir
			c.Labs = append(c.Labs, s)
		case p.ImportPath != from.ImportPath: // its own tests only try the suite out
			c.Also = append(c.Also, newSuite("./"+strings.TrimPrefix(p.ImportPath, module+"/"), p))
		}
	}
	return c, nil
}

// runs reports whose scenarios the tests of p run, if any's.
func runs(p gotool.Package, conformance map[string]gotool.Package) (gotool.Package, bool) {
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if from, ok := conformance[imported]; ok {
			return from, true
		}
	}
	return gotool.Package{}, false
}

func newSuite(name string, p gotool.Package) Suite {
	s := Suite{Name: name, ImportPath: p.ImportPath, Dir: p.Dir, Tests: scenarioTests(p)}
	if p.Module != nil {
		s.Root = p.Module.Dir
	}
	return s
}

// Resolve finds what arg means: a lab (raft), one of its scenarios (raft/TestFigure82C),
// a package directory (./mypkg), or a scenario in it (./mypkg/TestFigure82C). The
// scenario is "" when none is named, and isn't looked up.
func (c *Catalog) Resolve(ctx context.Context, arg string) (s Suite, scenario string, err error) {
	if isDir(arg) {
		return c.resolveDir(ctx, arg)
	}
	arg = strings.Trim(arg, "/")
	var names []string
	for _, lab := range c.Labs {
		if lab.Name == arg {
			return lab, "", nil
		}
		if rest, ok := strings.CutPrefix(arg, lab.Name+"/"); ok {
			return lab, rest, nil
		}
		names = append(names, lab.Name)
	}
	name, _, _ := strings.Cut(arg, "/")
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		return Suite{}, "", fmt.Errorf("there is no suite %q; if you mean the package in that directory, write ./%s", arg, arg)
	}
	return Suite{}, "", &UnknownError{What: "suite", Name: name, Near: Near(name, names), Known: names}
}

// isDir reports whether arg is written as a directory, as the go command would see it.
func isDir(arg string) bool {
	return arg == "." || arg == ".." || strings.HasPrefix(arg, "./") || strings.HasPrefix(arg, "../") || filepath.IsAbs(arg)
}

func (c *Catalog) resolveDir(ctx context.Context, arg string) (Suite, string, error) {
	scenario := ""
	dir := strings.TrimRight(arg, "/")
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		above, last := filepath.Split(dir)
		if info, err := os.Stat(filepath.Clean(above)); err != nil || !info.IsDir() || !strings.HasPrefix(last, "Test") {
			return Suite{}, "", fmt.Errorf("there is no directory %s", dir)
		}
		dir, scenario = strings.TrimRight(above, "/"), last
	}
	found, err := c.tool.List(ctx, dir)
	switch {
	case err != nil:
		return Suite{}, "", err
	case len(found) != 1:
		return Suite{}, "", fmt.Errorf("%s is not one package", dir)
	case found[0].Dir == "" || found[0].ImportPath == "":
		return Suite{}, "", fmt.Errorf("%s is not a package of this module", dir)
	case !found[0].HasTests() && found[0].Error != nil:
		return Suite{}, "", fmt.Errorf("%s: %s", dir, oneLine(found[0].Error.Err))
	case !found[0].HasTests():
		return Suite{}, "", fmt.Errorf("%s has no tests; a test file that runs a suite takes five lines, see the README", dir)
	}
	for _, lab := range c.Labs { // ./raft is raft
		if lab.ImportPath == found[0].ImportPath {
			return lab, scenario, nil
		}
	}
	return newSuite(dir, found[0]), scenario, nil
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(s), " ")
}
