package mrtest

import (
	"6.824/labrpc/labtest"
	"6.824/mr"
	"6.824/mr/tasks"
)

// watchReports looks at what a coordinator reports about itself, if it does, as values of mr.Change: of all attempts at a task
// one is accepted, unless its output was lost, and it is one that was handed out.
func (c *Cluster) watchReports() {
	type holder struct {
		attempt tasks.Attempt
		redo    bool
	}
	given := map[tasks.Attempt]tasks.ID{}
	accepted := map[tasks.ID]holder{}
	c.OnEvent(func(e labtest.Event) {
		ch, ok := e.State.(mr.Change)
		if !ok {
			return
		}
		switch ch.What {
		case "handed out":
			given[ch.Attempt] = ch.ID
			if h, ok := accepted[ch.ID]; ok { // it would not be, were the output there
				h.redo = true
				accepted[ch.ID] = h
			}
		case "finished":
			c.Count("finished")
			if id, ok := given[ch.Attempt]; !ok || id != ch.ID {
				c.Violate("what is accepted was handed out", "MapReduce §3.3", "attempt %v at %v was accepted, and nobody was given it", ch.Attempt, ch.ID)
			}
			if h, ok := accepted[ch.ID]; ok && h.attempt != ch.Attempt && !h.redo {
				c.Violate("one attempt is accepted", "MapReduce §3.3", "%v: attempt %v was accepted, and then %v, too", ch.ID, h.attempt, ch.Attempt)
			}
			accepted[ch.ID] = holder{attempt: ch.Attempt}
		}
	})
}
