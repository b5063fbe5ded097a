package labrpc

import "time"

// A trip is what is decided about one copy of a message when it is sent.
type trip struct {
	due  instant // when it arrives
	lost string  // why it does not
	told time.Duration
	note string // what else has hit it
}

// plan rolls the dice for one copy of m.
func (m *message) plan(copy int, cond *Conditions, p *policy, v Verdict, now instant) (t trip) {
	f := m.call.fate
	t.told = m.call.notices(p.patience())
	if v.Drop {
		t.lost = "hook"
		return t
	}
	drop := cond.DropRequest
	if m.reply {
		drop = cond.DropReply
	}
	if f.chance(m.ask(askDropRequest, askDropReply), copy, drop) {
		t.lost = "drop"
		return t
	}
	left, ok := m.link().transmit(cond, now, len(m.payload))
	if !ok {
		t.lost = "queue full"
		return t
	}
	t.due = left.add(v.Delay).add(f.sample(cond.Delay, m.ask(askDelayRequest, askDelayReply), copy))
	if f.chance(m.ask(askReorderRequest, askReorderReply), copy, cond.Reorder) {
		t.due = t.due.add(f.sample(cond.ReorderBy, m.ask(askReorderRequestBy, askReorderReplyBy), copy))
		t.note = "reorder"
	}
	m.planCourse(copy, p, now, &t)
	return t
}

// planCourse adds what the course's switches do to a message.
func (m *message) planCourse(copy int, p *policy, now instant, t *trip) {
	const ms = time.Millisecond
	f := m.call.fate
	if p.unreliable {
		if !m.reply {
			t.due = t.due.add(time.Duration(f.bits(askCourseDelay, copy)%27) * ms)
		}
		if f.chance(m.ask(askCourseDropRequest, askCourseDropReply), copy, 0.1) {
			t.lost, t.told = "unreliable", time.Duration(t.due-now) // the caller is told at once
			return
		}
	}
	if p.longReordering && m.reply && f.bits(askCourseReorder, copy)%900 < 600 {
		bound := 1 + f.bits(askCourseReorderBound, copy)%2000
		t.due = t.due.add(time.Duration(200+f.bits(askCourseReorderBy, copy)%bound) * ms)
		t.note = "long reordering"
	}
}

// sample draws from d with q and the question after it.
func (f fate) sample(d Dist, q question, copy int) time.Duration {
	if d.IsZero() {
		return 0
	}
	return d.Sample(f.unit(q, copy), f.unit(q+1, copy))
}

// noticed is how soon callers notice at the latest that a call is lost, as a rule.
const noticed = 100 * time.Millisecond

// patience is how soon callers notice at the latest that a message is lost.
func (p *policy) patience() time.Duration {
	if p.longDelays {
		return 7 * time.Second
	}
	return noticed
}

// notices is how long after the loss the caller of c notices it.
func (c *call) notices(atMost time.Duration) time.Duration {
	return time.Duration(c.fate.unit(askTold, 0) * float64(atMost))
}
