package consensus

import (
	"errors"
	"fmt"
)

// Class says what follows from a broken rule: who is to blame, and whether to ask again.
type Class int

// The classes. The zero value is the harshest, so that a rule that forgets to say is treated so.
const (
	Invalid Class = iota // wrong forever: the block, and all that will be built on it, can be remembered as bad
	Mutated              // these bytes are not what the header commits to: blame whoever sent them, never the header
	Early                // not yet: the same bytes may be right later
	Orphan               // something it builds on is not known here: ask for it
	Known                // seen before: nothing to do
	Policy               // allowed by consensus, refused by this node
)

func (c Class) String() string {
	names := [...]string{"invalid", "mutated", "early", "orphan", "known", "policy"}
	if c < 0 || int(c) >= len(names) {
		return fmt.Sprintf("Class(%d)", int(c))
	}
	return names[c]
}

// Rule is a rule that can be broken, as a sentinel for errors.Is. Where Bitcoin Core has a reject
// reason for it, the name is that.
type Rule struct {
	Name  string // short and stable: bad-diffbits
	Class Class
	Doc   string // one clause for people: what the rule asks for
}

func (r *Rule) Error() string { return r.Name }

// RuleError is one breach of a rule, with where and why. errors.Is finds the [Rule] in it.
type RuleError struct {
	Rule   *Rule
	Height int    // of the block that broke it; -1: not known
	Block  Hash   // that block; zero: not known
	Detail string // what was found, against what was asked for
}

func (e *RuleError) Error() string {
	s := e.Rule.Name
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	switch {
	case e.Height >= 0 && !e.Block.IsZero():
		return fmt.Sprintf("block %v at height %d: %s", e.Block, e.Height, s)
	case e.Height >= 0:
		return fmt.Sprintf("height %d: %s", e.Height, s)
	case !e.Block.IsZero():
		return fmt.Sprintf("block %v: %s", e.Block, s)
	}
	return s
}

func (e *RuleError) Unwrap() error { return e.Rule }

// Broken reports a breach of r whose place is filled in by whoever knows it; see [Locate].
func Broken(r *Rule, format string, args ...any) *RuleError {
	return &RuleError{Rule: r, Height: -1, Detail: fmt.Sprintf(format, args...)}
}

// Locate fills in which block broke the rule, if err is a [RuleError] that does not say. It returns
// err otherwise unchanged.
func Locate(err error, height int, block Hash) error {
	var e *RuleError
	if !errors.As(err, &e) || e.Height >= 0 {
		return err
	}
	located := *e
	located.Height, located.Block = height, block
	return &located
}

// ClassOf says of what class the rule is that err reports broken; ok is false if err reports none.
func ClassOf(err error) (c Class, ok bool) {
	var r *Rule
	if !errors.As(err, &r) {
		return 0, false
	}
	return r.Class, true
}

// The rules of headers, named as Bitcoin Core's reject reasons are.
var (
	ErrGenesis       = &Rule{"bad-genesis", Invalid, "the first header is this network's genesis"}
	ErrOrphan        = &Rule{"prev-blk-not-found", Orphan, "the header before it is known"}
	ErrBadPrev       = &Rule{"bad-prevblk", Invalid, "the header before it is the one it names, and is not itself bad"}
	ErrBadTarget     = &Rule{"bad-target", Invalid, "bits encode a target that is positive, fits, and is within the network's limit"}
	ErrHighHash      = &Rule{"high-hash", Invalid, "the hash is not above the target that the header claims"}
	ErrBadBits       = &Rule{"bad-diffbits", Invalid, "bits are exactly what the retarget rule asks for at this height"}
	ErrTimeTooOld    = &Rule{"time-too-old", Invalid, "the time is later than the median of the last eleven"}
	ErrTimeTooNew    = &Rule{"time-too-new", Early, "the time is not too far in the future"}
	ErrTimeWarp      = &Rule{"time-timewarp-attack", Invalid, "a period does not begin much before the one before it ended"}
	ErrBadVersion    = &Rule{"bad-version", Invalid, "the version is not one that has been phased out"}
	ErrBadHeaderSize = &Rule{"bad-header-size", Invalid, "a header is 80 bytes"}
)
