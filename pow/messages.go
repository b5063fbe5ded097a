package pow

import "6.824/pow/consensus"

// The protocol. Each message is a call of a method of the service Node. Headers, blocks and transactions travel in their canonical
// encodings.
//
// A server cannot know who calls it. So a call never is evidence against anybody: what is pushed (an Announce) is a hint, taken
// for what it proves by itself, work, and else followed by asking the peer that it names. Only what comes back from a peer that was
// asked counts against that peer.

// AnnounceArgs says what From has. It is cheap to send and cheap to ignore.
type AnnounceArgs struct {
	From   string           // who sends it, so that it can be asked for more
	Header []byte           // the header of its tip; empty: it says nothing of that
	Txs    []consensus.Hash // transactions that it can be asked for
}

// Ack is the empty reply.
type Ack struct{}

// GetHeadersArgs asks for the headers that follow the first hash of the locator that is on the server's active chain.
type GetHeadersArgs struct {
	Locator []consensus.Hash // see headers.Entry.Locator
}

// HeadersReply is headers one after the other, 80 bytes each, each building on the one before; none if the server has no more.
type HeadersReply struct {
	Headers []byte
}

// GetBlocksArgs asks for blocks by their hashes.
type GetBlocksArgs struct {
	Hashes []consensus.Hash
}

// BlocksReply is those of the blocks that the server has, in the order they were asked for.
type BlocksReply struct {
	Blocks [][]byte
}

// GetTxsArgs asks for transactions by their ids.
type GetTxsArgs struct {
	IDs []consensus.Hash
}

// TxsReply is those of the transactions that wait at the server, in the order they were asked for.
type TxsReply struct {
	Txs [][]byte
}

// splitHeaders takes a HeadersReply apart: at most limit headers, each building on the one before, and each with the work that
// it claims, so that to make it up has cost something. ok is false if it is anything else.
func splitHeaders(p *consensus.Params, b []byte, limit int) (hs []consensus.Header, ok bool) {
	if len(b)%consensus.HeaderSize != 0 || len(b) > limit*consensus.HeaderSize {
		return nil, false
	}
	hs = make([]consensus.Header, 0, len(b)/consensus.HeaderSize)
	var last consensus.Hash
	for ; len(b) > 0; b = b[consensus.HeaderSize:] {
		h, err := consensus.DecodeHeader(b[:consensus.HeaderSize])
		if err != nil {
			return nil, false
		}
		hash := h.Hash()
		if len(hs) > 0 && h.Prev != last || p.CheckWork(&h, hash) != nil {
			return nil, false
		}
		hs, last = append(hs, h), hash
	}
	return hs, true
}
