package tinykv

import (
	"math/rand/v2"
	"time"

	"6.824/labrpc"
)

// Clerk is a client.
type Clerk struct {
	servers []*labrpc.ClientEnd
	leader  int // as far as it knows
	id, seq int64
}

// MakeClerk makes a client, who draws a number from r that nobody else has.
func MakeClerk(servers []*labrpc.ClientEnd, r *rand.Rand) *Clerk {
	return &Clerk{servers: servers, id: r.Int64()}
}

// Get returns the value of a key, "" if there is none.
func (ck *Clerk) Get(key string) string { return ck.do("Get", key, "") }

// Put sets the value of a key.
func (ck *Clerk) Put(key, value string) { ck.do("Put", key, value) }

// Append appends to the value of a key.
func (ck *Clerk) Append(key, value string) { ck.do("Append", key, value) }

const retryAfter = 20 * time.Millisecond

func (ck *Clerk) do(kind, key, value string) string {
	ck.seq++
	args := Args{ck.id, ck.seq, kind, key, value}
	for {
		for range ck.servers {
			var reply Reply
			if ck.servers[ck.leader].Call("Server.Do", &args, &reply) && reply.OK {
				return reply.Value
			}
			ck.leader = (ck.leader + 1) % len(ck.servers)
		}
		time.Sleep(retryAfter)
	}
}
