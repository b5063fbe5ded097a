package raft_test

import (
	"fmt"
	"time"

	"6.824/labrpc"
	"6.824/raft"
)

// Three peers on a network in this process, in real time. The service of each prints what it is sent.
func Example() {
	net := labrpc.MakeNetwork()
	defer net.Cleanup()

	const n = 3
	peers := make([]*raft.Raft, n)
	applied := make([]chan raft.ApplyMsg, n)
	for i := range n {
		ends := make([]*labrpc.ClientEnd, n)
		for j := range n {
			ends[j] = net.Dial(i, j)
		}
		applied[i] = make(chan raft.ApplyMsg)
		peers[i] = raft.Make(ends, i, raft.MakePersister(), applied[i])
		defer peers[i].Kill()
		server := labrpc.MakeServer()
		server.AddService(labrpc.MakeService(peers[i]))
		net.AddServer(i, server)
	}

	// Only a leader takes commands, and it takes a while until there is one.
	for _, command := range []string{"make", "it", "so"} {
		for accepted := false; !accepted; time.Sleep(10 * time.Millisecond) {
			for _, peer := range peers {
				if _, _, isLeader := peer.Start(command); isLeader {
					accepted = true
					break
				}
			}
		}
	}

	// Every service is sent the same commands in the same order.
	for i := range n {
		fmt.Print("peer ", i, ":")
		for range 3 {
			m := <-applied[i]
			fmt.Print(" ", m.CommandIndex, "=", m.Command)
		}
		fmt.Println()
	}
	// Output:
	// peer 0: 1=make 2=it 3=so
	// peer 1: 1=make 2=it 3=so
	// peer 2: 1=make 2=it 3=so
}
