// Package consensus is Bitcoin's consensus arithmetic, bit for bit: what a header is, what it must
// prove, what it may say about time and difficulty, what a block may pay its miner, and how a body
// is tied to its header. It is pure: no clock, no disk, no network, no floating point, and nothing
// in it panics on input. Whatever is asked about "now" is passed in, in Unix seconds.
//
// A newcomer reads it in this order:
//
//	hash.go      double SHA-256, and the byte order that everybody trips over once
//	header.go    the 80 bytes that the work is done on
//	uint256.go   the numbers: targets and work
//	compact.go   targets in four bytes (nBits), with Bitcoin Core's corner cases
//	work.go      what a block is worth
//	retarget.go  how difficulty follows the hash rate
//	timerule.go  what a timestamp may say
//	check.go     all of that applied to one header in its place
//	subsidy.go   the money schedule
//	merkle.go    the tree over the transactions, and its known flaw
//	params.go    every constant of a network: main net's, and small ones for the labs
//	rule.go      how a broken rule is reported
//
// Sources are named where they apply: the whitepaper ("Bitcoin: A Peer-to-Peer Electronic Cash
// System", Nakamoto 2008), BIPs by number, CVEs, and Bitcoin Core by the name of its function.
package consensus
