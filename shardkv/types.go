package shardkv

import (
	"errors"

	"6.824/raft/rsm/clerk"
	"6.824/shardctrler"
)

// Err is how the servers say in a reply what came of an operation.
type Err string

// The course's values, and further ones.
const (
	OK             Err = "OK"
	ErrNoKey       Err = "ErrNoKey"
	ErrWrongGroup  Err = "ErrWrongGroup"
	ErrWrongLeader Err = "ErrWrongLeader"
	errNotYet      Err = "ErrNotYet" // the shard will be served by this group, but is not here yet
	errVersion     Err = "ErrVersion"
	errTooLarge    Err = "ErrTooLarge"
	errExpired     Err = "ErrExpired"
	errBadOp       Err = "ErrBadOp"
)

// The errors of a Client, for errors.Is.
var (
	// ErrNotFound: there is no such key.
	ErrNotFound = errors.New("shardkv: no such key")
	// ErrVersion: the key does not have the version that the operation was to have found.
	ErrVersion = errors.New("shardkv: the key has another version")
	// ErrMaybe: the operation was tried and may have been executed, or may yet be; the context
	// ended, or the client was forgotten, before there was an answer.
	ErrMaybe = errors.New("shardkv: the operation may have been executed")
	// ErrTooLarge: a key or a value is larger than MaxKey or MaxValue.
	ErrTooLarge = errors.New("shardkv: key or value is too large")
)

// The largest key and value, in bytes.
const (
	MaxKey   = 64 << 10
	MaxValue = 4 << 20
)

// nShards is the number of shards.
const nShards = shardctrler.NShards

// key2shard is the shard of a key.
func key2shard(key string) int {
	if key == "" {
		return 0
	}
	return int(key[0]) % nShards
}

// kind is what an entry of the log does.
type kind uint8

const (
	// Of clients.
	get kind = iota + 1 // never in the log
	put
	putIf
	appendTo
	remove
	// Of the group itself.
	configure
	install
	forget
)

// op is an operation, as it is sent and as it goes into the log.
type op struct {
	Kind kind

	// Of clients.
	Key     string
	Value   string
	Version int64 // that putIf and remove expect; of remove, -1 for any
	Client  int64 // whose it is
	Seq     int64 // its number among that client's writes

	// Of the group.
	Config  shardctrler.Config // configure
	Shard   int                // install, forget
	Num     int                // the number of the configuration by which the shard moves
	Content []byte             // install: the shard
}

// result is what comes of an operation.
type result struct {
	Err     Err
	Value   string
	Version int64
	Num     int // the number of the group's configuration, if it refuses because of that
}

// OpArgs asks for an operation of a client.
type OpArgs struct{ Op op }

// OpReply is the answer.
type OpReply struct {
	Result result
	clerk.Answer
}

// InstallArgs brings a shard that has moved by configuration Num.
type InstallArgs struct {
	Num     int
	Shard   int
	Content []byte
}

// InstallReply is the answer: OK if the new owner has the shard for good, errNotYet if it can't take it yet.
type InstallReply struct {
	Err Err
	clerk.Answer
}
