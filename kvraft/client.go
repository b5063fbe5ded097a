package kvraft

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"6.824/labrpc"
)

// Client is a client of the store. Its methods may be called concurrently; writes then wait for each
// other, since a session does one at a time.
//
// A method returns when the operation is done, or when the context ends. If a write was tried by then,
// the error wraps ErrMaybe.
type Client struct {
	servers []*labrpc.ClientEnd

	mu     sync.Mutex
	leader int         // the server to try first
	place  map[int]int // where in servers the server is that calls itself so: not all clients have them in one order

	writing chan struct{} // holds a token while a write is under way; guards what is below
	session int64         // 0 if there is none yet
	seq     int64         // of the last write
	used    time.Time     // when the session was last heard of
}

// NewClient makes a client of the servers behind these ends, in any order.
func NewClient(servers []*labrpc.ClientEnd) *Client {
	return &Client{servers: servers, place: map[int]int{}, writing: make(chan struct{}, 1)}
}

// Get returns the value of a key and its version, or ErrNotFound.
func (c *Client) Get(ctx context.Context, key string) (value string, version int64, err error) {
	r, err := c.read(ctx, op{Kind: get, Key: key})
	return r.Value, r.Version, err
}

// Scan returns the pairs whose keys begin with prefix and are not below from, as of one instant and in
// order of their keys: at most limit, if that is above 0, and only as many as fit into MaxValue bytes, but at
// least one if there is one. To go on behind the last key, scan from that key + "\x00".
func (c *Client) Scan(ctx context.Context, prefix, from string, limit int) ([]Pair, error) {
	r, err := c.read(ctx, op{Kind: scan, Key: prefix, From: from, Limit: limit})
	return r.Pairs, err
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

func (c *Client) read(ctx context.Context, o op) (result, error) {
	if len(o.Key) > MaxKey || len(o.From) > MaxKey {
		return result{}, ErrTooLarge
	}
	reply, err := try[Reply](ctx, c, "KVServer.Read", &ReadArgs{o})
	if err != nil {
		return result{}, err
	}
	return reply.Result, errorOf(reply.Answer, reply.Result)
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
	if err := c.openSession(ctx); err != nil {
		return result{}, err
	}
	c.seq++
	reply, err := try[Reply](ctx, c, "KVServer.Write", &WriteArgs{c.session, c.seq, o})
	if err != nil {
		return result{}, fmt.Errorf("%w: %w", ErrMaybe, err)
	}
	if reply.Answer.Err == errExpired {
		// Another copy of the request may have been executed before the session was dropped, even if only one
		// was sent, and nobody remembers.
		c.session = 0
		return result{}, fmt.Errorf("%w: the session was dropped", ErrMaybe)
	}
	c.used = time.Now()
	return reply.Result, errorOf(reply.Answer, reply.Result)
}

// sessionIdle is how long a session may lie idle and be used again. One that has been idle for longer may have
// been dropped, and it is cheaper to open another than to be told so, and not to know why.
const sessionIdle = 10 * time.Second

func (c *Client) openSession(ctx context.Context) error {
	if c.session != 0 && time.Since(c.used) < sessionIdle {
		return nil
	}
	reply, err := try[OpenReply](ctx, c, "KVServer.Open", &OpenArgs{})
	if err == nil {
		c.session, c.seq, c.used = reply.Session, 0, time.Now()
	}
	return err
}

// errorOf makes an error of what a server has answered.
func errorOf(a Answer, r result) error {
	e := r.Err
	if a.Err != OK {
		e = a.Err
	}
	switch e {
	case OK:
		return nil
	case ErrNoKey:
		return ErrNotFound
	case errVersion:
		return ErrVersion
	case errTooLarge:
		return ErrTooLarge
	}
	return fmt.Errorf("kvraft: the servers refuse the operation: %s", e)
}

// How a client tries. A server that does not answer may be paused, or may lead without knowing that it
// does not any more.
const (
	tryFor     = time.Second
	pauseFirst = 5 * time.Millisecond
	pauseMost  = 100 * time.Millisecond
)

var errNoAnswer = errors.New("kvraft: no answer in time")

// answered is a reply with an Answer in it.
type answered interface{ answer() *Answer }

func (r *Reply) answer() *Answer     { return &r.Answer }
func (r *OpenReply) answer() *Answer { return &r.Answer }

// try asks one server after the other until one has an answer: first the last leader known, then whom it
// names, or the next. When all have been asked it pauses, longer each time, and goes on. A leader that is too
// busy is asked again after a pause.
func try[R any, P interface {
	*R
	answered
}](ctx context.Context, c *Client, method string, args any) (*R, error) {
	pause, asked := pauseFirst, 0
	for server := c.first(); ; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		reply := new(R)
		err := call(ctx, c.servers[server], method, args, reply)
		a := P(reply).answer()
		switch asked++; {
		case errors.Is(err, labrpc.ErrClosed):
			return nil, err
		case err != nil: // the reply may still be written to
			server = (server + 1) % len(c.servers)
		case a.Err == ErrWrongLeader:
			server = c.hint(server, *a)
		case a.Err == errBusy:
			asked = len(c.servers)
		default:
			c.remember(server, a.Server)
			return reply, nil
		}
		if asked >= len(c.servers) {
			asked = 0
			if err := sleep(ctx, pause); err != nil {
				return nil, err
			}
			pause = min(2*pause, pauseMost)
		}
	}
}

// call makes one RPC, and gives it up when it takes too long or the context ends. The reply then
// belongs to the RPC.
func call(ctx context.Context, end *labrpc.ClientEnd, method string, args, reply any) error {
	done := make(chan error, 1)
	end.Go(method, args, reply, func(err error) { done <- err })
	late := time.NewTimer(tryFor)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return errNoAnswer
	case <-ctx.Done():
		return ctx.Err()
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *Client) first() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.leader
}

// remember notes the server that answered.
func (c *Client) remember(server, itself int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.leader = server
	c.place[itself] = server
}

// hint is the server to ask after one that does not lead: whom that takes for the leader, if this client knows
// where that is, or the next.
func (c *Client) hint(server int, a Answer) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.place[a.Server] = server
	if at, ok := c.place[a.Leader]; ok && at != server {
		return at
	}
	return (server + 1) % len(c.servers)
}
