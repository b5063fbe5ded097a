// Package mining looks for the nonce that makes a header's hash small enough: the work in proof of work.
//
// The double SHA-256 of 80 bytes is three runs of SHA-256's compression function, over 64 bytes each: the header's first 64,
// its last 16 padded to 64, and the first hash padded to 64. The nonce lies in the last 16, so the state after the
// first run, the midstate, is the same for all nonces and is kept. Both paddings are the same too and are laid out once. So a try costs
// two runs and little else: about 10 million tries a second on one core with SHA instructions, against 5.5 naively.
package mining

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"

	"6.824/pow/consensus"
)

// Search is a search over the nonces of one header. Use [NewSearch]. It is for one goroutine; several can share a
// header's nonces, each with a Search and a range of its own.
type Search struct {
	header consensus.Header
	target consensus.Uint256

	digest   digest // nil: this platform's SHA-256 does not lay its state out as expected, so hash naively
	midstate []byte // of the header's first 64 bytes
	tail     [64]byte
	second   [64]byte
	state    []byte // scratch
}

// digest is what sha256.New documents that its result implements.
type digest interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// Where a marshalled SHA-256 has its eight words: after a magic of four bytes. This is not documented, so NewSearch tries it out.
const stateOffset, stateSize = 4, 32

// Where the nonce lies in the second block.
const nonceOffset = consensus.NonceOffset - sha256.BlockSize

// NewSearch prepares a search for a nonce with which the hash of h is not above target. The nonce of h does not matter.
func NewSearch(h consensus.Header, target consensus.Uint256) *Search {
	s := &Search{header: h, target: target}
	d, ok := sha256.New().(digest)
	if !ok {
		return s
	}
	b := h.Bytes()
	d.Write(b[:sha256.BlockSize])
	midstate, err := d.AppendBinary(nil)
	if err != nil || len(midstate) < stateOffset+stateSize {
		return s
	}
	s.digest, s.midstate = d, midstate
	copy(s.tail[:], b[sha256.BlockSize:])
	pad(&s.tail, consensus.HeaderSize-sha256.BlockSize, consensus.HeaderSize)
	pad(&s.second, sha256.Size, sha256.Size)
	if s.try(h.Nonce) != h.Hash() {
		s.digest = nil
	}
	return s
}

// pad completes the last block of a message whose last n bytes it holds, as FIPS 180-4, section 5.1.1, says: a one, zeros, and
// the length of the message in bits.
func pad(block *[64]byte, n, length int) {
	block[n] = 0x80
	binary.BigEndian.PutUint64(block[56:], uint64(length)*8)
}

// Run tries n nonces, from first on, and stops at the first that will do. tried is how many it tried, that one included: what the search
// has cost. After the last of the 2³² nonces it stops too; then the header has to change (its time, or its coinbase).
func (s *Search) Run(first uint32, n uint64) (nonce uint32, tried uint64, found bool) {
	n = min(n, 1<<32-uint64(first))
	if s.digest == nil {
		return s.runNaive(first, n)
	}
	limit := s.target[3]
	for tried < n {
		nonce = first + uint32(tried)
		tried++
		hash := s.try(nonce)
		// The 64 highest bits first: nearly always they settle it.
		if binary.LittleEndian.Uint64(hash[24:]) <= limit && hash.Num().Cmp(s.target) <= 0 {
			return nonce, tried, true
		}
	}
	return 0, tried, false
}

// try is the hash of the header with this nonce. Writing whole blocks leaves nothing buffered, and marshalling the digest then shows
// the compression function's state, which is the hash, because the padding was among what was written.
func (s *Search) try(nonce uint32) consensus.Hash {
	binary.LittleEndian.PutUint32(s.tail[nonceOffset:], nonce)
	s.digest.UnmarshalBinary(s.midstate) // its own marshalling: cannot fail
	s.digest.Write(s.tail[:])
	s.state, _ = s.digest.AppendBinary(s.state[:0])
	copy(s.second[:], s.state[stateOffset:stateOffset+stateSize])
	s.digest.Reset()
	s.digest.Write(s.second[:])
	s.state, _ = s.digest.AppendBinary(s.state[:0])
	return consensus.Hash(s.state[stateOffset : stateOffset+stateSize])
}

func (s *Search) runNaive(first uint32, n uint64) (nonce uint32, tried uint64, found bool) {
	h := s.header
	for tried < n {
		h.Nonce = first + uint32(tried)
		tried++
		if h.Hash().Num().Cmp(s.target) <= 0 {
			return h.Nonce, tried, true
		}
	}
	return 0, tried, false
}
