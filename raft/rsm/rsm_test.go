package rsm

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft"
)

// journal is a machine that notes what it is given. Its operation "panic" makes it panic.
type journal struct{ done []string }

func (j *journal) Apply(op string) int {
	if op == "panic" {
		panic("no such thing")
	}
	j.done = append(j.done, op)
	return len(j.done)
}

func (j *journal) Capture() func() ([]byte, error) {
	text := strings.Join(j.done, "\n")
	return func() ([]byte, error) { return []byte(text), nil }
}

func (j *journal) Restore(b []byte) error {
	j.done = nil
	if len(b) > 0 {
		j.done = strings.Split(string(b), "\n")
	}
	return nil
}

// cluster is servers of journals in a bubble.
type cluster struct {
	t          *testing.T
	net        *labrpc.Network
	config     func(*Config)
	persisters []*raft.Persister
	machines   []*journal
	servers    []*Server[string, int]
}

// inBubble runs f with n servers in virtual time.
func inBubble(t *testing.T, n int, config func(*Config), f func(*cluster)) {
	synctest.Test(t, func(t *testing.T) {
		net := labrpc.NewNetwork(labrpc.Options{Settle: synctest.Wait})
		net.SetDefault(labrpc.Conditions{Delay: labrpc.Uniform(100*time.Microsecond, 2*time.Millisecond)})
		c := &cluster{
			t: t, net: net, config: config, persisters: make([]*raft.Persister, n), machines: make([]*journal, n), servers: make([]*Server[string, int], n),
		}
		for me := range n {
			c.persisters[me] = raft.MakePersister()
			c.start(me)
		}
		defer func() {
			for _, s := range c.servers {
				s.Kill()
			}
			net.Cleanup()
		}()
		f(c)
	})
}

// start starts a server, from what its persister holds.
func (c *cluster) start(me int) {
	quiet := slog.New(slog.DiscardHandler)
	config := Config{Me: me, Persister: c.persisters[me], Logger: quiet, Rand: rand.New(rand.NewPCG(1, uint64(me)))}
	for to := range c.servers {
		config.Servers = append(config.Servers, c.net.Dial(fmt.Sprint(me), fmt.Sprint(to)))
	}
	config.Raft = []raft.Option{raft.WithRand(rand.New(rand.NewPCG(2, uint64(me)))), raft.WithLogger(quiet)}
	if c.config != nil {
		c.config(&config)
	}
	c.machines[me] = &journal{}
	c.servers[me] = Start[string, int](c.machines[me], config)
	s := labrpc.MakeServer()
	s.AddService(labrpc.MakeService(c.servers[me].Raft()))
	c.net.AddServer(fmt.Sprint(me), s)
}

// leader waits for a leader among some servers, or all.
func (c *cluster) leader(among ...int) int {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		for me, s := range c.servers {
			if _, leads := s.Raft().GetState(); leads && (len(among) == 0 || slices.Contains(among, me)) {
				return me
			}
		}
	}
	c.t.Fatal("no leader")
	return 0
}

func (c *cluster) others(me int) (others []int) {
	for i := range c.servers {
		if i != me {
			others = append(others, i)
		}
	}
	return others
}

// isolate cuts a server off from the others.
func (c *cluster) isolate(me int) {
	rest := []any{}
	for _, i := range c.others(me) {
		rest = append(rest, fmt.Sprint(i))
	}
	c.net.Partition([]any{fmt.Sprint(me)}, rest)
}

// done is what a server's machine has executed.
func (c *cluster) done(me int) []string {
	s := c.servers[me]
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(c.machines[me].done)
}

func (c *cluster) open(me int) int64 {
	session, err := c.servers[me].Open(context.Background())
	require.NoError(c.t, err)
	return session
}

func TestSubmitOnce(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		ctx, s := context.Background(), c.servers[c.leader()]
		session, err := s.Open(ctx)
		require.NoError(t, err)
		for range 3 { // a repeated request has the result of the first
			n, err := s.Submit(ctx, Request{session, 1}, "a")
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}
		n, err := s.Submit(ctx, Request{session, 5}, "b") // numbers may be left out
		require.NoError(t, err)
		require.Equal(t, 2, n)
		_, err = s.Submit(ctx, Request{session, 4}, "c")
		require.ErrorIs(t, err, ErrStale)
		_, err = s.Submit(ctx, Request{session + 1000, 1}, "c")
		require.ErrorIs(t, err, ErrSessionExpired)
		_, err = s.Submit(ctx, Request{session, 0}, "c")
		require.ErrorIs(t, err, ErrSessionExpired)
		time.Sleep(time.Second)
		for me := range c.servers {
			require.Equal(t, []string{"a", "b"}, c.done(me))
		}
	})
}

func TestFollowerRefuses(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		leader := c.leader()
		session := c.open(leader)
		follower := c.servers[c.others(leader)[0]]
		began := time.Now()
		_, err := follower.Submit(context.Background(), Request{session, 1}, "a")
		require.ErrorIs(t, err, ErrWrongLeader)
		require.ErrorIs(t, follower.Read(context.Background(), func() { t.Error("a follower's state was shown") }), ErrWrongLeader)
		_, err = follower.Open(context.Background())
		require.ErrorIs(t, err, ErrWrongLeader)
		require.Zero(t, time.Since(began))
	})
}

// A leader that can't commit answers its waiters when it steps down, and what they asked for is not executed when it comes back.
func TestDeposedLeaderAnswersWaiters(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		old := c.leader()
		session := c.open(old)
		c.isolate(old)
		began := time.Now()
		_, err := c.servers[old].Submit(context.Background(), Request{session, 1}, "lost")
		require.ErrorIs(t, err, ErrWrongLeader)
		require.Less(t, time.Since(began), time.Second)
		require.ErrorIs(t, c.servers[old].Read(context.Background(), func() {}), ErrWrongLeader)

		heir := c.leader(c.others(old)...)
		n, err := c.servers[heir].Submit(context.Background(), Request{session, 1}, "kept")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		c.net.Heal()
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"kept"}, c.done(old))
	})
}

// A proposal is applied each time that it is made, whoever makes it, and answered with its own result.
func TestPropose(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		ctx, old := context.Background(), c.leader()
		for want := range 3 {
			n, err := c.servers[old].Propose(ctx, "same")
			require.NoError(t, err)
			require.Equal(t, want+1, n)
		}
		_, err := c.servers[c.others(old)[0]].Propose(ctx, "at a follower")
		require.ErrorIs(t, err, ErrWrongLeader)

		// Two that are made at once, of which one takes the other's place in the log.
		c.isolate(old)
		lost := make(chan error, 1)
		go func() {
			_, err := c.servers[old].Propose(ctx, "lost")
			lost <- err
		}()
		heir := c.leader(c.others(old)...)
		n, err := c.servers[heir].Propose(ctx, "kept")
		require.NoError(t, err)
		require.Equal(t, 4, n)
		c.net.Heal()
		require.ErrorIs(t, <-lost, ErrWrongLeader)
		time.Sleep(2 * time.Second)
		for me := range c.servers {
			require.Equal(t, []string{"same", "same", "same", "kept"}, c.done(me))
		}
		c.servers[heir].Kill()
		_, err = c.servers[heir].Propose(ctx, "too late")
		require.ErrorIs(t, err, ErrStopped)
	})
}

func TestContextEndsWait(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		s := c.servers[c.leader()]
		session, err := s.Open(context.Background())
		require.NoError(t, err)
		c.isolate(c.leader())
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err = s.Submit(ctx, Request{session, 1}, "a")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, s.Read(ctx, func() {}), context.DeadlineExceeded)
		s.mu.Lock()
		defer s.mu.Unlock()
		require.Zero(t, s.waiters.count, "who has given up is forgotten")
		require.Empty(t, s.waiters.byIndex)
	})
}

func TestBackPressure(t *testing.T) {
	inBubble(t, 3, func(c *Config) { c.MaxInFlight = 4 }, func(c *cluster) {
		s := c.servers[c.leader()]
		session, err := s.Open(context.Background())
		require.NoError(t, err)
		answers := make(chan error, 10)
		for i := range 10 {
			go func() {
				if i%2 == 0 {
					answers <- s.Read(context.Background(), func() {})
				} else {
					_, err := s.Submit(context.Background(), Request{session, int64(i + 1)}, "a")
					answers <- err
				}
			}()
		}
		busy := 0
		for range 10 {
			if <-answers == ErrBusy {
				busy++
			}
		}
		require.Equal(t, 6, busy)
		_, err = s.Submit(context.Background(), Request{session, 100}, "a")
		require.NoError(t, err)
	})
}

func TestReadsSeeWhatWasAnswered(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		leader := c.leader()
		s, session := c.servers[leader], c.open(leader)
		for i := range 20 {
			n, err := s.Submit(context.Background(), Request{session, int64(i + 1)}, "a")
			require.NoError(t, err)
			before := s.Raft().Status().LastIndex
			seen := 0
			require.NoError(t, s.Read(context.Background(), func() { seen = len(c.machines[leader].done) }))
			require.Equal(t, n, seen)
			require.Equal(t, before, s.Raft().Status().LastIndex, "a read writes no log")
		}
	})
}

func TestSnapshotKeepsSessions(t *testing.T) {
	inBubble(t, 3, func(c *Config) { c.MaxRaftState = 1000 }, func(c *cluster) {
		s := c.servers[c.leader()]
		session, err := s.Open(context.Background())
		require.NoError(t, err)
		const many = 200
		for i := range many {
			_, err := s.Submit(context.Background(), Request{session, int64(i + 1)}, fmt.Sprint(i))
			require.NoError(t, err)
			require.Less(t, s.config.Persister.RaftStateSize(), 2000)
		}
		require.Positive(t, s.config.Persister.SnapshotSize())
		for me, s := range c.servers {
			s.Kill()
			c.start(me)
		}
		s = c.servers[c.leader()]
		n, err := s.Submit(context.Background(), Request{session, many}, "again")
		require.NoError(t, err)
		require.Equal(t, many, n, "the last request before the restart has its result still")
		n, err = s.Submit(context.Background(), Request{session, many + 1}, "next")
		require.NoError(t, err)
		require.Equal(t, many+1, n)
	})
}

// The session used least recently is dropped, on all servers at the same point, and no state is left of it.
func TestSessionsExpire(t *testing.T) {
	inBubble(t, 3, func(c *Config) { c.MaxSessions = 3 }, func(c *cluster) {
		leader := c.leader()
		s := c.servers[leader]
		a, b, d := c.open(leader), c.open(leader), c.open(leader)
		_, err := s.Submit(context.Background(), Request{a, 1}, "a")
		require.NoError(t, err)
		e := c.open(leader) // drops b, since a was used after it
		_, err = s.Submit(context.Background(), Request{b, 1}, "b")
		require.ErrorIs(t, err, ErrSessionExpired)
		for _, session := range []int64{a, d, e} {
			_, err = s.Submit(context.Background(), Request{session, 2}, "x")
			require.NoError(t, err)
		}
		for range 100 {
			c.open(leader)
		}
		time.Sleep(time.Second)
		for me, s := range c.servers {
			require.Equal(t, []string{"a", "x", "x", "x"}, c.done(me))
			s.mu.Lock()
			require.Len(t, s.sessions.byID, 3)
			require.Equal(t, 3, s.sessions.order.Len())
			s.mu.Unlock()
		}
	})
}

func TestPanicIsReported(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		leader := c.leader()
		s, session := c.servers[leader], c.open(leader)
		_, err := s.Submit(context.Background(), Request{session, 1}, "panic")
		require.ErrorIs(t, err, ErrStopped)
		require.ErrorContains(t, s.Err(), `applying string panic at index`)
		require.ErrorContains(t, s.Err(), "no such thing")
		_, err = s.Submit(context.Background(), Request{session, 2}, "a")
		require.ErrorIs(t, err, ErrStopped)
		require.ErrorIs(t, s.Read(context.Background(), func() {}), ErrStopped)
	})
}

func TestKillAnswersAll(t *testing.T) {
	inBubble(t, 3, nil, func(c *cluster) {
		leader := c.leader()
		s, session := c.servers[leader], c.open(leader)
		c.isolate(leader)
		answers := make(chan error, 2)
		go func() {
			_, err := s.Submit(context.Background(), Request{session, 1}, "a")
			answers <- err
		}()
		go func() { answers <- s.Read(context.Background(), func() {}) }()
		time.Sleep(10 * time.Millisecond)
		s.Kill()
		s.Kill()
		require.ErrorIs(t, <-answers, ErrStopped)
		require.ErrorIs(t, <-answers, ErrStopped)
	})
}
