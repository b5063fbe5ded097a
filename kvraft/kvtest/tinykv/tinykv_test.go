package tinykv_test

import (
	"testing"

	"6.824/kvraft/kvtest"
	"6.824/kvraft/kvtest/tinykv"
)

func TestTinyKV(t *testing.T) {
	kvtest.Run(t,
		func(p kvtest.Peer) *tinykv.Server {
			kv := tinykv.StartServer(p.Ends, p.Me, p.Persister, p.MaxRaftState, p.Rand("raft"), p.Gate)
			p.Serve(kv, kv.Raft())
			return kv
		},
		func(d kvtest.Dialer) *tinykv.Clerk { return tinykv.MakeClerk(d.Ends, d.Rand) },
		kvtest.Seeds(3))
}
