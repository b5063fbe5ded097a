package kvraft

import "errors"

// Err is how the servers say in a reply what came of an operation.
type Err string

// The course's values, and further ones.
const (
	OK             Err = "OK"
	ErrNoKey       Err = "ErrNoKey"
	ErrWrongLeader Err = "ErrWrongLeader"
	errVersion     Err = "ErrVersion"
	errTooLarge    Err = "ErrTooLarge"
	errExpired     Err = "ErrExpired"
	errBusy        Err = "ErrBusy"
	errBadOp       Err = "ErrBadOp"
)

// The errors of a Client, for errors.Is.
var (
	// ErrNotFound: there is no such key.
	ErrNotFound = errors.New("kvraft: no such key")
	// ErrVersion: the key does not have the version that the operation was to have found.
	ErrVersion = errors.New("kvraft: the key has another version")
	// ErrMaybe: the operation was tried and may have been executed, or may yet be; the context
	// ended, or the session was dropped, before there was an answer.
	ErrMaybe = errors.New("kvraft: the operation may have been executed")
	// ErrTooLarge: a key or a value is larger than MaxKey or MaxValue.
	ErrTooLarge = errors.New("kvraft: key or value is too large")
)

// The largest key and value, in bytes.
const (
	MaxKey   = 64 << 10
	MaxValue = 4 << 20
)

// kind is what an operation does.
type kind uint8

const (
	put kind = iota + 1
	putIf
	appendTo
	remove
	get
	scan
)

// op is an operation, as it is sent and as it goes into the log.
type op struct {
	Kind    kind
	Key     string // of a scan, the prefix
	Value   string
	Version int64  // that putIf and remove expect; of remove, -1 for any
	From    string // of a scan
	Limit   int    // of a scan
}

// result is what comes of an operation.
type result struct {
	Err     Err
	Value   string
	Version int64
	Pairs   []Pair // of a scan
}

// Pair is a key with its value and version.
type Pair struct {
	Key     string
	Value   string
	Version int64
}

// OpenArgs asks for a session.
type OpenArgs struct{}

// OpenReply is the answer.
type OpenReply struct {
	Session int64
	Answer
}

// WriteArgs asks for an operation that changes something.
type WriteArgs struct {
	Session int64
	Seq     int64
	Op      op
}

// ReadArgs asks for an operation that changes nothing.
type ReadArgs struct{ Op op }

// Reply is the answer to either.
type Reply struct {
	Result result
	Answer
}

// Answer is who answers, and if he can't, who might.
type Answer struct {
	Err    Err // OK if the operation was executed, whatever its result
	Server int
	Leader int // whom Server takes for the leader, -1 if it does not know
}
