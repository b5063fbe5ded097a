package consensus

// read begins a read (dissertation §6.4): remember the commit index, make sure by a round of
// appends that this node still leads, and then the state up to that index may answer. A leader
// that has committed nothing in its term does not know the commit index yet; it appends an entry
// of its own, but only when somebody wants to read, so that the log of a service that doesn't has
// nothing in it but its commands.
func (n *Node) read(id uint64) {
	// In a transfer the target may stand for election already: an entry that it does not have would lose it the votes.
	if n.role != Leader || n.handover.to != nobody && n.log.lastIndex() < n.lead.termStart {
		n.out.Reads = append(n.out.Reads, ReadDone{ID: id})
		return
	}
	l := &n.lead
	r := pendingRead{id: id}
	if n.log.term(n.commitIndex) == n.hard.Term {
		r.index = n.commitIndex
	} else if n.log.lastIndex() < l.termStart {
		defer n.appendOwn(Entry{Term: n.hard.Term, NoOp: true})
	}
	if l.round == l.roundSent { // what was sent is older than this read
		l.round++
	}
	r.round = l.round
	l.reads = append(l.reads, r)
	n.finishReads()
}

// acknowledged notes that a peer has answered an append of a round: it was not following another
// leader then.
func (n *Node) acknowledged(p *progress, round int) {
	if round > p.round && round <= n.lead.round {
		p.round = round
		n.finishReads()
	}
}

// readsInTerm gives an index to the reads that waited for the first commit of the term.
func (n *Node) readsInTerm() {
	for i := range n.lead.reads {
		if n.lead.reads[i].index == 0 {
			n.lead.reads[i].index = n.commitIndex
		}
	}
	n.finishReads()
}

// finishReads answers the reads whose round a majority has acknowledged. They are in the order of
// their rounds.
func (n *Node) finishReads() {
	l := &n.lead
	if len(l.reads) == 0 {
		return
	}
	l.peers[n.cfg.ID].round = l.round
	round := n.reached(func(peer int) int { return l.peers[peer].round })
	done := 0
	for _, r := range l.reads {
		if r.round > round || r.index == 0 {
			break
		}
		n.out.Reads = append(n.out.Reads, ReadDone{r.id, r.index, true})
		done++
	}
	l.reads = l.reads[done:]
}
