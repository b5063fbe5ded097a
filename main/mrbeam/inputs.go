package main

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"

	"6.824/mr/store"
)

var ours = regexp.MustCompile(`^mr-(out-[0-9]+|[0-9a-f]{8}-.*)$`)

// remote says whether a path is a URL: of a file system that is reached through Beam alone.
func remote(path string) bool { return strings.Contains(path, "://") }

// inputs lists files, and the files below directories, each once, and what the patterns match that are URLs. Output that is in out is no
// input. Files of this machine have been opened.
func inputs(ctx context.Context, args []string, out string) (files []string, err error) {
	for _, arg := range args {
		find := local
		if remote(arg) {
			find = match
		}
		found, err := find(ctx, arg, out)
		if err != nil {
			return nil, fmt.Errorf("input: %w", err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there are no files in %v", args)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// local lists path or, if it is a directory, the files below it.
func local(_ context.Context, path, out string) (files []string, err error) {
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if name != path || e.IsDir() {
			if !e.Type().IsRegular() || filepath.Dir(name) == filepath.Clean(out) && ours.MatchString(e.Name()) {
				return nil
			}
		}
		f, err := store.OpenFile(name) // now, and not when a worker comes to it
		if err != nil {
			return err
		}
		files = append(files, filepath.Clean(name))
		return f.Close()
	})
	return files, err
}

// match lists what a pattern matches.
func match(ctx context.Context, pattern, _ string) ([]string, error) {
	fs, err := filesystem.New(ctx, pattern)
	if err != nil {
		return nil, err
	}
	defer fs.Close()
	files, err := fs.List(ctx, pattern)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("nothing matches %s", pattern)
	}
	return files, err
}
