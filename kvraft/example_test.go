package kvraft_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"6.824/kvraft"
	"6.824/labrpc"
	"6.824/raft"
)

// store starts three servers, and returns a way to make the ends of a client.
func store() (ends func(client string) []*labrpc.ClientEnd, stop func()) {
	net := labrpc.MakeNetwork()
	var servers []*kvraft.KVServer
	for me := range 3 {
		var peers []*labrpc.ClientEnd
		for to := range 3 {
			peers = append(peers, net.Dial(me, to))
		}
		kv := kvraft.StartKVServer(peers, me, raft.MakePersister(), 1<<20)
		s := labrpc.MakeServer()
		s.AddService(labrpc.MakeService(kv))
		s.AddService(labrpc.MakeService(kv.Raft()))
		net.AddServer(me, s)
		servers = append(servers, kv)
	}
	ends = func(client string) (ends []*labrpc.ClientEnd) {
		for to := range 3 {
			ends = append(ends, net.Dial(client, to))
		}
		return ends
	}
	return ends, func() {
		for _, kv := range servers {
			kv.Kill()
		}
		net.Cleanup()
	}
}

// The course's client blocks until it has succeeded.
func ExampleClerk() {
	ends, stop := store()
	defer stop()
	ck := kvraft.MakeClerk(ends("client"))
	ck.Put("greeting", "hello")
	ck.Append("greeting", ", world")
	fmt.Println(ck.Get("greeting"))
	fmt.Printf("%q\n", ck.Get("nothing"))
	// Output:
	// hello, world
	// ""
}

// The other client takes contexts, returns errors, and knows versions.
func ExampleClient() {
	ends, stop := store()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c := kvraft.NewClient(ends("client"))

	version, err := c.PutIf(ctx, "config/a", "1", 0) // only if there is no such key
	fmt.Println(version, err)
	_, err = c.PutIf(ctx, "config/a", "2", 7)
	fmt.Println(errors.Is(err, kvraft.ErrVersion))
	_, err = c.Put(ctx, "config/b", "3")
	fmt.Println(err)
	pairs, err := c.Scan(ctx, "config/", "", 0)
	fmt.Println(pairs, err)
	// Output:
	// 1 <nil>
	// true
	// <nil>
	// [{config/a 1 1} {config/b 3 1}] <nil>
}

func ExampleLock() {
	ends, stop := store()
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	lock := kvraft.NewLock(kvraft.NewClient(ends("alice")), "lock", "alice")
	fmt.Println(lock.Acquire(ctx))
	fmt.Println(lock.Release(ctx))
	// Output:
	// <nil>
	// <nil>
}
