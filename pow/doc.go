// Package pow is agreement among strangers: a ledger kept by nodes that neither know nor trust one another, where work decides who
// writes the next page, and the chain with the most of it wins (Nakamoto, "Bitcoin: A Peer-to-Peer Electronic Cash System", 2008).
//
// The house, from the ground up; what is below knows nothing of what is above:
//
//	consensus   Bitcoin's arithmetic, bit for bit: headers, targets, work, retargets, times, subsidies, Merkle roots
//	mining      the search for a nonce
//	headers     headers without bodies: one line of them from a file, or a tree of forks from strangers
//	ledger      transactions, coins, blocks, the chain and its reorgs, what of it lies on a disk, and the mempool
//
// All of it is plain state machines, each for one goroutine: no clock, no network, no chance. Time is passed in, in Unix seconds.
//
// The command main/pow checks a file of real headers: go run ./main/pow verify-headers FILE.
package pow
