package shardkv

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"6.824/labrpc"
	"6.824/raft/rsm/clerk"
	"6.824/shardctrler"
)

// Client is a client of the store. Its methods may be called concurrently; writes then wait for each
// other.
//
// A method returns when the operation is done, or when the context ends. If a write was tried by then,
// the error wraps ErrMaybe.
type Client struct {
	ctrler  *shardctrler.Client
	makeEnd func(string) *labrpc.ClientEnd

	mu     sync.Mutex
	config shardctrler.Config        // the latest known
	groups map[string]*clerk.Servers // by their servers' names

	writing chan struct{} // holds a token while a write is under way; guards the two below
	number  int64         // by which the servers know this client; 0 if it has none yet
	seq     int64         // of the last write
}

// NewClient makes a client of the store whose controller is behind ctrlers. makeEnd turns a server's name, as it is in a
// configuration, into an end to it.
func NewClient(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) *Client {
	return &Client{ctrler: shardctrler.NewClient(ctrlers), makeEnd: makeEnd, groups: map[string]*clerk.Servers{}, writing: make(chan struct{}, 1)}
}

// Get returns the value of a key and its version, or ErrNotFound.
func (c *Client) Get(ctx context.Context, key string) (value string, version int64, err error) {
	r, _, err := c.do(ctx, "ShardKV.Read", op{Kind: get, Key: key})
	if err == nil {
		err = r.problem()
	}
	return r.Value, r.Version, err
}

// Put sets the value of a key and returns its new version.
func (c *Client) Put(ctx context.Context, key, value string) (version int64, err error) {
	r, err := c.write(ctx, op{Kind: put, Key: key, Value: value})
	return r.Version, err
}

// PutIf sets the value of a key if it has the given version, 0 for a key that must not exist yet, and
// returns its new version. Otherwise the error is ErrVersion, or ErrNotFound for a key that is not
// there.
func (c *Client) PutIf(ctx context.Context, key, value string, version int64) (now int64, err error) {
	r, err := c.write(ctx, op{Kind: putIf, Key: key, Value: value, Version: version})
	return r.Version, err
}

// Append appends to the value of a key, which need not exist, and returns its new version.
func (c *Client) Append(ctx context.Context, key, value string) (version int64, err error) {
	r, err := c.write(ctx, op{Kind: appendTo, Key: key, Value: value})
	return r.Version, err
}

// Delete removes a key, or returns ErrNotFound.
func (c *Client) Delete(ctx context.Context, key string) error {
	_, err := c.write(ctx, op{Kind: remove, Key: key, Version: -1})
	return err
}

// DeleteIf is Delete if the key has the given version, otherwise ErrVersion.
func (c *Client) DeleteIf(ctx context.Context, key string, version int64) error {
	_, err := c.write(ctx, op{Kind: remove, Key: key, Version: version})
	return err
}

func (c *Client) write(ctx context.Context, o op) (result, error) {
	if len(o.Key) > MaxKey || len(o.Value) > MaxValue {
		return result{}, ErrTooLarge
	}
	select {
	case c.writing <- struct{}{}:
		defer func() { <-c.writing }()
	case <-ctx.Done():
		return result{}, ctx.Err()
	}
	for {
		if c.number == 0 {
			number, err := c.ctrler.Number(ctx)
			if err != nil {
				return result{}, err
			}
			c.number, c.seq = number, 0
		}
		c.seq++
		o.Client, o.Seq = c.number, c.seq
		r, sent, err := c.do(ctx, "ShardKV.Write", o)
		switch {
		case err != nil && sent > 0:
			return r, fmt.Errorf("%w: %w", ErrMaybe, err)
		case err != nil:
			return r, err
		case r.Err != errExpired:
			return r, r.problem()
		}
		c.number = 0
		if sent > 1 { // an earlier try may have been executed, and nobody remembers
			return r, fmt.Errorf("%w: the client was forgotten", ErrMaybe)
		}
	}
}

// How a client tries.
const (
	roundsPerGroup = 2                    // so often all servers of a group are asked, before the configuration is
	pauseNotYet    = 5 * time.Millisecond // then twice that, and so on
	pauseMost      = 20 * time.Millisecond
	pauseNoGroup   = 20 * time.Millisecond
)

// do has an operation done by the group that serves its key, whichever that is by now. It says how many
// requests it has sent that may have had an effect.
func (c *Client) do(ctx context.Context, method string, o op) (r result, sent int, err error) {
	shard, pause := key2shard(o.Key), pauseNotYet
	for {
		config := c.known()
		if gid := config.Shards[shard]; gid != 0 {
			reply, n, err := clerk.Ask[OpReply](ctx, c.group(config.Groups[gid]), method, &OpArgs{o}, roundsPerGroup)
			sent += n
			switch {
			case errors.Is(err, labrpc.ErrClosed) || ctx.Err() != nil:
				return r, sent, errors.Join(err, ctx.Err())
			case err != nil: // the group may be gone
			case reply.Refusal == clerk.BadOp:
				return result{Err: errBadOp}, sent, nil
			case reply.Result.Err == errNotYet:
				if err := clerk.Sleep(ctx, pause); err != nil {
					return r, sent, err
				}
				pause = min(2*pause, pauseMost)
				if reply.Result.Num <= config.Num {
					continue
				}
			case reply.Result.Err != ErrWrongGroup:
				return reply.Result, sent, nil
			case n == 1 && sent == 1:
				sent = 0 // it has certainly not happened
			}
		}
		changed, err := c.refresh(ctx, config.Num)
		if err != nil {
			return r, sent, err
		}
		if !changed { // the group has not heard of it yet, or nobody serves the shard
			if err := clerk.Sleep(ctx, pauseNoGroup); err != nil {
				return r, sent, err
			}
		}
	}
}

func (c *Client) known() shardctrler.Config {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.config
}

// refresh asks for the latest configuration. It says whether that is later than num.
func (c *Client) refresh(ctx context.Context, num int) (changed bool, err error) {
	config, err := c.ctrler.Query(ctx, -1)
	if err != nil {
		return false, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if config.Num > c.config.Num {
		c.config = config
	}
	return c.config.Num > num, nil
}

// group are the servers of these names.
func (c *Client) group(names []string) *clerk.Servers {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.Join(names, "\x00")
	if c.groups[key] == nil {
		c.groups[key] = clerk.New(endsTo(names, c.makeEnd))
	}
	return c.groups[key]
}

// problem makes an error of what a server has answered.
func (r result) problem() error {
	switch r.Err {
	case OK:
		return nil
	case ErrNoKey:
		return ErrNotFound
	case errVersion:
		return ErrVersion
	case errTooLarge:
		return ErrTooLarge
	}
	return fmt.Errorf("shardkv: the servers refuse the operation: %s", r.Err)
}
