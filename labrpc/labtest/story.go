package labtest

import (
	"fmt"
	"strings"
	"time"
)

// A story is what happened in a run, as far as it fits on a screen.
type story struct {
	tell  func(Event) string // of the suite
	lines []storyLine
}

type storyLine struct {
	at    time.Duration
	who   string
	text  string
	minor bool // the first that are left out when the screen is full
}

// screenful is how many lines a story has at most.
const screenful = 32

// story runs a case, and tells.
func (r *runner) story(c *Case) string {
	s := &story{tell: func(Event) string { return "" }}
	if r.suite.Tell != nil {
		s.tell = r.suite.Tell()
	}
	again := *r
	again.plan = c
	res, _ := again.once("", s.see)
	return s.end(res)
}

// see takes an event.
func (s *story) see(e Event) {
	line := storyLine{at: e.At, who: e.Node}
	switch e.Kind {
	case "began":
		line.text = "fault: " + afterStamp(e.Text)
	case "ended":
		line.text, line.minor = "over: "+afterStamp(e.Text), true
	case "start":
		return // all do, at the beginning
	case "crash", "restart", "pause", "resume":
		line.text = e.Kind + "s"
		line.minor = e.Kind == "resume"
	case "asked":
		line.text = "is asked: " + e.Text
	case "invoke":
		line.text = fmt.Sprintf("calls %+v", e.State)
		line.minor = true
	case "return":
		line.text = fmt.Sprintf("is answered %+v", e.State)
	case "report":
		line.who, _, _ = strings.Cut(e.Node, " ") // a lane of its own is the node's all the same
		line.text, line.minor = s.tell(e), true
	}
	if line.text != "" {
		s.lines = append(s.lines, line)
	}
}

// afterStamp takes the time off what a fault says of itself.
func afterStamp(text string) string {
	_, rest, _ := strings.Cut(text, " ")
	return rest
}

// end is the story, with the step in which it went wrong.
func (s *story) end(res *result) string {
	keep := s.fitting()
	var b strings.Builder
	out := 0
	left := func() {
		if out > 0 {
			fmt.Fprintf(&b, "%12s  (%d lines left out)\n", "", out)
		}
		out = 0
	}
	for i, l := range s.lines {
		if !keep[i] {
			out++
			continue
		}
		left()
		fmt.Fprintf(&b, "%12s  %-8s %s\n", stamp(l.at), l.who, l.text)
	}
	left()
	if v := res.violation; v != nil {
		for i := len(v.Last) - 1; i >= 0; i-- {
			if e := v.Last[i]; e.Kind != "report" && e.Kind != "violation" {
				fmt.Fprintf(&b, "%12s  the last event before: %s\n", stamp(e.At), strings.TrimSpace(e.brief()))
				break
			}
		}
		what, _, more := strings.Cut(v.Text, "\n")
		if more {
			what += " …"
		}
		fmt.Fprintf(&b, "%12s  BROKEN   %s: %s\n", stamp(v.At), v.Check, what)
	}
	return strings.TrimRight(b.String(), "\n")
}

// brief is e without its number and time.
func (e Event) brief() string {
	fields := strings.Fields(e.String())
	return strings.Join(fields[2:], " ")
}

// fitting says which lines are told: all that matter, and the last of the others, up to a screenful.
func (s *story) fitting() []bool {
	keep := make([]bool, len(s.lines))
	room := screenful
	for _, minor := range []bool{false, true} {
		for i := len(s.lines) - 1; i >= 0 && room > 0; i-- {
			if s.lines[i].minor == minor {
				keep[i] = true
				room--
			}
		}
	}
	return keep
}
