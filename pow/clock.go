package pow

import (
	"math"
	"time"
)

// clock is the machine's: it shows the time since the node was made, and may be too fast or too slow. It belongs to the loop.
type clock struct {
	host  Host
	ahead time.Duration
	start time.Time
	since time.Time     // when it was last read
	read  time.Duration // what it showed then
	timer *time.Timer
}

func newClock(h Host, ahead time.Duration) clock {
	now := time.Now()
	return clock{host: h, ahead: ahead, start: now, since: now}
}

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

// date is the Unix time, in seconds, at the last reading.
func (c *clock) date() int64 { return c.start.Add(c.ahead + c.read).Unix() }

// wakeAt has f called when the clock, which has just been read, shows at.
func (c *clock) wakeAt(at time.Duration, f func()) {
	d := max(at-c.read, 0)
	if pace := c.host.Pace(); pace != 1 {
		d = time.Duration(math.Ceil(float64(d) / pace))
	}
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
