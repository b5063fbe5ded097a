package raft

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/raft/consensus"
)

// A replica is what an onlooker knows of a peer's log from its transitions.
type replica struct {
	snapshot int // index
	log      []EntryID
}

func (r *replica) follow(tr Transition) {
	if tr.Log != nil {
		if keep := tr.From - r.snapshot - 1; keep <= len(r.log) {
			r.log = append(slices.Clip(r.log[:keep]), tr.Log...)
		} else { // a snapshot has filled the gap
			*r = replica{tr.From - 1, tr.Log}
		}
	}
	if n := tr.SnapshotIndex - r.snapshot; n > 0 {
		r.log = r.log[min(n, len(r.log)):]
		r.snapshot = tr.SnapshotIndex
	}
}

// Transitions tell all there is to know: who follows them has the log that is on the disk, after each of
// them.
func TestTransitionsTellTheLog(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		count, terms := 0, map[int]bool{}
		for _, n := range c.nodes {
			var r replica
			var before Transition
			n.opts = []Option{WithObserver(func(tr Transition) {
				c.note(func() {
					count++
					terms[tr.Term] = true
				})
				if tr.Event == "Make" {
					r, before = replica{snapshot: tr.From - 1}, Transition{}
				}
				r.follow(tr)
				got := requireWholeState(c.t, n.ps)
				require.Equal(c.t, got.SnapshotIndex, r.snapshot, "%+v", tr)
				require.Equal(c.t, len(got.Entries), len(r.log), "%+v", tr)
				for i, e := range got.Entries {
					require.Equal(c.t, idOf(e), r.log[i])
				}
				require.Equal(c.t, tr.LastIndex, r.snapshot+len(r.log))
				require.GreaterOrEqual(c.t, tr.Term, before.Term)
				require.GreaterOrEqual(c.t, tr.CommitIndex, before.CommitIndex)
				require.Equal(c.t, tr.CommitIndex, tr.Applied)
				require.NotEmpty(c.t, tr.Event)
				before = tr
			})}
			n.onApply = func(m ApplyMsg) {
				if m.CommandValid && m.CommandIndex%10 == 0 {
					n.Snapshot(m.CommandIndex, fmt.Append(nil, m.CommandIndex))
				}
			}
		}
		c.startAll()
		for round := range 8 {
			c.commit(round)
			old := c.leader()
			old.cut(true)
			for i := range 3 { // these will be truncated
				old.Start(-i)
			}
			for i := range 7 {
				c.commit(i, old)
			}
			old.cut(false)
			c.commit("together")
			old.crash()
			time.Sleep(10 * time.Millisecond)
			old.start()
		}
		c.notes.Lock()
		defer c.notes.Unlock()
		require.Greater(t, count, 300)
		require.Greater(t, len(terms), 7)
	})
}

// A snapshot that is installed over entries that don't belong to it cuts them off.
func TestTransitionOfInstalledSnapshot(t *testing.T) {
	var seen []Transition
	l := stillLoop(t, MakePersister(), WithObserver(func(tr Transition) { seen = append(seen, tr) }))
	ask := func(msg consensus.Message) {
		w := l.rf.box.ask(consensus.Receive{From: 1, Msg: msg})
		require.True(t, l.turn())
		<-w.done
	}
	entries := make([]consensus.Entry, 5)
	for i := range entries {
		entries[i].Term = 1
	}
	ask(&consensus.AppendEntriesArgs{Term: 1, LeaderID: 1, Entries: entries})
	ask(&consensus.InstallSnapshotArgs{Term: 2, LeaderID: 1, LastIncludedIndex: 3, LastIncludedTerm: 2, Data: []byte("s"), Done: true})
	require.Len(t, seen, 2)
	require.Equal(t, "Make", seen[0].Event)
	require.Equal(t, 1, seen[0].From)
	require.Len(t, seen[0].Log, 5)
	require.Equal(t, "InstallSnapshot", seen[1].Event)
	require.Equal(t, []int{3, 3, 4}, []int{seen[1].SnapshotIndex, seen[1].LastIndex, seen[1].From})
	require.NotNil(t, seen[1].Log)
	require.Empty(t, seen[1].Log)
	requireWholeState(t, l.journal.ps)
}

func TestNameOfBatch(t *testing.T) {
	receive := func(m consensus.Message) event { return event{Event: consensus.Receive{Msg: m}} }
	require.Equal(t, "Start*2, AppendEntries, AppendEntriesReply, Snapshot, Lost, Read, Transfer, Tick", nameOf([]event{
		{Event: consensus.Propose{}}, {Event: consensus.Propose{}},
		receive(&consensus.AppendEntriesArgs{}), receive(&consensus.AppendEntriesReply{}),
		{Event: consensus.Compact{}}, {Event: consensus.Lost{}}, {Event: consensus.Read{}}, {Event: consensus.Transfer{}},
	}, true))
	require.Empty(t, nameOf(nil, false))
}

func TestEntryID(t *testing.T) {
	ids := []EntryID{
		idOf(consensus.Entry{Term: 1}), idOf(consensus.Entry{Term: 1, NoOp: true}), idOf(consensus.Entry{Term: 1, Data: []byte{0}}),
		idOf(consensus.Entry{Term: 1, Data: []byte("ab")}), idOf(consensus.Entry{Term: 1, Data: []byte("ba")}), idOf(consensus.Entry{Term: 2, Data: []byte("ab")}),
	}
	for i, a := range ids {
		for j, b := range ids {
			require.Equal(t, i == j, a == b)
		}
	}
	require.Equal(t, uint64(0xe71fa2190541574b), idOf(consensus.Entry{Data: []byte("abc")}).Sum, "the same in every process: FNV-1a")
}

// A role observer hears of each term, and of each gain and loss of the lead.
func TestRoleObserver(t *testing.T) {
	inBubble(t, 3, func(t *testing.T, c *cluster) {
		type change struct {
			term  int
			leads bool
		}
		seen := make([][]change, 3)
		for i, n := range c.nodes {
			n.opts = []Option{
				WithRoleObserver(func(term int, leads bool) { c.note(func() { seen[i] = append(seen[i], change{term, leads}) }) }),
				WithRoleObserver(func(int, bool) {}), // there may be several
			}
		}
		last := func(n *testNode) (ch change) {
			c.note(func() { ch = seen[n.id][len(seen[n.id])-1] })
			return ch
		}
		c.startAll()
		c.commit("x")
		old := c.leader()
		term := old.Status().Term
		require.Equal(t, change{term, true}, last(old))
		old.cut(true)
		time.Sleep(time.Second)
		require.Equal(t, change{term, false}, last(old), "it has no quorum")
		old.cut(false)
		c.commit("z")
		require.Equal(t, change{c.leader().Status().Term, false}, last(old))
		c.notes.Lock()
		defer c.notes.Unlock()
		for _, list := range seen {
			require.Equal(t, list, slices.Compact(slices.Clone(list)), "only changes")
		}
	})
}
