// Package progress shows how far a long run has come: on a terminal in a line that
// is written over, elsewhere in a plain line now and then.
package progress

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"6.824/main/lab/internal/screen"
)

// How often a terminal's line is drawn, and after what time the first plain one is
// written; the following ones take a tenth of the time gone by, if that is longer.
const (
	drawEvery  = 100 * time.Millisecond
	plainEvery = 10 * time.Second
)

// Meter shows a line of text that changes, below other lines that stay. Nothing else
// may write to the screen before Stop.
type Meter struct {
	s    screen.Screen
	text func(width int) string

	mu    sync.Mutex
	drawn bool // the last line on the screen is ours
	last  string

	stop chan struct{}
	done chan struct{}
}

// Start shows what text returns, from now until Stop. text is called with the width
// that there is for it, 0 for no limit; one call at a time.
func Start(s screen.Screen, text func(width int) string) *Meter {
	m := &Meter{s: s, text: text, stop: make(chan struct{}), done: make(chan struct{})}
	if s.Live {
		m.draw()
	}
	go m.run()
	return m
}

func (m *Meter) run() {
	defer close(m.done)
	for start := time.Now(); ; {
		pause := drawEvery
		if !m.s.Live {
			pause = max(plainEvery, time.Since(start)/10)
		}
		select {
		case <-time.After(pause):
			m.draw()
		case <-m.stop:
			return
		}
	}
}

// Say writes lines that stay.
func (m *Meter) Say(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.erase()
	fmt.Fprintln(m.s, strings.TrimRight(fmt.Sprintf(format, args...), "\n"))
	m.redraw()
}

// Stop ends the meter and takes its line off a terminal's screen.
func (m *Meter) Stop() {
	close(m.stop)
	<-m.done
	m.mu.Lock()
	defer m.mu.Unlock()
	m.erase()
}

func (m *Meter) draw() {
	m.mu.Lock()
	defer m.mu.Unlock()
	width := m.s.Width()
	if m.s.Live {
		width-- // the last column would wrap on some terminals
	}
	m.last = screen.Cut(m.text(width), width)
	if !m.s.Live {
		fmt.Fprintln(m.s, m.last)
		return
	}
	m.erase()
	m.redraw()
}

// erase takes our line off the screen; m.mu is held.
func (m *Meter) erase() {
	if m.drawn {
		fmt.Fprint(m.s, "\r\x1b[K")
		m.drawn = false
	}
}

// redraw puts our line back; m.mu is held.
func (m *Meter) redraw() {
	if m.s.Live && m.last != "" {
		fmt.Fprint(m.s, m.last)
		m.drawn = true
	}
}

// Bar is a bar of the given width, filled up to share of it.
func Bar(width int, share float64) string {
	const eighths = " ▏▎▍▌▋▊▉"
	share = min(max(share, 0), 1)
	parts := int(share * float64(8*width))
	bar := strings.Repeat("█", parts/8)
	if parts%8 > 0 {
		bar += string([]rune(eighths)[parts%8])
	}
	return bar + strings.Repeat(" ", width-len([]rune(bar)))
}
