// Package view shows a recorded run: as a page to step through, as text, and in the formats of ShiViz and of Chrome's trace viewer.
//
// What all of them are made from is the run's space-time diagram (Lamport, "Time, Clocks, and the Ordering of Events"): a lane per node
// and client, the events on it in their order, and the messages between lanes. See [Diagram].
package view

import (
	"fmt"
	"io"
	"strings"

	"6.824/labrpc/labtest/trace"
)

// Format is a way to show a run.
type Format struct {
	Name, Doc string
	Ext       string // of its files
	write     func(io.Writer, *Diagram) error
}

// Formats are the formats, the page first.
var Formats = []Format{
	{Name: "html", Ext: ".html", Doc: "a self-contained page to step through", write: writePage},
	{Name: "text", Ext: ".txt", Doc: "a line per event, with what it says and the state that it leaves", write: writeText},
	{Name: "shiviz", Ext: ".shiviz.log", Doc: "ShiViz's log with vector clocks, for https://bestchai.bitbucket.io/shiviz", write: writeShiViz},
	{Name: "chrome", Ext: ".chrome.json", Doc: "Chrome's trace events, for https://ui.perfetto.dev", write: writeChrome},
}

// FormatNamed finds a format.
func FormatNamed(name string) (Format, error) {
	var names []string
	for _, f := range Formats {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("there is no format %q; there is %s", name, strings.Join(names, ", "))
}

// MostEvents is how many events are shown unless one asks for more.
const MostEvents = 50_000

// Write shows the last most events of a run before its end, or before the step in which it broke; 0 is MostEvents. What is left out is said.
func (f Format) Write(w io.Writer, t *trace.Trace, most int) error {
	if most <= 0 {
		most = MostEvents
	}
	return f.write(w, newDiagram(t, most))
}
