package consensus

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// machine is a node with its disk and its service, in a simulation.
type machine struct {
	id      int
	node    *Node
	disk    Restored // what survives a crash
	applied []Apply  // as the service has seen them since it began, snapshot included
	up      bool
	commit  int
}

type flight struct {
	due      time.Duration
	from, to int
	msg      Message
	ref      uint64
	reply    bool
	n        int
}

// simulation runs a few nodes under a random schedule and checks Figure 3 as it goes.
type simulation struct {
	t         *testing.T
	rng       *rand.Rand
	now       time.Duration
	machines  []*machine
	flights   []flight
	requests  map[uint64]flight
	refs      uint64
	cut       map[[2]int]bool
	leaders   map[int]int
	chosen    map[int][]byte // index → data, once applied anywhere
	terms     map[int]int
	reads     map[uint64]int // id → the commit index that it must reach
	proposed  int
	clientDue time.Duration
	done      struct{ commits, reads, installs, elections, crashes, transfers int }
}

func newSimulation(t *testing.T, seed uint64) *simulation {
	s := &simulation{t: t, rng: rand.New(rand.NewPCG(seed, 1)), requests: map[uint64]flight{}, cut: map[[2]int]bool{},
		leaders: map[int]int{}, chosen: map[int][]byte{}, terms: map[int]int{}, reads: map[uint64]int{}}
	peers := 1 + s.rng.IntN(5)
	for id := range peers {
		s.machines = append(s.machines, &machine{id: id, disk: Restored{HardState: HardState{VotedFor: nobody}}})
	}
	for _, m := range s.machines {
		s.boot(m)
	}
	return s
}

func (s *simulation) boot(m *machine) {
	disk := m.disk
	disk.Entries = slices.Clone(disk.Entries)
	var err error
	m.node, err = New(Config{ID: m.id, Peers: len(s.machines), Rand: s.rng, SnapshotChunk: 3, MaxBatchBytes: 40, MaxInflight: 3}, disk)
	require.NoError(s.t, err)
	m.up, m.applied, m.commit = true, nil, 0
	m.node.Step(s.now, Tick{})
	s.take(m)
}

func (s *simulation) step(m *machine, ev Event) {
	m.node.Step(s.now, ev)
	if s.rng.IntN(3) > 0 { // several events may share an output
		s.take(m)
	}
}

func (s *simulation) take(m *machine) {
	out := m.node.Take()
	if out.HardState != nil {
		require.GreaterOrEqual(s.t, out.HardState.Term, m.disk.Term)
	}
	require.NoError(s.t, m.disk.persist(&out))
	st := m.node.Status()
	require.Equal(s.t, m.disk.lastIndex(), st.LastIndex, "the disk has the log")
	if st.Role == Leader {
		if l, ok := s.leaders[st.Term]; ok {
			require.Equal(s.t, l, m.id, "election safety, term %d", st.Term)
		} else {
			s.done.elections++
			for i, data := range s.chosen { // leader completeness
				if e, ok := m.node.Entry(i); ok {
					require.Equal(s.t, data, e.Data)
				} else {
					require.GreaterOrEqual(s.t, st.SnapshotIndex, i, "leader completeness: term %d lacks %d", st.Term, i)
				}
			}
		}
		s.leaders[st.Term] = m.id
	}
	require.GreaterOrEqual(s.t, st.CommitIndex, m.commit)
	m.commit = st.CommitIndex
	for _, x := range out.Messages {
		s.refs++
		f := flight{from: m.id, to: x.To, msg: x.Msg, ref: s.refs}
		s.requests[s.refs] = f
		s.fly(f)
	}
	for _, r := range out.Replies {
		q := s.requests[r.Ref]
		s.fly(flight{from: m.id, to: q.from, msg: r.Msg, reply: true, ref: r.Ref})
	}
	for _, a := range out.Apply {
		s.apply(m, a)
	}
	for _, r := range out.Reads {
		if r.OK {
			s.done.reads++
			require.GreaterOrEqual(s.t, r.Index, s.reads[r.ID], "a stale read")
		}
	}
	if out.Transferred != nil && out.Transferred.OK {
		s.done.transfers++
	}
}

func (s *simulation) apply(m *machine, a Apply) {
	last := 0
	if len(m.applied) > 0 {
		last = m.applied[len(m.applied)-1].Index
	}
	m.applied = append(m.applied, a)
	if a.Snapshot != nil {
		require.Greater(s.t, a.Index, last)
		require.Equal(s.t, s.image(a.Index), a.Snapshot, "a snapshot is the state at its index")
		s.done.installs++
		return
	}
	require.Equal(s.t, last+1, a.Index, "applied in order")
	if data, ok := s.chosen[a.Index]; ok {
		require.Equal(s.t, data, a.Data, "state machine safety at %d", a.Index)
		require.Equal(s.t, s.terms[a.Index], a.Term)
	} else {
		s.chosen[a.Index], s.terms[a.Index] = a.Data, a.Term
		s.done.commits++
	}
}

// image is the state after index: what was chosen, put together.
func (s *simulation) image(index int) []byte {
	var b bytes.Buffer
	for i := max(1, index-3); i <= index; i++ {
		fmt.Fprintf(&b, "%d=%s;", i, s.chosen[i])
	}
	return b.Bytes()
}

func (s *simulation) fly(f flight) {
	copies := 1
	if s.rng.IntN(10) == 0 {
		copies = 2
	}
	for range copies {
		if s.rng.IntN(10) == 0 {
			if !f.reply && s.rng.IntN(2) == 0 {
				s.step(s.machines[f.from], Lost{f.to, f.msg})
			}
			continue
		}
		f.due = s.now + time.Duration(s.rng.ExpFloat64()*float64(5*time.Millisecond))
		if s.rng.IntN(20) == 0 {
			f.due += time.Duration(s.rng.IntN(2000)) * time.Millisecond
		}
		f.n = len(s.flights)
		s.flights = append(s.flights, f)
	}
}

// run lets d pass.
func (s *simulation) run(d time.Duration, calm bool) {
	for end := s.now + d; s.now < end; {
		next, tick, fly := min(end, s.clientDue), -1, -1
		for i, f := range s.flights {
			if f.due < next {
				next, fly = f.due, i
			}
		}
		for i, m := range s.machines {
			if due := m.node.Deadline(); m.up && due < next {
				next, tick, fly = due, i, -1
			}
		}
		s.now = max(s.now, next)
		switch {
		case tick >= 0:
			s.machines[tick].node.Step(s.now, Tick{})
			s.take(s.machines[tick])
		case fly >= 0:
			f := s.flights[fly]
			s.flights = slices.Delete(s.flights, fly, fly+1)
			if m := s.machines[f.to]; m.up && !s.cut[[2]int{f.from, f.to}] {
				m.node.Step(s.now, Receive{f.from, f.msg, f.ref})
				s.take(m)
			}
		}
		for ; s.clientDue <= s.now; s.clientDue += 10 * time.Millisecond {
			s.client()
		}
		if !calm && s.rng.IntN(100) == 0 {
			s.fault()
		}
	}
}

func (s *simulation) client() {
	m := s.machines[s.rng.IntN(len(s.machines))]
	if !m.up {
		return
	}
	switch s.rng.IntN(6) {
	case 0:
		if len(m.applied) > 0 {
			at := m.applied[s.rng.IntN(len(m.applied))].Index
			s.step(m, Compact{at, s.image(at)})
		}
	case 1:
		s.refs++
		for i := range s.chosen {
			s.reads[s.refs] = max(s.reads[s.refs], i)
		}
		s.step(m, Read{s.refs})
	case 2:
		s.step(m, Transfer{s.rng.IntN(len(s.machines))})
	default:
		s.proposed++
		s.step(m, Propose{fmt.Appendf(nil, "c%d", s.proposed)})
	}
}

func (s *simulation) fault() {
	m := s.machines[s.rng.IntN(len(s.machines))]
	switch s.rng.IntN(4) {
	case 0:
		if m.up {
			m.up = false
			s.done.crashes++
		}
	case 1:
		if !m.up {
			s.boot(m)
		}
	case 2:
		s.cut[[2]int{m.id, s.rng.IntN(len(s.machines))}] = true
	case 3:
		clear(s.cut)
	}
}

func TestRandomSchedules(t *testing.T) {
	var commits, reads, installs, elections, crashes, transfers int
	for seed := range uint64(*schedules) {
		s := newSimulation(t, seed)
		s.run(8*time.Second, false)
		clear(s.cut)
		for _, m := range s.machines {
			if !m.up {
				s.boot(m)
			}
		}
		s.flights = nil
		before := len(s.chosen)
		s.run(5*time.Second, true)
		require.Greater(t, len(s.chosen), before, "seed %d: no progress after the network healed", seed)
		commits += s.done.commits
		reads += s.done.reads
		installs += s.done.installs
		elections += s.done.elections
		crashes += s.done.crashes
		transfers += s.done.transfers
	}
	t.Log("commits", commits, "reads", reads, "installs", installs, "elections", elections, "crashes", crashes, "transfers", transfers)
	require.Positive(t, commits)
	require.Positive(t, reads)
	require.Positive(t, installs)
	require.Positive(t, crashes)
	require.Positive(t, transfers)
}
