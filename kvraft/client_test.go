package kvraft_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/kvraft"
	"6.824/labrpc"
)

// KVServer is a server that says what it is told to. It has this name because clients call it by that.
type KVServer struct {
	f *fakes
	i int
}

func (s *KVServer) Open(args *kvraft.OpenArgs, reply *kvraft.OpenReply) {
	reply.Answer = s.f.called(s.i)
	reply.Session = int64(s.f.total())
}

func (s *KVServer) Read(args *kvraft.ReadArgs, reply *kvraft.Reply) {
	reply.Answer = s.f.called(s.i)
	reply.Result.Err = kvraft.OK
}

func (s *KVServer) Write(args *kvraft.WriteArgs, reply *kvraft.Reply) {
	reply.Answer = s.f.called(s.i)
	reply.Result.Err = kvraft.OK
	s.f.mu.Lock()
	defer s.f.mu.Unlock()
	s.f.writes = append(s.f.writes, *args)
}

// fakes are a number of such servers.
type fakes struct {
	client *kvraft.Client

	mu     sync.Mutex
	answer func(server int) kvraft.Answer
	calls  []int // the servers that were called
	writes []kvraft.WriteArgs
}

// withFakes runs f in virtual time. Each message takes a millisecond.
func withFakes(t *testing.T, n int, f func(*fakes)) {
	synctest.Test(t, func(*testing.T) {
		net := labrpc.NewNetwork(labrpc.Options{Settle: synctest.Wait})
		defer net.Cleanup()
		net.SetDefault(labrpc.Conditions{Delay: labrpc.Constant(time.Millisecond)})
		fs := &fakes{}
		var ends []*labrpc.ClientEnd
		for i := range n {
			s := labrpc.MakeServer()
			s.AddService(labrpc.MakeService(&KVServer{fs, i}))
			net.AddServer(fmt.Sprint(i), s)
			ends = append(ends, net.Dial("client", fmt.Sprint((i+2)%n))) // in an order of the client's own
		}
		fs.client = kvraft.NewClient(ends)
		f(fs)
	})
}

func (f *fakes) called(server int) kvraft.Answer {
	f.mu.Lock()
	f.calls = append(f.calls, server)
	a := f.answer(server)
	f.mu.Unlock()
	a.Server = server
	return a
}

func (f *fakes) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.calls)
}

// leads has the servers answer as if one of them led.
func (f *fakes) leads(leader int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = func(server int) kvraft.Answer {
		if server == leader {
			return kvraft.Answer{Err: kvraft.OK, Leader: leader}
		}
		return kvraft.Answer{Err: kvraft.ErrWrongLeader, Leader: leader}
	}
}

// since is who was called since the last time.
func (f *fakes) since() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	defer func() { f.calls = nil }()
	return f.calls
}

func TestClientRemembersTheLeader(t *testing.T) {
	withFakes(t, 5, func(f *fakes) {
		f.leads(1)
		_, err := f.client.Put(context.Background(), "k", "v")
		require.NoError(t, err)
		f.since()
		for range 10 {
			_, err := f.client.Put(context.Background(), "k", "v")
			require.NoError(t, err)
			_, _, err = f.client.Get(context.Background(), "k")
			require.NoError(t, err)
		}
		calls := f.since()
		require.Len(t, calls, 20)
		require.NotContains(t, calls, 0)
	})
}

func TestClientFollowsHints(t *testing.T) {
	withFakes(t, 5, func(f *fakes) {
		f.leads(-1)
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		_, _, err := f.client.Get(ctx, "k") // gets to know where everybody is
		cancel()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		f.leads(0)
		_, _, err = f.client.Get(context.Background(), "k")
		require.NoError(t, err)
		for _, leader := range []int{3, 1, 4} {
			f.leads(leader)
			f.since()
			began := time.Now()
			_, _, err := f.client.Get(context.Background(), "k")
			require.NoError(t, err)
			require.Len(t, f.since(), 2, "the old leader, and whom that names")
			require.LessOrEqual(t, time.Since(began), 5*time.Millisecond)
		}
	})
}

func TestClientNeverSpins(t *testing.T) {
	withFakes(t, 3, func(f *fakes) {
		f.leads(-1)
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, err := f.client.Put(ctx, "k", "v")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, kvraft.ErrMaybe, "it has not come to the write")
		require.Less(t, f.total(), 3*120, "three calls every 100 ms")
	})
	withFakes(t, 2, func(f *fakes) { // not even if two servers take each other for the leader
		f.answer = func(server int) kvraft.Answer { return kvraft.Answer{Err: kvraft.ErrWrongLeader, Leader: 1 - server} }
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_, _, err := f.client.Get(ctx, "k")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Less(t, f.total(), 2*120)
	})
}

func TestClientWaitsForABusyLeader(t *testing.T) {
	withFakes(t, 3, func(f *fakes) {
		busy := 3
		f.answer = func(server int) kvraft.Answer {
			if busy--; busy >= 0 {
				return kvraft.Answer{Err: "ErrBusy", Leader: server}
			}
			return kvraft.Answer{Err: kvraft.OK, Leader: server}
		}
		_, _, err := f.client.Get(context.Background(), "k")
		require.NoError(t, err)
		require.Equal(t, []int{2, 2, 2, 2}, f.since())
	})
}

// A write whose session was dropped may have been executed: the client says so, and begins anew with the next.
func TestClientWithADroppedSession(t *testing.T) {
	withFakes(t, 3, func(f *fakes) {
		f.leads(2)
		for range 2 {
			_, err := f.client.Put(context.Background(), "k", "v")
			require.NoError(t, err)
		}
		f.answer = func(int) kvraft.Answer { return kvraft.Answer{Err: "ErrExpired"} }
		_, err := f.client.Put(context.Background(), "k", "v")
		require.ErrorIs(t, err, kvraft.ErrMaybe)
		f.leads(2)
		_, err = f.client.Put(context.Background(), "k", "v")
		require.NoError(t, err)
		time.Sleep(time.Minute) // idle for so long, it does not count on its session
		_, err = f.client.Put(context.Background(), "k", "v")
		require.NoError(t, err)
		var sessions, seqs []int64
		for _, w := range f.writes {
			sessions, seqs = append(sessions, w.Session), append(seqs, w.Seq)
		}
		require.Equal(t, []int64{1, 2, 3, 1, 1}, seqs)
		require.Equal(t, sessions[0], sessions[2])
		require.NotEqual(t, sessions[2], sessions[3])
		require.NotEqual(t, sessions[3], sessions[4])
	})
}

func TestClientOfAClosedNetwork(t *testing.T) {
	net := labrpc.MakeNetwork()
	ck := kvraft.MakeClerk([]*labrpc.ClientEnd{net.Dial("client", "nobody")})
	net.Cleanup()
	ck.Put("k", "v") // comes back: nobody will ever answer
	_, _, err := ck.Client().Get(context.Background(), "k")
	require.True(t, errors.Is(err, labrpc.ErrClosed), err)
}
