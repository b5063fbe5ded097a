// Package ledger is who owns what: transactions, blocks of them, the set of unspent outputs that a chain of blocks leads to, and
// the rules for moving from one chain to another. It is a plain state machine for one goroutine, without a clock, a network or
// goroutines of its own; what it asks of a disk is in [Disk].
//
// The shape is Bitcoin's (whitepaper, sections 2, 5 and 6), with two simplifications: an output is locked to one Ed25519 key
// instead of a script, and a coinbase is a form of its own instead of an input that points nowhere.
//
//	amount.go    money, and sums that cannot wrap
//	wire.go      how numbers and lists are written; one form for each value
//	tx.go        transactions          sign.go    what is signed, and the one rule of verification
//	block.go     blocks                check.go   what can be said of them without a chain
//	utxo.go      the unspent outputs   connect.go a block applied to them     undo.go  and taken back
//	chain.go     the chain             reorg.go   from one tip to another     query.go what a wallet asks
//	record.go    bytes on the disk     store.go   what lies there, so that a crash finds the old tip or the new
//	mempool.go   what waits to be mined           evict.go   what leaves when there is no room
//	reorgpool.go and when the chain changes       template.go  what a miner takes
package ledger
