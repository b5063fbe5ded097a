package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"6.824/main/lab/internal/runner"
	"6.824/main/lab/internal/screen"
	"6.824/main/lab/internal/sweep"
	"6.824/main/lab/internal/testbin"
)

// shareOf reads -shard; nothing means all.
func shareOf(text string) (sweep.Share, error) {
	switch text {
	case "":
		return sweep.Share{I: 1, N: 1}, nil
	case "env":
		return sweep.ShareFromEnv(os.Getenv)
	}
	return sweep.ParseShare(text)
}

// shard is the share of a run that is this process's to do.
type shard struct {
	share  sweep.Share
	plan   []runner.Job
	file   *sweep.File // where it is recorded; nothing happens to the zero File
	path   string      // "" if it is not
	before int         // seeds that an earlier process has done
}

// openShard cuts the plan down to a share, and begins its result file, if there shall be
// one, or goes on with it.
func (h *house) openShard(ctx context.Context, share sweep.Share, path string, all []*opened, plan []runner.Job, skipped []string, race bool) (*shard, error) {
	sh := &shard{share: share, path: path, file: &sweep.File{}}
	header := sweep.Header{Share: share, Race: race, Skipped: skipped}
	binaries := map[string]testbin.Binary{}
	for _, o := range all {
		binaries[o.binary.Package] = o.binary
		s := sweep.Suite{Package: o.binary.Package}
		if path != "" {
			var err error
			if s.Code, err = h.tool.SourceSum(ctx, o.ImportPath); err != nil {
				return nil, err
			}
		}
		header.Suites = append(header.Suites, s)
	}
	for _, job := range plan {
		header.Scenarios = append(header.Scenarios, sweep.Scenario{Scenario: job.Scenario, Package: job.Binary.Package, First: job.First, Total: job.Seeds})
	}
	if path == "" {
		sh.plan = header.Jobs(binaries)
		return sh, nil
	}
	file, err := sweep.Open(path, header)
	if err != nil {
		return nil, fmt.Errorf("run: -result: %w", err)
	}
	sh.file, sh.plan = file, file.Jobs(binaries)
	for _, job := range sh.plan {
		sh.before += job.Seeds - job.Left()
	}
	return sh, nil
}

func (sh *shard) record(job int, p runner.Part) error {
	if sh.path == "" {
		return nil
	}
	return sh.file.Record(job, p)
}

// finish completes the result file.
func (sh *shard) finish(tallies []*runner.Tally) error {
	if sh.path == "" {
		return nil
	}
	var stopped []int
	for i, t := range tallies {
		if t.Stopped {
			stopped = append(stopped, i)
		}
	}
	return sh.file.Finish(stopped)
}

// tell says which share it was, and where its results are.
func (sh *shard) tell(out screen.Screen) {
	if sh.share.N == 1 && sh.path == "" {
		return
	}
	text := "share " + sh.share.String()
	if sh.before > 0 {
		text += fmt.Sprintf(", %s of it done before", plural(sh.before, "seed"))
	}
	switch {
	case sh.path == "":
	case sh.file.Complete:
		text += "; results in " + sh.path
	default:
		text += "; the same command goes on with " + sh.path + sweep.Unfinished
	}
	fmt.Fprintln(out, text)
}

// merge makes one verdict of result files.
func merge(_ context.Context, args []string, out screen.Screen) error {
	f := flag.NewFlagSet("merge", flag.ContinueOnError)
	args, err := parse(f, "merge FILE|DIRECTORY …", args, len(args), out)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return errors.New("merge: result files are needed, or the directory in which they are; usage: lab merge FILE|DIRECTORY …")
	}
	paths, err := sweep.Files(args)
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	var all []*sweep.Results
	for _, path := range paths {
		r, err := sweep.Read(path)
		if err != nil {
			return fmt.Errorf("merge: %w", err)
		}
		all = append(all, r)
	}
	m, err := sweep.Merge(all)
	if err != nil {
		return fmt.Errorf("merge: %w", err)
	}
	lack := lacking(m)
	v := verdict{tallies: m.Tallies, skipped: m.Header.Skipped, partial: lack != "", race: m.Header.Race}
	v.print(out)
	fmt.Fprintf(out, "merged from %s of %d\n", plural(len(all), "share"), m.Header.N)
	switch {
	case v.failed():
		if lack != "" {
			fmt.Fprintln(out, lack)
		}
		return errFailed
	case lack != "":
		return errors.New("merge: " + lack)
	}
	return nil
}

// lacking says what there is still to run, "" if nothing.
func lacking(m *sweep.Merged) string {
	var facts []string
	if n := len(m.Missing); n > 0 {
		verb := "is"
		if n > 1 {
			verb = "are"
		}
		facts = append(facts, fmt.Sprintf("%s of %d %s missing: %s", plural(n, "share"), m.Header.N, verb, ranges(m.Missing)))
	}
	for _, r := range m.Partial {
		facts = append(facts, fmt.Sprintf("share %s is not done: %s", r.Header.Share, r.Path))
	}
	return strings.Join(facts, "; ")
}

// ranges renders ascending numbers as a job array takes them: 1-3,7.
func ranges(numbers []int) string {
	var parts []string
	for i := 0; i < len(numbers); {
		end := i
		for end+1 < len(numbers) && numbers[end+1] == numbers[end]+1 {
			end++
		}
		text := fmt.Sprint(numbers[i])
		if end > i {
			text += fmt.Sprintf("-%d", numbers[end])
		}
		parts = append(parts, text)
		i = end + 1
	}
	return strings.Join(parts, ",")
}
