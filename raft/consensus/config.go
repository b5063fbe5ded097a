package consensus

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Config says how a Node behaves. The zero values of the times and limits stand for the
// defaults below.
type Config struct {
	ID    int // this node's place among its peers, from 0
	Peers int // how many there are, this one included

	// ElectionTimeout is T: an election begins after a random time in [T, 2T) without a leader
	// (§5.2), and a leader that has not heard a quorum for T steps down.
	ElectionTimeout time.Duration
	// Heartbeat is how often an idle leader sends to each peer.
	Heartbeat time.Duration
	// CommitDelay is how long a leader waits for an append that could carry a new commit index
	// before it sends an empty one.
	CommitDelay time.Duration

	MaxBatchBytes int // of the entries' data in one append
	MaxInflight   int // appends under way to one peer
	SnapshotChunk int // bytes of a snapshot per message

	Rand *rand.Rand // of the election timeouts; not nil
}

// The defaults: a heartbeat is far above a message's way, an election timeout a few heartbeats
// (§5.6).
const (
	DefaultElectionTimeout = 300 * time.Millisecond
	DefaultHeartbeat       = 100 * time.Millisecond
	DefaultCommitDelay     = 5 * time.Millisecond
	DefaultMaxBatchBytes   = 1 << 20
	DefaultMaxInflight     = 16
	DefaultSnapshotChunk   = 1 << 20
)

func (c *Config) complete() error {
	if c.Peers < 1 || c.ID < 0 || c.ID >= c.Peers {
		return fmt.Errorf("consensus: node %d of %d peers", c.ID, c.Peers)
	}
	if c.Rand == nil {
		return fmt.Errorf("consensus: no source of random numbers")
	}
	setDefault(&c.ElectionTimeout, DefaultElectionTimeout)
	setDefault(&c.Heartbeat, DefaultHeartbeat)
	setDefault(&c.CommitDelay, DefaultCommitDelay)
	setDefault(&c.MaxBatchBytes, DefaultMaxBatchBytes)
	setDefault(&c.MaxInflight, DefaultMaxInflight)
	setDefault(&c.SnapshotChunk, DefaultSnapshotChunk)
	if c.Heartbeat >= c.ElectionTimeout {
		return fmt.Errorf("consensus: a heartbeat each %v does not keep followers from an election after %v", c.Heartbeat, c.ElectionTimeout)
	}
	return nil
}

func setDefault[T int | time.Duration](v *T, d T) {
	if *v <= 0 {
		*v = d
	}
}

// HardState is what must be on disk before a reply is sent (Figure 2, persistent state).
type HardState struct {
	Term     int
	VotedFor int // -1 for nobody
}

// Restored is what a node finds on its disk.
type Restored struct {
	HardState
	SnapshotIndex int
	SnapshotTerm  int
	Snapshot      []byte
	Entries       []Entry // from SnapshotIndex+1
}

// check says whether a Raft can have left this behind.
func (r Restored) check(peers int) error {
	if r.Term < 0 || r.VotedFor < -1 || r.VotedFor >= peers {
		return fmt.Errorf("consensus: restored term %d, vote for %d of %d peers", r.Term, r.VotedFor, peers)
	}
	if r.SnapshotIndex < 0 || r.SnapshotTerm < 0 || (r.SnapshotIndex == 0) != (r.SnapshotTerm == 0) {
		return fmt.Errorf("consensus: restored snapshot of index %d and term %d", r.SnapshotIndex, r.SnapshotTerm)
	}
	term := r.SnapshotTerm
	for i, e := range r.Entries {
		if e.Term < term || e.Term < 1 || e.Term > r.Term {
			return fmt.Errorf("consensus: restored entry %d has term %d, after term %d, in a node of term %d", r.SnapshotIndex+1+i, e.Term, term, r.Term)
		}
		term = e.Term
	}
	if term > r.Term {
		return fmt.Errorf("consensus: restored snapshot has term %d in a node of term %d", term, r.Term)
	}
	return nil
}
