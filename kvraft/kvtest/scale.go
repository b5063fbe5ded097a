package kvtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"6.824/labrpc/labtest"
)

// scale are scenarios of much, and of odd things.
func scale() []scenario {
	return []scenario{
		{
			Name: "TestHotKey", Doc: "ten clients and one key, while leaders fall", Paper: "§8",
			Setup: setup{Servers: 5, MaxRaftState: 2000}, Run: hotKey,
		}, {
			Name: "TestHundredClients", Doc: "a hundred clients, while a server is away", Paper: "§8",
			Setup: setup{Servers: 5, MaxRaftState: 4000}, Run: hundredClients,
		}, {
			Name: "TestTenThousandKeys", Doc: "ten thousand keys go through a snapshot and a restart, and to a server that was away", Paper: "§7",
			Setup: setup{MaxRaftState: 64_000}, Seeds: 2, Run: tenThousandKeys,
		}, {
			Name: "TestAnyBytes", Doc: "keys and values are any bytes, none at all, and many", Paper: "",
			Setup: setup{MaxRaftState: 2000}, Run: anyBytes,
		},
	}
}

func hotKey(c *Cluster) {
	c.AtLeast("operations", 200)
	c.AtLeast("crash", 3)
	l := c.Load(Load{Clients: 10, Keys: 1, Gap: 50 * time.Millisecond})
	for range 3 {
		c.Sleep(400 * time.Millisecond)
		c.Inject(labtest.Fault{Kind: "crash", For: 300 * time.Millisecond, Nodes: c.Names(c.Leader()), Mode: labtest.Lose})
		c.Sleep(700 * time.Millisecond)
	}
	c.Recover(l)
	c.checkSizes()
}

func hundredClients(c *Cluster) {
	const clients = 100
	c.AtLeast("operations", 2*clients)
	l := c.Load(Load{Clients: clients, Keys: clients / 2, Gap: 250 * time.Millisecond})
	c.Sleep(700 * time.Millisecond)
	c.Inject(labtest.Fault{Kind: "crash", For: 500 * time.Millisecond, Nodes: c.Names(c.Leader()), Mode: labtest.Lose})
	c.Sleep(time.Second)
	c.Recover(l)
	c.checkSizes()
}

func tenThousandKeys(c *Cluster) {
	const clients, each = 100, 100
	c.AtLeast("operations", clients*each)
	c.AtLeast("snapshots sent", 1)
	c.countInstalls()
	away := (c.Leader() + 1) % c.N
	c.Partition([]int{away}, c.Others(away))
	key := func(i, n int) string { return fmt.Sprintf("key/%03d/%03d", i, n) }
	clerks := make([]*clerk, clients)
	for i := range clerks {
		clerks[i] = c.Clerk()
		c.Go(fmt.Sprintf("client %d", i), func() {
			for n := range each {
				clerks[i].Put(key(i, n), clerks[i].value())
			}
		})
	}
	c.Wait()
	c.checkSizes()
	if c.SnapshotSize() < clients*each*len(key(0, 0)) {
		c.Violate("snapshots keep the Raft state small", "Raft extended, §7", "There are %d keys of %d bytes, and the largest snapshot has %d bytes.", clients*each, len(key(0, 0)), c.SnapshotSize())
	}
	c.Net().Heal()
	c.Sleep(electionTimeout)
	c.Crash(c.All()...)
	c.Restart(c.All()...)
	c.Sleep(electionTimeout)
	c.Crash((away + 1) % c.N) // so that the one that was away is needed
	k := clerks[0]
	k.within(livenessBound, "two of three servers are up", func() {
		for i := range clients {
			k.Get(key(i, c.rand.IntN(each)))
		}
	})
	if c.im.client != nil {
		rich := c.Rich()
		rich.within(livenessBound, "two of three servers are up", func() { countKeys(c, rich, "key/", clients*each) })
	}
	c.Recover(nil)
}

// countKeys scans for all keys with a prefix, and makes sure that there are so many, in order.
func countKeys(c *Cluster, k *clerk, prefix string, want int) {
	found, last := 0, ""
	for from := ""; ; from = last + "\x00" {
		pairs, err := k.rich.Scan(context.Background(), prefix, from, 1000)
		if err != nil {
			c.Violate("scans are in order", "", "A scan for %q failed: %v", prefix, err)
			return
		}
		for _, p := range pairs {
			if !strings.HasPrefix(p.Key, prefix) || p.Key <= last {
				c.Violate("scans are in order", "", "A scan for %q from %q has %q behind %q.", prefix, from, p.Key, last)
			}
			last = p.Key
		}
		if found += len(pairs); len(pairs) == 0 {
			break
		}
	}
	if found != want {
		c.Violate("scans are complete", "", "There are %d keys that begin with %q, and scans have found %d.", want, prefix, found)
	}
}

func anyBytes(c *Cluster) {
	c.AtLeast("operations", 60)
	r := c.Rand("bytes")
	k := c.Clerk()
	bytes := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	}
	keys := []string{"", "\x00", "\xff\xfe", "日本", "a b\n", bytes(1000)}
	k.within(livenessBound, "nothing is wrong", func() {
		for _, key := range keys {
			k.Get(key)
			for _, value := range []string{"", bytes(1), "\x00\x00", bytes(20_000)} {
				k.Put(key, value)
				k.Append(key, k.value())
				k.Get(key)
			}
		}
	})
	c.Crash(c.All()...)
	c.Restart(c.All()...)
	k.within(livenessBound, "all servers are up", func() {
		for _, key := range keys {
			k.Get(key)
		}
	})
	c.Recover(nil)
}
