package tinyshard

import (
	"log/slog"
	"testing"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/shardkv/shardtest"
)

func TestTinyShard(t *testing.T) {
	shardtest.Run(t, shardtest.Implementation{
		Server: func(p shardtest.Peer) shardtest.Server {
			kv := Start(p.Ends, p.Me, p.Persister, p.MaxRaftState, p.GID, p.Ctrlers, p.Dial, p.Gate,
				raft.WithRand(p.Rand()), raft.WithHost(p.Node), raft.WithLogger(slog.New(slog.DiscardHandler)))
			p.Serve(kv, kv.Raft())
			return kv
		},
		Clerk: func(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) shardtest.Clerk {
			return MakeClerk(ctrlers, makeEnd)
		},
	}, shardtest.Seeds(1))
}
