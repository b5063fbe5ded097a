package labtest

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"6.824/labrpc"
)

// kind is what a kind of fault is. To add one is to add an entry to kinds, and a field to Fault if it
// needs one that is not there.
type kind struct {
	doc string
	// fields are those that it has beside at, for and kind. One with a ? may be missing. "ends" is
	// either nodes (all links of these, both ways) or from and to.
	fields string
	moment bool                // it is over as soon as it has begun
	check  func(*Fault) error  // of the fields' values; nil if any will do
	link   func(*Fault) effect // of what hits the network
	// begin and end act on one of the nodes that a fault names, when f is, or no longer is, among the
	// active faults. end may be nil.
	begin, end func(a *applied, f *Fault, node string)
	switches   bool // it is one of the course's switches of the whole network
}

// effect is what a fault makes of the conditions that it finds on a link. It is called for every link
// whenever a fault begins or ends, and for messages, to see whether a fault has hit them.
type effect func(from, to string, c *labrpc.Conditions)

// kinds is filled in by init, since its functions look into it.
var kinds map[string]*kind

func init() {
	kinds = map[string]*kind{
		"partition": {
			doc:    "names of different groups don't hear each other; one that is in several groups hears all of them, and one that is in none hears everybody",
			fields: "groups", link: partitionEffect,
		},
		"cut": {
			doc:    "nothing gets from these to those: one way",
			fields: "from to", link: cutEffect,
		},
		"isolate": {
			doc:    "these nodes hear nobody, and nobody hears them",
			fields: "nodes", link: cutEffect,
		},
		"clients": {
			doc:    "these nodes and the clients don't hear each other",
			fields: "nodes",
			link: func(f *Fault) effect {
				return func(from, to string, c *labrpc.Conditions) {
					if isClient(from) && among(f.Nodes, to) || isClient(to) && among(f.Nodes, from) {
						c.Cut = true
					}
				}
			},
		},
		"hold": {
			doc:    "what goes this way waits until the end, and then goes on in its order",
			fields: "ends",
			link: func(f *Fault) effect {
				return func(from, to string, c *labrpc.Conditions) { c.Hold = c.Hold || f.onLink(from, to) }
			},
		},
		"link": {
			doc:    "what goes this way is lost, doubled, delayed, reordered, or waits for bandwidth",
			fields: "ends conditions", check: checkConditions,
			link: func(f *Fault) effect {
				return func(from, to string, c *labrpc.Conditions) {
					if f.onLink(from, to) {
						worsen(c, f.Link)
					}
				}
			},
		},
		"unreliable": {
			doc:      "the network is the course's unreliable one: messages are lost, and requests come late",
			switches: true,
		},
		"long-reordering": {
			doc:      "two of three replies come late, as the course's network does it",
			switches: true,
		},
		"crash": {
			doc:    "these nodes crash, and start again at the end",
			fields: "nodes mode?",
			begin:  func(a *applied, f *Fault, node string) { a.crash(f, node) },
			end:    func(a *applied, f *Fault, node string) { a.letUp(node) },
		},
		"restart": {
			doc:    "these nodes crash, if they are up, and start at once, whatever keeps them down",
			fields: "nodes mode?", moment: true,
			begin: func(a *applied, f *Fault, node string) {
				a.crash(f, node)
				a.restart(node)
			},
		},
		"pause": {
			doc:    "these nodes stand still, as in a long garbage collection, and go on at the end",
			fields: "nodes",
			begin: func(a *applied, f *Fault, node string) {
				a.hitIfUp(f, node)
				a.stage.pause(node)
			},
			end: func(a *applied, f *Fault, node string) {
				if len(a.on(node, "pause")) == 0 {
					a.stage.resume(node)
				}
			},
		},
		"skew": {
			doc:    "these nodes' clocks count pace seconds in one",
			fields: "nodes pace",
			begin: func(a *applied, f *Fault, node string) {
				a.hitIfUp(f, node)
				a.setPace(node)
			},
			end: func(a *applied, f *Fault, node string) { a.setPace(node) },
		},
		"slowdisk": {
			doc:    "these nodes' disks take their time to make writes durable",
			fields: "nodes latency",
			begin:  func(a *applied, f *Fault, node string) { a.setLatency(node) },
			end:    func(a *applied, f *Fault, node string) { a.setLatency(node) },
		},
		"failwrites": {
			doc:    "these nodes' next n writes fail (-1: all); at the end the disk is well, and a node that it failed is started anew, with what was not synced lost",
			fields: "nodes n",
			check: func(f *Fault) error {
				if f.N < -1 {
					return fmt.Errorf("n is how many writes fail, or -1 for all, not %d", f.N)
				}
				return nil
			},
			begin: func(a *applied, f *Fault, node string) { a.disk(node).FailWrites(f.N) },
			end:   func(a *applied, f *Fault, node string) { a.repair(node) },
		},
		"crashatwrite": {
			doc:    "these nodes crash in the middle of their n-th next write, and start again at the end",
			fields: "nodes n? mode?",
			check: func(f *Fault) error {
				if f.N < 0 {
					return fmt.Errorf("n is which of the next writes, from 1, not %d", f.N)
				}
				return nil
			},
			begin: func(a *applied, f *Fault, node string) { a.disk(node).CrashAtWrite(max(f.N, 1), orKeep(f.Mode)) },
			end: func(a *applied, f *Fault, node string) {
				if len(a.on(node, "crashatwrite")) == 0 {
					a.disk(node).CrashAtWrite(0, Keep)
				}
				a.letUp(node)
			},
		},
	}
}

// Kinds lists the kinds of faults, in order.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// KindDoc is a line on what a kind of fault does and what fields it has, "" if there is no such kind.
func KindDoc(name string) string {
	k := kinds[name]
	if k == nil {
		return ""
	}
	if k.fields == "" {
		return k.doc
	}
	return fmt.Sprintf("%s (%s)", k.doc, strings.ReplaceAll(k.fields, "ends", "nodes, or from to"))
}

// needs lists the fields that f can't do without.
func (k *kind) needs(f *Fault) (need []string) {
	for _, field := range strings.Fields(k.fields) {
		switch {
		case strings.HasSuffix(field, "?"):
		case field == "ends" && len(f.Nodes) > 0:
			need = append(need, "nodes")
		case field == "ends":
			need = append(need, "from", "to")
		default:
			need = append(need, field)
		}
	}
	return need
}

// has says whether f has a field of that name: it needs it, or may have it.
func (k *kind) has(f *Fault, field string) bool {
	return slices.Contains(k.needs(f), field) || slices.Contains(strings.Fields(k.fields), field+"?")
}

// inJSON says how a field is written.
func inJSON(field string) string {
	if field == "conditions" {
		return `conditions ("dropRequest", "dropReply", "duplicate", "delay", "reorder", "reorderBy", "bandwidth", "queue", "cut" or "hold")`
	}
	return strconv.Quote(field)
}

func orKeep(mode CrashMode) CrashMode {
	if mode == "" {
		return Keep
	}
	return mode
}

// isClient says whether a name is a client's.
func isClient(name string) bool { return strings.HasPrefix(name, "client") }

// onLink says whether f hits what goes from one name to another.
func (f *Fault) onLink(from, to string) bool {
	if from == to {
		return false
	}
	if len(f.Nodes) > 0 {
		return among(f.Nodes, from) || among(f.Nodes, to)
	}
	return among(f.From, from) && among(f.To, to)
}

func cutEffect(f *Fault) effect {
	return func(from, to string, c *labrpc.Conditions) { c.Cut = c.Cut || f.onLink(from, to) }
}

func partitionEffect(f *Fault) effect {
	return func(from, to string, c *labrpc.Conditions) {
		hasFrom, hasTo := false, false
		for _, g := range f.Groups {
			a, b := among(g, from), among(g, to)
			if a && b {
				return
			}
			hasFrom, hasTo = hasFrom || a, hasTo || b
		}
		c.Cut = c.Cut || hasFrom && hasTo
	}
}

// worsen adds what a link fault brings. Chances add up as those of independent dice. Of two delays the
// later fault's counts, of two bandwidths the smaller.
func worsen(c, by *labrpc.Conditions) {
	either := func(p *float64, q float64) { *p += q - *p*q }
	either(&c.DropRequest, by.DropRequest)
	either(&c.DropReply, by.DropReply)
	either(&c.Duplicate, by.Duplicate)
	if by.Reorder > 0 {
		either(&c.Reorder, by.Reorder)
		c.ReorderBy = by.ReorderBy
	}
	if !by.Delay.IsZero() {
		c.Delay = by.Delay
	}
	c.Cut, c.Hold = c.Cut || by.Cut, c.Hold || by.Hold
	if by.Bandwidth > 0 && (c.Bandwidth == 0 || by.Bandwidth < c.Bandwidth) {
		c.Bandwidth, c.Queue = by.Bandwidth, by.Queue
	}
}
