package shardctrler

import (
	"errors"

	"6.824/raft/rsm/clerk"
)

// Why a request made no configuration, for errors.Is.
var (
	// ErrBadGroup: a gid is not above 0, a group has no servers, or no group is named at all.
	ErrBadGroup = errors.New("shardctrler: that is no group")
	// ErrGroupExists: a group that is to join is there already. None of those named has joined.
	ErrGroupExists = errors.New("shardctrler: the group is in the configuration already")
	// ErrNoGroup: a group that is to leave, or to have a shard, is not there. Nothing was changed.
	ErrNoGroup = errors.New("shardctrler: the group is not in the configuration")
	// ErrBadShard: there is no such shard.
	ErrBadShard = errors.New("shardctrler: there is no such shard")
	// ErrMaybe: the request was tried and may have been executed, or may yet be; the context ended, or
	// the session was dropped, before there was an answer.
	ErrMaybe = errors.New("shardctrler: the request may have been executed")
)

// refusals are how the errors go over the network.
var refusals = map[string]error{
	"ErrBadGroup": ErrBadGroup, "ErrGroupExists": ErrGroupExists, "ErrNoGroup": ErrNoGroup, "ErrBadShard": ErrBadShard,
}

// kind is what a request asks for.
type kind uint8

const (
	join kind = iota + 1
	leave
	move
)

// op is a request that makes a configuration, as it is sent and as it goes into the log.
type op struct {
	Kind   kind
	Groups map[int][]string // that join
	GIDs   []int            // that leave
	Shard  int              // that is moved
	GID    int              // to this group
}

// result is what comes of it: the number of the new configuration, or the name of the error and what
// it is about.
type result struct {
	Num   int
	Err   string
	About int
}

// OpenArgs asks for a session.
type OpenArgs struct{}

// OpenReply is the answer.
type OpenReply struct {
	Session int64
	clerk.Answer
}

// ChangeArgs asks for a new configuration.
type ChangeArgs struct {
	Session, Seq int64
	Op           op
}

// ChangeReply is the answer.
type ChangeReply struct {
	Result result
	clerk.Answer
}

// QueryArgs asks for the configuration of a number; a negative one, or one too large, means the latest.
type QueryArgs struct{ Num int }

// QueryReply is the answer.
type QueryReply struct {
	Config Config
	clerk.Answer
}
