package consensus

import "math"

// Params is every constant of a network. Nodes that differ in one of them fork. A Params is not
// changed once it is in use.
type Params struct {
	Name    string
	Genesis Header // the first block; taken as given, by its hash

	// Work.
	PowLimit         Uint256 // the easiest target allowed
	RetargetInterval int     // blocks in a period
	TargetTimespan   int64   // how long a period is meant to take, in seconds
	NoRetarget       bool    // bits never change (Bitcoin's regtest)

	// Time, in seconds.
	MaxFutureTime int64
	TimewarpRule  bool // BIP 94; not a rule of main net
	TimewarpGrace int64

	// Versions that soft forks have phased out.
	MinVersions []MinVersion

	// Money.
	InitialSubsidy   int64 // in the smallest unit
	HalvingInterval  int   // blocks in an era
	CoinbaseMaturity int   // how many blocks deep a coinbase must lie to be spent

	// Size.
	MaxBlockBytes int // of an encoded block, its header included
}

// MinVersion says that from a height on blocks must have at least a version.
type MinVersion struct {
	Height  int
	Version int32
}

// Spacing is how far apart blocks are meant to be, in seconds.
func (p *Params) Spacing() int64 { return p.TargetTimespan / int64(max(p.RetargetInterval, 1)) }

// MainNet is Bitcoin's main network, so that its real headers verify. Its blocks' bodies are in Bitcoin's own format, which
// package ledger does not read.
func MainNet() *Params {
	return &Params{
		Name: "main",
		Genesis: Header{
			Version:    1,
			MerkleRoot: mustHash("4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b"),
			Time:       1231006505,
			Bits:       0x1d00ffff,
			Nonce:      2083236893,
		},
		PowLimit:         Uint256{math.MaxUint64, math.MaxUint64, math.MaxUint64, 0xffffffff}, // 2²²⁴−1
		RetargetInterval: 2016,
		TargetTimespan:   14 * 24 * 60 * 60,
		MaxFutureTime:    2 * 60 * 60,
		TimewarpGrace:    600,
		MinVersions:      []MinVersion{{227_931, 2}, {363_725, 3}, {388_381, 4}}, // BIP 34, 66, 65
		InitialSubsidy:   50 * Coin,
		HalvingInterval:  210_000,
		CoinbaseMaturity: 100,
		MaxBlockBytes:    1_000_000,
	}
}

// RegTest has the money and time of main net with a difficulty of nothing, which never changes: for
// tests of a ledger that want blocks at once. Every second hash or so will do.
func RegTest() *Params {
	p := MainNet()
	p.Name = "regtest"
	p.PowLimit = labLimit
	p.NoRetarget = true
	p.MinVersions = nil
	p.HalvingInterval = 150
	return p.withGenesis(LabEpoch, 0x207fffff)
}

// Lab is a small network whose difficulty lives: blocks 10 s apart, a retarget every 20 of them, coinbases that
// mature after 10, an era of 500 blocks, and the rule against time warps. Its first bits ask for about 256 hashes.
func Lab() *Params {
	return (&Params{
		Name:             "lab",
		PowLimit:         labLimit,
		RetargetInterval: 20,
		TargetTimespan:   200,
		MaxFutureTime:    120,
		TimewarpRule:     true,
		TimewarpGrace:    10,
		InitialSubsidy:   50 * Coin,
		HalvingInterval:  500,
		CoinbaseMaturity: 10,
		MaxBlockBytes:    100_000,
	}).withGenesis(LabEpoch, 0x2000ffff)
}

// LabEpoch is the time of the labs' genesis blocks: when the clock of a testing/synctest bubble starts, midnight UTC
// of the first of January 2000.
const LabEpoch = 946_684_800

var labLimit, _, _ = DecodeCompact(0x207fffff)

// WithGenesis returns a copy of p with a genesis block of its own: a header over the network's name, with that
// time and those bits, and the first nonce that meets them. It is quick at a lab's difficulty only. Bits that are
// no target of p make a genesis that does not meet its own target, which nothing else checks.
func (p *Params) WithGenesis(time, bits uint32) *Params {
	q := *p
	return q.withGenesis(time, bits)
}

func (p *Params) withGenesis(time, bits uint32) *Params {
	p.Genesis = Header{Version: 1, MerkleRoot: DoubleSHA256([]byte("6.824/pow " + p.Name)), Time: time, Bits: bits}
	target, err := p.Target(bits)
	for err == nil && p.Genesis.Hash().Num().Cmp(target) > 0 && p.Genesis.Nonce < math.MaxUint32 {
		p.Genesis.Nonce++
	}
	return p
}

// mustHash is for the constants of this file alone; the tests read them all.
func mustHash(s string) Hash {
	h, err := ParseHash(s)
	if err != nil {
		panic(err)
	}
	return h
}
