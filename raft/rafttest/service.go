package rafttest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"sync"
	"time"

	"6.824/labgob"
	"6.824/labrpc/labtest"
	"6.824/raft"
	"6.824/raft/rafttest/invariant"
)

// Op is a command that the service knows: to set a register, or to read one through the log. All other commands mean nothing to it.
type Op struct {
	ID    int // no two are equal
	Put   bool
	Key   int
	Value int // of a Put
}

// ReadOnly says that an operation without an answer need not be explained: it changed nothing.
func (c Op) ReadOnly() bool { return !c.Put }

func (o Op) String() string {
	if o.Put {
		return fmt.Sprintf("#%d put %d=%d", o.ID, o.Key, o.Value)
	}
	return fmt.Sprintf("#%d get %d", o.ID, o.Key)
}

func init() { labgob.Register(Op{}) }

// service is what one incarnation of a server runs on top of its Raft: it reads applyCh, reports what it applies, keeps a few registers
// and takes snapshots.
type service struct {
	c           *Cluster
	node        *labtest.Node
	name        string
	incarnation int
	rf          Raft
	disk        storage
	phase       int // a snapshot is taken at the indices i for which i+phase is a multiple of SnapshotInterval
	quit        chan struct{}

	mu      sync.Mutex
	dead    bool
	stall   time.Duration // it takes this long over each message
	applied int
	chain   uint64 // the fingerprint of all commands so far
	cells   map[int]int
	results map[int]result // by index
	waiters []*waiter
}

// A waiter is told when the service has applied index, and what was in a register just then; or that the service has stopped.
type waiter struct {
	index, key int
	value      int
	applied    bool
	done       chan struct{}
}

// A result is what came of an Op.
type result struct{ id, value int }

func newService(c *Cluster, n *labtest.Node) *service {
	return &service{c: c, node: n, name: n.Name(), incarnation: n.Incarnation(), quit: make(chan struct{}), cells: map[int]int{}, results: map[int]result{}}
}

// read reads applyCh until the service is stopped, and on for a while: there are Rafts that can't end before their last message is taken.
func (s *service) read(applyCh chan raft.ApplyMsg) {
	for {
		select {
		case m, ok := <-applyCh:
			if !ok {
				return
			}
			s.node.GateOf("service")
			s.pause()
			s.take(m)
		case <-s.quit:
			for gone := time.After(20 * time.Second); ; {
				select {
				case _, ok := <-applyCh:
					if !ok {
						return
					}
				case <-gone:
					return
				}
			}
		}
	}
}

// pause takes the time that the service is told to take.
func (s *service) pause() {
	s.mu.Lock()
	d := s.stall
	s.mu.Unlock()
	if d > 0 {
		time.Sleep(d)
	}
}

// take applies a message.
func (s *service) take(m raft.ApplyMsg) {
	switch {
	case m.SnapshotValid:
		if old, ok := s.rf.(interface {
			CondInstallSnapshot(int, int, []byte) bool
		}); ok && !old.CondInstallSnapshot(m.SnapshotTerm, m.SnapshotIndex, m.Snapshot) {
			return // Rafts of the course's earlier years want to be asked
		}
		if m.SnapshotIndex > s.upTo() { // else it is the one that the service began with
			s.c.Count("snapshots installed")
		}
		s.load(m.Snapshot, m.SnapshotIndex)
	case m.CommandValid:
		if s.apply(m) && s.c.setup.Snapshots && (m.CommandIndex+s.phase)%SnapshotInterval == 0 {
			s.rf.(Snapshotter).Snapshot(m.CommandIndex, s.save())
			s.c.Count("snapshots taken")
		}
	}
}

// apply applies a command. It returns false if the service has stopped.
func (s *service) apply(m raft.ApplyMsg) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || !s.node.Up() {
		return false
	}
	sum := labgob.Fingerprint(m.Command)
	s.report(invariant.Applied{Index: m.CommandIndex, Command: m.Command, Sum: sum})
	s.applied = m.CommandIndex
	s.chain = invariant.Chain(s.chain, sum)
	op, ok := m.Command.(Op)
	if ok && op.Put {
		s.cells[op.Key] = op.Value
	}
	s.results[m.CommandIndex] = result{op.ID, s.cells[op.Key]} // of number 0 if it is no Op
	s.wake()
	return true
}

// report tells the checks what was applied. It goes to a lane of its own, since the Raft on the same node may report something at
// the same time.
func (s *service) report(a invariant.Applied) {
	a.Server = s.name
	s.c.Record(labtest.Event{Kind: "report", Node: s.name + " service", Text: "applied", State: a})
}

// A snapshot is, as varints: the index of the last command in it, the fingerprint of all commands, the registers, in order, each as
// key and value, and then some bytes that follow from the index, with a checksum over all that.

func (s *service) save() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := binary.AppendUvarint(nil, uint64(s.applied))
	b = binary.AppendUvarint(b, s.chain)
	b = binary.AppendUvarint(b, uint64(len(s.cells)))
	for _, k := range slices.Sorted(maps.Keys(s.cells)) {
		b = binary.AppendVarint(b, int64(k))
		b = binary.AppendVarint(b, int64(s.cells[k]))
	}
	for i := range s.c.setup.Pad {
		b = append(b, byte(s.applied+i*7))
	}
	return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// load takes the state from a snapshot that ends at index, by what Raft says; -1 if it does not say.
func (s *service) load(b []byte, index int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead || !s.node.Up() {
		return
	}
	applied, chain, cells, ok := decodeSnapshot(b)
	if !ok || index >= 0 && applied != index {
		s.c.Violate("snapshots come back as they were taken", "Raft extended, §7 and Figure 13",
			"%s was given a snapshot of %d bytes up to index %d, which the service did not make so (it would be up to index %d)", s.name, len(b), index, applied)
		return
	}
	s.report(invariant.Applied{Index: applied, Sum: chain, Snapshot: true})
	s.applied, s.chain, s.cells = applied, chain, cells
	clear(s.results)
	s.wake()
}

func decodeSnapshot(b []byte) (applied int, chain uint64, cells map[int]int, ok bool) {
	if len(b) < 4 || crc32.ChecksumIEEE(b[:len(b)-4]) != binary.LittleEndian.Uint32(b[len(b)-4:]) {
		return 0, 0, nil, false
	}
	next := func() uint64 {
		v, n := binary.Uvarint(b)
		b = b[max(n, 0):]
		return v
	}
	signed := func() int {
		v, n := binary.Varint(b)
		b = b[max(n, 0):]
		return int(v)
	}
	applied, chain = int(next()), next()
	cells = map[int]int{}
	for range next() {
		k := signed()
		cells[k] = signed()
	}
	return applied, chain, cells, true
}

// stop ends the service; what comes on applyCh from now on is not applied.
func (s *service) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dead {
		s.dead = true
		close(s.quit)
		s.wake()
	}
}

// wake tells those who wait for what has happened; s.mu is held.
func (s *service) wake() {
	s.waiters = slices.DeleteFunc(s.waiters, func(w *waiter) bool {
		if !s.dead && s.applied < w.index {
			return false
		}
		w.applied, w.value = !s.dead, s.cells[w.key]
		close(w.done)
		return true
	})
}

// wait waits until the service has applied index, at most for d, and returns what was in a register then. ok is false if that did not
// happen, or the service has stopped.
func (s *service) wait(index, key int, d time.Duration) (value int, ok bool) {
	w := &waiter{index: index, key: key, done: make(chan struct{})}
	s.mu.Lock()
	s.waiters = append(s.waiters, w)
	s.wake()
	s.mu.Unlock()
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	select {
	case <-w.done:
	case <-timeout.C:
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return w.value, w.applied
}

// result is what came of the Op at index; it is not known if that came in a snapshot.
func (s *service) result(index int) (r result, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, known = s.results[index]
	return r, known
}

// upTo is the index of the last command that the service has applied.
func (s *service) upTo() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.applied
}
