package tracediff

import (
	"fmt"
	"slices"
	"strings"

	"6.824/labrpc/labtest/trace"
)

// Level is what of two traces is compared.
type Level struct {
	Name, Doc string
	kinds     []string // of events; none means all
	// Two implementations do the same at other times, and what their nodes and clients do
	// interleaves otherwise: then each node's or client's events are compared by themselves,
	// and their times are not.
	apart bool
}

// Levels are the levels, the one that sees most first.
var Levels = []Level{
	{Name: "all", Doc: "every event and its time"},
	{Name: "faults", Doc: "faults, crashes and restarts, and their times",
		kinds: []string{"began", "ended", "start", "crash", "restart", "pause", "resume"}},
	{Name: "ops", Doc: "each client's operations, whenever they were", kinds: []string{"invoke", "return"}, apart: true},
	{Name: "state", Doc: "what each node reported, whenever it did", kinds: []string{"report", trace.Shown}, apart: true},
}

// LevelNamed finds a level.
func LevelNamed(name string) (Level, error) {
	var names []string
	for _, l := range Levels {
		if l.Name == name {
			return l, nil
		}
		names = append(names, l.Name)
	}
	return Level{}, fmt.Errorf("there is no level %q; there is %s", name, strings.Join(names, ", "))
}

// sees reports whether events of the kind belong to the level.
func (l Level) sees(e trace.Event) bool { return len(l.kinds) == 0 || slices.Contains(l.kinds, e.Kind) }

// Lacking says which of the traces have nothing at this level, such as that of an
// implementation that does not report its state; "" if both have something.
func (l Level) Lacking(a, b *trace.Trace) string {
	hasA, hasB := slices.ContainsFunc(a.Events, l.sees), slices.ContainsFunc(b.Events, l.sees)
	switch {
	case !hasA && !hasB:
		return "neither has any"
	case !hasB:
		return "only A has any"
	case !hasA:
		return "only B has any"
	}
	return ""
}

// lanes parts a trace's events into those that are compared in their order.
func (l Level) lanes(t *trace.Trace) map[string][]trace.Event {
	lanes := map[string][]trace.Event{}
	for _, e := range t.Events {
		if !l.sees(e) {
			continue
		}
		lane := ""
		if l.apart {
			lane = e.Node
		}
		lanes[lane] = append(lanes[lane], e)
	}
	return lanes
}

// same reports whether two events are the same at this level. Their numbers never count:
// one event more moves all that follow.
func (l Level) same(a, b trace.Event) bool { return (l.apart || a.At == b.At) && sameBut(a, b) }

// sameBut compares all but number and time.
func sameBut(a, b trace.Event) bool {
	return a.Kind == b.Kind && a.Node == b.Node && a.To == b.To && a.Method == b.Method && a.N == b.N && a.Copy == b.Copy &&
		a.Bytes == b.Bytes && a.Sum == b.Sum && a.Text == b.Text && string(a.State) == string(b.State)
}
