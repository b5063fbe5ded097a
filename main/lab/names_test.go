package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// courseNames are what the course's test files declare in each package. They live inside the packages, so who copies them in must find these free.
var courseNames = map[string]string{
	"raft": "config make_config randstring makeSeed ncpu_once SnapShotInterval MAXLOGSIZE RaftElectionTimeout snapcommon internalChurn",
	"kvraft": "Get Put Append OpLog check config t0 partitioner electionTimeout linearizabilityCheckTimeout NextValue GenericTest GenericTestSpeed " +
		"run_client spawn_clients_and_wait checkClntAppends checkConcurrentAppends random_handles randstring makeSeed make_config ncpu_once",
	"shardctrler": "check check_same_config config make_config random_handles randstring",
	"shardkv":     "check config group linearizabilityCheckTimeout make_config makeSeed ncpu_once random_handles randstring",
}

func TestCourseNamesAreFree(t *testing.T) {
	for pkg, names := range courseNames {
		declared := declarations(t, filepath.Join("..", "..", pkg))
		require.NotEmpty(t, declared)
		for _, name := range strings.Fields(names) {
			if at, taken := declared[name]; taken {
				t.Errorf("%v: package %s declares %s, as the course's tests do", at, pkg, name)
			}
		}
	}
}

// declarations are the names that a package's files, but for its tests, declare at package level, and where.
func declarations(t *testing.T, dir string) map[string]token.Position {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	fset, found := token.NewFileSet(), map[string]token.Position{}
	add := func(id *ast.Ident) { found[id.Name] = fset.Position(id.Pos()) }
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(fset, file, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil {
					add(d.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					switch spec := spec.(type) {
					case *ast.TypeSpec:
						add(spec.Name)
					case *ast.ValueSpec:
						for _, id := range spec.Names {
							add(id)
						}
					}
				}
			}
		}
	}
	return found
}
