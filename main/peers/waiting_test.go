package peers

import (
	"encoding/binary"
	"sync"
)

// waiting is who waits for which command to be applied. A command carries its number
// in its first eight bytes.
type waiting struct {
	mu   sync.Mutex
	next uint64
	who  map[uint64]chan struct{}
}

func newWaiting() *waiting { return &waiting{who: map[uint64]chan struct{}{}} }

// tag numbers a command; the channel is closed when the command is applied.
func (w *waiting) tag(command []byte) ([]byte, chan struct{}) {
	done := make(chan struct{})
	w.mu.Lock()
	w.next++
	n := w.next
	w.who[n] = done
	w.mu.Unlock()
	if len(command) < 8 {
		command = append(command, make([]byte, 8-len(command))...)
	}
	binary.LittleEndian.PutUint64(command, n)
	return command, done
}

// applied tells whoever waits for the command.
func (w *waiting) applied(command []byte) {
	if len(command) < 8 {
		return
	}
	n := binary.LittleEndian.Uint64(command)
	w.mu.Lock()
	done := w.who[n]
	delete(w.who, n)
	w.mu.Unlock()
	if done != nil {
		close(done)
	}
}
