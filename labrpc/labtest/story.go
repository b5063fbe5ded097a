package labtest

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"6.824/labrpc/labtest/trace"
)

// A story is what happened in a run, as far as it fits on a screen.
type story struct {
	tell   func(Event) string // of the suite
	played bool               // clients are told to ask for what they do
	lines  []storyLine
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
	again.plan, again.shown = c, s.see
	s.played = c.Played
	res, _ := again.once("", s.see)
	return s.end(res)
}

// see takes an event.
func (s *story) see(e Event) {
	who, _, _ := strings.Cut(e.Node, " ") // a lane of its own is the node's all the same
	line := storyLine{at: e.At, who: who}
	switch e.Kind {
	case "began":
		line.who, line.text = "FAULT", faultInWords(e.Text)
	case "ended":
		line.who, line.text, line.minor = "over", faultInWords(e.Text), true
	case "crash", "restart", "pause": // not start: all do, at the beginning
		line.text = map[string]string{"crash": "crashes", "restart": "starts again", "pause": "stands still"}[e.Kind]
	case "resume":
		line.text, line.minor = "goes on", true
	case "asked":
		if line.text = "is asked: " + e.Text; isClient(e.Node) {
			line.text = "asks: " + e.Text
		}
	case "invoke":
		if line.minor = true; !s.played {
			line.text = fmt.Sprintf("calls %+v", e.State)
		}
	case "return":
		line.text, line.minor = "is answered", !s.played
		if e.State != nil {
			line.text = fmt.Sprintf("is answered %+v", e.State)
		}
	case trace.Shown:
		switch e.Text {
		case trace.FaultBegan:
			line.who, line.text = "FAULT", faultInWords(fmt.Sprint(e.State))
		case trace.FaultEnded:
			line.who, line.text, line.minor = "over", faultInWords(fmt.Sprint(e.State)), true
		default:
			line.text, line.minor = s.tell(e), true
		}
	case "report":
		line.text, line.minor = s.tell(e), true
	}
	if line.text != "" {
		s.lines = append(s.lines, line)
	}
}

// faultInWords is what a fault says of itself, without the time at which it begins.
func faultInWords(text string) string {
	_, rest, _ := strings.Cut(text, " ")
	if long, ok := strings.CutPrefix(rest, "for "); ok {
		long, what, _ := strings.Cut(long, " ")
		return what + ", for " + long
	}
	return rest
}

// end is the story, with the step in which it went wrong.
func (s *story) end(res *result) string {
	keep := s.fitting()
	wide := len("BROKEN  ")
	for i, l := range s.lines {
		if keep[i] {
			wide = max(wide, utf8.RuneCountInString(l.who))
		}
	}
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
		fmt.Fprintf(&b, "%12s  %-*s %s\n", stamp(l.at), wide, l.who, l.text)
	}
	left()
	if v := res.violation; v != nil {
		for i := len(v.Last) - 1; i >= 0; i-- {
			if e := v.Last[i]; e.Kind != "report" && e.Kind != "violation" {
				fmt.Fprintf(&b, "%12s  the step in which it broke: %s\n", stamp(e.At), strings.TrimSpace(e.brief()))
				break
			}
		}
		fmt.Fprintf(&b, "%12s  %-*s %s\n", stamp(v.At), wide, "BROKEN", v.Check)
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
