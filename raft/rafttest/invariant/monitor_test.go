package invariant

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/labrpc/labtest"
	"6.824/raft"
)

// A play is what three servers, 0 to 2, do under the eyes of a monitor.
type play struct {
	m      *Monitor
	is     [3]raft.Transition // what each reported last
	failed []string           // the checks
	said   []string
}

func newPlay() *play {
	p := &play{}
	p.m = New(func(check, paper, format string, args ...any) {
		p.failed, p.said = append(p.failed, check), append(p.said, fmt.Sprintf(format, args...))
	}, name(0), name(1), name(2))
	for i := range p.is {
		p.boot(i, "start", nil)
	}
	return p
}

func name(i int) string { return fmt.Sprintf("raft/%d", i) }

// boot starts a server, with what it reported last, but as change has it.
func (p *play) boot(i int, how string, change func(*raft.Transition)) {
	p.m.See(labtest.Event{Kind: how, Node: name(i)})
	t := p.is[i]
	if how == "start" {
		t = raft.Transition{VotedFor: -1}
	}
	t.Role, t.Leader, t.CommitIndex, t.Applied, t.From = raft.Follower, -1, t.SnapshotIndex, t.SnapshotIndex, t.SnapshotIndex+1
	t.Log = []raft.EntryID{}
	for _, e := range p.m.servers[i].log[t.From:] {
		t.Log = append(t.Log, raft.EntryID{Term: e.term, Sum: 1}) // all commands of a play have the sum 1, unless it says otherwise
	}
	if change != nil {
		change(&t)
	}
	p.report(i, t)
}

// step has a server report a change.
func (p *play) step(i int, change func(*raft.Transition)) {
	t := p.is[i]
	t.From, t.Log = 0, nil
	change(&t)
	p.report(i, t)
}

func (p *play) report(i int, t raft.Transition) {
	p.m.See(labtest.Event{Kind: "report", Node: name(i), State: t})
	p.is[i] = t
}

func (p *play) vote(i, candidate, term int) {
	p.step(i, func(t *raft.Transition) { t.Term, t.VotedFor = term, candidate })
}

func (p *play) lead(i, term int) {
	p.step(i, func(t *raft.Transition) { t.Role, t.Term, t.VotedFor = raft.Leader, term, i })
}

// append puts entries of these terms behind index prev of a server's log.
func (p *play) append(i, prev int, terms ...int) {
	p.appendSum(i, 1, prev, terms...)
}

func (p *play) appendSum(i int, sum uint64, prev int, terms ...int) {
	p.step(i, func(t *raft.Transition) {
		t.From, t.Log = prev+1, []raft.EntryID{}
		for _, term := range terms {
			t.Log = append(t.Log, raft.EntryID{Term: term, Sum: sum})
			t.LastTerm = term
		}
		t.LastIndex = prev + len(terms)
	})
}

func (p *play) commit(i, index int) {
	p.step(i, func(t *raft.Transition) { t.CommitIndex, t.Applied = index, index })
}

func (p *play) apply(i, index int, sum uint64) {
	p.m.See(labtest.Event{Kind: "report", Node: name(i) + " service", State: Applied{Server: name(i), Index: index, Command: int(sum), Sum: sum}})
}

// prologue has server 0 elected in term 1 with the vote of 1, and commit two entries with it. Server 2 has the first only.
func (p *play) prologue() {
	p.vote(1, 0, 1)
	p.lead(0, 1)
	p.append(0, 0, 1, 1)
	p.append(1, 0, 1, 1)
	p.vote(2, -1, 1)
	p.append(2, 0, 1)
	p.commit(0, 2)
	p.commit(1, 2)
	p.commit(2, 1)
	p.apply(0, 1, 7)
	p.apply(0, 2, 8)
	p.apply(1, 1, 7)
	p.m.State(name(0), 1, 1, true)
	p.m.Acknowledge(1)
}

func TestWhatIsAllowed(t *testing.T) {
	p := newPlay()
	p.prologue()
	p.m.CheckAcknowledged(name(0), name(1))
	p.boot(0, "restart", nil)
	p.vote(2, 1, 2) // knows no better
	p.vote(0, 1, 2)
	p.lead(1, 2)
	p.append(1, 2, 2)
	p.append(0, 2, 2)
	p.append(2, 1, 1, 2)
	p.commit(1, 3)
	p.step(1, func(t *raft.Transition) { t.SnapshotIndex, t.SnapshotTerm = 2, 1 })
	p.apply(0, 1, 7)
	p.m.State(name(1), 1, 2, true)
	require.Empty(t, p.failed, p.said)
	require.True(t, p.m.Reports())
	require.Equal(t, 2, p.m.Terms())
	require.Equal(t, 8, p.m.Command(2))
	require.Nil(t, p.m.Command(3))
}

func TestWhatIsNot(t *testing.T) {
	for _, c := range []struct {
		check string
		when  string
		play  func(*play)
	}{
		{"Election Safety", "two leaders of a term", func(p *play) {
			p.m.State(name(2), 1, 1, true)
		}},
		{"Election Safety", "a leader again after a restart", func(p *play) {
			p.boot(0, "restart", nil)
			p.lead(0, 1)
		}},
		{"elected by a majority", "its own vote only", func(p *play) { p.lead(2, 2) }},
		{"elected by a majority", "votes of the term before", func(p *play) {
			p.vote(1, 2, 2)
			p.lead(2, 3)
		}},
		{"terms never fall", "a report", func(p *play) { p.vote(1, -1, 0) }},
		{"terms never fall", "GetState", func(p *play) { p.m.State(name(0), 1, 0, false) }},
		{"one vote per term", "another vote", func(p *play) { p.vote(1, 2, 1) }},
		{"one vote per term", "forgotten in a crash", func(p *play) {
			p.boot(1, "restart", func(t *raft.Transition) { t.VotedFor = -1 })
		}},
		{"commit indices never go back", "", func(p *play) { p.commit(0, 1) }},
		{"Leader Append-Only", "", func(p *play) { p.append(0, 1, 1) }},
		{"only a term's leader creates its entries", "", func(p *play) { p.append(2, 1, 1, 1) }},
		{"Log Matching", "", func(p *play) { p.appendSum(2, 5, 1, 1) }},
		{"leaders commit by their own term's entries", "Figure 8", func(p *play) {
			p.append(0, 2, 1)
			p.append(1, 2, 1)
			p.vote(0, 1, 2)
			p.vote(2, 1, 2)
			p.lead(1, 2)
			p.commit(1, 3)
		}},
		{"followers commit what a leader has committed", "", func(p *play) {
			p.append(0, 2, 1)
			p.append(1, 2, 1)
			p.commit(1, 3)
		}},
		{"a majority has what is committed", "", func(p *play) {
			p.append(0, 2, 1)
			p.commit(0, 3)
		}},
		{"committed entries are the same everywhere", "", func(p *play) {
			p.vote(0, 2, 2)
			p.vote(1, 2, 2)
			p.lead(2, 2)
			p.failed = nil // it lacks a committed entry, but that is another play
			p.append(2, 1, 2)
			p.commit(2, 2)
		}},
		{"Leader Completeness", "elected without", func(p *play) {
			p.vote(0, 2, 2)
			p.vote(1, 2, 2)
			p.lead(2, 2)
		}},
		{"what is on disk survives", "an entry lost in a crash", func(p *play) {
			p.boot(2, "restart", func(t *raft.Transition) { t.Log, t.LastIndex, t.LastTerm = t.Log[:0], 0, 0 })
		}},
		{"what is on disk survives", "a snapshot lost in a crash", func(p *play) {
			p.step(1, func(t *raft.Transition) { t.SnapshotIndex, t.SnapshotTerm = 2, 1 })
			p.is[1].SnapshotIndex = 1
			p.boot(1, "restart", nil)
		}},
		{"a snapshot is of committed entries", "an index too far", func(p *play) {
			p.append(0, 2, 1)
			p.step(0, func(t *raft.Transition) { t.SnapshotIndex, t.SnapshotTerm, t.CommitIndex = 3, 1, 3 })
		}},
		{"a snapshot is of committed entries", "another term", func(p *play) {
			p.step(0, func(t *raft.Transition) { t.SnapshotIndex, t.SnapshotTerm = 1, 2 })
		}},
		{"a snapshot replaces what conflicts with it", "", func(p *play) {
			p.vote(0, -1, 2)
			p.vote(1, 2, 2)
			p.lead(2, 2)
			p.append(2, 1, 2, 2)
			p.failed = nil
			p.step(2, func(t *raft.Transition) { t.SnapshotIndex, t.SnapshotTerm, t.CommitIndex = 2, 1, 2 })
		}},
		{"reports fit together", "a gap", func(p *play) { p.append(2, 5, 1) }},
		{"reports fit together", "the wrong end", func(p *play) { p.step(0, func(t *raft.Transition) { t.LastIndex++ }) }},
		{"reports fit together", "no log after a restart", func(p *play) {
			p.boot(0, "restart", func(t *raft.Transition) { t.Log = nil })
		}},
		{"snapshot ≤ committed ≤ in the log", "", func(p *play) { p.step(0, func(t *raft.Transition) { t.Applied = 3 }) }},
		{"only what is committed is applied", "", func(p *play) { p.apply(0, 3, 9) }},
		{"entries are applied in order", "one left out", func(p *play) { p.apply(2, 2, 8) }},
		{"entries are applied in order", "one again", func(p *play) { p.apply(0, 2, 8) }},
		{"State Machine Safety", "", func(p *play) { p.apply(2, 1, 9) }},
		{"a snapshot does not take the service back", "", func(p *play) {
			p.m.See(labtest.Event{Kind: "report", Node: name(0) + " service", State: Applied{Server: name(0), Index: 1, Snapshot: true}})
		}},
		{"a snapshot stands for what was applied", "", func(p *play) {
			p.m.See(labtest.Event{Kind: "report", Node: name(2) + " service", State: Applied{Server: name(2), Index: 2, Snapshot: true, Sum: 1}})
		}},
		{"acknowledged entries survive", "", func(p *play) { p.m.CheckAcknowledged(name(2)) }},
	} {
		t.Run(c.check+" "+c.when, func(t *testing.T) {
			p := newPlay()
			p.prologue()
			require.Empty(t, p.failed, p.said)
			c.play(p)
			require.Contains(t, p.failed, c.check, p.said)
		})
	}
}
