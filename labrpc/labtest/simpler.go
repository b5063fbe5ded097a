package labtest

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"6.824/labrpc"
)

// simpler makes what is left in the case shorter and narrower, one thing at a time.
func (s *shrinker) simpler() {
	vary(s, func(c *Case) []Fault { return c.Faults }, Fault.variants)
	vary(s, func(c *Case) []Operation { return c.Ops }, Operation.variants)
	s.sooner()
	s.shorter()
}

// vary tries the variants of each item of a list, and then those of the variant.
func vary[T any](s *shrinker, list func(*Case) []T, variants func(T) []T) {
	for i := 0; i < len(list(s.best)); i++ {
		for k := 0; i < len(list(s.best)); k++ {
			all := variants(list(s.best)[i])
			if k >= len(all) {
				break
			}
			if s.try(func(c *Case) bool { list(c)[i] = all[k]; return true }) {
				k = -1 // and again, from its variants
			}
		}
	}
}

// longText is what a text is longer than that is made shorter.
const longText = 12

// variants are operations with a little less in their argument: a text is made shorter, and a list has one element less.
func (o Operation) variants() (all []Operation) {
	var arg any
	d := json.NewDecoder(bytes.NewReader(o.Arg))
	d.UseNumber()
	if d.Decode(&arg) != nil {
		return nil
	}
	vary := func() {
		if text, err := plainJSON(arg); err == nil {
			o := o
			o.Arg = text
			all = append(all, o)
		}
	}
	switch value := arg.(type) {
	case string:
		if len(value) > longText {
			arg = "x"
			vary()
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			whole := value[name]
			switch old := whole.(type) {
			case string:
				if len(old) > longText {
					value[name] = "x"
					vary()
				}
			case []any:
				for i := range old {
					if len(old) > 1 {
						value[name] = without(old, i, i+1)
						vary()
					}
				}
			}
			value[name] = whole
		}
	}
	return all
}

// variants are faults that are a little less than f.
func (f Fault) variants() (all []Fault) {
	vary := func(change func(*Fault)) {
		g := f
		change(&g)
		if g.check() == nil {
			all = append(all, g)
		}
	}
	for _, names := range []func(*Fault) *[]string{
		func(g *Fault) *[]string { return &g.Nodes }, func(g *Fault) *[]string { return &g.From }, func(g *Fault) *[]string { return &g.To },
	} {
		if n := len(*names(&f)); n > 1 {
			for i := range n {
				vary(func(g *Fault) { *names(g) = without(*names(g), i, i+1) })
			}
		}
	}
	if c := f.Link; c != nil {
		for _, heal := range []func(*labrpc.Conditions){
			func(c *labrpc.Conditions) { c.DropRequest = 0 }, func(c *labrpc.Conditions) { c.DropReply = 0 },
			func(c *labrpc.Conditions) { c.Duplicate = 0 }, func(c *labrpc.Conditions) { c.Reorder, c.ReorderBy = 0, labrpc.Dist{} },
			func(c *labrpc.Conditions) { c.Delay = labrpc.Dist{} }, func(c *labrpc.Conditions) { c.Bandwidth, c.Queue = 0, 0 },
		} {
			if healed := *c; true {
				if heal(&healed); healed != *c {
					vary(func(g *Fault) { g.Link = &healed })
				}
			}
		}
	}
	for _, n := range []int{1, f.N / 2, f.N - 1} {
		if n >= 1 && n < f.N {
			vary(func(g *Fault) { g.N = n })
		}
	}
	if f.Mode == Torn {
		vary(func(g *Fault) { g.Mode = Lose })
	}
	if f.Mode == Torn || f.Mode == Lose {
		vary(func(g *Fault) { g.Mode = Keep })
	}
	if half := (f.For / 2).Round(time.Millisecond); f.For >= 20*time.Millisecond {
		vary(func(g *Fault) { g.For = half })
		vary(func(g *Fault) { g.At, g.For = f.At+f.For-half, half })
	}
	return all
}

// sooner makes the run shorter: what comes after a pause comes sooner.
func (s *shrinker) sooner() {
	for i := 0; s.best.Played; i++ {
		times := s.best.times()
		if i >= len(times) {
			return
		}
		from, before := times[i], time.Duration(0)
		if i > 0 {
			before = times[i-1]
		}
		by := (from - before) / 2
		if by >= 50*time.Millisecond && s.try(func(c *Case) bool { c.shift(from, -by); return true }) {
			i--
		}
	}
}

// shorter ends the run sooner, for failures that are not seen before the end: of a history, say.
func (s *shrinker) shorter() {
	for _, share := range []time.Duration{2, 4, 8, 16} {
		for s.try(func(c *Case) bool {
			by := c.Until / share
			c.Until -= by
			c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.At > c.Until })
			c.Ops = slices.DeleteFunc(c.Ops, func(op Operation) bool { return op.At > c.Until })
			return by >= 10*time.Millisecond && s.result.violation.At > c.Until
		}) {
		}
	}
}

// times lists when something is done to the world, without repeats.
func (c *Case) times() (all []time.Duration) {
	for _, f := range c.Faults {
		all = append(all, f.At)
	}
	for _, op := range c.Ops {
		all = append(all, op.At)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// shift moves everything from a time on; a fault that lasts from before to after ends sooner, too.
func (c *Case) shift(from, by time.Duration) {
	for i := range c.Faults {
		switch f := &c.Faults[i]; {
		case f.At >= from:
			f.At += by
		case f.For > 0 && f.At+f.For > from:
			f.For = max(f.For+by, time.Millisecond)
		}
	}
	for i := range c.Ops {
		if c.Ops[i].At >= from {
			c.Ops[i].At += by
		}
	}
	c.Until += by
}

// tidy makes the times of the case readable, if it fails with those too, and has it end with its failure.
func (s *shrinker) tidy() {
	for _, unit := range []time.Duration{time.Millisecond, 10 * time.Microsecond, time.Microsecond} {
		if s.best.Played && s.try(func(c *Case) bool { c.round(unit); return true }) {
			break
		}
	}
	s.try(func(c *Case) bool {
		c.Until = (s.result.violation.At + spare).Round(time.Millisecond)
		return true
	})
}

// lastRuns is the wall time for tidying up, beyond the budget.
const lastRuns = 2 * time.Second

func (c *Case) round(unit time.Duration) {
	for i := range c.Faults {
		f := &c.Faults[i]
		f.At, f.For = f.At.Round(unit), f.For.Round(unit)
	}
	for i := range c.Ops {
		c.Ops[i].At = c.Ops[i].At.Round(unit)
	}
}
