package raft

import (
	"math"
	"time"
)

// A clock is a machine's own: monotonic, and perhaps too fast or too slow. It belongs to the loop.
type clock struct {
	host  Host
	since time.Time     // when it was last read
	read  time.Duration // what it showed then
	timer *time.Timer
	armed time.Time // when the timer goes off; zero: not set
}

func newClock(h Host) clock { return clock{host: h, since: time.Now()} }

// now is the time by this clock. A change of pace counts from the last reading on.
func (c *clock) now() time.Duration {
	t := time.Now()
	d := t.Sub(c.since)
	c.since = t
	if pace := c.host.Pace(); pace != 1 {
		d = time.Duration(float64(d) * pace)
	}
	c.read += d
	return c.read
}

// wakeAt has f called when the clock, which has just been read, shows at, or before. A timer that is set for
// earlier stays: it finds out that it is too early more cheaply than it is set anew for each message that
// defers a deadline.
func (c *clock) wakeAt(at time.Duration, f func()) {
	d := max(at-c.read, 0)
	if pace := c.host.Pace(); pace != 1 {
		d = time.Duration(math.Ceil(float64(d) / pace))
	}
	when := c.since.Add(d)
	if !c.armed.IsZero() && c.armed.After(c.since) && !when.Before(c.armed) {
		return
	}
	c.armed = when
	if c.timer == nil {
		c.timer = time.AfterFunc(d, f)
	} else {
		c.timer.Reset(d)
	}
}

func (c *clock) stop() {
	if c.timer != nil {
		c.timer.Stop()
	}
}
