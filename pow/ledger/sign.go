package ledger

import (
	"crypto/ed25519"
	"fmt"

	"6.824/pow/consensus"
)

// Sizes in bytes.
const (
	KeySize       = ed25519.PublicKeySize
	SignatureSize = ed25519.SignatureSize
)

// Key is the public key of an owner: money is sent to it, and its private half signs.
type Key [KeySize]byte

// String is k in hexadecimal.
func (k Key) String() string { return fmt.Sprintf("%x", k[:]) }

// SigHash is what every input's signature signs: a tag, the network (by its genesis hash, so that no signature serves on two), and
// the transaction without its signatures. It names all inputs, by ids that commit to their amounts and owners, and all
// outputs; so nothing can be added, left out or changed.
func (t *Tx) SigHash(p *consensus.Params) consensus.Hash {
	genesis := p.Genesis.Hash()
	b := make([]byte, 0, len(sigTag)+len(genesis)+t.Size())
	b = append(b, sigTag...)
	b = append(b, genesis[:]...)
	return consensus.DoubleSHA256(t.append(b, false))
}

const sigTag = "6.824/pow transaction\x00"

// Sign signs every input of t with the key; for inputs of several owners, call SignInput for each.
func (t *Tx) Sign(p *consensus.Params, key ed25519.PrivateKey) error {
	for i := range t.Inputs {
		if err := t.SignInput(p, i, key); err != nil {
			return err
		}
	}
	return nil
}

// SignInput signs one input. Inputs and outputs must be complete: a change of either makes every signature void.
func (t *Tx) SignInput(p *consensus.Params, i int, key ed25519.PrivateKey) error {
	if len(key) != ed25519.PrivateKeySize {
		return fmt.Errorf("a private key has %d bytes, not %d", ed25519.PrivateKeySize, len(key))
	}
	if i < 0 || i >= len(t.Inputs) {
		return fmt.Errorf("there is no input %d: the transaction has %d", i, len(t.Inputs))
	}
	hash := t.SigHash(p)
	copy(t.Inputs[i].Signature[:], ed25519.Sign(key, hash[:]))
	return nil
}

// PublicKey is the owner that a private key signs for.
func PublicKey(key ed25519.PrivateKey) (k Key) {
	copy(k[:], key.Public().(ed25519.PublicKey))
	return k
}

// VerifySignature is the ledger's one rule for an Ed25519 signature (R, S) of a message by key A. All nodes must agree on it to the
// last bit, or they fork, and implementations of Ed25519 do differ on the edges (Chalkias, Garillot and Nikolaenko, "Taming the
// Many EdDSAs", 2020). It holds if and only if
//
//  1. A is 32 bytes that encode a point canonically: y below 2²⁵⁵−19, and no sign on x = 0;
//  2. A is not of small order: for such a key one signature would be good for many messages;
//  3. S is below the group's order, so that nobody can turn a signature into another one (RFC 8032, section 5.1.7);
//  4. the encoding of [S]B − [k]A equals the bytes of R, with k = SHA-512(R, A, message): the equation without
//     the cofactor, and R canonical, because it is compared as bytes.
//
// Of these 3 and 4 are what crypto/ed25519.Verify does; it takes any A that decodes, so 1 and 2 are checked here.
func VerifySignature(owner Key, message []byte, signature [SignatureSize]byte) bool {
	return canonicalKey(owner) && ed25519.Verify(owner[:], message, signature[:])
}

// canonicalKey is points 1 and 2, as far as they can be seen in the bytes; ed25519.Verify sees whether y is on the curve.
func canonicalKey(k Key) bool {
	k[31] &= 0x7f // the sign of x; x = 0 only where y is 1 or −1, and those two are of small order
	// y ≥ 2²⁵⁵−19: all ones, but for a low byte of at least 0xed.
	if k[31] == 0x7f && k[0] >= 0xed {
		ones := true
		for _, b := range k[1:31] {
			ones = ones && b == 0xff
		}
		if ones {
			return false
		}
	}
	return !smallOrder[k]
}

// smallOrder is the y of all points whose order divides 8, the cofactor; each stands for x and −x.
var smallOrder = map[Key]bool{
	{0: 1}: true, // the neutral element
	{}:     true, // order 4
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}: true, // order 2
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}: true, // order 8
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}: true, // order 8
}
