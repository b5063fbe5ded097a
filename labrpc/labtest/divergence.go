package labtest

import (
	"bytes"
	"fmt"
	"time"
)

// eventLog keeps all events of a run. It grows by pieces, since to copy what is
// there, over and over, costs more than all else that the self-check does.
type eventLog struct {
	pieces [][]Event // all but the last are full
	n      int
}

const pieceSize = 1024

func (l *eventLog) add(e Event) {
	if l.n%pieceSize == 0 {
		l.pieces = append(l.pieces, make([]Event, 0, pieceSize))
	}
	last := &l.pieces[len(l.pieces)-1]
	*last = append(*last, e)
	l.n++
}

func (l *eventLog) at(i int) *Event { return &l.pieces[i/pieceSize][i%pieceSize] }

// divergence compares the events of a run with those of an earlier run of the
// same seed, as they come, and keeps the first that differs.
type divergence struct {
	first *eventLog // of the earlier run
	seen  int
	found bool
	a, b  string // the first pair that differs; "" where a run had ended
	at    time.Duration

	was, is []byte // scratch
}

func (d *divergence) sink(e Event) {
	if d.found {
		return
	}
	if d.seen >= d.first.n {
		d.found, d.b, d.at = true, e.String(), e.At
		return
	}
	was := d.first.at(d.seen)
	d.seen++
	d.was, d.is = was.digestInto(d.was[:0]), e.digestInto(d.is[:0])
	if !bytes.Equal(d.was, d.is) {
		d.found, d.a, d.b, d.at = true, was.String(), e.String(), e.At
		if d.a == d.b { // the same but for its content
			d.a += fmt.Sprintf("  (content %016x)", was.Sum)
			d.b += fmt.Sprintf("  (content %016x)", e.Sum)
		}
	}
}

// close says that the second run has ended.
func (d *divergence) close() {
	if !d.found && d.seen < d.first.n {
		was := d.first.at(d.seen)
		d.found, d.a, d.at = true, was.String(), was.At
	}
}

// violation says where two runs of one seed parted.
func (d *divergence) violation() *Violation {
	one := func(line string) string {
		if line == "" {
			return "(it had ended)"
		}
		return line
	}
	return &Violation{
		Check: "one seed, one history", Paper: "the first law of this suite", At: d.at, Seq: d.seen,
		Text: fmt.Sprintf("two runs of this seed differ, first in this event:\nfirst run:  %s\nsecond run: %s\n"+
			"Usual causes in a node: the global math/rand or crypto/rand, map order that reaches a message or a log, a select over two ready channels, "+
			"two goroutines that race for one lock in one instant, real time.", one(d.a), one(d.b)),
	}
}
