package pow

import (
	"6.824/pow/headers"
	"6.824/pow/ledger"
)

// EventKind says what has happened to a node.
type EventKind string

// What can happen.
const (
	Started EventKind = "started" // the node has read its disk: Tip is where it goes on
	Mined   EventKind = "mined"   // it has found a block, Tip, which is on its chain now or has been refused: see Err
	Moved   EventKind = "moved"   // the tip has moved by Change, to Tip
	Refused EventKind = "refused" // what a peer has sent breaks the rule in Err
	Banned  EventKind = "banned"  // that peer is not asked any more, for the time being
	Stalled EventKind = "stalled" // a peer did not answer in time
	Failed  EventKind = "failed"  // the node has stopped because of Err
)

// Event is a change of a node, or something it noticed.
type Event struct {
	Kind   EventKind
	Tip    *headers.Entry // of Started, Mined and Moved
	Change ledger.Change  // of Moved; of Started, all blocks of its chain as Connected
	Supply ledger.Amount  // of Started and Moved: what all unspent outputs are worth
	Peer   string         // of Refused, Banned and Stalled
	Err    error          // why
}
