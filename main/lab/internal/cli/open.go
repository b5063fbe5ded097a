package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"6.824/main/lab/internal/gotool"
	"6.824/main/lab/internal/progress"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/suites"
	"6.824/main/lab/internal/testbin"
)

// opened is a suite whose test binary is built and whose scenarios are known.
type opened struct {
	suites.Suite
	binary    testbin.Binary
	scenarios []testbin.Scenario
}

// house is what there is to run, and what builds it.
type house struct {
	tool    gotool.Tool
	catalog *suites.Catalog
	scratch string // for binaries and results
	out     screen.Screen
}

// openHouse finds the labs and builds those that args name; see open. What it builds is
// there until the house is closed.
func openHouse(ctx context.Context, args []string, opt gotool.BuildOptions, out screen.Screen) (*house, []*opened, error) {
	tool, err := gotool.Find()
	if err != nil {
		return nil, nil, err
	}
	catalog, err := suites.Load(ctx, tool)
	if err != nil {
		return nil, nil, err
	}
	scratch, err := os.MkdirTemp("", "lab-")
	if err != nil {
		return nil, nil, err
	}
	h := &house{tool, catalog, scratch, out}
	all, err := h.open(ctx, args, opt)
	if err != nil {
		h.close()
		return nil, nil, err
	}
	return h, all, nil
}

func (h *house) close() { os.RemoveAll(h.scratch) }

// open builds what args name: one suite or scenario, all labs if nothing. Only scenarios
// that args mean are left in it.
func (h *house) open(ctx context.Context, args []string, opt gotool.BuildOptions) ([]*opened, error) {
	chosen, scenario := h.catalog.Labs, ""
	if len(args) > 0 {
		s, name, err := h.catalog.Resolve(ctx, args[0])
		if err != nil {
			return nil, err
		}
		chosen, scenario = []suites.Suite{s}, name
	}
	if len(chosen) == 0 {
		return nil, errors.New("the module has no suites")
	}
	var all []*opened
	for i, s := range chosen {
		o, err := h.build(ctx, i, s, opt)
		if err != nil {
			return nil, err
		}
		if scenario != "" {
			if err := o.only(scenario); err != nil {
				return nil, err
			}
		}
		all = append(all, o)
	}
	return all, nil
}

// build builds a suite and asks it for its scenarios.
func (h *house) build(ctx context.Context, i int, s suites.Suite, opt gotool.BuildOptions) (*opened, error) {
	meter := progress.Start(h.out, func(int) string { return "building " + s.ImportPath + " …" })
	defer meter.Stop()
	b := testbin.Binary{
		Path: filepath.Join(h.scratch, fmt.Sprintf("%d.test", i)), Dir: s.Dir, Package: s.ImportPath,
		Race: opt.Race, Scratch: h.scratch,
	}
	if err := h.tool.BuildTest(ctx, s.ImportPath, b.Path, opt); err != nil {
		return nil, err
	}
	scenarios, err := b.List(ctx, s.Tests)
	if err != nil {
		return nil, err
	}
	return &opened{Suite: s, binary: b, scenarios: scenarios}, nil
}

// only leaves the scenario with that name, with or without its Test in front.
func (o *opened) only(name string) error {
	var names []string
	for _, sc := range o.scenarios {
		if sc.Name == name || sc.Name == "Test"+name || sc.Test == name {
			o.scenarios = []testbin.Scenario{sc}
			return nil
		}
		names = append(names, sc.Name)
	}
	return &suites.UnknownError{What: "scenario", Name: name, Near: suites.Near(name, names), Known: []string{"what lab list " + o.Name + " tells"}}
}
