// Package patch turns a unified diff into an overlay of go build: the tree with the
// patch applied, while the tree itself stays as it is.
package patch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/bluekeyes/go-gitdiff/gitdiff"
)

// Patch is a parsed diff.
type Patch struct {
	Preamble string // what stands before the diff
	files    []*gitdiff.File
}

// Parse reads a unified diff, made by git or by diff -u. Names may have the prefixes
// a/ and b/.
func Parse(r io.Reader) (*Patch, error) {
	files, preamble, err := gitdiff.Parse(r)
	if err != nil {
		return nil, fmt.Errorf("not a unified diff: %w", err)
	}
	if len(files) == 0 {
		return nil, errors.New("there is no diff in it")
	}
	for _, f := range files {
		switch {
		case f.IsBinary:
			return nil, fmt.Errorf("%s: binary patches are not supported", f.NewName)
		case f.IsRename || f.IsCopy:
			return nil, fmt.Errorf("%s: renames and copies are not supported", f.NewName)
		}
		for i, frag := range f.TextFragments {
			if err := frag.Validate(); err != nil {
				return nil, fmt.Errorf("%s, hunk %d: %w", f.NewName, i+1, err)
			}
		}
	}
	return &Patch{Preamble: preamble, files: files}, nil
}

// Overlay writes the patched files and the overlay's JSON into the directory scratch
// and returns the name of the JSON file. The patch's names are relative to root, and
// may not lead out of it.
func (p *Patch) Overlay(root, scratch string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	if scratch, err = filepath.Abs(scratch); err != nil {
		return "", err
	}
	replace := map[string]string{}
	for i, f := range p.files {
		name := stripPrefix(f)
		if !filepath.IsLocal(name) {
			return "", fmt.Errorf("%s is not a file of the module", name)
		}
		path := filepath.Join(root, name)
		if f.IsDelete {
			replace[path] = "" // as overlays say that there is no such file
			continue
		}
		text, err := patched(path, f)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		to := filepath.Join(scratch, fmt.Sprintf("%d-%s", i, filepath.Base(name)))
		if err := os.WriteFile(to, []byte(text), 0o644); err != nil {
			return "", err
		}
		replace[path] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(scratch, "overlay.json")
	return file, os.WriteFile(file, overlay, 0o644)
}

// stripPrefix is the file's name without the a/ or b/ of a diff. (The parser strips it
// from git's own diffs only.)
func stripPrefix(f *gitdiff.File) string {
	name := f.NewName
	if f.IsDelete {
		name = f.OldName
	}
	if strings.HasPrefix(name, "a/") || strings.HasPrefix(name, "b/") {
		name = name[2:]
	}
	return filepath.FromSlash(name)
}

// patched is the file's text with its hunks applied.
func patched(path string, f *gitdiff.File) (string, error) {
	var lines []string
	if !f.IsNew {
		text, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		lines = strings.SplitAfter(string(text), "\n")
	}
	return apply(lines, f.TextFragments)
}
