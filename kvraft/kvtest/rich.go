package kvtest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"6.824/kvraft"
	"6.824/labrpc/labtest"
)

// rich are scenarios of the richer API.
func rich() []scenario {
	needs := []Ability{Clients}
	return []scenario{
		{
			Name: "TestCounters", Doc: "clients count with conditional puts while leaders fall: no increment is lost or counted twice", Paper: "§8",
			Needs: needs, Setup: setup{MaxRaftState: 1500}, Run: counters,
		}, {
			Name: "TestLocks", Doc: "a lock made of conditional puts has one holder at a time, while leaders fall", Paper: "§8",
			Needs: needs, Run: locks,
		}, {
			Name: "TestScans", Doc: "a scan sees all keys as of one instant, in order", Paper: "§8",
			Needs: needs, Run: scans,
		}, {
			Name: "TestDeadlines", Doc: "an operation comes back when its context ends, whatever the servers do", Paper: "",
			Needs: needs, Setup: setup{Servers: 5}, Run: deadlines,
		},
	}
}

// fallingLeaders has leaders fall for a while.
func (c *Cluster) fallingLeaders(times int) {
	for range times {
		c.Sleep(time.Duration(200+c.rand.IntN(400)) * time.Millisecond)
		f := labtest.Fault{Kind: "isolate", For: 600 * time.Millisecond, Nodes: c.Names(c.Leader())}
		if c.rand.IntN(2) == 0 {
			f.Kind, f.Mode = "crash", c.anyCrash()
		}
		c.Inject(f)
		c.Sleep(f.For)
	}
}

func counters(c *Cluster) {
	const clients, each = 4, 25
	c.AtLeast("increments", clients*each/2)
	c.AtLeastOverall("conflicts", c.overall(20))
	var sure, maybe int
	for range clients {
		k := c.Rich()
		c.Go(k.name, func() {
			for range each {
				ok, clear := increment(k, "n")
				c.mu.Lock()
				if ok {
					sure++
				} else if !clear {
					maybe++
				}
				c.mu.Unlock()
				c.Sleep(10 * time.Millisecond)
			}
		})
	}
	c.fallingLeaders(3)
	c.HealAll()
	c.Wait()
	k := c.Clerk()
	value := ""
	k.within(livenessBound, "all faults are over", func() { value = k.Get("n") })
	if n, err := strconv.Atoi(value); err != nil || n < sure || n > sure+maybe {
		c.Violate("a conditional put happens once, on what its client saw", "Raft extended, §8",
			"%d increments were done, of %d more nobody knows, and the counter is %q.", sure, maybe, value)
	}
	c.Recover(nil)
}

// increment counts by one, as often as it takes.
func increment(k *clerk, key string) (ok, clear bool) {
	for {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		a, ok := k.do(ctx, Op{Kind: "get", Key: key})
		if !ok {
			cancel()
			return false, true
		}
		n, _ := strconv.Atoi(a.Value)
		a, ok = k.do(ctx, Op{Kind: "putif", Key: key, Value: strconv.Itoa(n + 1), Version: a.Version})
		cancel()
		switch {
		case !ok:
			return false, false
		case a.Refused == "":
			k.c.Count("increments")
			return true, true
		}
		k.c.Count("conflicts")
		k.c.Sleep(time.Millisecond)
	}
}

func locks(c *Cluster) {
	const clients, each = 4, 8
	c.AtLeast("sections", clients*each)
	c.AtLeast("operations", clients*each)
	holder := ""
	for i := range clients {
		k := c.Rich()
		lock := kvraft.NewLock(k.rich, "lock", fmt.Sprintf("owner%d", i))
		c.Go(k.name, func() {
			for range each {
				untilClear(c, lock.Acquire)
				c.mu.Lock()
				if holder != "" {
					c.Violate("a lock has one holder", "Raft extended, §8", "%s has acquired the lock while %s has it.", k.name, holder)
				}
				holder = k.name
				c.mu.Unlock()
				k.do(context.Background(), Op{Kind: "append", Key: "log", Value: k.value()})
				c.Sleep(5 * time.Millisecond)
				c.mu.Lock()
				holder = ""
				c.mu.Unlock()
				c.Count("sections")
				untilClear(c, lock.Release)
			}
		})
	}
	c.fallingLeaders(3)
	c.HealAll()
	c.Wait()
	c.Recover(nil)
}

// untilClear tries to acquire or release a lock until it is clear that it was done.
func untilClear(c *Cluster, f func(context.Context) error) {
	for tries := 0; ; tries++ {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		err := f(ctx)
		cancel()
		switch {
		case err == nil:
			return
		case errors.Is(err, kvraft.ErrMaybe), errors.Is(err, context.DeadlineExceeded):
		case tries > 0 && (errors.Is(err, kvraft.ErrNotFound) || errors.Is(err, kvraft.ErrVersion)):
			return // released by the try before
		default:
			c.Violate("a lock can be acquired and released", "", "%v", err)
			return
		}
	}
}

func scans(c *Cluster) {
	const keys = 8
	c.AtLeast("scans", 30)
	c.AtLeast("rounds written", 10)
	name := func(i int) string { return fmt.Sprintf("s/%d", i) }
	// A writer writes the number of its round to one key after the other. So in any instant those behind are at most a round behind.
	stop := false
	over := func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return stop
	}
	w := c.Clerk()
	c.Go(w.name, func() {
		for round := 1; !over(); round++ {
			for i := range keys {
				w.Put(name(i), fmt.Sprint(round))
			}
			c.Count("rounds written")
		}
	})
	for range 2 {
		k := c.Rich()
		c.Go(k.name, func() {
			atLeast := 0 // that a scan has seen before
			for !over() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Second)
				pairs, err := k.rich.Scan(ctx, "s/", "", 0)
				cancel()
				if err == nil {
					c.Count("scans")
					atLeast = c.checkScan(pairs, name, atLeast)
				}
				c.Sleep(10 * time.Millisecond)
			}
		})
	}
	c.fallingLeaders(3)
	c.HealAll()
	c.mu.Lock()
	stop = true
	c.mu.Unlock()
	c.Wait()
	c.Recover(nil)
}

// checkScan makes sure that a scan has seen an instant of the writer's work, and none before that of an earlier one. It returns how many
// puts there were up to it.
func (c *Cluster) checkScan(pairs []kvraft.Pair, name func(int) string, atLeast int) int {
	sum, first, before := 0, 0, 0
	for i, p := range pairs {
		round, err := strconv.Atoi(p.Value)
		switch {
		case err != nil || p.Key != name(i) || p.Version != int64(round):
			c.Violate("scans are in order", "", "A scan has %+v in place %d.", p, i)
		case i > 0 && (round > before || round < first-1):
			c.Violate("a scan sees one instant", "Raft extended, §8", "The writer goes from key to key, and a scan has seen %+v.", pairs)
		}
		if i == 0 {
			first = round
		}
		before = round
		sum += round
	}
	if sum < atLeast {
		c.Violate("a scan sees one instant", "Raft extended, §8", "A scan has seen %d puts, and the same client's next one %d.", atLeast, sum)
	}
	return max(sum, atLeast)
}

func deadlines(c *Cluster) {
	const patience, slack = 700 * time.Millisecond, 50 * time.Millisecond
	c.AtLeast("came back in time", 12)
	c.AtLeast("unclear operations", 4)
	k := c.Clerk()
	k.within(livenessBound, "nothing is wrong", func() { k.Put("k", k.value()) })
	leader := c.Leader()
	minority := []int{leader, (leader + 1) % c.N}
	c.Partition(minority, c.Others(minority...))
	for i := range 4 {
		k := c.Rich()
		k.cutOff(c.Others(minority...)...)
		c.Go(k.name, func() {
			for _, op := range []Op{{Kind: "put", Key: "k", Value: k.value()}, {Kind: "get", Key: "k"}, {Kind: "putif", Key: "k", Value: k.value(), Version: int64(i)}} {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				began := c.Now()
				if _, ok := k.do(ctx, op); ok {
					c.Violate("nothing is completed in a minority", "Raft extended, §5.2", "Two of five servers hear only each other, and %v was completed there.", op)
				}
				cancel()
				if took := c.Now() - began; took > patience+slack {
					c.Violate("a context ends an operation", "", "%v came back after %v, its context ended after %v.", op, took, patience)
				}
				c.Count("came back in time")
			}
		})
	}
	c.Wait()
	c.Recover(nil)
}
