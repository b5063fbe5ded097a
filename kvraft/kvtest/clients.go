package kvtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// clients are scenarios of what clients do, and what becomes of what they send.
func clients() []scenario {
	return []scenario{
		{
			Name: "TestDuplicatedRequests", Doc: "requests of clients arrive twice, the second one long after others", Paper: "§8; Ongaro's dissertation, §6.3",
			Setup: setup{MaxRaftState: 1500}, Run: duplicatedRequests,
		}, {
			Name: "TestLostReplies", Doc: "what clients are answered gets lost, so that they ask again, and again when all servers have restarted from their snapshots", Paper: "§8; Ongaro's dissertation, §6.3",
			Setup: setup{MaxRaftState: 600}, Run: lostReplies,
		}, {
			Name: "TestRetryAtNewLeader", Doc: "leaders fall when they have executed an operation and not answered: the next one knows", Paper: "§8; Ongaro's dissertation, §6.3",
			Run: retryAtNewLeader,
		}, {
			Name: "TestLeaderChangeIsNoticed", Doc: "clients of a leader that is cut off from the others are told, and go on with the new one", Paper: "§8",
			Setup: setup{Servers: 5}, Run: leaderChangeIsNoticed,
		}, {
			Name: "TestDeposedLeaderAnswers", Doc: "who waits at a leader is told at once that it has lost the lead, even if it hears from nobody", Paper: "§8",
			Needs: []Ability{Prompt}, Setup: setup{Servers: 5}, Run: deposedLeaderAnswers,
		}, {
			Name: "TestClientsCrash", Doc: "clients die in the middle of an operation: it happens once or not at all", Paper: "§8; Ongaro's dissertation, §6.3",
			Needs: []Ability{Clients}, Run: clientsCrash,
		}, {
			Name: "TestSessionsExpire", Doc: "thousands of clients come and go: what is known of them is dropped, and nobody's operation happens twice", Paper: "Ongaro's dissertation, §6.3",
			Needs: []Ability{Clients, Expiry}, Setup: setup{MaxRaftState: 1000, MaxSessions: 12}, Run: sessionsExpire,
		},
	}
}

func duplicatedRequests(c *Cluster) {
	c.AtLeast("duplicated", 50)
	c.AtLeast("operations", 35)
	c.Inject(labtest.Fault{Kind: "link", From: []string{"client*"}, To: []string{"kv*"}, Link: &labrpc.Conditions{Duplicate: 0.5,
		Delay: labrpc.Bimodal(labrpc.Uniform(0, 3*time.Millisecond), labrpc.Uniform(100*time.Millisecond, 1500*time.Millisecond), 0.08)}})
	l := c.Load(Load{Clients: 5, Gap: 10 * time.Millisecond, Reads: 0.4, Rich: 0.4})
	for range 5 {
		c.Sleep(time.Duration(500+c.rand.IntN(500)) * time.Millisecond)
		if leader, ok := c.LeaderNow(); ok {
			c.Inject(labtest.Fault{Kind: "crash", For: 300 * time.Millisecond, Nodes: c.Names(leader), Mode: labtest.Lose})
		}
	}
	c.Recover(l)
}

func lostReplies(c *Cluster) {
	c.AtLeast("reply-dropped", 40)
	c.AtLeast("operations", 25)
	c.AtLeast("crash", 9)
	c.Inject(labtest.Fault{Kind: "link", From: []string{"kv*"}, To: []string{"client*"}, Link: &labrpc.Conditions{DropReply: 0.5}})
	l := c.Load(Load{Clients: 4, Gap: 10 * time.Millisecond, Reads: 0.3, Rich: 0.25})
	for range 6 {
		c.Sleep(time.Duration(600+c.rand.IntN(500)) * time.Millisecond)
		c.Crash(c.All()...)
		c.Restart(c.All()...)
	}
	c.Recover(l)
}

func retryAtNewLeader(c *Cluster) {
	c.AtLeast("operations", 80)
	c.AtLeast("fell before the answer", 8)
	l := c.Load(Load{Clients: 4, Gap: 25 * time.Millisecond, Reads: 0.3})
	for range 8 {
		leader := c.Leader()
		// First no client hears the leader, which goes on, and then it crashes.
		c.Inject(labtest.Fault{Kind: "cut", For: 500 * time.Millisecond, From: c.Names(leader), To: []string{"client*"}})
		c.Sleep(time.Duration(2+c.rand.IntN(20)) * time.Millisecond)
		c.Inject(labtest.Fault{Kind: "crash", For: 400 * time.Millisecond, Nodes: c.Names(leader), Mode: c.anyCrash()})
		c.Count("fell before the answer")
		c.Sleep(time.Duration(800+c.rand.IntN(200)) * time.Millisecond)
	}
	c.Recover(l)
}

func leaderChangeIsNoticed(c *Cluster) {
	const long, bound = 4 * time.Second, 3 * time.Second
	c.AtLeast("operations", 100)
	l := c.Load(Load{Clients: 5, Gap: 80 * time.Millisecond})
	for range 2 {
		c.Sleep(300 * time.Millisecond)
		leader := c.Leader()
		friend := (leader + 1) % c.N
		c.Inject(labtest.Fault{Kind: "partition", For: long, Groups: [][]string{c.Names(leader, friend), c.Names(c.Others(leader, friend)...)}})
		began := c.Now()
		c.Sleep(long - time.Millisecond)
		c.mu.Lock()
		for _, k := range l.clerks {
			if wait := c.Now() - max(k.began, began); k.doing != nil && wait > bound {
				c.Violate("a leader change answers who waits", "Raft extended, §8",
					"%s has waited for an answer to %v for %v. It may have asked a leader that has lost the lead, but three of five servers have another since, whom it can reach.", k.name, *k.doing, wait)
			}
		}
		c.mu.Unlock()
	}
	c.Recover(l)
}

func deposedLeaderAnswers(c *Cluster) {
	const rounds, slack = 3, 50 * time.Millisecond
	c.AtLeast("operations", 60)
	c.AtLeast("waited at a deposed leader", rounds)
	waiting := c.watchCalls()
	l := c.Load(Load{Clients: 5, Gap: 20 * time.Millisecond, Reads: 0.4})
	for range rounds {
		c.Sleep(500 * time.Millisecond)
		leader := c.Leader()
		c.Partition([]int{leader}, c.Others(leader))
		leads := true
		var before []string
		c.Eventually(livenessBound, func() bool {
			if _, leads = c.host(leader).raft.GetState(); leads {
				before = waiting(leader)
			}
			return !leads
		})
		c.Add("waited at a deposed leader", int64(len(before)))
		c.Sleep(slack)
		still := waiting(leader)
		for _, call := range before {
			if !leads && slices.Contains(still, call) {
				c.Violate("a leader change answers who waits", "Raft extended, §8", "%s does not lead any more since %v, and has not answered %s, which came when it did.", c.names[leader], slack, call)
			}
		}
		c.Net().Heal()
	}
	c.Recover(l)
}

// watchCalls returns what tells the calls of clients that a server has been given and not answered.
func (c *Cluster) watchCalls() (waiting func(server int) []string) {
	open := map[string]map[string]bool{}
	for _, name := range c.names {
		open[name] = map[string]bool{}
	}
	c.OnEvent(func(e labtest.Event) {
		calls := open[e.To]
		if calls == nil || !strings.HasPrefix(e.Node, "client") {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		call := fmt.Sprintf("%s of %s, its call number %d", e.Method, e.Node, e.N)
		switch e.Kind {
		case "delivered":
			calls[call] = true
		case "replied":
			delete(calls, call)
		}
	})
	return func(server int) []string {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Sorted(maps.Keys(open[c.names[server]]))
	}
}

func clientsCrash(c *Cluster) {
	c.AtLeast("clients crashed", 10)
	c.AtLeast("operations", 100)
	// Few operations to a key may be open at a time, or the history can't be decided: so there are many keys.
	l := c.Load(Load{Clients: 5, Keys: 30, Gap: 15 * time.Millisecond, Rich: 1, Reads: 0.3, Crash: 0.3})
	for range 6 {
		c.Sleep(time.Duration(500+c.rand.IntN(500)) * time.Millisecond)
		if leader, ok := c.LeaderNow(); ok {
			c.Inject(labtest.Fault{Kind: "isolate", For: 600 * time.Millisecond, Nodes: c.Names(leader)})
		}
	}
	c.Recover(l)
}

func sessionsExpire(c *Cluster) {
	const waves, visitors = 24, 6
	c.AtLeast("operations", waves*visitors)
	c.AtLeastOverall("unclear operations", c.overall(3))
	c.Inject(labtest.Fault{Kind: "link", From: []string{"client*"}, To: []string{"kv*"}, Link: &labrpc.Conditions{Duplicate: 0.3, DropReply: 0.1,
		Delay: labrpc.Bimodal(labrpc.Uniform(0, 3*time.Millisecond), labrpc.Uniform(20*time.Millisecond, 200*time.Millisecond), 0.1)}})
	l := c.Load(Load{Clients: 4, Keys: 15, Gap: 40 * time.Millisecond, Rich: 1, Reads: 0.2, Patience: 5 * time.Second})
	for wave := range waves {
		if wave%4 == 0 {
			// A client's request is executed, and its answer gets lost. When it can ask again, its session has been dropped.
			victim, servers, long := []string{l.name(c.rand.IntN(l.Clients))}, []string{"kv*"}, 400*time.Millisecond
			c.Inject(labtest.Fault{Kind: "cut", For: long, From: servers, To: victim},
				labtest.Fault{Kind: "cut", At: time.Duration(5+c.rand.IntN(40)) * time.Millisecond, For: long, From: victim, To: servers})
		}
		done := 0
		for i := range visitors {
			k := c.Rich()
			c.Go(k.name, func() {
				k.do(context.Background(), Op{Kind: "put", Key: fmt.Sprintf("visitor%d", i), Value: k.value()})
				k.hangup()
				c.mu.Lock()
				defer c.mu.Unlock()
				done++
			})
		}
		all := c.Eventually(livenessBound, func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return done == visitors
		})
		if !all {
			c.Violate("operations get an answer", "Raft extended, §8", "Within %v, %d of %d clients of wave %d have not had an answer to their only operation.", livenessBound, visitors-done, visitors, wave)
			c.Sleep(0)
		}
	}
	c.Recover(l)
	// 21 keys of some dozens of bytes, and 12 sessions.
	const most = 2500
	if size := c.SnapshotSize(); size > most || size == 0 {
		c.Violate("old sessions are dropped", "Ongaro's dissertation, §6.3", "At most %d of %d sessions are to be kept, and the snapshot has %d bytes, not 1 to %d.", c.setup.MaxSessions, waves*visitors, size, most)
	}
	c.checkSizes()
}
