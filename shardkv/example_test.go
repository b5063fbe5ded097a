package shardkv_test

import (
	"context"
	"fmt"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/shardctrler"
	"6.824/shardkv"
)

// Two groups of three servers, and a controller. A key stays what it is while its shard moves from one group to the other.
func Example() {
	net := labrpc.MakeNetwork()
	defer net.Cleanup()
	names := func(of string) []string { return []string{of + "/0", of + "/1", of + "/2"} }
	dial := func(from string, to []string) (ends []*labrpc.ClientEnd) {
		for _, name := range to {
			ends = append(ends, net.Dial(from, name))
		}
		return ends
	}
	serve := func(name string, receivers ...any) {
		server := labrpc.MakeServer()
		for _, r := range receivers {
			server.AddService(labrpc.MakeService(r))
		}
		net.AddServer(name, server)
	}

	for me, name := range names("ctrler") {
		sc := shardctrler.StartServer(dial(name, names("ctrler")), me, raft.MakePersister())
		defer sc.Kill()
		serve(name, sc, sc.Raft())
	}
	for gid, of := range map[int]string{100: "red", 101: "blue"} {
		for me, name := range names(of) {
			kv := shardkv.StartServer(dial(name, names(of)), me, raft.MakePersister(), 1000, gid, dial(name, names("ctrler")),
				func(to string) *labrpc.ClientEnd { return net.Dial(name, to) })
			defer kv.Kill()
			serve(name, kv, kv.Raft())
		}
	}

	ctx := context.Background()
	admin := shardctrler.NewClient(dial("admin", names("ctrler")))
	client := shardkv.NewClient(dial("client", names("ctrler")), func(to string) *labrpc.ClientEnd { return net.Dial("client", to) })

	admin.Join(ctx, map[int][]string{100: names("red")})
	client.Put(ctx, "pi", "3.14")
	admin.Join(ctx, map[int][]string{101: names("blue")})
	admin.Leave(ctx, []int{100})
	config, _ := admin.Query(ctx, -1)
	value, version, err := client.Get(ctx, "pi")
	fmt.Println(config)
	fmt.Println(value, version, err)

	// Output:
	// config 3 | 101: 0-9 of blue/0 blue/1 blue/2
	// 3.14 1 <nil>
}
