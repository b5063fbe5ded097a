package consensus

// becomeLeader begins a lead (Figure 2, Rules for Servers, Leaders).
func (n *Node) becomeLeader() {
	n.role, n.leader = Leader, n.cfg.ID
	n.lead = leadership{
		peers: make([]progress, n.cfg.Peers), heartbeatDue: n.now + n.cfg.Heartbeat,
		quorumDue: n.now + n.cfg.ElectionTimeout, commitDue: never, termStart: n.log.lastIndex() + 1,
	}
	for i := range n.lead.peers {
		n.lead.peers[i] = progress{nextIndex: n.log.lastIndex() + 1, beat: true, active: true}
	}
	n.lead.peers[n.cfg.ID].matchIndex = n.log.lastIndex()
}

// endLead gives up what only a leader has.
func (n *Node) endLead() {
	for _, r := range n.lead.reads {
		n.out.Reads = append(n.out.Reads, ReadDone{ID: r.id})
	}
	n.lead = leadership{}
}

// leaderTick does what is due.
func (n *Node) leaderTick() {
	l := &n.lead
	if n.now >= l.quorumDue && !n.checkQuorum() {
		return
	}
	if n.now >= l.heartbeatDue {
		l.heartbeatDue = n.now + n.cfg.Heartbeat
		for i := range l.peers {
			p := &l.peers[i]
			if !p.advanced { // what is under way got nowhere in a whole interval: take it that it is lost
				p.lose()
			}
			p.beat, p.advanced, p.wait = true, false, false
		}
		n.handover.asked = false
		n.askToTakeOver()
	}
	if n.now >= l.commitDue {
		l.commitDue = never
		for i := range l.peers {
			p := &l.peers[i]
			p.beat = p.beat || p.commitSent < min(n.commitIndex, p.matchIndex)
		}
	}
}

// checkQuorum steps down if this leader has not heard a majority for an election timeout: a new one
// may have been elected, and clients should look for it (dissertation §6.2).
func (n *Node) checkQuorum() bool {
	l := &n.lead
	l.quorumDue = n.now + n.cfg.ElectionTimeout
	active := 1
	for i := range l.peers {
		if i != n.cfg.ID && l.peers[i].active {
			active++
		}
		l.peers[i].active = false
	}
	if active >= n.quorum() {
		return true
	}
	n.leader = nobody
	n.becomeFollower(n.hard.Term, nobody)
	return false
}

// propose appends a command to the leader's log (§5.3). It is replicated by the next Take.
func (n *Node) propose(data []byte) {
	if n.role != Leader || n.handover.to != nobody {
		n.out.Proposed = append(n.out.Proposed, Proposed{Term: n.hard.Term})
		return
	}
	index := n.appendOwn(Entry{Term: n.hard.Term, Data: data})
	n.out.Proposed = append(n.out.Proposed, Proposed{index, n.hard.Term})
}

// appendOwn appends an entry to the leader's log. It counts as stored here at once, though it is
// not on disk yet: nobody can acknowledge it before Take's messages are sent, and those are sent
// when it is; and in a cluster of one, what is to be applied waits for the disk as well.
func (n *Node) appendOwn(e Entry) int {
	index := n.log.lastIndex() + 1
	n.log.write(index, []Entry{e})
	n.lead.peers[n.cfg.ID].matchIndex = index
	n.advanceCommit()
	return index
}

// gather fills Output with what each peer should be sent now.
func (n *Node) gather() {
	for to := range n.lead.peers {
		if to != n.cfg.ID {
			n.gatherFor(to, &n.lead.peers[to])
		}
	}
	n.lead.roundSent = n.lead.round
}

func (n *Node) gatherFor(to int, p *progress) {
	if n.lead.roundSent < n.lead.round {
		p.beat = true
	}
	if p.state != sendingSnapshot && p.nextIndex <= n.log.snapshotIndex {
		p.lose()
		p.state, p.offset = sendingSnapshot, 0
		p.snapshot = &Snapshot{n.log.snapshotIndex, n.log.snapshotTerm, n.log.snapshot}
	}
	if p.state == sendingSnapshot {
		n.sendChunk(to, p)
		return
	}
	window := n.cfg.MaxInflight
	if p.state == probing {
		window = 1
	}
	for !p.wait && len(p.sent) < window && p.nextIndex <= n.log.lastIndex() {
		n.sendAppend(to, p, n.batch(p.nextIndex))
	}
	if p.beat {
		n.sendAppend(to, p, nil)
	}
}

// batch returns the entries from an index on that go into one append: at least one.
func (n *Node) batch(from int) []Entry {
	all := n.log.slice(from, n.log.lastIndex())
	size := 0
	for i, e := range all {
		if size += len(e.Data); i > 0 && size > n.cfg.MaxBatchBytes {
			return all[:i:i]
		}
	}
	return all
}

// sendAppend sends entries from next on, or an empty append. An empty one to a peer that is sent
// ahead is about what it is known to have, so that it can't fail for what is still on its way.
func (n *Node) sendAppend(to int, p *progress, entries []Entry) {
	prev := p.nextIndex - 1
	if len(entries) == 0 && p.state == replicating {
		prev = max(p.matchIndex, n.log.snapshotIndex)
	}
	n.out.Messages = append(n.out.Messages, Send{to, &AppendEntriesArgs{
		Term: n.hard.Term, LeaderID: n.cfg.ID, PrevLogIndex: prev, PrevLogTerm: n.log.term(prev),
		Entries: entries, LeaderCommit: n.commitIndex, Round: n.lead.round,
	}})
	p.beat = false
	p.commitSent = min(n.commitIndex, prev+len(entries))
	if len(entries) > 0 {
		p.sent = append(p.sent, prev+len(entries))
		if p.state == replicating {
			p.nextIndex += len(entries)
		}
	}
}

// appendEntries takes entries over (Figure 2, AppendEntries RPC).
func (n *Node) appendEntries(from int, m *AppendEntriesArgs) *AppendEntriesReply {
	if m.Term < n.hard.Term || m.Term < 1 || n.role == Leader && m.Term == n.hard.Term {
		return &AppendEntriesReply{Term: n.hard.Term, PrevLogIndex: m.PrevLogIndex}
	}
	n.hearLeader(m.Term, from)
	fail := &AppendEntriesReply{Term: m.Term, PrevLogIndex: m.PrevLogIndex, Round: m.Round}
	prev, prevTerm, entries := m.PrevLogIndex, m.PrevLogTerm, m.Entries
	if skip := n.log.snapshotIndex - prev; skip > 0 { // all up to the snapshot is committed, so it does match
		if prev < 0 {
			return fail
		}
		if skip > len(entries) {
			skip = len(entries)
			prev = n.log.snapshotIndex
		} else {
			prev += skip
		}
		entries, prevTerm = entries[skip:], n.log.snapshotTerm
	}
	switch have := n.log.term(prev); {
	case have < 0:
		fail.ConflictIndex = n.log.lastIndex() + 1
		return fail
	case have != prevTerm:
		fail.ConflictTerm, fail.ConflictIndex = have, n.log.firstOf(prev)
		return fail
	}
	if !n.takeOver(prev, entries) {
		return fail
	}
	match := prev + len(entries)
	// Not to the leader's commit index as such: what lies beyond match may be another leader's.
	n.commitTo(min(m.LeaderCommit, match))
	return &AppendEntriesReply{Term: m.Term, Success: true, Match: match, Round: m.Round}
}

// takeOver puts the entries after prev into the log. Those that it has stay, whatever follows them:
// a late append must not cut off what a later one has brought. It refuses to undo what is
// committed.
func (n *Node) takeOver(prev int, entries []Entry) bool {
	term := max(n.log.term(prev), 1)
	for _, e := range entries {
		if e.Term < term || e.Term > n.hard.Term { // no leader's log has that
			return false
		}
		term = e.Term
	}
	for i, e := range entries {
		index := prev + 1 + i
		have := n.log.term(index)
		if have == e.Term {
			continue
		}
		if index <= n.commitIndex {
			return false
		}
		n.log.write(index, entries[i:])
		break
	}
	return true
}

// appendEntriesReply learns what the peer has.
func (n *Node) appendEntriesReply(from int, m *AppendEntriesReply) {
	p := &n.lead.peers[from]
	p.active = true
	n.acknowledged(p, m.Round)
	if m.Success {
		if m.Match > n.log.lastIndex() { // not this log
			return
		}
		before := p.matchIndex
		p.matched(m.Match)
		if p.matchIndex > before {
			n.advanceCommit()
			if p.commitSent < min(n.commitIndex, p.matchIndex) { // it was too late for the news of that commit
				n.announceCommit()
			}
			n.askToTakeOver()
		}
		return
	}
	// It lacked PrevLogIndex, or had another entry there.
	if !p.mustBackUp(m.PrevLogIndex) {
		return
	}
	p.lose()
	p.nextIndex = min(max(n.backUp(m), p.matchIndex+1), n.log.lastIndex()+1)
	p.state, p.wait, p.beat = probing, false, true
}

// backUp finds where to go on after a conflict: skip the peer's whole term if this log has nothing
// of it, else go to its last entry of that term (§5.3).
func (n *Node) backUp(m *AppendEntriesReply) int {
	if m.ConflictTerm > 0 {
		if last := n.log.lastOf(m.ConflictTerm); last > 0 && last < m.PrevLogIndex {
			return last + 1
		}
	}
	return min(m.ConflictIndex, m.PrevLogIndex)
}

// advanceCommit commits what a majority stores. Only an entry of this term is committed by
// counting; those before it are committed with it (§5.4.2, Figure 8).
func (n *Node) advanceCommit() {
	index := n.reached(func(peer int) int { return n.lead.peers[peer].matchIndex })
	if index > n.commitIndex && n.log.term(index) == n.hard.Term {
		n.commitTo(index)
		n.announceCommit()
		n.readsInTerm()
	}
}

// announceCommit has the commit index sent to whoever does not know it, unless an append carries it there before.
func (n *Node) announceCommit() {
	n.lead.commitDue = min(n.lead.commitDue, n.now+n.cfg.CommitDelay)
}

// commitTo hands out what is newly committed.
func (n *Node) commitTo(index int) {
	for n.commitIndex < index {
		n.commitIndex++
		e := n.log.slice(n.commitIndex, n.commitIndex)[0]
		n.out.Apply = append(n.out.Apply, Apply{Index: n.commitIndex, Term: e.Term, Data: e.Data, NoOp: e.NoOp})
	}
}

// lost takes note that a request got no reply. The first loss is made good at once; who loses more
// than one waits for the next heartbeat, since it may be dead.
func (n *Node) lost(ev Lost) {
	if n.role != Leader {
		return
	}
	p := &n.lead.peers[ev.To]
	switch m := ev.Msg.(type) {
	case *AppendEntriesArgs:
		if m.Term != n.hard.Term || len(m.Entries) == 0 || p.state == sendingSnapshot || m.PrevLogIndex+len(m.Entries) <= p.matchIndex {
			return
		}
		again := p.state == probing
		p.lose()
		p.wait = again
	case *InstallSnapshotArgs:
		if m.Term == n.hard.Term && p.state == sendingSnapshot {
			p.chunkOut, p.wait = false, true
		}
	}
}
