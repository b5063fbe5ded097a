package view

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// chromeEvent is one of Chrome's trace events; times are in microseconds.
type chromeEvent struct {
	Name  string         `json:"name"`
	Cat   string         `json:"cat,omitempty"`
	Phase string         `json:"ph"`
	At    float64        `json:"ts"`
	Dur   float64        `json:"dur,omitempty"`
	PID   int            `json:"pid"`
	TID   int            `json:"tid"`
	ID    int            `json:"id,omitempty"`
	Bind  string         `json:"bp,omitempty"`
	Scope string         `json:"s,omitempty"`
	Args  map[string]any `json:"args,omitempty"`
}

// shortest is how long an instant is made, so that there is something to click at and for arrows to begin and end in.
const shortest = time.Microsecond

// writeChrome writes a thread per lane with its events as short slices, messages as flows, operations and bands as
// slices of their length.
func writeChrome(w io.Writer, d *Diagram) error {
	out := &chromeWriter{w: bufio.NewWriter(w)}
	out.raw(`{"displayTimeUnit":"ms","otherData":`)
	out.json(map[string]any{"suite": d.Header.Suite, "scenario": d.Header.Scenario, "seed": d.Header.Seed, "verdict": d.verdict()})
	out.raw(`,"traceEvents":[` + "\n")
	const faults, lanes = 1, 2 // "processes"
	out.event(chromeEvent{Name: "process_name", Phase: "M", PID: lanes, Args: map[string]any{"name": d.Header.Scenario}})
	out.event(chromeEvent{Name: "process_name", Phase: "M", PID: faults, Args: map[string]any{"name": "faults"}})
	for i, name := range d.Lanes {
		out.event(chromeEvent{Name: "thread_name", Phase: "M", PID: lanes, TID: i + 1, Args: map[string]any{"name": name}})
		out.event(chromeEvent{Name: "thread_sort_index", Phase: "M", PID: lanes, TID: i + 1, Args: map[string]any{"sort_index": i}})
	}
	for i, b := range d.Bands {
		if len(b.Lanes) == 1 && b.Down {
			out.event(chromeEvent{Name: b.Text, Cat: "fault", Phase: "b", At: micros(b.From), PID: lanes, TID: b.Lanes[0] + 1, ID: i + 1})
			out.event(chromeEvent{Name: b.Text, Cat: "fault", Phase: "e", At: micros(b.To), PID: lanes, TID: b.Lanes[0] + 1, ID: i + 1})
			continue
		}
		out.event(chromeEvent{Name: b.Text, Cat: "fault", Phase: "X", At: micros(b.From), Dur: micros(b.To - b.From), PID: faults, TID: i + 1})
	}
	for i := d.First; i < len(d.Events); i++ {
		d.chromeEvents(out, i, lanes)
	}
	if d.Break != Nowhere {
		out.event(chromeEvent{Name: "BROKEN: " + d.Footer.Check, Phase: "i", At: micros(d.Events[d.Break].At), PID: lanes, Scope: "g"})
	}
	out.raw("\n]}\n")
	if out.err != nil {
		return out.err
	}
	return out.w.Flush()
}

// chromeEvents writes what becomes of one event.
func (d *Diagram) chromeEvents(out *chromeWriter, i, pid int) {
	e, lane := &d.Events[i], d.Lane[i]
	if lane == Nowhere {
		return
	}
	args := map[string]any{"seq": e.Seq, "text": e.What()}
	if content, ok := d.Contents[e.Seq]; ok && e.Kind != "shown" {
		args["content"] = content
	}
	if len(e.State) > 0 {
		args["state"] = e.State
	}
	name := e.Kind
	if e.Method != "" {
		name += " " + e.Method
	} else if e.Text != "" {
		name += " " + e.Text
	}
	at, tid := micros(e.At), lane+1
	out.event(chromeEvent{Name: name, Cat: e.Kind, Phase: "X", At: at, Dur: micros(shortest), PID: pid, TID: tid, Args: args})
	if d.leaves(i) {
		out.event(chromeEvent{Name: e.Method, Cat: "message", Phase: "s", At: at, PID: pid, TID: tid, ID: i + 1})
	}
	if cause := d.Cause[i]; cause >= d.First {
		out.event(chromeEvent{Name: d.Events[cause].Method, Cat: "message", Phase: "f", Bind: "e", At: at, PID: pid, TID: tid, ID: cause + 1})
	}
	switch e.Kind {
	case "invoke":
		out.event(chromeEvent{Name: string(e.State), Cat: "operation", Phase: "b", At: at, PID: pid, TID: tid, ID: int(e.N)<<10 | lane})
	case "return":
		out.event(chromeEvent{Name: "", Cat: "operation", Phase: "e", At: at, PID: pid, TID: tid, ID: int(e.N)<<10 | lane, Args: map[string]any{"answer": e.State}})
	}
}

func micros(d time.Duration) float64 { return float64(d) / 1e3 }

// chromeWriter writes a list of events, and keeps the first error.
type chromeWriter struct {
	w     *bufio.Writer
	begun bool
	err   error
}

func (c *chromeWriter) event(e chromeEvent) {
	if c.begun {
		c.raw(",\n")
	}
	c.begun = true
	c.json(e)
}

func (c *chromeWriter) json(v any) {
	b, err := json.Marshal(v)
	if err != nil && c.err == nil {
		c.err = fmt.Errorf("event: %w", err)
	}
	c.raw(string(b))
}

func (c *chromeWriter) raw(s string) {
	if _, err := c.w.WriteString(s); err != nil && c.err == nil {
		c.err = err
	}
}
