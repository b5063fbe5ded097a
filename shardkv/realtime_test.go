package shardkv

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/shardctrler"
)

// realTime is a store in real time, wired as the course's tests do it: every end has a name of its own, and is connected by hand.
type realTime struct {
	net  *labrpc.Network
	ends atomic.Int64
}

func (rt *realTime) end(to string) *labrpc.ClientEnd {
	name := fmt.Sprint("end", rt.ends.Add(1))
	end := rt.net.MakeEnd(name)
	rt.net.Connect(name, to)
	rt.net.Enable(name, true)
	return end
}

func (rt *realTime) endsTo(names []string) (ends []*labrpc.ClientEnd) {
	for _, name := range names {
		ends = append(ends, rt.end(name))
	}
	return ends
}

func namesOf(what string) []string { return []string{what + "-0", what + "-1", what + "-2"} }

func startRealTime(t *testing.T, gids ...int) (rt *realTime, ctrlers []string) {
	rt = &realTime{net: labrpc.MakeNetwork()}
	t.Cleanup(rt.net.Cleanup)
	serve := func(name string, receivers ...any) {
		server := labrpc.MakeServer()
		for _, r := range receivers {
			server.AddService(labrpc.MakeService(r))
		}
		rt.net.AddServer(name, server)
	}
	ctrlers = namesOf("ctrler")
	for me, name := range ctrlers {
		sc := shardctrler.StartServer(rt.endsTo(ctrlers), me, raft.MakePersister())
		t.Cleanup(sc.Kill)
		serve(name, sc, sc.Raft())
	}
	for _, gid := range gids {
		for me, name := range namesOf(fmt.Sprint(gid)) {
			kv := StartServer(rt.endsTo(namesOf(fmt.Sprint(gid))), me, raft.MakePersister(), 1000, gid, rt.endsTo(ctrlers), rt.end)
			t.Cleanup(kv.Kill)
			serve(name, kv, kv.rf)
		}
	}
	return rt, ctrlers
}

func TestRealTime(t *testing.T) {
	rt, ctrlers := startRealTime(t, 100, 101)
	admin := shardctrler.MakeClerk(rt.endsTo(ctrlers))
	admin.Join(map[int][]string{100: namesOf("100")})
	var writers sync.WaitGroup
	for w := range 4 {
		ck := MakeClerk(rt.endsTo(ctrlers), rt.end)
		writers.Go(func() {
			for i := range 25 {
				ck.Append(strconv.Itoa(w), fmt.Sprint(i, " "))
			}
		})
	}
	admin.Join(map[int][]string{101: namesOf("101")})
	admin.Leave([]int{100})
	writers.Wait()
	want := ""
	for i := range 25 {
		want += fmt.Sprint(i, " ")
	}
	ck := MakeClerk(rt.endsTo(ctrlers), rt.end)
	for w := range 4 {
		require.Equal(t, want, ck.Get(strconv.Itoa(w)))
	}
	require.Equal(t, "", ck.Get("nothing"))
}

func TestClient(t *testing.T) {
	rt, ctrlers := startRealTime(t, 100)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := NewClient(rt.endsTo(ctrlers), rt.end)
	short, end := context.WithTimeout(ctx, 700*time.Millisecond)
	_, err := c.Put(short, "a", "0")
	end()
	require.ErrorIs(t, err, context.DeadlineExceeded, "nobody serves it")
	require.NotErrorIs(t, err, ErrMaybe, "nobody was asked")

	admin := shardctrler.NewClient(rt.endsTo(ctrlers))
	num, err := admin.Join(ctx, map[int][]string{100: namesOf("100")})
	require.NoError(t, err)
	require.Equal(t, 1, num)
	_, err = admin.Join(ctx, map[int][]string{100: namesOf("100")})
	require.ErrorIs(t, err, shardctrler.ErrGroupExists)
	_, err = admin.Leave(ctx, []int{7})
	require.ErrorIs(t, err, shardctrler.ErrNoGroup)
	_, err = admin.Move(ctx, 10, 100)
	require.ErrorIs(t, err, shardctrler.ErrBadShard)
	_, err = admin.Join(ctx, nil)
	require.ErrorIs(t, err, shardctrler.ErrBadGroup)

	_, _, err = c.Get(ctx, "a")
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
	version, err = c.PutIf(ctx, "b", "x", 0)
	require.NoError(t, err)
	require.EqualValues(t, 1, version)
	require.ErrorIs(t, c.DeleteIf(ctx, "a", 1), ErrVersion)
	value, version, err := c.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "12", value)
	require.EqualValues(t, 2, version)
	require.NoError(t, c.Delete(ctx, "a"))
	require.ErrorIs(t, c.Delete(ctx, "a"), ErrNotFound)
	_, err = c.Put(ctx, string(make([]byte, MaxKey+1)), "")
	require.ErrorIs(t, err, ErrTooLarge)
	_, err = c.Put(ctx, "", string(make([]byte, MaxValue)))
	require.NoError(t, err)
	_, err = c.Append(ctx, "", "x")
	require.ErrorIs(t, err, ErrTooLarge)
}
