package consensus

// Event is something that happens to a node: one of the types below.
type Event interface{ event() }

// Tick says that time has passed; it is due at [Node.Deadline].
type Tick struct{}

// Receive is a message of a peer. A request's reply will carry its Ref.
type Receive struct {
	From int
	Msg  Message
	Ref  uint64
}

// Lost says that no reply to a request of this node will come. It may have arrived.
type Lost struct {
	To  int
	Msg Message
}

// Propose asks for a command to be replicated.
type Propose struct{ Data []byte }

// Compact says that the service has made a snapshot of everything up to an index, which it has
// applied.
type Compact struct {
	Index    int
	Snapshot []byte
}

// Read asks for an index such that a state that includes it may answer a read that was asked
// before now (dissertation §6.4).
type Read struct{ ID uint64 }

// Transfer asks the leader to hand over to a peer (dissertation §3.10).
type Transfer struct{ To int }

func (Tick) event()     {}
func (Receive) event()  {}
func (Lost) event()     {}
func (Propose) event()  {}
func (Compact) event()  {}
func (Read) event()     {}
func (Transfer) event() {}

// Output is what a node wants done. First the writes: HardState, then Snapshot, then Entries, in
// one. When they are durable, and not before, the rest may leave the node: a vote or an
// acknowledgement that a crash makes untrue is what breaks a Raft.
type Output struct {
	HardState *HardState // nil if unchanged
	Snapshot  *Snapshot  // replaces the log up to its index, nil if there is none
	Entries   []Entry    // the log is cut at First and these put there; nil if unchanged
	First     int

	Messages    []Send
	Replies     []Reply
	Apply       []Apply
	Proposed    []Proposed
	Reads       []ReadDone
	Transferred *TransferDone
}

// Snapshot is the service's state after the entry at Index.
type Snapshot struct {
	Index, Term int
	Data        []byte
}

// Send is a request to a peer.
type Send struct {
	To  int
	Msg Message
}

// Reply is the reply to the request that came with Ref.
type Reply struct {
	Ref uint64
	Msg Message
}

// Apply is a committed entry, or a snapshot (then Snapshot is not nil), to be handed to the
// service. They come in the order of their indices.
type Apply struct {
	Index, Term int
	Data        []byte
	NoOp        bool
	Snapshot    []byte
}

// Proposed answers a Propose. Index 0: this node can't take it, because it does not lead or is
// handing over.
type Proposed struct{ Index, Term int }

// ReadDone answers a Read.
type ReadDone struct {
	ID    uint64
	Index int
	OK    bool // false: this node does not lead
}

// TransferDone says what came of a Transfer.
type TransferDone struct {
	To int
	OK bool
}
