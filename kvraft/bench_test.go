package kvraft

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rsm"
)

// One client appends, one operation after the other: the course's speed test in real time.
func BenchmarkAppendSequential(b *testing.B) {
	ck := MakeClerk(startRealTime(b, 3, -1)())
	ck.Put("k", "")
	for i := 0; b.Loop(); i++ {
		if i%1000 == 0 {
			ck.Put("k", "")
		}
		ck.Append("k", "x")
	}
}

// 64 clients get and put, each one operation after the other.
func BenchmarkMix(b *testing.B) {
	for _, reads := range []int{0, 50, 90, 100} {
		b.Run(fmt.Sprintf("clients=64/reads=%d%%", reads), func(b *testing.B) {
			ends := startRealTime(b, 3, -1)
			MakeClerk(ends()).Put("k", "v")
			var clients sync.WaitGroup
			next := make(chan int)
			for range 64 {
				ck := MakeClerk(ends())
				clients.Go(func() {
					for i := range next {
						if i%100 < reads {
							ck.Get("k")
						} else {
							ck.Put("k", "value")
						}
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i * 37
			}
			close(next)
			clients.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "ops/s")
		})
	}
}

const manyKeys = 100_000

// filled is a store of many keys, with values of 100 bytes.
func filled() *machine {
	m := &machine{}
	value := string(make([]byte, 100))
	for i := range manyKeys {
		m.Apply(op{Kind: put, Key: fmt.Sprintf("key/%08d", i), Value: value})
	}
	return m
}

// What a snapshot costs: the store stands still for the capture only; it is encoded beside other work, and restored when a server
// starts or is far behind.
func BenchmarkSnapshot(b *testing.B) {
	m := filled()
	snapshot, err := m.Capture()()
	require.NoError(b, err)
	b.Run(fmt.Sprintf("capture/keys=%d", manyKeys), func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.Capture()
		}
	})
	b.Run(fmt.Sprintf("encode/keys=%d", manyKeys), func(b *testing.B) {
		b.SetBytes(int64(len(snapshot)))
		for b.Loop() {
			_, err := m.Capture()()
			require.NoError(b, err)
		}
	})
	b.Run(fmt.Sprintf("restore/keys=%d", manyKeys), func(b *testing.B) {
		b.SetBytes(int64(len(snapshot)))
		for b.Loop() {
			require.NoError(b, (&machine{}).Restore(snapshot))
		}
	})
}

// A server of many keys is killed and started, until a client has its first answer. Most of that is the election.
func BenchmarkRestart(b *testing.B) {
	net := labrpc.MakeNetwork()
	defer net.Cleanup()
	persister := raft.MakePersister()
	quiet := slog.New(slog.DiscardHandler)
	var kv *KVServer
	start := func() {
		kv = StartKVServer([]*labrpc.ClientEnd{net.Dial("server", "server")}, 0, persister, 1<<16, func(c *rsm.Config) {
			c.Logger, c.Raft = quiet, []raft.Option{raft.WithLogger(quiet), raft.WithTiming(10*time.Millisecond, 3*time.Millisecond)}
		})
		s := labrpc.MakeServer()
		s.AddService(labrpc.MakeService(kv))
		net.AddServer("server", s)
	}
	start()
	ctx, value := context.Background(), string(make([]byte, 100))
	var clients sync.WaitGroup
	for i := range 64 {
		c := NewClient([]*labrpc.ClientEnd{net.Dial(fmt.Sprint("client", i), "server")})
		clients.Go(func() {
			for k := i; k < manyKeys; k += 64 {
				_, err := c.Put(ctx, fmt.Sprintf("key/%08d", k), value)
				require.NoError(b, err)
			}
		})
	}
	clients.Wait()
	c := NewClient([]*labrpc.ClientEnd{net.Dial("client", "server")})
	for b.Loop() {
		kv.Kill()
		start()
		got, _, err := c.Get(ctx, "key/00000007")
		require.NoError(b, err)
		require.Equal(b, value, got)
	}
	b.ReportMetric(float64(persister.SnapshotSize()), "snapshot-bytes")
	kv.Kill()
}
