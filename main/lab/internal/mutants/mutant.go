// Package mutants runs a suite against implementations with a known bug in each: a
// suite that lets one live has a hole.
package mutants

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"6.824/main/lab/internal/patch"
)

// Mutant is a patch that puts one bug into the reference. It is a file of lines
// `Key: value`, followed by a unified diff against the module's root; a line that begins
// with white space continues the one above it.
type Mutant struct {
	File     string   // relative to the folder of the mutants
	Name     string   // Name: what a table calls it
	Breaks   string   // Breaks: the rule that the bug breaks
	Origin   string   // Origin: the real bug that it is from, if there was one
	KilledBy []string // Killed-by: the scenarios, parted by commas, that are expected to find it
	Patch    *patch.Patch
}

// Again is the command that hunts the mutant of a suite again, and shows what kills it.
func (m *Mutant) Again(suite string) string {
	return fmt.Sprintf("lab mutants %s -v -run '^%s$'", suite, regexp.QuoteMeta(m.Name))
}

// Load reads the mutants in a folder, *.patch, and in the folders within it, in the
// order of their names.
func Load(dir string) ([]*Mutant, error) {
	var found []*Mutant
	var wrong []error
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".patch" {
			return err
		}
		m, err := read(path)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", path, err))
			return nil
		}
		if m.File, err = filepath.Rel(dir, path); err != nil {
			return err
		}
		found = append(found, m)
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return found, errors.Join(append(wrong, err)...)
}

func read(path string) (*Mutant, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p, err := patch.Parse(f)
	if err != nil {
		return nil, err
	}
	m := &Mutant{Patch: p}
	if err := m.header(p.Preamble); err != nil {
		return nil, err
	}
	return m, nil
}

// header takes the header apart.
func (m *Mutant) header(text string) error {
	var last *string
	var killedBy string
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || strings.HasPrefix(trimmed, "#"):
			continue
		case (line[0] == ' ' || line[0] == '\t') && last != nil:
			*last += " " + trimmed
			continue
		}
		key, value, ok := strings.Cut(trimmed, ":")
		fields := map[string]*string{"name": &m.Name, "breaks": &m.Breaks, "origin": &m.Origin, "killed-by": &killedBy}
		field := fields[strings.ToLower(key)]
		if !ok || field == nil {
			return fmt.Errorf("header: %q is none of Name, Breaks, Origin and Killed-by", trimmed)
		}
		*field, last = strings.TrimSpace(value), field
	}
	for _, name := range strings.Split(killedBy, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(m.KilledBy, name) {
			m.KilledBy = append(m.KilledBy, name)
		}
	}
	if m.Name == "" || m.Breaks == "" {
		return errors.New("header: Name and Breaks are needed")
	}
	return nil
}
