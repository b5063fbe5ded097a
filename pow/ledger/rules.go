package ledger

import (
	"errors"

	"6.824/pow/consensus"
)

// Short names for what a rule says about.
const (
	invalid = consensus.Invalid
	mutated = consensus.Mutated
	policy  = consensus.Policy
)

// The rules of form: of bytes, before anything is known about a chain.
var (
	ErrDecode = &consensus.Rule{Name: "bad-encoding", Class: mutated, Doc: "bytes are the one encoding of a value, with nothing after it"}

	ErrMerkleRoot = &consensus.Rule{Name: "bad-txnmrklroot", Class: mutated, Doc: "the body is the one that the header commits to"}
	ErrMutated    = &consensus.Rule{Name: "bad-txns-duplicate", Class: mutated, Doc: "no two neighbours in the Merkle tree are equal (CVE-2012-2459)"}
	ErrTxSize64   = &consensus.Rule{Name: "bad-txns-size64", Class: mutated, Doc: "no transaction is of 64 bytes, the length of an inner node of the Merkle tree (CVE-2017-12842)"}

	ErrBlockSize        = &consensus.Rule{Name: "bad-blk-length", Class: invalid, Doc: "a block has transactions, and no more bytes than the network allows"}
	ErrCoinbaseMissing  = &consensus.Rule{Name: "bad-cb-missing", Class: invalid, Doc: "the first transaction is a coinbase"}
	ErrCoinbaseMultiple = &consensus.Rule{Name: "bad-cb-multiple", Class: invalid, Doc: "only the first transaction is a coinbase"}
	ErrCoinbaseLength   = &consensus.Rule{Name: "bad-cb-length", Class: invalid, Doc: "what a coinbase carries besides money is short"}
	ErrNoOutputs        = &consensus.Rule{Name: "bad-txns-vout-empty", Class: invalid, Doc: "a transaction has outputs"}
	ErrAmount           = &consensus.Rule{Name: "bad-txns-vout-range", Class: invalid, Doc: "every amount and every sum of amounts is from 0 to the most money there may be"}
	ErrDoubleInput      = &consensus.Rule{Name: "bad-txns-inputs-duplicate", Class: invalid, Doc: "a transaction spends an output once (CVE-2018-17144)"}
)

// The rules of place: what a block may do on top of the one before it.
var (
	ErrCoinbaseHeight = &consensus.Rule{Name: "bad-cb-height", Class: invalid, Doc: "a coinbase carries its block's height (BIP 34)"}
	ErrCoinbaseAmount = &consensus.Rule{Name: "bad-cb-amount", Class: invalid, Doc: "a coinbase pays no more than the subsidy and the fees"}
	ErrMissingInput   = &consensus.Rule{Name: "bad-txns-inputs-missingorspent", Class: invalid, Doc: "what is spent exists and is unspent"}
	ErrImmature       = &consensus.Rule{Name: "bad-txns-premature-spend-of-coinbase", Class: invalid, Doc: "a coinbase is spent only when it lies deep enough"}
	ErrOverspend      = &consensus.Rule{Name: "bad-txns-in-belowout", Class: invalid, Doc: "a transaction spends no more than its inputs are worth"}
	ErrSignature      = &consensus.Rule{Name: "bad-txns-signature", Class: invalid, Doc: "the owner of every input has signed"}
	ErrOverwrite      = &consensus.Rule{Name: "bad-txns-BIP30", Class: invalid, Doc: "no transaction has the id of one with unspent outputs (BIP 30)"}
)

// What is not a fault of the block.
var (
	ErrKnown = &consensus.Rule{Name: "duplicate", Class: consensus.Known, Doc: "it was not seen before"}
)

// ErrCorrupt says that a disk holds what this package did not write there, or not in this order. It is not for errors.As with a
// Rule: no block is to blame.
var ErrCorrupt = errors.New("the disk's contents are corrupt")

// The rules of the mempool. A block may break them.
var (
	ErrPoolCoinbase = &consensus.Rule{Name: "coinbase", Class: policy, Doc: "a coinbase comes in a block"}
	ErrPoolConflict = &consensus.Rule{Name: "txn-mempool-conflict", Class: policy, Doc: "what it spends, no waiting transaction spends: first seen wins"}
	ErrPoolOrphan   = &consensus.Rule{Name: "missing-inputs", Class: consensus.Orphan, Doc: "what it spends is in the chain or waiting"}
	ErrPoolImmature = &consensus.Rule{Name: "premature-spend-of-coinbase", Class: consensus.Early, Doc: "the next block could hold it"}
	ErrPoolSize     = &consensus.Rule{Name: "tx-size", Class: policy, Doc: "it is small enough to be relayed"}
	ErrPoolFee      = &consensus.Rule{Name: "min-fee-not-met", Class: policy, Doc: "it pays the least fee rate"}
	ErrPoolFull     = &consensus.Rule{Name: "mempool-full", Class: policy, Doc: "there is room, or it pays more than what would have to leave"}
	ErrPoolChain    = &consensus.Rule{Name: "too-long-mempool-chain", Class: policy, Doc: "few waiting transactions hang on one another"}
)
