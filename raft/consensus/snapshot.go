package consensus

import "math"

// maxIndex is more than any log will reach. Up to there no sum of indices overflows.
const maxIndex = math.MaxInt / 4

// incoming is a snapshot that arrives in chunks.
type incoming struct {
	index, term int
	leaderTerm  int
	data        []byte
}

// compact takes the service's snapshot in place of the log up to it (§7).
func (n *Node) compact(ev Compact) {
	if ev.Index <= n.log.snapshotIndex || ev.Index > n.commitIndex {
		return
	}
	n.log.compact(ev.Index, n.log.term(ev.Index), ev.Snapshot)
	n.saveSnapshot()
}

func (n *Node) saveSnapshot() {
	n.out.Snapshot = &Snapshot{n.log.snapshotIndex, n.log.snapshotTerm, n.log.snapshot}
}

// applySnapshot hands the snapshot to the service.
func (n *Node) applySnapshot() {
	data := n.log.snapshot
	if data == nil {
		data = []byte{} // an empty one is one
	}
	n.out.Apply = append(n.out.Apply, Apply{Index: n.log.snapshotIndex, Term: n.log.snapshotTerm, Snapshot: data})
}

// sendChunk sends the next chunk of the snapshot to a peer, if none is under way (Figure 13). A chunk shows
// that this leader lives, but only an append carries the round that a read waits for.
func (n *Node) sendChunk(to int, p *progress) {
	if !p.chunkOut && !p.wait {
		p.beat = n.lead.roundSent < n.lead.round
		s := p.snapshot
		end := min(p.offset+n.cfg.SnapshotChunk, len(s.Data))
		p.chunkOut = true
		n.out.Messages = append(n.out.Messages, Send{to, &InstallSnapshotArgs{
			Term: n.hard.Term, LeaderID: n.cfg.ID, LastIncludedIndex: s.Index, LastIncludedTerm: s.Term,
			Offset: p.offset, Data: s.Data[p.offset:end:end], Done: end == len(s.Data),
		}})
	}
	if p.beat {
		p.beat = false
		n.out.Messages = append(n.out.Messages, Send{to, n.emptyAppend()})
	}
}

// emptyAppend is a heartbeat to a peer that has not even what this log begins with.
func (n *Node) emptyAppend() *AppendEntriesArgs {
	return &AppendEntriesArgs{
		Term: n.hard.Term, LeaderID: n.cfg.ID, PrevLogIndex: n.log.snapshotIndex, PrevLogTerm: n.log.snapshotTerm, Round: n.lead.round,
	}
}

// installSnapshot takes a chunk, and the whole snapshot with the last one (Figure 13).
func (n *Node) installSnapshot(from int, m *InstallSnapshotArgs) *InstallSnapshotReply {
	if m.Term < n.hard.Term || m.Term < 1 || n.role == Leader && m.Term == n.hard.Term {
		return &InstallSnapshotReply{Term: n.hard.Term}
	}
	n.hearLeader(m.Term, from)
	reply := &InstallSnapshotReply{Term: m.Term, LastIncludedIndex: m.LastIncludedIndex}
	if m.LastIncludedIndex <= n.commitIndex { // it is all here: an older snapshot must not undo what came after
		reply.Installed = true
		return reply
	}
	if m.LastIncludedTerm < 1 || m.LastIncludedTerm > m.Term || m.LastIncludedIndex > maxIndex { // no leader's
		return reply
	}
	in := &n.incoming
	if in.index != m.LastIncludedIndex || in.term != m.LastIncludedTerm || in.leaderTerm != m.Term {
		// Another leader's snapshot of the same entries may have other bytes: start anew.
		*in = incoming{index: m.LastIncludedIndex, term: m.LastIncludedTerm, leaderTerm: m.Term}
	}
	if m.Offset == len(in.data) {
		in.data = append(in.data, m.Data...)
		if m.Done {
			n.install(*in)
			*in = incoming{}
			reply.Installed = true
			return reply
		}
	}
	reply.Offset = len(in.data) // a chunk that was lost or came twice: go on from here
	return reply
}

// install replaces the log up to the snapshot's end. What follows it stays, if the log has the
// snapshot's last entry (Figure 13, rule 6).
func (n *Node) install(in incoming) {
	n.log.compact(in.index, in.term, in.data)
	n.commitIndex = in.index
	n.saveSnapshot()
	n.applySnapshot()
}

// installSnapshotReply sends the next chunk, or goes on with entries.
func (n *Node) installSnapshotReply(from int, m *InstallSnapshotReply) {
	p := &n.lead.peers[from]
	p.active = true
	if m.Installed && m.LastIncludedIndex <= n.commitIndex {
		p.matched(m.LastIncludedIndex)
		n.advanceCommit()
		n.askToTakeOver()
		return
	}
	if p.state != sendingSnapshot || m.LastIncludedIndex != p.snapshot.Index || m.Offset < 0 || m.Offset > len(p.snapshot.Data) {
		return
	}
	if m.Offset == p.offset { // about the chunk before: the reply to the one under way will say more
		return
	}
	p.offset, p.chunkOut, p.wait, p.advanced = m.Offset, false, false, true
}
