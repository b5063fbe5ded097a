package shardctrler

import (
	"context"

	"6.824/labrpc"
	"6.824/raft/rsm/clerk"
)

// Clerk is the course's client: its methods block until the controller has answered.
type Clerk struct{ client *Client }

// MakeClerk makes a clerk of the servers behind these ends, in any order.
func MakeClerk(servers []*labrpc.ClientEnd) *Clerk { return &Clerk{NewClient(servers)} }

// Query returns the configuration of a number, or the latest, if num is -1 or too large.
func (ck *Clerk) Query(num int) Config {
	config, err := ck.client.Query(context.Background(), num)
	clerk.Complain(err, "the controller refuses", "request", "Query")
	return config
}

// Join adds groups.
func (ck *Clerk) Join(servers map[int][]string) {
	_, err := ck.client.Join(context.Background(), servers)
	clerk.Complain(err, "the controller refuses", "request", "Join")
}

// Leave removes groups.
func (ck *Clerk) Leave(gids []int) {
	_, err := ck.client.Leave(context.Background(), gids)
	clerk.Complain(err, "the controller refuses", "request", "Leave")
}

// Move gives a shard to a group.
func (ck *Clerk) Move(shard int, gid int) {
	_, err := ck.client.Move(context.Background(), shard, gid)
	clerk.Complain(err, "the controller refuses", "request", "Move")
}
