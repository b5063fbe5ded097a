package shardtest

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// course are the course's scenarios. Where it waits for a while and hopes, and where a check of its own can't fail, ours
// differ.
func course() []scenario {
	return []scenario{
		{Name: "TestStaticShards", Doc: "keys of a dead group wait, all others don't", Course: true, Run: staticShards},
		{Name: "TestJoinLeave", Doc: "shards move when groups join and leave", Course: true, Run: joinLeave},
		{Name: "TestSnapshot", Doc: "snapshots, moves, and restarts of everything", Course: true, MaxRaft: 1000, Run: snapshot},
		{Name: "TestMissChange", Doc: "servers that were down in a change catch up", Course: true, MaxRaft: 1000, Run: missChange},
		{Name: "TestConcurrent1", Doc: "clients write while shards move and groups restart", Course: true, MaxRaft: 100, Run: concurrent1},
		{Name: "TestConcurrent2", Doc: "clients write while shards move and groups restart, without snapshots", Course: true, Run: concurrent2},
		{Name: "TestConcurrent3", Doc: "clients write while groups join, leave and restart all the time", Course: true, MaxRaft: 300, Run: func(st *Store) { concurrent3(st, true) }},
		{Name: "TestUnreliable1", Doc: "moves on a network that loses messages", Course: true, MaxRaft: 100, Unreliable: true, Run: unreliable1},
		{Name: "TestUnreliable2", Doc: "clients write while shards move, on a network that loses messages", Course: true, MaxRaft: 100, Unreliable: true, Run: unreliable2},
		{Name: "TestUnreliable3", Doc: "clients put, append and get the same keys while shards move, on a network that loses messages", Course: true, MaxRaft: 100, Unreliable: true, Run: unreliable3},
		{Name: "TestChallenge1Delete", Doc: "shards that were handed over are deleted: the disks hold what the course allows", Course: true, MaxRaft: 1, Run: challenge1Delete},
		{Name: "TestChallenge1Concurrent", Doc: "deletion while clients write and groups come and go", Course: true, MaxRaft: 300, Run: func(st *Store) { concurrent3(st, false) }},
		{Name: "TestChallenge2Unaffected", Doc: "shards that stay are served while others can't come", Course: true, MaxRaft: 100, Run: challenge2Unaffected},
		{Name: "TestChallenge2Partial", Doc: "shards that have arrived are served while others can't come", Course: true, MaxRaft: 100, Run: challenge2Partial},
	}
}

// book is somebody who writes keys one after the other, and knows what they must be.
type book struct {
	st   *Store
	ck   *recorded
	keys []string
}

// newBook puts n keys.
func (st *Store) newBook(n, size int) *book {
	b := &book{st: st, ck: st.Clerk()}
	for i := range n {
		key := strconv.Itoa(i) // ensures that there are many shards
		b.keys = append(b.keys, key)
		b.ck.Put(key, st.text(size))
	}
	return b
}

// text draws a text of n letters.
func (st *Store) text(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + st.rand.IntN(26))
	}
	return string(b)
}

// check reads all keys, or some.
func (b *book) check(keys ...string) {
	if len(keys) == 0 {
		keys = b.keys
	}
	for _, key := range keys {
		b.ck.Get(key)
	}
}

// append appends to all keys, after it has checked each.
func (b *book) append(n int) {
	for _, key := range b.keys {
		b.check(key)
		b.ck.Append(key, b.st.text(n))
	}
}

// writers append to a book's keys, a client for each key, until stop is called, which waits for them.
func (b *book) writers(gap time.Duration) (stop func()) {
	over := false
	running := len(b.keys)
	for _, key := range b.keys {
		own, r := b.st.Clerk(), b.st.Rand("writer of "+key)
		b.st.Go("writer of "+key, func() {
			for {
				b.st.Sleep(gap/2 + time.Duration(r.Int64N(int64(gap))))
				b.st.mu.Lock()
				if over {
					running--
					b.st.mu.Unlock()
					return
				}
				b.st.mu.Unlock()
				own.Append(key, fmt.Sprintf("%d.", r.IntN(1000)))
			}
		})
	}
	return func() {
		b.st.mu.Lock()
		over = true
		b.st.mu.Unlock()
		ended := b.st.Eventually(healthy, func() bool {
			b.st.mu.Lock()
			defer b.st.mu.Unlock()
			return running == 0
		})
		b.st.holds(ended, "every write comes to an end", "%v after the last change there are writers who wait for an answer", healthy)
	}
}

func staticShards(st *Store) {
	st.Join(0)
	st.Join(1)
	b := st.newBook(10, 20)
	b.check()
	config := st.Config()
	alive := 0
	for _, key := range b.keys {
		if config.Shards[shardOf(key)] == gidOf(0) {
			alive++
		}
	}
	st.holds(alive == 5, "shards are balanced", "%v", config)
	st.Crash(1)
	st.checkLogs()
	served := 0
	for _, key := range b.keys {
		own := &book{st: st, ck: st.Clerk()}
		st.Go("reader of "+key, func() {
			own.check(key)
			st.mu.Lock()
			served++
			st.mu.Unlock()
		})
	}
	st.Sleep(2 * time.Second)
	st.mu.Lock()
	n := served
	st.mu.Unlock()
	st.holds(n == alive, "the keys of a dead group wait, and no others", "2 s after one of two groups died, gets of %d keys were answered, out of %d that the other one has", n, alive)
	st.Start(1)
	st.Wait()
	b.check()
}

func joinLeave(st *Store) {
	st.Join(0)
	b := st.newBook(10, 5)
	b.check()
	st.Join(1)
	b.append(5)
	st.Leave(0)
	b.append(5)
	st.Sleep(time.Second)
	b.check()
	st.checkLogs()
	st.Crash(0)
	b.check()
	st.Crash(2)
	b.check()
}

func snapshot(st *Store) {
	st.Join(0)
	b := st.newBook(30, 20)
	b.check()
	st.Join(1)
	st.Join(2)
	st.Leave(0)
	b.append(20)
	st.Leave(1)
	st.Join(0)
	b.append(20)
	st.Sleep(time.Second)
	b.check()
	st.Sleep(time.Second)
	st.checkLogs()
	st.Crash(0, 1, 2)
	st.Start(0, 1, 2)
	b.check()
}

func missChange(st *Store) {
	each := func(f func(servers ...int), server int) { f(server) }
	crash := func(server int) {
		for _, g := range st.Groups {
			each(g.Crash, server)
		}
	}
	start := func(server int) {
		for _, g := range st.Groups {
			each(g.Start, server)
		}
	}
	st.Join(0)
	b := st.newBook(10, 20)
	b.check()
	st.Join(1)
	crash(0)
	st.Join(2)
	st.Leave(1)
	st.Leave(0)
	b.append(20)
	st.Join(1)
	b.append(20)
	start(0)
	b.append(20)
	st.Sleep(2 * time.Second)
	crash(1)
	st.Join(0)
	st.Leave(2)
	b.append(20)
	start(1)
	b.check()
}

func concurrent1(st *Store) {
	st.AtLeast("operations", 60)
	st.Join(0)
	b := st.newBook(10, 5)
	stop := b.writers(90 * time.Millisecond)
	st.Sleep(150 * time.Millisecond)
	st.Join(1)
	st.Sleep(500 * time.Millisecond)
	st.Join(2)
	st.Sleep(500 * time.Millisecond)
	st.Leave(0)
	st.Sleep(500 * time.Millisecond)
	st.Crash(0)
	st.Sleep(100 * time.Millisecond)
	st.Crash(1)
	st.Sleep(100 * time.Millisecond)
	st.Crash(2)
	st.Leave(2)
	st.Sleep(100 * time.Millisecond)
	st.Start(0, 1, 2)
	st.Sleep(100 * time.Millisecond)
	st.Join(0)
	st.Leave(1)
	st.Sleep(500 * time.Millisecond)
	st.Join(1)
	st.Sleep(time.Second)
	stop()
	b.check()
}

func concurrent2(st *Store) {
	st.AtLeast("operations", 100)
	st.Join(1)
	st.Join(0)
	st.Join(2)
	b := st.newBook(10, 1)
	stop := b.writers(90 * time.Millisecond)
	st.Leave(0)
	st.Leave(2)
	st.Sleep(time.Second)
	st.Join(0)
	st.Join(2)
	st.Leave(1)
	st.Sleep(time.Second)
	st.Join(1)
	st.Leave(0)
	st.Leave(2)
	st.Sleep(time.Second)
	st.Crash(1, 2)
	st.Sleep(time.Second)
	st.Start(1, 2)
	st.Sleep(2 * time.Second)
	stop()
	b.check()
}

func concurrent3(st *Store, restarts bool) {
	st.AtLeast("operations", 60)
	st.AtLeast("changes", 8)
	st.Join(0)
	b := st.newBook(10, 1)
	stop := b.writers(120 * time.Millisecond)
	for range 3 {
		st.Join(2)
		st.Join(1)
		st.Sleep(st.ms(0, 900))
		if restarts {
			st.Crash(0, 1, 2)
			st.Start(0, 1, 2)
			st.Sleep(st.ms(0, 900))
		}
		st.Leave(1)
		st.Leave(2)
		st.Sleep(st.ms(0, 900))
	}
	st.Sleep(time.Second)
	stop()
	b.check()
}

func unreliable1(st *Store) {
	st.Join(0)
	b := st.newBook(10, 5)
	st.Join(1)
	st.Join(2)
	st.Leave(0)
	b.append(5)
	b.append(5)
	st.Join(0)
	st.Leave(1)
	b.check()
	b.check()
}

// comeAndGo has groups come and go as the course does on unreliable networks.
func comeAndGo(st *Store, pause time.Duration) {
	st.Sleep(pause / 2)
	st.Join(1)
	st.Sleep(pause)
	st.Join(2)
	st.Sleep(pause)
	st.Leave(0)
	st.Sleep(pause)
	st.Leave(1)
	st.Sleep(pause)
	st.Join(1)
	st.Join(0)
	st.Sleep(2 * pause)
}

func unreliable2(st *Store) {
	st.AtLeast("operations", 80)
	st.Join(0)
	b := st.newBook(10, 5)
	stop := b.writers(50 * time.Millisecond)
	comeAndGo(st, 500*time.Millisecond)
	st.Unreliable(false)
	stop()
	b.check()
}

func unreliable3(st *Store) {
	st.AtLeast("operations", 100)
	st.Join(0)
	l := st.Load(Load{Clients: 5, Gap: 60 * time.Millisecond})
	comeAndGo(st, 500*time.Millisecond)
	st.Unreliable(false)
	l.Stop()
}

// challenge1Bound is what the course lets three groups of three store, in bytes, of 30 keys with 1,000 bytes each: each key three times,
// two values more per server in its log, and 6,000 bytes each for the rest.
const challenge1Bound = 3 * ((30-3)*1000 + 2*3*1000 + 6000)

func challenge1Delete(st *Store) {
	st.Join(0)
	b := st.newBook(30, 1000)
	b.check(b.keys[:3]...)
	for range 2 {
		st.Join(1)
		st.Leave(0)
		st.Join(2)
		st.Sleep(1500 * time.Millisecond)
		b.check(b.keys[:3]...)
		st.Leave(1)
		st.Join(0)
		st.Leave(2)
		st.Sleep(1500 * time.Millisecond)
		b.check(b.keys[:3]...)
	}
	st.Join(1)
	st.Join(2)
	for range 3 {
		st.Sleep(time.Second)
		b.check(b.keys[:3]...)
	}
	total := st.Stored()
	st.Logf("the disks hold %d bytes", total)
	st.holds(total > 3*30*1000*9/10, "nothing is lost", "the disks hold %d bytes, and three copies of 30 keys are %d", total, 3*30*1000)
	st.holds(total <= challenge1Bound, "what was handed over is deleted", "the disks hold %d bytes, %d are allowed", total, challenge1Bound)
	b.check()
}

// keysOf are the keys of a book that a group has.
func (b *book) keysOf(shards [10]int, group int) []string {
	return slices.DeleteFunc(slices.Clone(b.keys), func(key string) bool { return shards[shardOf(key)] != gidOf(group) })
}

// soon makes sure that keys can be read and written within a time.
func (b *book) soon(within time.Duration, why string, keys ...string) {
	b.st.holds(len(keys) > 0, "not vacuous", "there are no keys to try: %s", why)
	for _, key := range keys {
		began := b.st.Now()
		done := false
		b.st.Go("hasty "+key, func() {
			b.ck.Put(key, b.ck.Get(key)+"-1")
			b.check(key)
			b.st.mu.Lock()
			done = true
			b.st.mu.Unlock()
		})
		ok := b.st.Eventually(within, func() bool {
			b.st.mu.Lock()
			defer b.st.mu.Unlock()
			return done
		})
		b.st.holds(ok, "shards that can be served are", "within %v key %q of shard %d was not read and written: %s", b.st.Now()-began, key, shardOf(key), why)
	}
}

func challenge2Unaffected(st *Store) {
	st.Join(0)
	b := st.newBook(10, 10)
	st.Join(1)
	config := st.Config()
	st.Sleep(time.Second)
	owned := b.keysOf(config.Shards, 1)
	b.soon(time.Second, "it has moved to a group that is well", owned...)
	st.Crash(0)
	st.Leave(0)
	st.Sleep(time.Second)
	after := st.Config()
	st.holds(len(b.keysOf(after.Shards, 1)) == len(b.keys), "a group that is alone has all shards", "%v", after)
	b.soon(500*time.Millisecond, "its group is well, though it waits for other shards from a group that is dead", owned...)
}

func challenge2Partial(st *Store) {
	st.Join(0, 1, 2)
	b := st.newBook(10, 10)
	b.check()
	st.Sleep(time.Second)
	before := st.Config()
	st.Crash(0)
	st.Leave(0, 2) // group 1 can have the shards of 2, not those of 0
	st.Sleep(time.Second)
	came := b.keysOf(before.Shards, 2)
	b.soon(500*time.Millisecond, "its old group is well, and so is the new one, though that waits for other shards from a group that is dead", came...)
	b.soon(500*time.Millisecond, "it has not moved", b.keysOf(before.Shards, 1)...)
}
