package consensus

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// host is what a node runs on: its disk, and the service that it hands entries to.
type host struct {
	cfg     Config
	node    *Node // nil: it is down
	disk    Restored
	applied []Apply // since the last restart
}

// boot starts a node from the disk.
func (m *host) boot() error {
	restored := m.disk
	restored.Entries = slices.Clone(restored.Entries)
	node, err := New(m.cfg, restored)
	if err != nil {
		return err
	}
	m.node, m.applied = node, nil
	return nil
}

// persist does the writes of an output, as [Output] says.
func (r *Restored) persist(out *Output) error {
	if out.HardState != nil {
		r.HardState = *out.HardState
	}
	if s := out.Snapshot; s != nil {
		if s.Index <= r.SnapshotIndex {
			return fmt.Errorf("a snapshot of index %d replaces one of %d", s.Index, r.SnapshotIndex)
		}
		var rest []Entry
		if k := s.Index - r.SnapshotIndex; k <= len(r.Entries) && r.Entries[k-1].Term == s.Term {
			rest = r.Entries[k:]
		}
		r.SnapshotIndex, r.SnapshotTerm, r.Snapshot, r.Entries = s.Index, s.Term, s.Data, rest
	}
	if out.First > 0 {
		keep := out.First - r.SnapshotIndex - 1
		if keep < 0 || keep > len(r.Entries) {
			return fmt.Errorf("entries from %d on do not continue a log of %d to %d", out.First, r.SnapshotIndex+1, r.SnapshotIndex+len(r.Entries))
		}
		r.Entries = append(r.Entries[:keep:keep], out.Entries...)
	}
	return nil
}

func (r *Restored) lastIndex() int { return r.SnapshotIndex + len(r.Entries) }

// packet is a message on its way.
type packet struct {
	from, to int
	msg      Message
	ref      uint64  // of a request, and of its reply
	request  Message // that this is the reply to
}

// cluster is a few hosts, and a network that moves nothing by itself: a test says what happens
// next. Time stands still unless the test lets it go by.
type cluster struct {
	now      time.Duration
	hosts    []*host
	flying   []packet // in the order in which they were sent
	requests map[uint64]packet
	refs     uint64
	cut      map[int]bool // from all others
	seen     func(id int, before Status, out *Output)
}

func newCluster(n int, cfg Config) *cluster {
	c := &cluster{requests: map[uint64]packet{}, cut: map[int]bool{}, seen: func(int, Status, *Output) {}}
	for id := range n {
		cfg.ID, cfg.Peers, cfg.Rand = id, n, rand.New(rand.NewPCG(1, uint64(id)))
		c.hosts = append(c.hosts, &host{cfg: cfg})
	}
	return c
}

// boot starts those that are down.
func (c *cluster) boot() {
	for id, m := range c.hosts {
		if m.node == nil {
			c.start(id)
		}
	}
}

func (c *cluster) start(id int) {
	m := c.hosts[id]
	if err := m.boot(); err != nil {
		panic(err)
	}
	m.node.Step(c.now, Lost{To: nobody}) // it shall know the time, and nothing else
	m.node.resetElectionTimer()
	c.take(id, m.node.Status())
}

// step lets events happen to a node, and does what comes of them all.
func (c *cluster) step(id int, events ...Event) {
	m := c.hosts[id]
	if m.node == nil {
		return
	}
	before := m.node.Status()
	for _, ev := range events {
		m.node.Step(c.now, ev)
	}
	c.take(id, before)
}

func (c *cluster) take(id int, before Status) {
	m := c.hosts[id]
	out := m.node.Take()
	if err := m.disk.persist(&out); err != nil {
		panic(err)
	}
	m.applied = append(m.applied, out.Apply...)
	for _, s := range out.Messages {
		c.refs++
		p := packet{from: id, to: s.To, msg: s.Msg, ref: c.refs}
		c.requests[c.refs] = p
		c.flying = append(c.flying, p)
	}
	for _, r := range out.Replies {
		request := c.requests[r.Ref]
		c.flying = append(c.flying, packet{from: id, to: request.from, msg: r.Msg, ref: r.Ref, request: request.msg})
	}
	c.seen(id, before, &out)
}

// deliver has a packet arrive, unless one of its ends is cut off or down.
func (c *cluster) deliver(p packet) bool {
	if c.cut[p.from] || c.cut[p.to] || c.hosts[p.to].node == nil {
		return false
	}
	c.step(p.to, Receive{From: p.from, Msg: p.msg, Ref: p.ref})
	return true
}

// settle delivers whatever is sent, until nothing is.
func (c *cluster) settle() {
	for len(c.flying) > 0 {
		p := c.flying[0]
		c.flying = c.flying[1:]
		c.deliver(p)
	}
}

// timeout lets time go by until a node's next tick is due, and has it tick.
func (c *cluster) timeout(id int) {
	c.now = max(c.now, c.hosts[id].node.Deadline())
	c.step(id, Tick{})
}

// run lets time go by, for all, with messages that arrive at once.
func (c *cluster) run(d time.Duration) {
	for end := c.now + d; ; {
		c.settle()
		next, who := end, -1
		for id, m := range c.hosts {
			if m.node != nil && m.node.Deadline() < next {
				next, who = m.node.Deadline(), id
			}
		}
		c.now = max(c.now, next)
		if who < 0 {
			return
		}
		c.step(who, Tick{})
	}
}

// pick takes out of the air what matches.
func (c *cluster) pick(match func(packet) bool) (picked []packet) {
	c.flying = slices.DeleteFunc(c.flying, func(p packet) bool {
		if match(p) {
			picked = append(picked, p)
			return true
		}
		return false
	})
	return picked
}
