package view

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
)

// shivizParser is the regular expression by which ShiViz reads the log: what it calls the log parsing regular expression.
const shivizParser = `(?<host>\S*) (?<clock>{.*})\n(?<event>.*)`

// writeShiViz writes the log as ShiViz takes it: the parser, a blank line for "one execution", and two lines per event: host and vector
// clock, and what happened. Losses, and faults, are of nobody; they stand on the lane of who sent, or are left out.
func writeShiViz(w io.Writer, d *Diagram) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n\n", shivizParser)
	clocks := make([]map[string]int, len(d.Lanes))
	for i := range clocks {
		clocks[i] = map[string]int{}
	}
	sent := map[int]map[string]int{} // clocks that are on their way, by the event that sent them
	for i := d.First; i < len(d.Events); i++ {
		e := &d.Events[i]
		lane := d.Lane[i]
		if lane == Nowhere {
			if cause := d.Cause[i]; cause >= d.First {
				lane = d.Lane[cause]
			}
		}
		if lane == Nowhere {
			continue
		}
		clock := clocks[lane]
		if d.Lane[i] != Nowhere {
			for name, n := range sent[d.Cause[i]] {
				clock[name] = max(clock[name], n)
			}
		}
		clock[d.Lanes[lane]]++
		if d.leaves(i) {
			sent[i] = maps.Clone(clock)
		}
		stamp, err := json.Marshal(clock)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s %s\n%s %s\n", d.Lanes[lane], stamp, e.Stamp(), e.What())
	}
	return out.Flush()
}

// leaves says whether a message leaves with an event.
func (d *Diagram) leaves(i int) bool {
	switch d.Events[i].Kind {
	case "sent", "replied", "duplicated", "tampered":
		return true
	}
	return false
}
