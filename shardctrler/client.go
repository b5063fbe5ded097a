package shardctrler

import (
	"context"
	"fmt"

	"6.824/labrpc"
	"6.824/raft/rsm/clerk"
)

// Client is a client of the controller. Its methods may be called concurrently; changes then wait for
// each other, since a session does one at a time.
//
// A method returns when the request is done, or when the context ends. If a change was tried by then, the
// error wraps ErrMaybe.
type Client struct {
	servers *clerk.Servers

	changing chan struct{} // holds a token while a change is under way; guards the two below
	session  int64         // 0 if there is none yet
	seq      int64         // of the last change
}

// NewClient makes a client of the servers behind these ends, in any order.
func NewClient(servers []*labrpc.ClientEnd) *Client {
	return &Client{servers: clerk.New(servers), changing: make(chan struct{}, 1)}
}

// Query returns the configuration of a number, or the latest, if the number is negative or too large.
func (c *Client) Query(ctx context.Context, num int) (Config, error) {
	reply, _, err := clerk.Ask[QueryReply](ctx, c.servers, "ShardCtrler.Query", &QueryArgs{num}, 0)
	if err != nil {
		return Config{}, err
	}
	if reply.Config.Groups == nil {
		reply.Config.Groups = map[int][]string{}
	}
	return reply.Config, nil
}

// Join adds groups, given as servers by gid. It returns the number of the new configuration.
func (c *Client) Join(ctx context.Context, groups map[int][]string) (num int, err error) {
	return c.change(ctx, op{Kind: join, Groups: groups})
}

// Leave removes groups. It returns the number of the new configuration.
func (c *Client) Leave(ctx context.Context, gids []int) (num int, err error) {
	return c.change(ctx, op{Kind: leave, GIDs: gids})
}

// Move gives a shard to a group. It returns the number of the new configuration.
func (c *Client) Move(ctx context.Context, shard, gid int) (num int, err error) {
	return c.change(ctx, op{Kind: move, Shard: shard, GID: gid})
}

// Number returns a number, above 0, that the controller gives to nobody else.
func (c *Client) Number(ctx context.Context) (int64, error) {
	reply, _, err := clerk.Ask[OpenReply](ctx, c.servers, "ShardCtrler.Open", &OpenArgs{}, 0)
	if err != nil {
		return 0, err
	}
	return reply.Session, nil
}

func (c *Client) change(ctx context.Context, o op) (num int, err error) {
	select {
	case c.changing <- struct{}{}:
		defer func() { <-c.changing }()
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for {
		if c.session == 0 {
			if c.session, err = c.Number(ctx); err != nil {
				return 0, err
			}
			c.seq = 0
		}
		c.seq++
		reply, sent, err := clerk.Ask[ChangeReply](ctx, c.servers, "ShardCtrler.Change", &ChangeArgs{c.session, c.seq, o}, 0)
		switch {
		case err != nil:
			return 0, fmt.Errorf("%w: %w", ErrMaybe, err)
		case reply.Refusal != clerk.Expired:
			return reply.Result.Num, reply.problem()
		}
		c.session = 0
		if sent > 1 { // an earlier try may have been executed, and nobody remembers
			return 0, fmt.Errorf("%w: %s", ErrMaybe, reply.Refusal)
		}
	}
}

// problem makes an error of what a server has answered.
func (r *ChangeReply) problem() error {
	switch err, known := refusals[r.Result.Err]; {
	case r.Refusal != "":
		return fmt.Errorf("shardctrler: the servers refuse: %s", r.Refusal)
	case r.Result.Err == "":
		return nil
	case known:
		return fmt.Errorf("%w: %d", err, r.Result.About)
	}
	return fmt.Errorf("shardctrler: the servers refuse: %s", r.Result.Err)
}
