package consensus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// FuzzStep has anything happen to one node of three: messages of peers who follow no protocol, events in any
// order, crashes. Nothing panics, and what a node owes to itself holds after each event: see [subject].
func FuzzStep(f *testing.F) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 7))
		script := make([]byte, 50+r.IntN(800))
		for i := range script {
			script[i] = byte(r.Uint32())
		}
		f.Add(script)
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		s := newSubject(t, script)
		for len(s.script) > 0 && len(s.script) <= len(script) {
			s.happen()
		}
	})
}

// subject is a node to which a script happens.
type subject struct {
	*testing.T
	script []byte
	now    time.Duration
	host   host
	ref    uint64
	asked  Message // the last request, which waits for its reply
	was    Status
	last   int      // index that the service was handed, since the node was started
	done   []Apply  // all that ever was handed out, by index, from 1
	reads  []uint64 // that wait
	reader uint64
}

func newSubject(t *testing.T, script []byte) *subject {
	s := &subject{T: t, script: script, done: make([]Apply, 1)}
	s.host = host{
		cfg:  Config{ID: 0, Peers: 3, Rand: rand.New(rand.NewPCG(1, 1)), SnapshotChunk: 2, MaxBatchBytes: 4, MaxInflight: 2},
		disk: Restored{HardState: HardState{VotedFor: nobody}},
	}
	s.boot()
	return s
}

// byte takes the next of the script; 0 when that is at its end.
func (s *subject) byte() byte {
	if len(s.script) == 0 {
		return 0
	}
	b := s.script[0]
	s.script = s.script[1:]
	return b
}

func (s *subject) bool() bool { return s.byte()%2 == 0 }

// number is one that is close to one of those that mean something to the node, or out of all bounds.
func (s *subject) number(near ...int) int {
	b := int(s.byte())
	if b >= 250 {
		return []int{math.MinInt, math.MinInt + 1, -1, math.MaxInt / 2, math.MaxInt - 1, math.MaxInt}[b-250]
	}
	return near[b%len(near)] + []int{0, 0, 0, -1, 1, 2, -2}[b/len(near)%7]
}

func (s *subject) term() int { return s.number(s.was.Term, s.was.Term, s.was.LastTerm, 1) }

func (s *subject) index() int {
	return s.number(s.was.LastIndex, s.was.CommitIndex, s.was.SnapshotIndex, 0)
}

func (s *subject) peer() int { return s.number(1, 2, 1, 2, 0) }

func (s *subject) data() []byte { return []byte("abc")[:s.byte()%4] }

func (s *subject) message() Message {
	switch s.byte() % 8 {
	case 0:
		return &RequestVoteArgs{s.term(), s.peer(), s.index(), s.term(), s.bool(), s.bool()}
	case 1:
		return &RequestVoteReply{s.term(), s.bool(), s.bool()}
	case 2:
		m := &AppendEntriesArgs{Term: s.term(), LeaderID: s.peer(), PrevLogIndex: s.index(), PrevLogTerm: s.term(), LeaderCommit: s.index(), Round: s.number(0)}
		for range s.byte() % 4 {
			m.Entries = append(m.Entries, Entry{Term: s.term(), Data: s.data()})
		}
		return m
	case 3:
		return &AppendEntriesReply{s.term(), s.bool(), s.index(), s.index(), s.term(), s.index(), s.number(0, s.host.node.lead.round)}
	case 4:
		return &InstallSnapshotArgs{s.term(), s.peer(), s.index(), s.term(), s.number(0, 2), s.data(), s.bool()}
	case 5:
		return &InstallSnapshotReply{s.term(), s.index(), s.number(0, 2), s.bool()}
	case 6:
		return &TimeoutNowArgs{s.term(), s.peer()}
	}
	return &TimeoutNowReply{s.term()}
}

// happen has the script's next event happen.
func (s *subject) happen() {
	s.asked = nil
	var ev Event
	switch b := s.byte() % 16; b {
	case 0:
		s.crash()
		return
	case 1:
		ev = Propose{s.data()}
	case 2:
		ev = Compact{s.index(), s.data()}
	case 3:
		s.reader++
		s.reads = append(s.reads, s.reader)
		ev = Read{s.reader}
	case 4:
		ev = Transfer{s.peer()}
	case 5:
		ev = Lost{s.peer(), s.message()}
	case 6, 7:
		if s.now += time.Duration(s.byte()) * time.Millisecond; s.bool() {
			s.now = max(s.now, s.host.node.Deadline())
		}
		ev = Tick{}
	case 8: // so that there is a leader now and then, whatever else the script says
		ev = Receive{From: 1, Msg: &RequestVoteReply{Term: s.was.Term + map[Role]int{PreCandidate: 1}[s.was.Role], VoteGranted: true, PreVote: s.was.Role == PreCandidate}}
	default:
		s.ref++
		m := s.message()
		ev = Receive{From: s.peer(), Msg: m, Ref: s.ref}
		s.asked = m
	}
	s.host.node.Step(s.now, ev)
	s.take(ev)
}

// crash has the node start anew from its disk.
func (s *subject) crash() {
	s.reads = nil
	s.boot()
}

func (s *subject) boot() {
	if err := s.host.boot(); err != nil {
		s.Fatalf("the disk can't be read again: %v", err)
	}
	now := s.host.node.Status()
	if now.Term != s.was.Term || now.LastIndex != s.was.LastIndex || now.SnapshotIndex != s.was.SnapshotIndex {
		s.Fatalf("after a crash it is %+v, and was %+v", now, s.was)
	}
	s.was, s.last = now, 0
	s.host.node.Step(s.now, Tick{})
	s.take(Tick{})
}

// take takes what follows from an event, and checks it.
func (s *subject) take(ev Event) {
	n := s.host.node
	out := n.Take()
	now := n.Status()
	if err := s.host.disk.persist(&out); err != nil {
		s.Fatalf("%+v: the disk can't follow: %v", ev, err)
	}
	must := func(ok bool, format string, args ...any) {
		s.Helper()
		if !ok {
			s.Fatalf("%T %+v, %+v: %s\nit was %+v\nit is  %+v", ev, ev, s.asked, fmt.Sprintf(format, args...), s.was, now)
		}
	}

	// The disk has what the node has.
	disk := &s.host.disk
	must(disk.HardState == HardState{now.Term, now.VotedFor}, "the disk has %+v", disk.HardState)
	must(disk.SnapshotIndex == now.SnapshotIndex && disk.lastIndex() == now.LastIndex, "the disk has %d to %d", disk.SnapshotIndex+1, disk.lastIndex())
	for i, e := range disk.Entries {
		must(n.Term(disk.SnapshotIndex+1+i) == e.Term, "the disk has another entry %d", disk.SnapshotIndex+1+i)
	}

	// What never goes back.
	must(now.Term >= s.was.Term, "the term falls")
	must(now.Term > s.was.Term || s.was.VotedFor == nobody || now.VotedFor == s.was.VotedFor, "it votes twice")
	must(now.CommitIndex >= s.was.CommitIndex && now.SnapshotIndex >= s.was.SnapshotIndex, "an index falls")
	must(now.SnapshotIndex <= now.CommitIndex && now.CommitIndex <= now.LastIndex, "snapshot ≤ committed ≤ in the log")
	if s.was.Role == Leader && now.Role == Leader && now.Term == s.was.Term {
		must(out.First == 0 || out.First > s.was.LastIndex, "a leader rewrites its log from %d on", out.First)
	}
	must(s.was.Role == Leader || now.Role != Leader || now.VotedFor == 0, "it leads without a vote of its own")

	// What is applied is applied in order, and stays what it was.
	for _, a := range out.Apply {
		must(a.Index <= now.CommitIndex, "it applies %d", a.Index)
		if a.Snapshot != nil {
			must(a.Index > s.last, "a snapshot takes the service back from %d to %d", s.last, a.Index)
			for len(s.done) <= min(a.Index, 1<<10) {
				s.done = append(s.done, Apply{})
			}
		} else {
			must(a.Index == s.last+1, "it applies %d after %d", a.Index, s.last)
			for len(s.done) <= min(a.Index, 1<<10) {
				s.done = append(s.done, a)
			}
			if a.Index < len(s.done) && s.done[a.Index].Index > 0 { // else it is not known, for a snapshot had it
				must(s.done[a.Index].Term == a.Term && string(s.done[a.Index].Data) == string(a.Data), "it applies another entry %d", a.Index)
			}
		}
		s.last = a.Index
	}

	s.checkReplies(must, now, &out)
	for _, m := range out.Messages {
		must(m.To == 1 || m.To == 2, "it sends to %d", m.To)
		if a, ok := m.Msg.(*AppendEntriesArgs); ok {
			must(now.Role == Leader && a.Term == now.Term && a.PrevLogIndex >= 0 && a.PrevLogTerm == n.Term(a.PrevLogIndex) && a.LeaderCommit <= now.CommitIndex,
				"it sends %+v", a)
		}
	}
	for _, r := range out.Reads {
		i := slices.Index(s.reads, r.ID)
		must(i >= 0 && (!r.OK || r.Index > 0 && r.Index <= now.CommitIndex), "it answers the read %+v", r)
		s.reads = slices.Delete(s.reads, i, i+1)
	}
	must(now.Role == Leader || len(s.reads) == 0, "reads wait for one that does not lead")
	if _, ok := ev.(Tick); ok {
		must(n.Deadline() > s.now, "a tick is followed by one that is due at %v, at %v", n.Deadline(), s.now)
	}
	s.was = now
}

// checkReplies checks that a request has one reply, which says what is on disk.
func (s *subject) checkReplies(must func(bool, string, ...any), now Status, out *Output) {
	for _, r := range out.Replies {
		must(s.asked != nil && r.Ref == s.ref, "a reply to nothing: %+v", r)
		switch m := r.Msg.(type) {
		case *RequestVoteReply:
			args := s.asked.(*RequestVoteArgs)
			must(!m.VoteGranted || m.PreVote || args.Term == now.Term && now.VotedFor > 0, "its vote is not on disk: %+v", m)
			must(m.Term <= max(now.Term, args.Term), "a vote of term %d", m.Term)
		case *AppendEntriesReply:
			must(!m.Success || m.Match >= 0 && m.Match <= now.LastIndex && m.Term == now.Term, "it has no more than %d: %+v", now.LastIndex, m)
		case *InstallSnapshotReply:
			must(!m.Installed || m.LastIncludedIndex <= now.CommitIndex, "it has no such snapshot: %+v", m)
		}
		s.asked = nil
	}
}
