package view

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest/trace"
)

// Nowhere is the lane of what happens at no node, such as the loss of a message, and the cause of what no message has caused.
const Nowhere = -1

// Diagram is the space-time diagram of a run.
type Diagram struct {
	*trace.Trace
	Lanes []string // names of nodes and clients, the nodes first
	First int      // index of the first event that is shown; those before it count for the state only
	Lane  []int    // per event
	Cause []int    // per event: the index of that which sent the message that it is of, or of the loss
	Reply []bool   // per event: it is of a reply
	Bands []Band
	Break int // index of the last event before the violation was seen, or of the answer that can't be explained, or Nowhere
}

// Band is a time in which something was wrong.
type Band struct {
	From, To time.Duration
	Text     string
	Lanes    []int // where; none for the network as a whole
	Down     bool  // a node was not running, or stood still: the band is the consequence of a fault
}

func newDiagram(t *trace.Trace, most int) *Diagram {
	d := &Diagram{Trace: t, Break: Nowhere}
	d.findLanes()
	d.findCauses()
	d.findBands()
	d.First = max(0, len(t.Events)-most)
	if f := t.Footer; f != nil && !f.OK {
		if i := d.indexOf(f.Seq); i >= 0 {
			d.Break = i
		}
		if i := d.firstUnexplained(); f.Check == linearizability && i >= d.First {
			d.Break = i
		}
	}
	return d
}

// linearizability is the check that is decided when the run is over, of what was wrong in the middle of it.
const linearizability = "linearizability"

// firstUnexplained is the index of the first answer that porcupine could not explain, -1 if there is none.
func (d *Diagram) firstUnexplained() int {
	return slices.IndexFunc(d.Events, func(e trace.Event) bool {
		return e.Kind == "return" && slices.ContainsFunc(d.Orders, func(o trace.Order) bool {
			return slices.Contains(o.Breaks, trace.Operation{Client: e.Node, N: e.N})
		})
	})
}

// indexOf is the index of the event with a number, -1 if there is none. Events that are only shown have the number of the one before.
func (d *Diagram) indexOf(seq int) int {
	i, found := slices.BinarySearchFunc(d.Events, seq, func(e trace.Event, seq int) int { return cmp.Compare(e.Seq, seq) })
	if !found {
		return -1
	}
	return i
}

// findLanes gives every event its lane.
func (d *Diagram) findLanes() {
	number := map[string]int{}
	for i := range d.Events {
		for _, name := range []string{laneOf(d.Events[i].Node), laneOf(d.Events[i].To)} {
			if _, known := number[name]; !known && name != "" {
				number[name] = 0
				d.Lanes = append(d.Lanes, name)
			}
		}
	}
	slices.SortFunc(d.Lanes, compareLanes)
	for i, name := range d.Lanes {
		number[name] = i
	}
	d.Lane = make([]int, len(d.Events))
	for i := range d.Events {
		e := &d.Events[i]
		d.Lane[i] = Nowhere
		switch name := laneOf(e.Node); e.Kind {
		case labrpc.Dropped.String(), labrpc.ReplyDropped.String():
		case labrpc.Delivered.String(), labrpc.Replied.String():
			d.Lane[i] = number[laneOf(e.To)]
		default:
			if name != "" {
				d.Lane[i] = number[name]
			}
		}
	}
}

// laneOf is the node whose lane a name is: "raft/0 disk" is on that of raft/0.
func laneOf(name string) string {
	name, _, _ = strings.Cut(name, " ")
	return name
}

// compareLanes puts nodes before clients, and numbers in their order.
func compareLanes(a, b string) int {
	isClient := func(s string) int {
		if strings.HasPrefix(s, "client") {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(isClient(a), isClient(b)), natural(a, b))
}

// natural compares names so that raft/2 comes before raft/10.
func natural(a, b string) int {
	for a != "" && b != "" {
		x, restA := chunk(a)
		y, restB := chunk(b)
		m, errA := strconv.Atoi(x)
		n, errB := strconv.Atoi(y)
		c := strings.Compare(x, y)
		if errA == nil && errB == nil && m != n {
			c = cmp.Compare(m, n)
		}
		if c != 0 {
			return c
		}
		a, b = restA, restB
	}
	return cmp.Compare(len(a), len(b))
}

// chunk cuts what is all digits, or none, off the front.
func chunk(s string) (first, rest string) {
	digit := func(c byte) bool { return c >= '0' && c <= '9' }
	i := 1
	for i < len(s) && digit(s[i]) == digit(s[0]) {
		i++
	}
	return s[:i], s[i:]
}

// leg is a copy of a request or a reply on its way.
type leg struct {
	from, to string
	n        uint64
	copy     int
	reply    bool
}

// findCauses finds for each arrival, or loss, of a message the event with which it left.
func (d *Diagram) findCauses() {
	d.Cause, d.Reply = make([]int, len(d.Events)), make([]bool, len(d.Events))
	left := map[leg]int{}
	delivered := map[leg]bool{}
	latest := map[leg]bool{} // of a call, copy 0: what was sent last is a reply
	for i := range d.Events {
		e := &d.Events[i]
		d.Cause[i] = Nowhere
		if e.To == "" {
			continue
		}
		request := leg{e.Node, e.To, e.N, e.Copy, false}
		reply, call := request, request
		reply.reply, call.copy = true, 0
		arrives := func(l leg) {
			d.Reply[i] = l.reply
			if at, ok := left[l]; ok {
				d.Cause[i] = at
			}
		}
		leaves := func(l leg) {
			d.Reply[i], left[l] = l.reply, i
		}
		either := func() leg { // of a kind that says nothing of which it is
			if delivered[request] {
				return reply
			}
			return request
		}
		switch e.Kind {
		case labrpc.Sent.String():
			latest[call] = false
			leaves(request)
		case labrpc.Replied.String():
			latest[call] = true
			leaves(reply)
		case labrpc.Duplicated.String(), labrpc.Tampered.String():
			l := request
			if latest[call] {
				l = reply
			}
			d.Lane[i] = d.laneOfLeg(l)
			leaves(l)
		case labrpc.Held.String():
			l := either()
			arrives(l)
			d.Lane[i] = Nowhere
		case labrpc.Delivered.String():
			delivered[request] = true
			arrives(request)
		case labrpc.Dropped.String():
			arrives(request)
		case labrpc.ReplyDropped.String(), labrpc.Returned.String(), labrpc.Ignored.String():
			arrives(reply)
		}
	}
}

// laneOfLeg is the lane of who sent it.
func (d *Diagram) laneOfLeg(l leg) int {
	if l.reply {
		return slices.Index(d.Lanes, laneOf(l.to))
	}
	return slices.Index(d.Lanes, laneOf(l.from))
}

// findBands finds when faults were active, and nodes down or paused.
func (d *Diagram) findBands() {
	active := map[string][]int{} // faults, by their text
	stopped := map[string]int{}  // per lane and kind of stop
	end := time.Duration(0)
	open := func(from time.Duration, text string, lanes []int, down bool) int {
		d.Bands = append(d.Bands, Band{From: from, To: -1, Text: text, Lanes: lanes, Down: down})
		return len(d.Bands) - 1
	}
	for i := range d.Events {
		e := &d.Events[i]
		end = max(end, e.At)
		node := laneOf(e.Node)
		switch kind, text := faultOf(e); kind {
		case "began":
			active[text] = append(active[text], open(e.At, text, d.named(text), false))
		case "ended":
			if bands := active[text]; len(bands) > 0 {
				d.Bands[bands[0]].To = e.At
				active[text] = bands[1:]
			}
		case "crash", "pause":
			stopped[e.Kind+node] = open(e.At, map[string]string{"crash": "down", "pause": "paused"}[e.Kind], []int{d.Lane[i]}, true)
		case "start", "restart", "resume":
			for _, kind := range []string{"crash", "pause"} {
				if b, ok := stopped[kind+node]; ok && (kind == "pause") == (e.Kind == "resume") {
					d.Bands[b].To = e.At
					delete(stopped, kind+node)
				}
			}
		}
	}
	for i := range d.Bands {
		if d.Bands[i].To < 0 {
			d.Bands[i].To = end
		}
	}
}

// faultOf is the kind of an event, and its text; of a fault that a scenario brings about itself as if the kit had injected it.
func faultOf(e *trace.Event) (kind, text string) {
	began, ended := e.Text == trace.FaultBegan, e.Text == trace.FaultEnded
	if e.Kind != trace.Shown || !began && !ended || json.Unmarshal(e.State, &text) != nil {
		return e.Kind, e.Text
	}
	if began {
		return "began", text
	}
	return "ended", text
}

// named is the lanes that a text names.
func (d *Diagram) named(text string) (lanes []int) {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,;|()[]{}→", r) })
	for i, name := range d.Lanes {
		if slices.Contains(words, name) {
			lanes = append(lanes, i)
		}
	}
	return lanes
}
