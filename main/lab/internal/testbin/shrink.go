package testbin

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// ShrinkOptions bend a shrinking.
type ShrinkOptions struct {
	Budget time.Duration // 0 leaves it to the kit
	Dir    string        // where the case goes, "" leaves it to the kit
	Save   bool          // it becomes a regression test
}

// Shrink runs a seed that fails, and makes the failure smaller. The result has no Shrunk if it can't.
func (b Binary) Shrink(ctx context.Context, test string, seed int64, opt ShrinkOptions) (Result, error) {
	b.Flags = append(slices.Clone(b.Flags), "-lab.shrink")
	if opt.Budget > 0 {
		b.Flags = append(b.Flags, fmt.Sprintf("-lab.budget=%v", opt.Budget))
	}
	if opt.Dir != "" {
		b.Flags = append(b.Flags, "-lab.trace="+opt.Dir)
	}
	if opt.Save {
		b.Flags = append(b.Flags, "-lab.save")
	}
	var result Result
	_, err := b.Run(ctx, Batch{Test: test, First: seed, Seeds: 1}, func(r Result) { result = r })
	return result, err
}

// Replay runs a case. The result has no digest if the case could not be run; then the output says why.
func (b Binary) Replay(ctx context.Context, test, file string) (Result, Outcome, error) {
	b.Flags = append(slices.Clone(b.Flags), "-lab.replay="+file)
	var result Result
	out, err := b.Run(ctx, Batch{Test: test, First: 1, Seeds: 1}, func(r Result) { result = r })
	return result, out, err
}
