package sweep

import (
	"fmt"
	"slices"

	"6.824/main/lab/internal/runner"
)

// Merged is what the shares of a run came to together.
type Merged struct {
	Tallies []*runner.Tally
	Header  Header     // of any of the files, but for its share
	Missing []int      // shares of which there is no file
	Partial []*Results // files of shares that are not done; what they have is in the tallies
}

// Merge adds up the result files of one run. That files are missing is no error; that
// they are not of one run is, or that a share is there twice.
func Merge(all []*Results) (*Merged, error) {
	m := &Merged{Header: all[0].Header}
	byShare := map[int]*Results{}
	for _, r := range all {
		if err := together(all[0].Header, r.Header); err != nil {
			return nil, fmt.Errorf("%s and %s are not of one run: %w", all[0].Path, r.Path, err)
		}
		if other := byShare[r.Header.I]; other != nil {
			return nil, fmt.Errorf("share %s is there twice: in %s and %s", r.Header.Share, other.Path, r.Path)
		}
		byShare[r.Header.I] = r
	}
	for i := range m.Header.N {
		switch r := byShare[i+1]; {
		case r == nil:
			m.Missing = append(m.Missing, i+1)
		case !r.Complete:
			m.Partial = append(m.Partial, r)
		}
	}
	for i, sc := range m.Header.Scenarios {
		job := sc.job(Share{1, 1}, 0, m.Header.Race)
		for _, r := range all {
			job.Before = append(job.Before, r.Parts[i]...)
		}
		t := runner.NewTally(job)
		t.Stopped = slices.ContainsFunc(all, func(r *Results) bool { return slices.Contains(r.Stopped, i) })
		m.Tallies = append(m.Tallies, t)
	}
	return m, m.whole(all)
}

// whole makes sure that complete shares have all of their seeds, but for scenarios that
// were stopped.
func (m *Merged) whole(all []*Results) error {
	for _, r := range all {
		for i, sc := range m.Header.Scenarios {
			done := 0
			for _, p := range r.Parts[i] {
				done += p.Done
			}
			if want := sc.job(r.Header.Share, i, false).Seeds; r.Complete && done < want && !slices.Contains(r.Stopped, i) {
				return fmt.Errorf("%s: it says that it is complete, but has only %d of %d seeds of %s/%s", r.Path, done, want, sc.Suite, sc.Name)
			}
		}
	}
	return nil
}
