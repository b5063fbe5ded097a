package main

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// held is how many values a combiner holds before it combines them.
const held = 1 << 18

// combiner holds back what Map emits, so that fewer values of a key are shuffled. Beam has combiners of its own, but they are not
// told the key, which Combine is.
type combiner struct {
	combine func(key string, values iter.Seq[string]) string
	values  map[string]*[]string
	n       int // values held
}

func newCombiner(combine func(string, iter.Seq[string]) string) *combiner {
	return &combiner{combine: combine, values: map[string]*[]string{}}
}

// add takes a pair. What it can't hold any more, it emits.
func (c *combiner) add(key, value string, emit func(key, value []byte)) {
	values, ok := c.values[key]
	if !ok {
		values = new([]string)
		c.values[strings.Clone(key)] = values // a part of a file would keep all of it in memory
	}
	*values = append(*values, strings.Clone(value))
	if c.n++; c.n < held {
		return
	}
	c.n = len(c.values)
	if c.n > held/2 { // too many keys for it to be worthwhile
		c.flush(emit)
		return
	}
	for key, values := range c.values {
		*values = append((*values)[:0], c.one(key, *values))
	}
}

// flush emits all that is held, keys in order.
func (c *combiner) flush(emit func(key, value []byte)) {
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		emit([]byte(key), []byte(c.one(key, *c.values[key])))
	}
	clear(c.values)
	c.n = 0
}

// one makes one value out of several.
func (c *combiner) one(key string, values []string) string {
	if len(values) == 1 {
		return values[0]
	}
	return c.combine(key, slices.Values(values))
}
