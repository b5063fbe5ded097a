package kvtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"6.824/labrpc/labtest"
)

// course are the 23 scenarios of the course, by its names. Those that it makes of one recipe are made of one here: see mix.
func course() []scenario {
	const limit = 1000
	mixed := func(name, doc string, s setup, m mix) scenario {
		return scenario{Name: name, Doc: doc, Paper: "§8", Course: true, Setup: s, Run: m.run}
	}
	five, unreliable := setup{Servers: 5}, setup{Servers: 5, Unreliable: true}
	snapshots, both := setup{Servers: 5, MaxRaftState: limit}, setup{Servers: 5, MaxRaftState: limit, Unreliable: true}
	return []scenario{
		mixed("TestBasic3A", "one client", five, mix{clients: 1}),
		{
			Name: "TestSpeed3A", Doc: "a thousand appends, one after the other, take no more than 33 ms each", Paper: "§8",
			Course: true, Run: speed,
		},
		mixed("TestConcurrent3A", "many clients", five, mix{clients: 5}),
		mixed("TestUnreliable3A", "many clients, and a network that loses messages", unreliable, mix{clients: 5}),
		{
			Name: "TestUnreliableOneKey3A", Doc: "many clients append to one key over a network that loses messages: each append is there once, in order",
			Paper: "§8", Course: true, Setup: setup{Servers: 3, Unreliable: true}, Run: unreliableOneKey,
		}, {
			Name: "TestOnePartition3A", Doc: "nothing is completed in a minority; the majority goes on, and all is completed when the network heals",
			Paper: "§5.2, §8", Course: true, Setup: five, Run: onePartition,
		},
		mixed("TestManyPartitionsOneClient3A", "partitions that change, one client", five, mix{clients: 1, partitions: true}),
		mixed("TestManyPartitionsManyClients3A", "partitions that change, many clients", five, mix{clients: 5, partitions: true}),
		mixed("TestPersistOneClient3A", "all servers restart, one client", five, mix{clients: 1, crash: true}),
		mixed("TestPersistConcurrent3A", "all servers restart, many clients", five, mix{clients: 5, crash: true}),
		mixed("TestPersistConcurrentUnreliable3A", "all servers restart, messages are lost, many clients", unreliable, mix{clients: 5, crash: true}),
		mixed("TestPersistPartition3A", "all servers restart, partitions that change, many clients", five, mix{clients: 5, crash: true, partitions: true}),
		mixed("TestPersistPartitionUnreliable3A", "all servers restart, messages are lost, partitions that change, many clients",
			unreliable, mix{clients: 5, crash: true, partitions: true}),
		mixed("TestPersistPartitionUnreliableLinearizable3A", "the same with seven servers and 15 clients that share keys",
			setup{Servers: 7, Unreliable: true}, mix{clients: 15, crash: true, partitions: true, shared: true}),
		{
			Name: "TestSnapshotRPC3B", Doc: "a server that was cut off gets a snapshot, since the log is gone, and then serves as well as the others",
			Paper: "§7", Course: true, Setup: setup{Servers: 3, MaxRaftState: limit}, Run: snapshotRPC,
		}, {
			Name: "TestSnapshotSize3B", Doc: "after 800 small operations the snapshot has at most 500 bytes, and the Raft state at most 8 times maxraftstate",
			Paper: "§7", Course: true, Setup: setup{Servers: 3, MaxRaftState: limit}, Run: snapshotSize,
		}, {
			Name: "TestSpeed3B", Doc: "the speed with snapshots", Paper: "§8",
			Course: true, Setup: setup{Servers: 3, MaxRaftState: limit}, Run: speed,
		},
		mixed("TestSnapshotRecover3B", "all servers restart from snapshots, one client", snapshots, mix{clients: 1, crash: true}),
		mixed("TestSnapshotRecoverManyClients3B", "all servers restart from snapshots, 20 clients", snapshots, mix{clients: 20, crash: true}),
		mixed("TestSnapshotUnreliable3B", "snapshots, messages are lost, many clients", both, mix{clients: 5}),
		mixed("TestSnapshotUnreliableRecover3B", "all servers restart from snapshots, messages are lost, many clients", both, mix{clients: 5, crash: true}),
		mixed("TestSnapshotUnreliableRecoverConcurrentPartition3B", "and partitions that change", both, mix{clients: 5, crash: true, partitions: true}),
		mixed("TestSnapshotUnreliableRecoverConcurrentPartitionLinearizable3B", "the same with seven servers and 15 clients that share keys",
			setup{Servers: 7, MaxRaftState: limit, Unreliable: true}, mix{clients: 15, crash: true, partitions: true, shared: true}),
	}
}

// mix is the recipe of most of the course's scenarios: clients put, append and get for a while, three times over; the network falls
// apart meanwhile; all servers crash at the end of each time and start again.
type mix struct {
	clients           int
	crash, partitions bool
	shared            bool // the clients use each other's keys; else each has one of its own and knows what must be in it
}

const (
	mixRounds = 3
	mixSpan   = 1200 * time.Millisecond // of a round without partitions
	mixParts  = 2000 * time.Millisecond // with them
)

func (m mix) run(c *Cluster) {
	c.AtLeast("operations", int64(6*m.clients))
	if m.crash {
		c.AtLeast("crash", int64(mixRounds*c.N))
	}
	if m.partitions {
		c.AtLeast("partitions", 4)
		c.AtLeastOverall("dropped", c.overall(500))
	}
	if c.setup.Unreliable {
		c.AtLeast("dropped", 5)
	}
	// Operations of one client follow each other with a gap, else most of a run would be operations that are all alike.
	gap := time.Duration(25+10*m.clients) * time.Millisecond
	clerks := make([]*clerk, m.clients)
	for i := range clerks {
		clerks[i] = c.Clerk()
	}
	for range mixRounds {
		stop, running, parting := false, m.clients, m.partitions
		look := func(f func() bool) bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return f()
		}
		for i, k := range clerks {
			c.Go(fmt.Sprintf("client %d", i), func() {
				m.client(k, i, gap, func() bool { return look(func() bool { return stop }) })
				look(func() bool { running--; return true })
			})
		}
		span := mixSpan
		if m.partitions {
			span = mixParts
			c.Go("partitioner", func() {
				c.Sleep(electionTimeout / 2)
				for look(func() bool { return !stop }) {
					c.partAtRandom()
					c.Sleep(electionTimeout + time.Duration(c.rand.IntN(200))*time.Millisecond)
				}
				look(func() bool { parting = false; return true })
			})
		}
		c.Sleep(span)
		look(func() bool { stop = true; return true })
		if m.partitions {
			c.Eventually(2*electionTimeout, func() bool { return look(func() bool { return !parting }) })
			c.Net().Heal()
		}
		if m.crash {
			c.Crash(c.All()...)
			c.Sleep(electionTimeout)
			c.Restart(c.All()...)
		}
		if !c.Eventually(livenessBound, func() bool { return look(func() bool { return running == 0 }) }) {
			c.Violate("operations get an answer", "Raft extended, §8", "The network is whole and all servers are up since %v, and %d clients still wait for an answer: %v.",
				livenessBound, running, (&Load{c: c, clerks: clerks}).waiting())
			c.Sleep(0)
		}
		c.checkSizes()
	}
	if c.setup.MaxRaftState > 0 && c.SnapshotSize() == 0 && m.clients > 1 {
		c.Violate("snapshots keep the Raft state small", "Raft extended, §7", "There is no snapshot on any server.")
	}
}

// client is a client's part of a round.
func (m mix) client(k *clerk, me int, gap time.Duration, over func() bool) {
	c, r := k.c, k.c.Rand(fmt.Sprintf("mix %d", me))
	key := fmt.Sprint(me)
	if !m.shared {
		k.Put(key, "")
	}
	for !over() {
		if m.shared {
			key = fmt.Sprint(r.IntN(m.clients))
		}
		switch n := r.IntN(1000); {
		case m.shared && n < 100:
			k.Put(key, k.value())
		case n < 500:
			k.Append(key, k.value())
		default:
			k.Get(key)
		}
		c.Sleep(time.Duration(r.Int64N(int64(2 * gap))))
	}
	if !m.shared {
		k.Get(key)
	}
}

// partAtRandom parts the servers into two groups.
func (c *Cluster) partAtRandom() {
	groups := make([][]int, 2)
	for _, i := range c.All() {
		g := c.rand.IntN(2)
		groups[g] = append(groups[g], i)
	}
	c.Partition(groups...)
	c.Count("partitions")
}

func speed(c *Cluster) {
	const appends, bound = 1000, 33 * time.Millisecond
	c.AtLeast("operations", appends)
	k := c.Clerk()
	k.within(livenessBound, "nothing is wrong", func() { k.Put("x", "") })
	var took time.Duration
	k.within(2*appends*bound, "nothing is wrong", func() {
		began := c.Now()
		for range appends {
			k.Append("x", k.value())
		}
		took = c.Now() - began
		k.Get("x")
	})
	c.Logf("an append took %v", took/appends)
	if took > appends*bound {
		c.Violate("operations are quick", "the course's TestSpeed", "An append took %v on average, more than %v: has a leader waited for its next heartbeat?", took/appends, bound)
	}
	c.checkSizes()
}

func unreliableOneKey(c *Cluster) {
	const clients, appends = 5, 10
	c.AtLeast("operations", clients*appends)
	c.AtLeast("dropped", 5)
	k := c.Clerk()
	k.within(livenessBound, "messages are lost one in ten", func() { k.Put("k", "") })
	clerks := make([]*clerk, clients)
	var wrote [clients][]string
	for i := range clerks {
		clerks[i] = c.Clerk()
		c.Go(fmt.Sprintf("client %d", i), func() {
			for range appends {
				v := clerks[i].value()
				wrote[i] = append(wrote[i], v)
				clerks[i].Append("k", v)
			}
		})
	}
	c.Wait()
	value := ""
	k.within(livenessBound, "messages are lost one in ten", func() { value = k.Get("k") })
	c.checkAppends(value, wrote[:]...)
	c.checkSizes()
}

// checkAppends makes sure that a value is of what some clients appended, each once, and in the order of each client.
func (c *Cluster) checkAppends(value string, wrote ...[]string) {
	size := 0
	for i, list := range wrote {
		at := -1
		for _, v := range list {
			size += len(v)
			now := strings.Index(value, v)
			switch {
			case now < 0:
				c.Violate("each append happens once, in order", "Raft extended, §8", "%s, which client %d was told it had appended, is not in %s.", v, i, value)
			case now != strings.LastIndex(value, v):
				c.Violate("each append happens once, in order", "Raft extended, §8", "%s, which client %d appended once, is in there twice: %s.", v, i, value)
			case now < at:
				c.Violate("each append happens once, in order", "Raft extended, §8", "%s, which client %d appended, comes before what it had appended earlier: %s.", v, i, value)
			}
			at = now
		}
	}
	if len(value) != size {
		c.Violate("each append happens once, in order", "Raft extended, §8", "The value is of %d bytes, of which nobody has appended %d: %s.", len(value), len(value)-size, value)
	}
}

func onePartition(c *Cluster) {
	c.AtLeast("operations", 6)
	k := c.Clerk()
	k.within(livenessBound, "nothing is wrong", func() { k.Put("1", "13") })
	leader := c.Leader()
	minority := []int{leader, (leader + 1) % c.N}
	majority := c.Others(minority...)
	c.Inject(labtest.Fault{Kind: "partition", Groups: [][]string{c.Names(majority...), c.Names(minority...)}})
	inMajority, put, get := c.clerkOf(majority), c.clerkOf(minority), c.clerkOf(minority)
	inMajority.within(livenessBound, "three of five servers hear each other", func() {
		inMajority.Put("1", "14")
		inMajority.Get("1")
	})

	var completed []string
	open := func(k *clerk, what string, f func()) {
		c.Go(k.name+" in the minority", func() {
			f()
			c.mu.Lock()
			defer c.mu.Unlock()
			completed = append(completed, what)
		})
	}
	sofar := func() []string {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.Clone(completed)
	}
	open(put, "a put", func() { put.Put("1", "15") })
	open(get, "a get", func() { get.Get("1") })
	c.Sleep(electionTimeout)
	if done := sofar(); len(done) > 0 {
		c.Violate("nothing is completed in a minority", "Raft extended, §5.2", "Two of five servers hear only each other, and %v was completed there.", done)
	}
	inMajority.within(livenessBound, "three of five servers hear each other", func() {
		inMajority.Get("1")
		inMajority.Put("1", "16")
	})

	c.Heal()
	if !c.Eventually(livenessBound, func() bool { return len(sofar()) == 2 }) {
		c.Violate("what waited is completed when the network heals", "Raft extended, §8", "%v after the network was whole again, only %v of the put and the get that waited in the minority are completed.", livenessBound, sofar())
	}
	k.within(livenessBound, "the network is whole", func() { k.Get("1") })
}

func snapshotRPC(c *Cluster) {
	c.AtLeast("operations", 50)
	away := 2
	k := c.Clerk()
	k.within(livenessBound, "nothing is wrong", func() {
		k.Put("a", "A")
		k.Get("a")
	})
	c.Partition(c.Others(away), []int{away})
	two := c.clerkOf(c.Others(away))
	two.within(livenessBound, "two of three servers hear each other", func() {
		for i := range 50 {
			two.Put(fmt.Sprint(i), fmt.Sprint(i))
		}
		c.Sleep(electionTimeout)
		two.Put("b", "B")
	})
	c.checkSizes()
	if c.SnapshotSize() == 0 {
		c.Violate("snapshots keep the Raft state small", "Raft extended, §7", "After 50 puts there is no snapshot on any server.")
	}
	// The majority is now one that needs the server that was away.
	c.Partition([]int{0, away}, []int{1})
	other := c.clerkOf([]int{0, away})
	other.within(livenessBound, "two of three servers hear each other", func() {
		other.Put("c", "C")
		other.Put("d", "D")
		other.Get("a")
		other.Get("b")
		other.Get("1")
		other.Get("49")
	})
	c.Net().Heal()
	k.within(livenessBound, "the network is whole", func() {
		k.Put("e", "E")
		k.Get("c")
		k.Get("e")
		k.Get("1")
	})
}

func snapshotSize(c *Cluster) {
	const rounds, most = 200, 500
	c.AtLeast("operations", 4*rounds)
	k := c.Clerk()
	k.within(10*livenessBound, "nothing is wrong", func() {
		for range rounds {
			for _, v := range []string{"0", "1"} {
				k.Put("x", v)
				k.Get("x")
			}
		}
	})
	c.checkSizes()
	if size := c.SnapshotSize(); size > most || size == 0 {
		c.Violate("snapshots are no larger than the state", "Raft extended, §7", "There is one key and one client, and after 800 small operations the snapshot has %d bytes, not 1 to %d.", size, most)
	}
}
