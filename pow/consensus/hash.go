package consensus

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// Hash is a double SHA-256, its bytes in the order SHA-256 gives them. Read as a number it is
// little-endian, and it is shown with its bytes reversed, so that the zeros that the work bought
// stand in front (the convention of Bitcoin's uint256).
type Hash [32]byte

// DoubleSHA256 is SHA-256 of SHA-256 of b.
func DoubleSHA256(b []byte) Hash {
	once := sha256.Sum256(b)
	return sha256.Sum256(once[:])
}

// Num is the hash as the number that a target is compared with.
func (h Hash) Num() Uint256 { return Uint256FromBytes(h) }

// IsZero reports whether h is all zeros: the genesis block's previous hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// String is the hash as people write it: bytes reversed, in hexadecimal.
func (h Hash) String() string {
	slices.Reverse(h[:])
	return hex.EncodeToString(h[:])
}

// MarshalText is [Hash.String], for JSON and logs.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (h *Hash) UnmarshalText(text []byte) error {
	parsed, err := ParseHash(string(text))
	if err == nil {
		*h = parsed
	}
	return err
}

var errHashLength = errors.New("a hash has 64 hexadecimal digits")

// ParseHash reads what String writes.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 2*len(h) {
		return h, fmt.Errorf("%w, not %d", errHashLength, len(s))
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("hash %q: %w", s, err)
	}
	slices.Reverse(h[:])
	return h, nil
}
