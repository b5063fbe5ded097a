package tinyctrler_test

import (
	"testing"

	"6.824/shardctrler/ctrltest"
	"6.824/shardctrler/ctrltest/tinyctrler"
)

func TestTinyCtrler(t *testing.T) {
	ctrltest.Run(t, func(p ctrltest.Peer) ctrltest.Server {
		sc := tinyctrler.StartServer(p.Ends, p.Me, p.Persister, p.Rand(), p.Gate)
		p.Serve(sc, sc.Raft())
		return sc
	}, tinyctrler.MakeClerk, ctrltest.Seeds(3))
}
