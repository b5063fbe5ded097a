package consensus

import "time"

const never = time.Duration(1<<63 - 1)

// handover is a transfer of the lead under way (dissertation §3.10). It outlives this node's own
// lead: it has succeeded when the target is heard as the leader.
type handover struct {
	to    int // nobody if there is none
	due   time.Duration
	asked bool // the target has been sent TimeoutNow, since the last heartbeat
}

// transfer begins to hand the lead over: no more proposals, bring the target's log up to date,
// and have it stand for election at once. It is given up after an election timeout.
func (n *Node) transfer(to int) {
	switch {
	case n.role != Leader || to < 0 || to >= n.cfg.Peers || n.handover.to != nobody:
		n.out.Transferred = &TransferDone{To: to}
	case to == n.cfg.ID:
		n.out.Transferred = &TransferDone{To: to, OK: true}
	default:
		n.handover = handover{to: to, due: n.now + n.cfg.ElectionTimeout}
		n.askToTakeOver()
	}
}

// askToTakeOver sends TimeoutNow when the target has the whole log. It may get lost: until the lead
// is over, each heartbeat repeats it, and a target that stands already takes no notice.
func (n *Node) askToTakeOver() {
	h := &n.handover
	if h.to == nobody || h.asked || n.lead.peers[h.to].matchIndex < n.log.lastIndex() {
		return
	}
	h.asked = true
	n.out.Messages = append(n.out.Messages, Send{h.to, &TimeoutNowArgs{n.hard.Term, n.cfg.ID}})
}

// endTransfer says what came of the transfer under way, if there is one.
func (n *Node) endTransfer(ok bool) {
	if n.handover.to != nobody {
		n.out.Transferred = &TransferDone{To: n.handover.to, OK: ok}
		n.handover = handover{to: nobody, due: never}
	}
}

// timeoutNow stands for election because the leader asks for it.
func (n *Node) timeoutNow(m *TimeoutNowArgs) *TimeoutNowReply {
	if m.Term == n.hard.Term && n.role == Follower && n.leader == m.LeaderID {
		n.campaign(false, true)
	}
	return &TimeoutNowReply{n.hard.Term}
}
