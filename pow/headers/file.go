package headers

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"6.824/pow/consensus"
)

// ErrTruncated says that a file of headers ends within one.
var ErrTruncated = errors.New("the file ends within a header")

// Verify reads headers of 80 bytes each, nothing between them, the genesis header first, until r ends, and checks them
// all. It returns the chain of those before the first bad one, and for that an error: a [consensus.RuleError], [ErrTruncated]
// with its height, or what reading failed with. Memory does not grow with the file. An empty file lacks its genesis.
func Verify(r io.Reader, p *consensus.Params, now int64) (*Chain, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	chain := NewChain(p, now)
	var b [consensus.HeaderSize]byte
	for height := 0; ; height++ {
		n, err := io.ReadFull(in, b[:])
		switch {
		case err == io.EOF && height > 0:
			return chain, nil
		case err == io.EOF:
			return chain, consensus.Locate(consensus.Broken(consensus.ErrGenesis, "the file is empty"), 0, consensus.Hash{})
		case err == io.ErrUnexpectedEOF:
			return chain, fmt.Errorf("height %d: %w, after %d of its 80 bytes", height, ErrTruncated, n)
		case err != nil:
			return chain, fmt.Errorf("height %d: %w", height, err)
		}
		h, err := consensus.DecodeHeader(b[:])
		if err != nil {
			return chain, err
		}
		if height == 0 {
			if h != p.Genesis {
				return chain, consensus.Locate(consensus.Broken(consensus.ErrGenesis, "%v is not the first block of %s, %v",
					h.Hash(), p.Name, p.Genesis.Hash()), 0, h.Hash())
			}
			continue
		}
		if err := chain.Append(&h); err != nil {
			return chain, err
		}
	}
}
