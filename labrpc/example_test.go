package labrpc_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"6.824/labrpc"
)

// Arith is a service.
type Arith struct{}

type (
	Pair struct{ A, B int }
	Sum  struct{ Total int }
)

// Add is a handler.
func (Arith) Add(args *Pair, reply *Sum) { reply.Total = args.A + args.B }

// Fail is a handler with a bug.
func (Arith) Fail(args *Pair, reply *Sum) { reply.Total = args.A / args.B }

func arith(n *labrpc.Network) {
	s := labrpc.MakeServer()
	s.AddService(labrpc.MakeService(Arith{}))
	n.AddServer("server", s)
}

// The course's way: an end is made, connected and enabled by its name.
func ExampleMakeNetwork() {
	n := labrpc.MakeNetwork()
	defer n.Cleanup()
	s := labrpc.MakeServer()
	s.AddService(labrpc.MakeService(Arith{}))
	n.AddServer("server", s)

	end := n.MakeEnd("a name")
	n.Connect("a name", "server")
	n.Enable("a name", true)
	var sum Sum
	ok := end.Call("Arith.Add", &Pair{2, 3}, &sum)
	fmt.Println(ok, sum.Total)

	n.Enable("a name", false)
	fmt.Println(end.Call("Arith.Add", &Pair{2, 3}, &sum))
	// Output:
	// true 5
	// false
}

// A simulation: inside of a bubble time is virtual, and one seed gives one history.
func ExampleNewNetwork() {
	bubble(func() {
		n := labrpc.NewNetwork(labrpc.Options{Seed: 3, Settle: synctest.Wait})
		defer n.Cleanup()
		arith(n)
		n.SetLink("client", "server", labrpc.Conditions{Delay: labrpc.Constant(time.Hour)})
		n.SetLink("server", "client", labrpc.Conditions{DropReply: 0.5})

		start := time.Now()
		n.Observe(func(e labrpc.Event) { fmt.Println(time.Since(start), "call", e.N, e.Kind) })
		end := n.Dial("client", "server")
		for range 2 {
			end.Call("Arith.Add", &Pair{2, 3}, new(Sum))
		}
	})
	// Output:
	// 0s call 1 sent
	// 1h0m0s call 1 delivered
	// 1h0m0s call 1 replied
	// 1h0m0s call 1 reply-dropped
	// 1h0m0.055972285s call 1 failed
	// 1h0m0.055972285s call 2 sent
	// 2h0m0.055972285s call 2 delivered
	// 2h0m0.055972285s call 2 replied
	// 2h0m0.055972285s call 2 returned
}

// Do says why a call has failed.
func ExampleClientEnd_Do() {
	n := labrpc.MakeNetwork()
	defer n.Cleanup()
	arith(n)
	end := n.Dial("client", "server")
	fmt.Println(end.Do("Arith.Sub", &Pair{3, 2}, new(Sum)))
	fmt.Println(end.Do("Arith.Fail", &Pair{3, 0}, new(Sum)))

	n.DeleteServer("server")
	err := end.Do("Arith.Add", &Pair{3, 2}, new(Sum))
	fmt.Println(err)
	fmt.Println(errors.Is(err, labrpc.ErrLost))
	// Output:
	// labrpc: Arith.Sub of server by client: no such method: Arith has none called "Sub" that is func(args T, reply *R)
	// labrpc: Arith.Fail of server by client: handler panicked: runtime error: integer divide by zero
	// labrpc: Arith.Add of server by client: no reply: request lost: no server
	// true
}

// Go does not wait: one goroutine can have many calls under way.
func ExampleClientEnd_Go() {
	n := labrpc.MakeNetwork()
	defer n.Cleanup()
	arith(n)
	end := n.Dial("client", "server")
	sums := make([]Sum, 3)
	done := make(chan error, len(sums))
	for i := range sums {
		end.Go("Arith.Add", &Pair{i, i}, &sums[i], func(err error) { done <- err })
	}
	for range sums {
		fmt.Println(<-done)
	}
	fmt.Println(sums)
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// [{0} {2} {4}]
}

// A hook forges what travels.
func ExampleOnRequest() {
	n := labrpc.MakeNetwork()
	defer n.Cleanup()
	arith(n)
	remove := labrpc.OnRequest(n, func(m *labrpc.Message, args *Pair) labrpc.Verdict {
		fmt.Println(m.From, "asks", m.To, "for", *args)
		args.A = 40
		return labrpc.Verdict{}
	})
	end := n.Dial("client", "server")
	var sum, plain Sum
	end.Call("Arith.Add", &Pair{1, 2}, &sum)
	fmt.Println(sum.Total)

	remove()
	end.Call("Arith.Add", &Pair{1, 2}, &plain)
	fmt.Println(plain.Total)
	// Output:
	// client asks server for {1 2}
	// 42
	// 3
}

// Cut groups off from each other, and heal.
func ExampleNetwork_Partition() {
	n := labrpc.MakeNetwork()
	defer n.Cleanup()
	arith(n)
	end := n.Dial("client", "server")
	n.Partition([]any{"client"}, []any{"server", "another"})
	fmt.Println(end.Call("Arith.Add", &Pair{1, 2}, new(Sum)))
	n.Heal()
	fmt.Println(end.Call("Arith.Add", &Pair{1, 2}, new(Sum)))
	// Output:
	// false
	// true
}

func ExampleParseDist() {
	d, err := labrpc.ParseDist("bimodal(uniform(1ms, 5ms), exponential(1s), 0.01)")
	fmt.Println(d, err)
	fmt.Println(d.Sample(0.5, 0.5), d.Sample(0.001, 0.5))
	// Output:
	// bimodal(uniform(1ms, 5ms), exponential(1s), 0.01) <nil>
	// 3ms 693.14718ms
}

// bubble runs f in a bubble. In a test this is synctest.Test(t, f).
func bubble(f func()) { synctest.Test(&testing.T{}, func(*testing.T) { f() }) }
