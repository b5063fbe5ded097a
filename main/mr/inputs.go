package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"

	"6.824/mr/store"
)

// input is the files of a job.
type input struct {
	files []string
	bytes int64
}

var ours = regexp.MustCompile(`^mr-(out-[0-9]+|[0-9a-f]{8}-.*)$`)

// inputs lists files, and the files below directories, each once. What a job writes into out is no input of it. Each of
// them can be opened.
func inputs(args []string, out string) (in input, err error) {
	seen := map[string]bool{}
	add := func(path string) error {
		if path = filepath.Clean(path); seen[path] {
			return nil
		}
		seen[path] = true
		f, err := store.OpenFile(path) // now, and not when a worker comes to it
		if err != nil {
			return fmt.Errorf("input: %w", err)
		}
		defer f.Close()
		in.files = append(in.files, path)
		in.bytes += f.Size()
		return nil
	}
	for _, arg := range args {
		err := filepath.WalkDir(arg, func(path string, e fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return fmt.Errorf("input: %w", err)
			case path == arg && !e.IsDir():
				return add(path)
			case !e.Type().IsRegular() || filepath.Dir(path) == filepath.Clean(out) && ours.MatchString(e.Name()):
				return nil
			}
			return add(path)
		})
		if err != nil {
			return input{}, err
		}
	}
	if len(in.files) == 0 {
		return input{}, fmt.Errorf("there are no files in %v", args)
	}
	slices.Sort(in.files)
	return in, nil
}
