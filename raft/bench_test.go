package raft

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft/consensus"
)

// BenchmarkRaft is a group of three in real time, over labrpc with all its encoding, on disks in memory. A
// client has a command of 100 bytes committed at a time: it calls Start, and waits until the leader's service
// has got the command from applyCh. All three are read. Besides the usual it reports operations per second
// and messages (requests and replies of the network) per operation.
func BenchmarkRaft(b *testing.B) {
	for _, clients := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) { benchmarkRaft(b, clients) })
	}
}

func benchmarkRaft(b *testing.B, clients int) {
	net := labrpc.MakeNetwork()
	c := newCluster(b, 3, net, 0)
	services := make([]*benchService, len(c.nodes))
	for i, n := range c.nodes {
		services[i] = &benchService{waiting: map[int]chan bool{}}
		n.serveWith = services[i].serve
	}
	c.startAll()
	defer c.cleanup()
	leader := c.leader()
	service := services[leader.id]
	term := leader.Status().Term // as long as it leads in this term, what is applied at an index is what was given it
	command := make([]byte, 100)

	var left atomic.Int64
	left.Store(int64(b.N))
	messages := net.GetTotalCount()
	b.ReportAllocs()
	b.ResetTimer()
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			applied := make(chan bool, 1)
			for left.Add(-1) >= 0 {
				index, inTerm, ok := leader.Start(command)
				if !ok || inTerm != term {
					b.Error("the leader has changed")
					return
				}
				service.wait(index, applied)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	n := float64(b.N)
	b.ReportMetric(n/b.Elapsed().Seconds(), "ops/s")
	b.ReportMetric(2*float64(net.GetTotalCount()-messages)/n, "msgs/op") // a request and its reply
}

// A benchService tells clients that their commands are applied.
type benchService struct {
	mu      sync.Mutex
	waiting map[int]chan bool // by index
	last    int
}

func (s *benchService) serve(applyCh chan ApplyMsg, stop chan struct{}) {
	for {
		select {
		case m := <-applyCh:
			s.mu.Lock()
			s.last = m.CommandIndex
			if w := s.waiting[s.last]; w != nil {
				delete(s.waiting, s.last)
				w <- true
			}
			s.mu.Unlock()
		case <-stop:
			return
		}
	}
}

// wait returns when index is applied.
func (s *benchService) wait(index int, w chan bool) {
	s.mu.Lock()
	if index > s.last {
		s.waiting[index] = w
		s.mu.Unlock()
		<-w
		return
	}
	s.mu.Unlock()
}

// BenchmarkAppend is one append of one entry of 100 bytes to a follower whose log has that many entries, or
// up to twice that: all that the peer does, from its mailbox to the reply, the disk (in memory) included, and
// the network not.
func BenchmarkAppend(b *testing.B) {
	for _, size := range []int{1e3, 1e6} {
		b.Run(fmt.Sprintf("log=%d", size), func(b *testing.B) {
			b.ReportAllocs()
			var l *loop
			index := 2 * size
			for b.Loop() {
				if index == 2*size {
					b.StopTimer()
					l, index = benchLoop(b, size), size
					b.StartTimer()
				}
				appendOne(b, l, index)
				index++
			}
		})
	}
}

// benchLoop returns the loop, which does not run by itself, of a peer with a log of that many entries.
func benchLoop(b *testing.B, size int) *loop {
	entries := make([]consensus.Entry, size)
	for i := range entries {
		entries[i] = consensus.Entry{Term: 1, Data: make([]byte, 100)}
	}
	ps := MakePersister()
	d := openDisk(b, ps)
	require.NoError(b, d.change(consensus.Output{HardState: &consensus.HardState{Term: 1, VotedFor: 1}, First: 1, Entries: entries}))
	l := stillLoop(b, ps)
	appendOne(b, l, size) // what a restart costs the first append is not the question
	appendOne(b, l, size)
	return l
}

// appendOne has l's peer handle an append of the entry after index.
func appendOne(b *testing.B, l *loop, index int) {
	w := l.rf.box.ask(consensus.Receive{From: 1, Msg: &consensus.AppendEntriesArgs{
		Term: 1, LeaderID: 1, PrevLogIndex: index, PrevLogTerm: 1, Entries: []consensus.Entry{{Term: 1, Data: make([]byte, 100)}},
	}})
	if !l.turn() {
		b.Fatal(l.rf.Err())
	}
	if r := w.reply.(*consensus.AppendEntriesReply); !r.Success || r.Match != index+1 {
		b.Fatal("not appended: ", *r)
	}
	<-w.done
	l.rf.box.putBack(w)
}

// stillLoop returns the loop of peer 0 of 3, which is not running.
func stillLoop(t testing.TB, ps *Persister, opts ...Option) *loop {
	j, found, err := openJournal(ps)
	require.NoError(t, err)
	o := options{rand: rand.New(rand.NewPCG(1, 1)), host: realHost{}, log: slog.Default()}
	for _, opt := range opts {
		opt(&o)
	}
	node, err := consensus.New(consensus.Config{ID: 0, Peers: 3, Rand: o.rand}, found.Restored)
	require.NoError(t, err)
	rf := &Raft{peers: make([]*labrpc.ClientEnd, 3), log: o.log, host: o.host, box: newMailbox(), dead: make(chan struct{})}
	rf.applier = newApplier(rf, nil)
	return newLoop(rf, node, j, o)
}
