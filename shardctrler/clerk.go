package shardctrler

import (
	"context"
	"errors"
	"log/slog"

	"6.824/labrpc"
)

// Clerk is the course's client: its methods block until the controller has answered.
type Clerk struct{ client *Client }

// MakeClerk makes a clerk of the servers behind these ends, in any order.
func MakeClerk(servers []*labrpc.ClientEnd) *Clerk { return &Clerk{NewClient(servers)} }

// Query returns the configuration of a number, or the latest, if num is -1 or too large.
func (ck *Clerk) Query(num int) Config {
	config, err := ck.client.Query(context.Background(), num)
	insist("Query", err)
	return config
}

// Join adds groups.
func (ck *Clerk) Join(servers map[int][]string) {
	_, err := ck.client.Join(context.Background(), servers)
	insist("Join", err)
}

// Leave removes groups.
func (ck *Clerk) Leave(gids []int) {
	_, err := ck.client.Leave(context.Background(), gids)
	insist("Leave", err)
}

// Move gives a shard to a group.
func (ck *Clerk) Move(shard int, gid int) {
	_, err := ck.client.Move(context.Background(), shard, gid)
	insist("Move", err)
}

// insist logs what the course's API has no way to say.
func insist(what string, err error) {
	if err != nil && !errors.Is(err, labrpc.ErrClosed) {
		slog.Error("the controller refuses", "request", what, "err", err)
	}
}
