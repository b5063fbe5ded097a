package labtest

import (
	"maps"
	"slices"
	"strings"

	"6.824/labrpc"
)

// kind is what a kind of fault does. Adding one is adding an entry to kinds.
type kind struct {
	doc string
	// link, of what hits the network, changes the conditions of messages from one name to
	// another. It is called for all links, whenever anything changes.
	link func(f *Fault, from, to string, c *labrpc.Conditions)
	// begin and end, of what hits nodes, act on one of f.Nodes. end may be nil.
	begin func(f *Fault, n *Node)
	end   func(f *Fault, n *Node)
	// holds is for what a node can only be in once: it begins with the first of several faults
	// that overlap, and ends with the last.
	holds bool
}

// kinds is filled in by init, since its functions refer to it.
var kinds map[string]kind

func init() {
	kinds = map[string]kind{
		"partition": {doc: "nodes of different groups don't hear each other; names in no group hear all", link: func(f *Fault, from, to string, c *labrpc.Conditions) {
			a, b := groupOf(f.Groups, from), groupOf(f.Groups, to)
			c.Cut = c.Cut || a >= 0 && b >= 0 && a != b
		}},
		"cut": {doc: "nothing gets from these to those: one way", link: func(f *Fault, from, to string, c *labrpc.Conditions) {
			c.Cut = c.Cut || f.on(from, to)
		}},
		"hold": {doc: "what goes from these to those waits until the end, and then arrives in order", link: func(f *Fault, from, to string, c *labrpc.Conditions) {
			c.Hold = c.Hold || f.on(from, to)
		}},
		"link": {doc: "messages from these to those are lost, doubled, delayed, reordered, or queue", link: func(f *Fault, from, to string, c *labrpc.Conditions) {
			if f.on(from, to) {
				worsen(c, f.Link)
			}
		}},
		"isolate": {doc: "these nodes hear nobody, and nobody hears them", link: func(f *Fault, from, to string, c *labrpc.Conditions) {
			c.Cut = c.Cut || slices.Contains(f.Nodes, from) || slices.Contains(f.Nodes, to)
		}},
		"clients": {doc: "these nodes hear no clients, and no clients hear them", link: func(f *Fault, from, to string, c *labrpc.Conditions) {
			c.Cut = c.Cut || isClient(from) && slices.Contains(f.Nodes, to) || isClient(to) && slices.Contains(f.Nodes, from)
		}},
		"crash": {doc: "these nodes crash, and start again at the end", holds: true,
			begin: func(f *Fault, n *Node) { n.crash(orKeep(f.Mode)) },
			end:   func(f *Fault, n *Node) { n.start() }},
		"restart": {doc: "these nodes crash and start again at once", begin: func(f *Fault, n *Node) {
			n.crash(orKeep(f.Mode))
			n.start()
		}},
		"pause": {doc: "these nodes stand still, as in a long garbage collection", holds: true,
			begin: func(f *Fault, n *Node) { n.pause() },
			end:   func(f *Fault, n *Node) { n.resume() }},
		"skew": {doc: "these nodes' clocks run fast or slow",
			begin: func(f *Fault, n *Node) { n.setPace(f.Pace) },
			end:   func(f *Fault, n *Node) { n.setPace(1) }},
		"slowdisk": {doc: "these nodes' disks take their time to make writes durable",
			begin: func(f *Fault, n *Node) { n.disk.SetLatency(f.Latency) },
			end:   func(f *Fault, n *Node) { n.disk.SetLatency(labrpc.Dist{}) }},
		"failwrites": {doc: "these nodes' next n writes fail, all of them if n is negative",
			begin: func(f *Fault, n *Node) { n.disk.FailWrites(f.N) },
			end:   func(f *Fault, n *Node) { n.disk.FailWrites(0) }},
		"crashatwrite": {doc: "these nodes crash in their n-th next write, and start again at the end",
			begin: func(f *Fault, n *Node) { n.disk.CrashAtWrite(max(f.N, 1), orKeep(f.Mode)) },
			end: func(f *Fault, n *Node) {
				n.disk.CrashAtWrite(0, Keep)
				n.start()
			}},
	}
}

// Kinds lists the kinds of faults.
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// KindDoc says what a kind of fault does, "" if there is none of that name.
func KindDoc(name string) string { return kinds[name].doc }

func orKeep(mode CrashMode) CrashMode {
	if mode == "" {
		return Keep
	}
	return mode
}

func groupOf(groups [][]string, name string) int {
	return slices.IndexFunc(groups, func(g []string) bool { return slices.Contains(g, name) })
}

// on says whether f hits what goes from one name to another.
func (f *Fault) on(from, to string) bool {
	return slices.Contains(f.From, from) && slices.Contains(f.To, to) && from != to
}

// isClient says whether a name is a client's.
func isClient(name string) bool { return strings.HasPrefix(name, "client") }

// worsen adds what a link fault brings: of two probabilities the higher counts, of two delays the
// fault's, if it has one.
func worsen(c, by *labrpc.Conditions) {
	c.DropRequest = max(c.DropRequest, by.DropRequest)
	c.DropReply = max(c.DropReply, by.DropReply)
	c.Duplicate = max(c.Duplicate, by.Duplicate)
	if !by.Delay.IsZero() {
		c.Delay = by.Delay
	}
	if by.Reorder > c.Reorder {
		c.Reorder, c.ReorderBy = by.Reorder, by.ReorderBy
	}
	c.Cut, c.Hold = c.Cut || by.Cut, c.Hold || by.Hold
	if by.Bandwidth > 0 && (c.Bandwidth == 0 || by.Bandwidth < c.Bandwidth) {
		c.Bandwidth, c.Queue = by.Bandwidth, by.Queue
	}
}
