package consensus

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what TestTranscripts sees into testdata")

// TestTranscripts plays the scripts in testdata, and compares what happens with what is written
// there. See testdata/README.md.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			require.NoError(t, err)
			got, err := play(string(want))
			require.NoError(t, err)
			if *update {
				require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
				return
			}
			require.Equal(t, string(want), got, "if it is to be like that: go test -run Transcripts -update")
		})
	}
}

// play runs a script: the same text, with what the commands print now.
func play(script string) (string, error) {
	p := player{saved: map[string][]packet{}}
	printing := false // what follows is an old print
	for n, line := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		command, ok := strings.CutPrefix(line, "> ")
		switch {
		case ok:
			p.printf("%s", line)
			if err := p.do(strings.Fields(command)); err != nil {
				return "", fmt.Errorf("line %d: %s: %w", n+1, line, err)
			}
			printing = true
		case line == "" || strings.HasPrefix(line, "#"):
			printing = false
			p.printf("%s", line)
		case !printing:
			return "", fmt.Errorf("line %d: %q is neither a comment nor a command", n+1, line)
		}
	}
	return p.text.String(), nil
}

type player struct {
	*cluster
	text   strings.Builder
	indent string
	saved  map[string][]packet
	reads  uint64

	running bool // since then
	since   time.Duration
}

func (p *player) printf(format string, args ...any) {
	line := strings.TrimRight(fmt.Sprintf(format, args...), "\n")
	for _, l := range strings.Split(line, "\n") {
		p.text.WriteString(strings.TrimRight(p.indent+l, " ") + "\n")
	}
}

func (p *player) do(args []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	name, args := args[0], args[1:]
	if name == "cluster" {
		return p.doCluster(args)
	}
	if f := p.onServer()[name]; f != nil {
		id, err := p.server(args)
		if err == nil {
			err = f(id, args[1:])
		}
		return err
	}
	if f := p.onMessages()[name]; f != nil {
		return f(args)
	}
	return fmt.Errorf("there is no command %q", name)
}

func (p *player) doCluster(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	var cfg Config
	for _, a := range args[1:] {
		name, value, _ := strings.Cut(a, "=")
		v, err := strconv.Atoi(value)
		switch name {
		case "chunk":
			cfg.SnapshotChunk = v
		case "batch":
			cfg.MaxBatchBytes = v
		case "window":
			cfg.MaxInflight = v
		default:
			err = fmt.Errorf("there is no setting %q", name)
		}
		if err != nil {
			return err
		}
	}
	p.cluster = newCluster(n, cfg)
	p.seen = func(id int, before Status, out *Output) {
		for _, line := range consequences(id, before, p.hosts[id].node.Status(), out) {
			if p.running {
				line = fmt.Sprintf("%4d ms: %s", (p.now - p.since).Milliseconds(), line)
			}
			p.printf("%s", line)
		}
	}
	return nil
}

func (p *player) server(args []string) (int, error) {
	if len(args) == 0 {
		return 0, fmt.Errorf("on which server?")
	}
	id, err := strconv.Atoi(strings.TrimPrefix(args[0], "S"))
	if err != nil || id < 1 || p.cluster == nil || id > len(p.hosts) {
		return 0, fmt.Errorf("there is no server %q", args[0])
	}
	return id - 1, nil
}

// onServer is the commands whose first argument is a server.
func (p *player) onServer() map[string]func(id int, args []string) error {
	return map[string]func(int, []string) error{
		"disk":    p.doDisk,
		"crash":   func(id int, _ []string) error { p.hosts[id].node = nil; return nil },
		"restart": func(id int, _ []string) error { p.start(id); return nil },
		"cut":     func(id int, _ []string) error { p.cut[id] = true; return nil },
		"join":    func(id int, _ []string) error { delete(p.cut, id); return nil },
		"timeout": func(id int, _ []string) error { p.timeout(id); return nil },
		"tick":    func(id int, _ []string) error { p.timeout(id); return nil },
		"propose": func(id int, args []string) error {
			var events []Event
			for _, a := range args {
				events = append(events, Propose{[]byte(a)})
			}
			p.step(id, events...)
			return nil
		},
		"compact": func(id int, args []string) error {
			index, err := strconv.Atoi(args[0])
			p.step(id, Compact{index, []byte(strings.Join(args[1:], " "))})
			return err
		},
		"read": func(id int, _ []string) error { p.reads++; p.step(id, Read{p.reads}); return nil },
		"transfer": func(id int, args []string) error {
			to, err := p.server(args)
			if err == nil {
				p.step(id, Transfer{to})
			}
			return err
		},
	}
}

func (p *player) doDisk(id int, args []string) error {
	d := &p.hosts[id].disk
	d.VotedFor = nobody
	for _, a := range args {
		name, value, _ := strings.Cut(a, "=")
		if name == "log" {
			for _, v := range strings.Split(value, ",") {
				term, err := strconv.Atoi(v)
				if err != nil {
					return err
				}
				d.Entries = append(d.Entries, Entry{Term: term})
			}
			continue
		}
		v, err := strconv.Atoi(strings.TrimPrefix(value, "S"))
		switch {
		case err != nil:
			return err
		case name == "term":
			d.Term = v
		case name == "vote":
			d.VotedFor = v - 1
		default:
			return fmt.Errorf("a disk has no %q", name)
		}
	}
	return nil
}

// onMessages is the commands that have to do with messages, or with all servers.
func (p *player) onMessages() map[string]func(args []string) error {
	return map[string]func([]string) error{
		"start": func([]string) error { p.boot(); return nil },
		"logs":  func([]string) error { p.printf("%s", p.logsText()); return nil },
		"settle": func([]string) error {
			for len(p.flying) > 0 {
				p.arrive(p.pick(func(packet) bool { return true }))
			}
			return nil
		},
		"deliver": func(args []string) error { return p.each(args, p.arrive) },
		"drop":    func(args []string) error { return p.each(args, func(list []packet) { p.list("lost: ", list) }) },
		"lose": func(args []string) error {
			return p.each(args, func(list []packet) {
				for _, x := range list {
					p.printf("lost, and %s is told: %s", server(x.from), x)
					p.indented(func() { p.step(x.from, Lost{x.to, x.msg}) })
				}
			})
		},
		"flying": func(args []string) error {
			return p.each(args, func(list []packet) {
				p.list("", list)
				p.flying = append(list, p.flying...)
			})
		},
		"keep": func(args []string) error { // a copy, to come again some time
			return p.each(args[1:], func(list []packet) {
				p.saved[args[0]] = slices.Clone(list)
				p.flying = append(list, p.flying...)
			})
		},
		"again": func(args []string) error { p.arrive(p.saved[args[0]]); return nil },
		"run": func(args []string) error {
			d, err := time.ParseDuration(args[0])
			p.running, p.since = true, p.now
			p.run(d)
			p.running = false
			return err
		},
		"wait": func(args []string) error {
			d, err := time.ParseDuration(args[0])
			p.now += d
			return err
		},
	}
}

func (p *player) list(prefix string, list []packet) {
	for _, x := range list {
		p.printf("%s%s", prefix, x)
	}
}

func (p *player) indented(f func()) {
	p.indent += "    "
	f()
	p.indent = p.indent[4:]
}

// arrive delivers packets, one by one.
func (p *player) arrive(list []packet) {
	for _, x := range list {
		if p.cut[x.from] || p.cut[x.to] || p.hosts[x.to].node == nil {
			p.printf("lost: %s", x)
			continue
		}
		p.printf("%s", x)
		p.indented(func() { p.deliver(x) })
	}
}

// each has f handle the packets in the air that all of args fit: S1→S2, S1→, →S2 (or with -> for →), or
// a number, which is how many at most, or "last", which is the one that was sent last.
func (p *player) each(args []string, f func([]packet)) error {
	limit, last := -1, false
	var matches []func(packet) bool
	for _, a := range args {
		if n, err := strconv.Atoi(a); err == nil {
			limit = n
			continue
		}
		if a == "last" {
			last = true
			continue
		}
		from, to, ok := strings.Cut(strings.ReplaceAll(a, "->", "→"), "→")
		if !ok {
			return fmt.Errorf("which messages are %q?", a)
		}
		matches = append(matches, func(x packet) bool {
			return (from == "" || from == server(x.from)) && (to == "" || to == server(x.to))
		})
	}
	picked := p.pick(func(x packet) bool {
		for _, m := range matches {
			if !m(x) {
				return false
			}
		}
		if limit > 0 {
			limit--
			return true
		}
		return limit < 0
	})
	if last && len(picked) > 1 {
		rest := len(picked) - 1
		p.flying = append(picked[:rest:rest], p.flying...)
		picked = picked[rest:]
	}
	f(picked)
	return nil
}
