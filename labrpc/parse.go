package labrpc

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ParseDist reads what [Dist.String] writes. A bare duration such as "5ms" is a constant, and the empty string is the zero Dist.
func ParseDist(s string) (Dist, error) {
	p := distParser{rest: s}
	d, err := p.dist(0)
	if err == nil && p.skip() != "" {
		err = fmt.Errorf("%q is left over", p.rest)
	}
	if err != nil {
		return Dist{}, fmt.Errorf("labrpc: distribution %q: %w", s, err)
	}
	return d, nil
}

type distParser struct{ rest string }

// maxDistDepth bounds how deep bimodals nest in a text.
const maxDistDepth = 20

func (p *distParser) dist(depth int) (Dist, error) {
	if depth > maxDistDepth {
		return Dist{}, fmt.Errorf("nested too deep")
	}
	name := p.word()
	switch name {
	case "", "none":
		return Dist{}, nil
	case "constant", "exponential":
		args, err := p.durations(1)
		if err != nil {
			return Dist{}, err
		}
		if name == "constant" {
			return Constant(args[0]), nil
		}
		return Exponential(args[0]), nil
	case "uniform":
		args, err := p.durations(2)
		if err != nil {
			return Dist{}, err
		}
		if args[1] < args[0] {
			return Dist{}, fmt.Errorf("uniform from %v down to %v", args[0], args[1])
		}
		return Uniform(args[0], args[1]), nil
	case "bimodal":
		return p.bimodal(depth)
	}
	d, err := duration(name)
	return Constant(d), err
}

func (p *distParser) bimodal(depth int) (d Dist, err error) {
	var short, long Dist
	for i, part := range []*Dist{&short, &long} {
		if err := p.expect("(,"[i : i+1]); err != nil {
			return d, err
		}
		if *part, err = p.dist(depth + 1); err != nil {
			return d, err
		}
	}
	if err := p.expect(","); err != nil {
		return d, err
	}
	share, err := strconv.ParseFloat(p.word(), 64)
	if err != nil || !(share >= 0 && share <= 1) {
		return d, fmt.Errorf("the last argument of bimodal is a number from 0 to 1")
	}
	return Bimodal(short, long, share), p.expect(")")
}

// durations reads a list of n durations in parentheses.
func (p *distParser) durations(n int) ([]time.Duration, error) {
	ds := make([]time.Duration, n)
	for i := range ds {
		sep := ","
		if i == 0 {
			sep = "("
		}
		if err := p.expect(sep); err != nil {
			return nil, err
		}
		var err error
		if ds[i], err = duration(p.word()); err != nil {
			return nil, err
		}
	}
	return ds, p.expect(")")
}

func duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("negative duration %v", d)
	}
	return d, err
}

func (p *distParser) skip() string {
	p.rest = strings.TrimLeft(p.rest, " \t")
	return p.rest
}

// word takes everything up to the next delimiter.
func (p *distParser) word() string {
	p.skip()
	end := strings.IndexAny(p.rest, "(), \t")
	if end < 0 {
		end = len(p.rest)
	}
	w := p.rest[:end]
	p.rest = p.rest[end:]
	return w
}

func (p *distParser) expect(token string) error {
	if rest, ok := strings.CutPrefix(p.skip(), token); ok {
		p.rest = rest
		return nil
	}
	return fmt.Errorf("%q expected before %q", token, p.rest)
}
