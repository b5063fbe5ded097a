package labtest_test

import (
	"fmt"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// Counter is a service that keeps what it is given on its node's disk, and answers when it is there.
type Counter struct {
	file  *labtest.Volume
	total int
}

type AddArgs struct{ N int }
type AddReply struct{ Total int }

func (c *Counter) Add(args *AddArgs, reply *AddReply) {
	if c.file.Append("added", make([]byte, args.N)) != nil || c.file.Sync() != nil {
		return // the node is crashing: nobody will see this reply
	}
	c.total += args.N
	reply.Total = c.total
}

// counters is a suite of one scenario. This is the test that runs it, with ten seeds or those that the flags say:
//
//	func TestCounter(t *testing.T) { counters.Test(t) }
var counters = labtest.Suite{Name: "counter", Scenarios: []labtest.Scenario{{
	Name: "TestCounter", Doc: "a counter survives crashes in the middle of a write", Seeds: 10,
	Run: func(w *labtest.World) {
		server := w.AddNode("counter", func(n *labtest.Node) (stop func()) {
			file := n.Disk().Open()
			n.Serve(labrpc.MakeService(&Counter{file: file, total: file.Size("added")}))
			return func() {}
		})
		server.Start()

		// What must have happened for this to have tried anything.
		w.AtLeast("answered", 20)
		w.AtLeastOverall("hit:crashatwrite", 10)

		// Faults are data: every now and then the disk loses power, in its next write or the one after it.
		for at := time.Second; at < 9*time.Second; at += 2 * time.Second {
			w.Inject(labtest.Schedule{{At: at, For: 300 * time.Millisecond, Kind: "crashatwrite", Nodes: []string{"counter"}, N: 1 + w.Rand("faults").IntN(2), Mode: labtest.Torn}})
		}
		last := 0
		for w.Now() < 10*time.Second {
			var reply AddReply
			if w.Dial("client", "counter").Call("Counter.Add", &AddArgs{N: 1}, &reply) {
				w.Count("answered")
				if reply.Total <= last {
					w.Violate("what was answered is durable", "", "The counter was at %d, and after one more is at %d.", last, reply.Total)
				}
				last = reply.Total
			}
			w.Sleep(100 * time.Millisecond)
		}
	},
}}}

func Example() {
	for _, sc := range counters.Scenarios {
		fmt.Printf("%s/%s: %s\n", counters.Name, sc.Name, sc.Doc)
	}
	// Output:
	// counter/TestCounter: a counter survives crashes in the middle of a write
}
