// Package apps has the course's MapReduce applications, by name, and loads others
// from plugins.
package apps

import (
	"fmt"
	"maps"
	"path/filepath"
	"plugin"
	"slices"
	"strings"

	"6.824/mr"
)

var all = map[string]mr.App{
	"wc":         wordCount,
	"indexer":    indexer,
	"mtiming":    mapTiming,
	"rtiming":    reduceTiming,
	"jobcount":   jobCount,
	"early_exit": earlyExit,
	"crash":      crash,
	"nocrash":    noCrash,
}

// Names lists the applications.
func Names() []string { return slices.Sorted(maps.Keys(all)) }

// Lookup returns the application called name, or that of the plugin at the path name, which ends in .so: one built from
// an application of the course, with -buildmode=plugin, that exports Map and Reduce.
func Lookup(name string) (mr.App, error) {
	if filepath.Ext(name) == ".so" {
		return load(name)
	}
	app, ok := all[name]
	if !ok {
		return mr.App{}, fmt.Errorf("there is no app %q; there is %s, or the path of a plugin, *.so", name, strings.Join(Names(), ", "))
	}
	app.Name = name
	return app, nil
}

// load loads a plugin.
func load(path string) (mr.App, error) {
	p, err := plugin.Open(path)
	if err != nil {
		return mr.App{}, fmt.Errorf("the plugin %s can't be loaded: %w", path, err)
	}
	mapf, err := symbol[func(string, string) []mr.KeyValue](p, path, "Map")
	if err != nil {
		return mr.App{}, err
	}
	reducef, err := symbol[func(string, []string) string](p, path, "Reduce")
	if err != nil {
		return mr.App{}, err
	}
	return mr.Course(strings.TrimSuffix(filepath.Base(path), ".so"), mapf, reducef), nil
}

func symbol[F any](p *plugin.Plugin, path, name string) (f F, err error) {
	s, err := p.Lookup(name)
	if err != nil {
		return f, fmt.Errorf("the plugin %s does not export %s", path, name)
	}
	f, ok := s.(F)
	if !ok {
		return f, fmt.Errorf("%s of the plugin %s is a %T, it must be a %T", name, path, s, f)
	}
	return f, nil
}
