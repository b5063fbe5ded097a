// Package pow is agreement among strangers: a ledger kept by nodes that neither know nor trust one another, where work decides who
// writes the next page, and the chain with the most of it wins (Nakamoto, "Bitcoin: A Peer-to-Peer Electronic Cash System", 2008).
//
// The house, from the ground up; what is below knows nothing of what is above:
//
//	consensus   Bitcoin's arithmetic, bit for bit: headers, targets, work, retargets, times, subsidies, Merkle roots
//	mining      the search for a nonce
//	headers     headers without bodies: one line of them from a file, or a tree of forks from strangers
//	ledger      transactions, coins, blocks, the chain and its reorgs, what of it lies on a disk, and the mempool
//	pow         the node: peers over labrpc, and all of the above behind one mailbox
//	powtest     the suite: attacks, crashes, the theory, an oracle that follows each tip, and mutants
//
// All up to the ledger is plain state machines, each for one goroutine: no clock, no network, no chance. Time is passed in, in Unix
// seconds. The node's files:
//
//	config.go    what a node is made from, and what strangers may cost it
//	node.go      the loop             mailbox.go  the one order of events     clock.go  its own idea of time
//	messages.go  the protocol         serve.go    what others are answered    peer.go   who stands how with it
//	sync.go      headers, then bodies relay.go    transactions                miner.go  the search, and what it costs
//	query.go     what it is asked     wallet.go   somebody's key              event.go  what it tells an observer
//
// # Whom to believe
//
// A server of labrpc cannot know who calls it, so a call is never evidence against anybody. What peers push is a hint: a header that
// carries its own proof of work, or names of transactions. It is followed by asking the peer that it names, over an end that leads to
// that peer and nowhere else; and only what comes back counts against it. So nobody can be framed. Whoever sends, when asked, what no
// honest node would, is not asked again for an hour; whoever does not answer is left alone for a while that grows.
//
// There is no discovery of peers: a node talks to those that it was made with.
//
// The command main/pow simulates networks of these nodes, and checks files of real headers.
package pow
