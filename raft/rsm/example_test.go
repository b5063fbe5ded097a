package rsm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rsm"
)

// bank is a state machine: accounts, and transfers between them.
type bank struct{ Accounts map[string]int }

type transfer struct {
	From, To string
	Amount   int
}

func (b *bank) Apply(t transfer) (ok bool) {
	if b.Accounts[t.From] < t.Amount {
		return false
	}
	b.Accounts[t.From] -= t.Amount
	b.Accounts[t.To] += t.Amount
	return true
}

// Capture encodes at once; a machine with more state would return a function that encodes a copy.
func (b *bank) Capture() func() ([]byte, error) {
	state, err := json.Marshal(b.Accounts)
	return func() ([]byte, error) { return state, err }
}

func (b *bank) Restore(snapshot []byte) error { return json.Unmarshal(snapshot, &b.Accounts) }

// A service is a plain state machine, and three servers of it.
func Example() {
	net := labrpc.MakeNetwork()
	defer net.Cleanup()
	servers := make([]*rsm.Server[transfer, bool], 3)
	machines := make([]*bank, 3)
	for me := range servers {
		machines[me] = &bank{map[string]int{"alice": 100}}
		config := rsm.Config{Me: me, Persister: raft.MakePersister(), MaxRaftState: 1 << 20}
		for to := range servers {
			config.Servers = append(config.Servers, net.Dial(me, to))
		}
		servers[me] = rsm.Start[transfer, bool](machines[me], config)
		defer servers[me].Kill()
		s := labrpc.MakeServer()
		s.AddService(labrpc.MakeService(servers[me].Raft()))
		net.AddServer(me, s)
	}

	// A client looks for the leader and opens a session with it.
	ctx := context.Background()
	leader, session := 0, int64(0)
	for session == 0 {
		leader = (leader + 1) % len(servers)
		session, _ = servers[leader].Open(ctx)
		time.Sleep(10 * time.Millisecond)
	}
	request := rsm.Request{Session: session, Seq: 1}
	for range 2 { // the second time it is known to have been done
		ok, err := servers[leader].Submit(ctx, request, transfer{"alice", "bob", 30})
		fmt.Println(ok, err)
	}
	err := servers[leader].Read(ctx, func() { fmt.Println(machines[leader].Accounts["bob"]) })
	fmt.Println(err)
	// Output:
	// true <nil>
	// true <nil>
	// 30
	// <nil>
}
