package ledger

import (
	"sync"

	"6.824/pow/consensus"
)

// SigCache remembers transactions whose signatures were found good, so that one that waited in the mempool is not verified again in
// its block, nor in the next branch. An id commits to the signatures, and through what it spends to their owners, so whether they are
// good depends on nothing else; a cache changes how long things take and nothing besides. It is for one network. Several chains may
// share it, from several goroutines. A nil one remembers nothing.
type SigCache struct {
	mu   sync.Mutex
	good map[consensus.Hash]struct{}
	ring []consensus.Hash // the ids in order of arrival, the oldest at next
	next int
}

// NewSigCache is a cache of up to n ids.
func NewSigCache(n int) *SigCache {
	return &SigCache{good: map[consensus.Hash]struct{}{}, ring: make([]consensus.Hash, 0, max(n, 1))}
}

func (c *SigCache) has(id consensus.Hash) bool {
	if c == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_, ok := c.good[id]
	return ok
}

func (c *SigCache) add(id consensus.Hash) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.good[id]; ok {
		return
	}
	c.good[id] = struct{}{}
	if len(c.ring) < cap(c.ring) {
		c.ring = append(c.ring, id)
		return
	}
	delete(c.good, c.ring[c.next])
	c.ring[c.next] = id
	c.next = (c.next + 1) % len(c.ring)
}
