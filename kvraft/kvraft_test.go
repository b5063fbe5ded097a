package kvraft

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft"
)

// startRealTime starts a store of n servers in real time and returns a way to make the ends of a
// client.
func startRealTime(tb testing.TB, n, maxraftstate int) (ends func() []*labrpc.ClientEnd) {
	net := labrpc.MakeNetwork()
	tb.Cleanup(net.Cleanup)
	for me := range n {
		var peers []*labrpc.ClientEnd
		for to := range n {
			peers = append(peers, net.Dial(fmt.Sprint("server", me), fmt.Sprint("server", to)))
		}
		kv := StartKVServer(peers, me, raft.MakePersister(), maxraftstate)
		tb.Cleanup(kv.Kill)
		server := labrpc.MakeServer()
		server.AddService(labrpc.MakeService(kv))
		server.AddService(labrpc.MakeService(kv.Raft()))
		net.AddServer(fmt.Sprint("server", me), server)
	}
	clients := 0
	return func() []*labrpc.ClientEnd {
		clients++
		var ends []*labrpc.ClientEnd
		for to := range n {
			ends = append(ends, net.Dial(fmt.Sprint("client", clients), fmt.Sprint("server", to)))
		}
		return ends
	}
}

func TestOperations(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := NewClient(startRealTime(t, 3, 1000)())
	_, _, err := c.Get(ctx, "a")
	require.ErrorIs(t, err, ErrNotFound)
	version, err := c.Put(ctx, "a", "1")
	require.NoError(t, err)
	require.EqualValues(t, 1, version)
	version, err = c.Append(ctx, "a", "2")
	require.NoError(t, err)
	require.EqualValues(t, 2, version)
	_, err = c.PutIf(ctx, "a", "x", 1)
	require.ErrorIs(t, err, ErrVersion)
	_, err = c.PutIf(ctx, "b", "x", 7)
	require.ErrorIs(t, err, ErrNotFound)
	version, err = c.PutIf(ctx, "a", "", 2)
	require.NoError(t, err)
	require.EqualValues(t, 3, version)
	value, version, err := c.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "", value)
	require.EqualValues(t, 3, version)
	for i := range 30 {
		_, err = c.Put(ctx, fmt.Sprintf("k%02d", i), fmt.Sprint(i))
		require.NoError(t, err)
	}
	_, err = c.Put(ctx, "", "the empty key")
	require.NoError(t, err)
	pairs, err := c.Scan(ctx, "k1", "", 3)
	require.NoError(t, err)
	require.Equal(t, []Pair{{"k10", "10", 1}, {"k11", "11", 1}, {"k12", "12", 1}}, pairs)
	require.NoError(t, c.DeleteIf(ctx, "a", 3))
	require.ErrorIs(t, c.Delete(ctx, "a"), ErrNotFound)
	_, err = c.Put(ctx, string(make([]byte, MaxKey+1)), "")
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = c.Put(ctx, "\xff\x00", string(make([]byte, MaxValue)))
	require.NoError(t, err)
	_, err = c.Append(ctx, "\xff\x00", "x")
	require.ErrorIs(t, err, ErrTooLarge)
}

func TestLockExcludes(t *testing.T) {
	t.Parallel()
	ends := startRealTime(t, 3, -1)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var inside, total int
	var clients sync.WaitGroup
	for i := range 4 {
		lock := NewLock(NewClient(ends()), "lock", fmt.Sprint("owner", i))
		clients.Go(func() {
			for range 5 {
				require.NoError(t, lock.Acquire(ctx))
				inside++ // the race detector watches
				total++
				require.Equal(t, 1, inside)
				inside--
				require.NoError(t, lock.Release(ctx))
			}
		})
	}
	clients.Wait()
	require.Equal(t, 20, total)
	require.Error(t, NewLock(NewClient(ends()), "lock", "other").Release(ctx))
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	net := labrpc.MakeNetwork()
	defer net.Cleanup()
	c := NewClient([]*labrpc.ClientEnd{net.Dial("client", "nobody")})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := c.Put(ctx, "a", "b")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, _, err = c.Get(ctx, "a")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
