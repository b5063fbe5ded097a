package consensus

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// BenchmarkStep is what consensus itself costs, without disk, network and encoding: a leader of three takes a
// batch of commands, both followers take its append, and it commits with their acknowledgements. An op is one
// command. What is in the log already must not matter.
func BenchmarkStep(b *testing.B) {
	for _, log := range []int{0, 1_000_000} {
		for _, batch := range []int{1, 64} {
			b.Run(fmt.Sprintf("log=%d/batch=%d", log, batch), func(b *testing.B) { benchmarkStep(b, log, batch) })
		}
	}
}

func benchmarkStep(b *testing.B, log, batch int) {
	nodes := make([]*Node, 3)
	for id := range nodes {
		entries := make([]Entry, log, log+1<<20) // has room, so that no growth of the slice is measured
		for i := range entries {
			entries[i] = Entry{Term: 1}
		}
		cfg := Config{ID: id, Peers: len(nodes), Rand: rand.New(rand.NewPCG(1, uint64(id)))}
		node, err := New(cfg, Restored{HardState: HardState{Term: 1, VotedFor: nobody}, Entries: entries})
		if err != nil {
			b.Fatal(err)
		}
		nodes[id] = node
	}
	now := nodes[0].Deadline()
	committed := 0
	take := func() {
		out := nodes[0].Take()
		for ; len(out.Messages) > 0; out = nodes[0].Take() {
			for _, m := range out.Messages {
				peer := nodes[m.To]
				peer.Step(now, Receive{From: 0, Msg: m.Msg})
				for _, r := range peer.Take().Replies {
					nodes[0].Step(now, Receive{From: m.To, Msg: r.Msg})
				}
			}
			committed = nodes[0].Status().CommitIndex
		}
	}
	nodes[0].Step(now, Tick{})
	take()
	nodes[0].Step(now, Propose{}) // commits what there is
	take()
	if committed != log+1 {
		b.Fatalf("%d of %d are committed", committed, log+1)
	}
	now = nodes[0].Deadline() // the followers commit it, too
	nodes[0].Step(now, Tick{})
	take()
	data := make([]byte, 100)
	b.ReportAllocs()
	b.ResetTimer()
	for done := 0; done < b.N; done += batch {
		now += time.Microsecond
		for range batch {
			nodes[0].Step(now, Propose{data})
		}
		take()
		if nodes[0].Deadline() <= now {
			nodes[0].Step(now, Tick{})
			take()
		}
	}
	b.StopTimer()
	if got, least := committed-log-1, b.N; got < least {
		b.Fatalf("%d of %d commands are committed", got, least)
	}
}
