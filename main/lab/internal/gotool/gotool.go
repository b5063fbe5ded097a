// Package gotool runs the go command: it lists packages and builds test
// binaries, and tells the ways in which that goes wrong apart.
package gotool

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// ErrNoToolchain says that there is no go command.
var ErrNoToolchain = errors.New("no Go toolchain on PATH: install Go from https://go.dev/dl and try again")

// BuildError says that a package's test binary did not build.
type BuildError struct {
	Package string
	Output  string // the go command's and the compiler's words
}

func (e *BuildError) Error() string { return fmt.Sprintf("%s does not build", e.Package) }

// Package is what the go command knows about a package.
type Package struct {
	ImportPath   string
	Dir          string
	Name         string
	Imports      []string
	TestImports  []string // of the test files within the package
	XTestImports []string // of the test files of package name_test
	TestGoFiles  []string // file names in Dir
	XTestGoFiles []string
	Module       *Module
	Error        *PackageError
}

// Module is the module that a package belongs to.
type Module struct{ Path, Dir string }

// PackageError is what is wrong with a package.
type PackageError struct{ Err string }

// HasTests reports whether the package has any test file.
func (p Package) HasTests() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

// Tool is a go command.
type Tool struct{ path string }

// Find looks for the go command on PATH.
func Find() (Tool, error) {
	path, err := exec.LookPath("go")
	if err != nil {
		return Tool{}, ErrNoToolchain
	}
	return Tool{path: path}, nil
}

// List returns the packages that match the patterns. A package that is broken is
// listed all the same, with its Error; a pattern that matches nothing is not an error.
func (t Tool) List(ctx context.Context, patterns ...string) ([]Package, error) {
	const fields = "ImportPath,Dir,Name,Imports,TestImports,XTestImports,TestGoFiles,XTestGoFiles,Module,Error"
	out, errOut, err := t.run(ctx, append([]string{"list", "-e", "-json=" + fields}, patterns...)...)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("go list: %s", firstLine(errOut, err))
	}
	var found []Package
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p Package
		switch err := dec.Decode(&p); {
		case err == io.EOF:
			return found, nil
		case err != nil:
			return nil, fmt.Errorf("go list: %w", err)
		}
		found = append(found, p)
	}
}

// BuildOptions bend a build.
type BuildOptions struct {
	Race    bool
	Overlay string // an overlay file of go build, "" for none
	Procs   int    // how many commands the build may run at once; 0 leaves it to the go command
}

// BuildTest builds the test binary of a package as the file out. The error is a
// *BuildError if it is the package's fault.
func (t Tool) BuildTest(ctx context.Context, pkg, out string, opt BuildOptions) error {
	args := []string{"test", "-c", "-vet=off", "-o", out} // the compiler is the judge here
	if opt.Race {
		args = append(args, "-race")
	}
	if opt.Overlay != "" {
		args = append(args, "-overlay", opt.Overlay)
	}
	if opt.Procs > 0 {
		args = append(args, fmt.Sprintf("-p=%d", opt.Procs))
	}
	stdout, stderr, err := t.run(ctx, append(args, pkg)...)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return &BuildError{Package: pkg, Output: strings.TrimSpace(string(stderr) + string(stdout))}
	}
	if _, err := os.Stat(out); err != nil { // go test -c is content with a package without tests
		return fmt.Errorf("%s has no tests", pkg)
	}
	return nil
}

func (t Tool) run(ctx context.Context, args ...string) (stdout, stderr []byte, err error) {
	cmd := exec.CommandContext(ctx, t.path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // so that it removes its work directory
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.Bytes(), errOut.Bytes(), err
}

func firstLine(out []byte, err error) string {
	for line := range strings.Lines(string(out)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "go: downloading") {
			return strings.TrimPrefix(line, "go: ")
		}
	}
	return err.Error()
}
