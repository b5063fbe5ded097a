package sweep

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/testbin"
)

// version is the version of the result file's format, in its first line.
const version = 1

// Unfinished is what the name of a result file ends in until its share is done.
const Unfinished = ".part"

// Header is the first line of a result file: what was to be run.
type Header struct {
	Version int `json:"sweep"`
	Share
	Race      bool       `json:"race,omitempty"`
	Suites    []Suite    `json:"suites"`
	Scenarios []Scenario `json:"scenarios"`
	Skipped   []string   `json:"skipped,omitempty"`
}

// Suite is a package whose scenarios were run.
type Suite struct {
	Package string `json:"package"`
	Code    string `json:"code"` // a fingerprint of its source
}

// Scenario is a scenario and its seeds, those of all shares together.
type Scenario struct {
	testbin.Scenario
	Package string `json:"package"`
	First   int64  `json:"first"`
	Total   int    `json:"total"`
}

// job is a share of the scenario, the turn-th of the run.
func (sc Scenario) job(share Share, turn int, race bool) runner.Job {
	first, seeds := share.Of(sc.First, sc.Total, turn)
	return runner.Job{Binary: testbin.Binary{Package: sc.Package, Race: race}, Scenario: sc.Scenario, First: first, Seeds: seeds}
}

// Jobs is the share, to be run by the binaries of the packages.
func (h Header) Jobs(binaries map[string]testbin.Binary) []runner.Job {
	var jobs []runner.Job
	for i, sc := range h.Scenarios {
		job := sc.job(h.Share, i, h.Race)
		job.Binary = binaries[sc.Package]
		jobs = append(jobs, job)
	}
	return jobs
}

// line is any other line of a result file: a part of a scenario's seeds, or at its end
// which scenarios were stopped after too many failures.
type line struct {
	Scenario int          `json:"scenario"`
	Part     *runner.Part `json:"part,omitempty"`
	Complete bool         `json:"complete,omitempty"`
	Stopped  []int        `json:"stopped,omitempty"`
}

// Results is what a result file says.
type Results struct {
	Path     string
	Header   Header
	Parts    [][]runner.Part // of each scenario
	Stopped  []int           // scenarios that were stopped after too many failures
	Complete bool            // the share is done
	size     int             // of the file up to the end of its last whole line
}

// Read reads a result file. That of a share that is not done may end in the middle of a
// line, which does not count.
func Read(path string) (*Results, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &Results{Path: path}
	if err := r.parse(text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

func (r *Results) parse(text []byte) error {
	for n := 1; ; n++ {
		end := bytes.IndexByte(text, '\n')
		if end < 0 {
			if n == 1 {
				return errors.New("not a result file of lab run -shard")
			}
			return nil
		}
		if err := r.line(n, text[:end]); err != nil {
			return err
		}
		r.size += end + 1
		text = text[end+1:]
	}
}

func (r *Results) line(n int, text []byte) error {
	if n == 1 {
		switch err := json.Unmarshal(text, &r.Header); {
		case err != nil || r.Header.Version == 0 || r.Header.N < 1:
			return errors.New("not a result file of lab run -shard")
		case r.Header.Version != version:
			return fmt.Errorf("a result file of version %d; this lab reads version %d", r.Header.Version, version)
		}
		r.Parts = make([][]runner.Part, len(r.Header.Scenarios))
		return nil
	}
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	switch {
	case r.Complete:
		return fmt.Errorf("line %d: there is more after the end", n)
	case l.Complete:
		r.Complete, r.Stopped = true, l.Stopped
		return nil
	case l.Part == nil || l.Scenario < 0 || l.Scenario >= len(r.Parts):
		return fmt.Errorf("line %d: it is of no scenario", n)
	}
	sc := r.Header.Scenarios[l.Scenario]
	if err := fits(*l.Part, r.Parts[l.Scenario], sc.job(r.Header.Share, l.Scenario, false)); err != nil {
		return fmt.Errorf("line %d: %s/%s: %w", n, sc.Suite, sc.Name, err)
	}
	r.Parts[l.Scenario] = append(r.Parts[l.Scenario], *l.Part)
	return nil
}

// fits makes sure that a part is of the job, and that none of its seeds is there already.
func fits(p runner.Part, others []runner.Part, job runner.Job) error {
	end := p.From + int64(p.Done)
	if p.Done < 1 || p.From < job.First || end > job.First+int64(job.Seeds) {
		return fmt.Errorf("seeds %d to %d are not of this share", p.From, end-1)
	}
	for _, o := range others {
		if p.From < o.From+int64(o.Done) && o.From < end {
			return fmt.Errorf("seeds from %d on are there twice", max(p.From, o.From))
		}
	}
	return nil
}

// File is a result file that is being written: under a name that ends in [Unfinished]
// until it is complete.
type File struct {
	Results
	file *os.File // nil if it was complete from the start
}

// Open begins the result file of a share, or goes on with it where a task that was
// killed has left off; the parts that are done are in its Results. A file at path of
// anything else than what the header says is replaced when this one is complete.
func Open(path string, h Header) (*File, error) {
	h.Version = version
	if old, err := Read(path); err == nil && old.Complete && old.Header.same(h) {
		return &File{Results: *old}, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	part := path + Unfinished
	file, err := os.OpenFile(part, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	f := &File{file: file}
	if err := f.begin(part, h); err != nil {
		file.Close()
		return nil, err
	}
	f.Path = path
	return f, nil
}

func (f *File) begin(part string, h Header) error {
	if err := lock(f.file); err != nil {
		return fmt.Errorf("%s: another process writes it: %w", part, err)
	}
	// Whoever held it until now may have given it its final name.
	mine, err := f.file.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Stat(part); err != nil || !os.SameFile(mine, there) {
		return fmt.Errorf("%s: another process has just completed it", part)
	}
	if old, err := Read(part); err == nil && old.Header.same(h) && !old.Complete {
		f.Results = *old
		return f.file.Truncate(int64(old.size)) // a line that was cut off
	}
	f.Results = Results{Header: h, Parts: make([][]runner.Part, len(h.Scenarios))}
	if err := f.file.Truncate(0); err != nil {
		return err
	}
	return f.write(h)
}

// same reports whether two files are of the same share of the same run.
func (h Header) same(o Header) bool {
	a, err1 := json.Marshal(h)
	b, err2 := json.Marshal(o)
	return err1 == nil && err2 == nil && bytes.Equal(a, b)
}

// Jobs is what is left to run.
func (f *File) Jobs(binaries map[string]testbin.Binary) []runner.Job {
	jobs := f.Header.Jobs(binaries)
	for i := range jobs {
		jobs[i].Before = f.Parts[i]
	}
	return jobs
}

// Record adds a part of a scenario's seeds. It is in the file, as far as the operating
// system goes, when Record returns.
func (f *File) Record(scenario int, p runner.Part) error {
	if err := fits(p, f.Parts[scenario], f.Header.Scenarios[scenario].job(f.Header.Share, scenario, false)); err != nil {
		return err
	}
	f.Parts[scenario] = append(f.Parts[scenario], p)
	return f.write(line{Scenario: scenario, Part: &p})
}

// Finish completes the file, which gets its name only now.
func (f *File) Finish(stopped []int) error {
	if f.Complete {
		return nil
	}
	if err := f.write(line{Complete: true, Stopped: stopped}); err != nil {
		return err
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	if err := os.Rename(f.Path+Unfinished, f.Path); err != nil {
		return err
	}
	f.Complete = true
	return f.file.Close()
}

// Close leaves the file as it is.
func (f *File) Close() {
	if f.file != nil {
		f.file.Close()
	}
}

// write appends a line, in one piece.
func (f *File) write(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = f.file.Write(append(text, '\n'))
	return err
}

// together says why two files are not of one run, nil if they are.
func together(a, b Header) error {
	switch {
	case a.N != b.N:
		return fmt.Errorf("one is of %d shares, the other of %d", a.N, b.N)
	case a.Race != b.Race:
		return errors.New("one ran with -race, the other without")
	case len(a.Suites) != len(b.Suites):
		return errors.New("they are of different suites")
	}
	for i, s := range a.Suites {
		switch o := b.Suites[i]; {
		case s.Package != o.Package:
			return fmt.Errorf("one ran %s, the other %s", s.Package, o.Package)
		case s.Code != o.Code:
			return fmt.Errorf("%s was not the same code: %s and %s", s.Package, s.Code, o.Code)
		}
	}
	if !reflect.DeepEqual(a.Scenarios, b.Scenarios) {
		return errors.New("they are of different scenarios or seeds")
	}
	return nil
}

// Files are the result files that the arguments name: files, and all of a directory.
func Files(args []string) ([]string, error) {
	var found []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			var where *fs.PathError
			if errors.As(err, &where) {
				err = where.Err
			}
			return nil, fmt.Errorf("%s: %w", arg, err)
		}
		if !info.IsDir() {
			found = append(found, arg)
			continue
		}
		for _, pattern := range []string{"*.jsonl", "*.jsonl" + Unfinished} {
			there, err := filepath.Glob(filepath.Join(arg, pattern))
			if err != nil {
				return nil, err
			}
			found = append(found, there...)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no result files (*.jsonl) there")
	}
	return found, nil
}
