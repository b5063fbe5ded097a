package tinyshard

import (
	"context"
	"time"

	"6.824/labrpc"
	"6.824/shardctrler"
)

const (
	ok          = "OK"
	wrongLeader = "ErrWrongLeader"
	wrongGroup  = "ErrWrongGroup"
)

// Reply is the answer to a client.
type Reply struct{ Err, Value string }

func shardOf(key string) int {
	if key == "" {
		return 0
	}
	return int(key[0]) % n
}

// Clerk is a client, as in the course.
type Clerk struct {
	ctrler  *shardctrler.Client
	makeEnd func(string) *labrpc.ClientEnd
	config  shardctrler.Config
	ends    map[string]*labrpc.ClientEnd
	id, seq int64
}

// MakeClerk makes a client.
func MakeClerk(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) *Clerk {
	return &Clerk{ctrler: shardctrler.NewClient(ctrlers), makeEnd: makeEnd, ends: map[string]*labrpc.ClientEnd{}}
}

// Get reads a key.
func (ck *Clerk) Get(key string) string { return ck.do(Op{Kind: "get", Key: key}) }

// Put sets a key.
func (ck *Clerk) Put(key, value string) { ck.do(Op{Kind: "put", Key: key, Value: value}) }

// Append appends to a key.
func (ck *Clerk) Append(key, value string) { ck.do(Op{Kind: "append", Key: key, Value: value}) }

func (ck *Clerk) do(op Op) string {
	var err error
	if ck.id == 0 {
		if ck.id, err = ck.ctrler.Number(context.Background()); err != nil {
			return ""
		}
	}
	ck.seq++
	op.Client, op.Seq = ck.id, ck.seq
	for {
		for _, name := range ck.config.Groups[ck.config.Shards[shardOf(op.Key)]] {
			if ck.ends[name] == nil {
				ck.ends[name] = ck.makeEnd(name)
			}
			var reply Reply
			if ck.ends[name].Call("Server.Do", &op, &reply) {
				switch reply.Err {
				case ok:
					return reply.Value
				case wrongGroup:
				default:
					continue
				}
				break
			}
		}
		time.Sleep(20 * time.Millisecond)
		if ck.config, err = ck.ctrler.Query(context.Background(), -1); err != nil {
			return ""
		}
	}
}
