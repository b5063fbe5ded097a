package labtest

import "6.824/labrpc"

// observe counts the messages that active faults have really hit: under "hit:KIND", and what a link fault
// does also under "hit:drop", "hit:duplicate", "hit:reorder", "hit:delay" and "hit:queue". A message that
// several faults could have hit counts for each of them.
func (a *applied) observe(e labrpc.Event) {
	switch e.Kind {
	case labrpc.Sent, labrpc.Replied, labrpc.Dropped, labrpc.ReplyDropped, labrpc.Duplicated, labrpc.Held:
	default:
		return
	}
	from, to := e.From, e.To
	if e.Reply {
		from, to = to, from
	}
	var hits []string // counted when the lock is released
	a.mu.Lock()
	for _, f := range a.active {
		if f.Kind == "unreliable" && e.Why == "unreliable" || f.Kind == "long-reordering" && e.Why == "long reordering" {
			hits = append(hits, f.Kind)
		}
		if f.effect == nil {
			continue
		}
		var c labrpc.Conditions
		f.effect(from, to, &c)
		did := doneBy(&c, e)
		if len(did) == 0 {
			continue
		}
		hits = append(hits, f.Kind)
		if f.Kind == "link" {
			hits = append(hits, did...)
		}
	}
	a.mu.Unlock()
	for _, hit := range hits {
		a.stage.count("hit:" + hit)
	}
}

// doneBy says what of an event can be the doing of conditions c alone.
func doneBy(c *labrpc.Conditions, e labrpc.Event) (did []string) {
	note := func(what string, yes bool) {
		if yes {
			did = append(did, what)
		}
	}
	switch e.Kind {
	case labrpc.Dropped, labrpc.ReplyDropped:
		drop := c.DropRequest
		if e.Reply {
			drop = c.DropReply
		}
		note("cut", e.Why == "cut" && c.Cut)
		note("drop", e.Why == "drop" && drop > 0)
		note("queue", e.Why == "queue full" && c.Queue > 0)
	case labrpc.Duplicated:
		note("duplicate", c.Duplicate > 0)
	case labrpc.Held:
		note("hold", c.Hold)
	case labrpc.Sent, labrpc.Replied: // which are told of once, when what the link does to the message is known
		if e.Due.IsZero() {
			break // it does not arrive
		}
		note("reorder", e.Why == "reorder" && c.Reorder > 0)
		note("delay", !c.Delay.IsZero() || c.Bandwidth > 0)
	}
	return did
}
