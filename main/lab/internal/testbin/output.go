package testbin

import (
	"fmt"
	"sync"
)

// output keeps the beginning and the end of what a process prints: a panic says its
// reason first, a test its verdict last.
type output struct {
	mu      sync.Mutex
	head    []byte
	tail    []byte
	dropped int
}

const (
	headSize = 64 << 10
	tailSize = 64 << 10
)

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n := len(p)
	if room := headSize - len(o.head); room > 0 {
		k := min(room, len(p))
		o.head = append(o.head, p[:k]...)
		p = p[k:]
	}
	o.tail = append(o.tail, p...)
	if over := len(o.tail) - tailSize; over > tailSize { // rarely, so that it stays linear
		o.drop(over)
	}
	return n, nil
}

func (o *output) drop(n int) {
	o.dropped += n
	o.tail = append(o.tail[:0], o.tail[n:]...)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if over := len(o.tail) - tailSize; over > 0 {
		o.drop(over)
	}
	if o.dropped == 0 {
		return string(o.head) + string(o.tail)
	}
	return fmt.Sprintf("%s\n… %d bytes left out …\n%s", o.head, o.dropped, o.tail)
}
