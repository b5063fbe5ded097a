package consensus

import "encoding/binary"

// HeaderSize is the length of an encoded header in bytes.
const HeaderSize = 80

// NonceOffset is where in an encoded header the nonce lies. The first 64 bytes, one block of
// SHA-256, do not change while a miner counts it up; see package mining.
const NonceOffset = 76

// Header is what the work is done on (whitepaper, sections 3 to 5). It names the block before it,
// and through MerkleRoot every byte of its own body.
type Header struct {
	Version    int32
	Prev       Hash   // of the block before; zero for genesis
	MerkleRoot Hash   // of the transactions' ids
	Time       uint32 // Unix seconds, by the miner's own clock
	Bits       uint32 // the target in compact form
	Nonce      uint32 // what a miner counts up
}

// Append appends the 80 bytes of h: every number little-endian, at Bitcoin's offsets.
func (h *Header) Append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(h.Version))
	b = append(b, h.Prev[:]...)
	b = append(b, h.MerkleRoot[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.Time)
	b = binary.LittleEndian.AppendUint32(b, h.Bits)
	return binary.LittleEndian.AppendUint32(b, h.Nonce)
}

// Bytes is h encoded.
func (h *Header) Bytes() (b [HeaderSize]byte) {
	h.Append(b[:0])
	return b
}

// Hash is the block's name and its proof of work.
func (h *Header) Hash() Hash {
	b := h.Bytes()
	return DoubleSHA256(b[:])
}

// DecodeHeader reads a header. Any 80 bytes are one, and encode to themselves again; any other
// length is [ErrBadHeaderSize].
func DecodeHeader(b []byte) (h Header, err error) {
	if len(b) != HeaderSize {
		return h, Broken(ErrBadHeaderSize, "%d bytes", len(b))
	}
	h.Version = int32(binary.LittleEndian.Uint32(b))
	h.Prev = Hash(b[4:36])
	h.MerkleRoot = Hash(b[36:68])
	h.Time = binary.LittleEndian.Uint32(b[68:])
	h.Bits = binary.LittleEndian.Uint32(b[72:])
	h.Nonce = binary.LittleEndian.Uint32(b[NonceOffset:])
	return h, nil
}
