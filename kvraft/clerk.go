package kvraft

import (
	"context"
	"errors"

	"6.824/labrpc"
	"6.824/raft/rsm/clerk"
)

// Clerk is the course's client: its methods block until they have succeeded.
type Clerk struct{ client *Client }

// MakeClerk makes a clerk of the servers behind these ends, in any order.
func MakeClerk(servers []*labrpc.ClientEnd) *Clerk { return &Clerk{NewClient(servers)} }

// Client is the client that the clerk works with.
func (ck *Clerk) Client() *Client { return ck.client }

// Get returns the value of a key, "" if it does not exist.
func (ck *Clerk) Get(key string) string {
	value, _, err := ck.client.Get(context.Background(), key)
	insist("Get", key, err)
	return value
}

// Put sets the value of a key.
func (ck *Clerk) Put(key, value string) {
	_, err := ck.client.Put(context.Background(), key, value)
	insist("Put", key, err)
}

// Append appends to the value of a key.
func (ck *Clerk) Append(key, value string) {
	_, err := ck.client.Append(context.Background(), key, value)
	insist("Append", key, err)
}

// insist logs what the course's API has no way to say: that a key or value is too large, or that the
// clerk slept for so long that its session was dropped in the middle of an operation.
func insist(what, key string, err error) {
	if !errors.Is(err, ErrNotFound) {
		clerk.Complain(err, "clerk can't", "operation", what, "key", key)
	}
}
