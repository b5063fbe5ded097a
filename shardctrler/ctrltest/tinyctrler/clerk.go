package tinyctrler

import (
	"time"

	"6.824/labrpc"
)

// Clerk is a client.
type Clerk struct {
	servers []*labrpc.ClientEnd
	leader  int // as far as it knows
	id, seq int
}

// MakeClerk makes a client.
func MakeClerk(servers []*labrpc.ClientEnd) *Clerk { return &Clerk{servers: servers} }

// Query returns a configuration.
func (ck *Clerk) Query(num int) Config { return ck.do(Args{Kind: "Query", Num: num}) }

// Join adds groups.
func (ck *Clerk) Join(groups map[int][]string) { ck.do(Args{Kind: "Join", Groups: groups}) }

// Leave removes groups.
func (ck *Clerk) Leave(gids []int) { ck.do(Args{Kind: "Leave", GIDs: gids}) }

// Move gives a shard to a group.
func (ck *Clerk) Move(shard, gid int) { ck.do(Args{Kind: "Move", Shard: shard, GID: gid}) }

const retryAfter = 25 * time.Millisecond

func (ck *Clerk) do(args Args) Config {
	if ck.id == 0 {
		ck.id = ck.call(Args{Kind: "Hello"}).Client
	}
	ck.seq++
	args.Client, args.Seq = ck.id, ck.seq
	return ck.call(args).Config
}

func (ck *Clerk) call(args Args) Reply {
	for {
		for range ck.servers {
			var reply Reply
			if ck.servers[ck.leader].Call("Server.Do", &args, &reply) && reply.OK {
				return reply
			}
			ck.leader = (ck.leader + 1) % len(ck.servers)
		}
		time.Sleep(retryAfter)
	}
}
