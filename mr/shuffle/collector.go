package shuffle

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"slices"

	"6.824/mr/store"
)

// Config is how a map task's output is made.
type Config struct {
	Reduces   int
	Partition func(key string, n int) int                      // which reduce task a key goes to; nil: [Hash]
	Combine   func(key string, values iter.Seq[string]) string // makes one value out of several before they are written; may be nil
	Memory    int                                              // bytes to hold before they are spilled to a file
}

// Collector takes what a map task emits. When it holds more than its memory allows, it spills: it
// writes what it has to a file of its own, and merges those files at the end.
type Collector struct {
	cfg    Config
	store  store.Store
	temp   string
	groups []group
	index  map[string]int32
	held   int
	spills []string
	Spills int   // spilled files, at the end
	Bytes  int64 // of the output, at the end
}

// group is the values of a key so far.
type group struct {
	key  string
	part int32
	run  run   // the last values
	runs []run // those before
}

// run is a value so many times.
type run struct {
	value string
	n     int
}

// What a group and a run take beside their bytes, roughly.
const groupOverhead, runOverhead = 160, 32

// NewCollector makes a collector whose temporary files have names that begin with temp.
func NewCollector(s store.Store, temp string, cfg Config) *Collector {
	if cfg.Partition == nil {
		cfg.Partition = Hash
	}
	if cfg.Memory == 0 {
		cfg.Memory = 64 << 20
	}
	return &Collector{cfg: cfg, store: s, temp: temp, index: map[string]int32{}}
}

// Add takes a pair.
func (c *Collector) Add(key, value string) error {
	i, ok := c.index[key]
	if !ok {
		i = int32(len(c.groups))
		c.index[key] = i
		c.groups = append(c.groups, group{key: key, run: run{value, 1}})
		c.held += len(key) + len(value) + groupOverhead
	} else if g := &c.groups[i]; g.run.value == value {
		g.run.n++
		return nil
	} else {
		g.runs = append(g.runs, g.run)
		g.run = run{value, 1}
		c.held += len(value) + runOverhead
	}
	if c.held > c.cfg.Memory {
		return c.spill()
	}
	return nil
}

// sort puts the groups in the order of their sections and keys.
func (c *Collector) sort() error {
	for i := range c.groups {
		g := &c.groups[i]
		p := c.cfg.Partition(g.key, c.cfg.Reduces)
		if p < 0 || p >= c.cfg.Reduces {
			return fmt.Errorf("the partitioner sends the key %q to reduce task %d, there are %d", g.key, p, c.cfg.Reduces)
		}
		g.part = int32(p)
	}
	slices.SortFunc(c.groups, func(a, b group) int {
		if a.part != b.part {
			return cmp.Compare(a.part, b.part)
		}
		return cmp.Compare(a.key, b.key)
	})
	return nil
}

// write writes all groups as an output file.
func (c *Collector) write(name string) (int64, error) {
	if err := c.sort(); err != nil {
		return 0, err
	}
	f, err := c.store.Create(name)
	if err != nil {
		return 0, err
	}
	w := newWriter(f, c.cfg.Reduces)
	for i := range c.groups {
		g := &c.groups[i]
		w.section(int(g.part))
		if c.cfg.Combine == nil || len(g.runs) == 0 && g.run.n == 1 {
			w.record(g.key, append(g.runs, g.run))
		} else {
			w.record(g.key, []run{{c.cfg.Combine(g.key, valuesOf(append(g.runs, g.run))), 1}})
		}
	}
	return w.close()
}

func valuesOf(runs []run) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, r := range runs {
			for range r.n {
				if !yield(r.value) {
					return
				}
			}
		}
	}
}

func (c *Collector) spill() error {
	name := fmt.Sprintf("%s.spill%d", c.temp, len(c.spills))
	c.spills = append(c.spills, name)
	if _, err := c.write(name); err != nil {
		return fmt.Errorf("spilling: %w", err)
	}
	c.groups, c.held = nil, 0
	clear(c.index)
	return nil
}

// Commit writes the output of the task, under a temporary name first: a file of the name that is given is always whole.
func (c *Collector) Commit(name string) (err error) {
	temp := c.temp + ".tmp"
	defer func() { err = errors.Join(err, c.Discard()) }()
	c.Spills = len(c.spills)
	if len(c.spills) == 0 {
		c.Bytes, err = c.write(temp)
	} else {
		if len(c.groups) > 0 {
			if err := c.spill(); err != nil {
				return err
			}
		}
		c.Bytes, err = c.mergeSpills(temp)
	}
	if err != nil {
		return errors.Join(err, c.store.Remove(temp))
	}
	return c.store.Rename(temp, name)
}

// Discard removes the temporary files.
func (c *Collector) Discard() error {
	var errs []error
	for _, name := range c.spills {
		errs = append(errs, c.store.Remove(name))
	}
	c.spills, c.groups, c.index = nil, nil, nil
	return errors.Join(errs...)
}

// mergeSpills writes what was spilled as one output file.
func (c *Collector) mergeSpills(name string) (n int64, err error) {
	f, err := c.store.Create(name)
	if err != nil {
		return 0, err
	}
	w := newWriter(f, c.cfg.Reduces)
	for p := range c.cfg.Reduces {
		w.section(p)
		m, err := Merge(c.store, c.temp+".merge", c.spills, p)
		if err != nil {
			return 0, errors.Join(err, f.Close())
		}
		for m.Next() {
			if c.cfg.Combine != nil {
				w.record(m.Key(), []run{{c.cfg.Combine(m.Key(), m.Values()), 1}})
				continue
			}
			m.each(func(r run) bool {
				w.record(m.Key(), []run{r})
				return true
			})
		}
		if err := errors.Join(m.Err(), m.Close()); err != nil {
			return 0, errors.Join(err, f.Close())
		}
	}
	return w.close()
}

// Hash is the partition of a key: the FNV-1a hash of it without its highest bit, as the course has it.
func Hash(key string, n int) int {
	h := uint32(2166136261)
	for i := range len(key) {
		h = (h ^ uint32(key[i])) * 16777619
	}
	return int(h&0x7fffffff) % n
}
