package suites

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"6.824/main/lab/internal/gotool"
)

// scenarioTests names the test functions of p that may lead to scenarios: those that
// hand their *testing.T to a function or method Test or Run (suite.Test(t),
// rafttest.Run(t, newRaft)), or to a helper of the same test files that does. So the
// package's ordinary tests need not run for its scenarios to be known. It goes by what
// the source looks like: a function that can't be told is better named than left out.
func scenarioTests(p gotool.Package) []string {
	leads := map[string]bool{}     // functions that hand a parameter to Test or Run
	calls := map[string][]string{} // functions that hand a parameter to another function
	var tests []string
	for _, name := range slices.Concat(p.TestGoFiles, p.XTestGoFiles) {
		file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			continue // the compiler will say it better
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok || f.Body == nil || f.Recv != nil {
				continue
			}
			if strings.HasPrefix(f.Name.Name, "Test") {
				tests = append(tests, f.Name.Name)
			}
			direct, handedTo := handsOver(f)
			leads[f.Name.Name] = leads[f.Name.Name] || direct
			calls[f.Name.Name] = append(calls[f.Name.Name], handedTo...)
		}
	}
	for changed := true; changed; {
		changed = false
		for name, callees := range calls {
			if !leads[name] && slices.ContainsFunc(callees, func(callee string) bool { return leads[callee] }) {
				leads[name], changed = true, true
			}
		}
	}
	return slices.DeleteFunc(tests, func(name string) bool { return !leads[name] })
}

// handsOver says whether f hands one of its parameters to x.Test or x.Run as the first
// argument, and to which functions of its package it hands one.
func handsOver(f *ast.FuncDecl) (direct bool, handedTo []string) {
	params := map[string]bool{}
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			params[name.Name] = true
		}
	}
	ast.Inspect(f.Body, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		isParam := func(e ast.Expr) bool {
			id, ok := e.(*ast.Ident)
			return ok && params[id.Name]
		}
		switch callee := call.Fun.(type) {
		case *ast.SelectorExpr:
			if (callee.Sel.Name == "Test" || callee.Sel.Name == "Run") && len(call.Args) > 0 && isParam(call.Args[0]) {
				direct = true
			}
		case *ast.Ident:
			if slices.ContainsFunc(call.Args, isParam) {
				handedTo = append(handedTo, callee.Name)
			}
		}
		return true
	})
	return direct, handedTo
}
