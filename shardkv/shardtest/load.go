package shardtest

import (
	"fmt"
	"slices"
	"time"

	"6.824/labrpc/labtest"
)

// Load is what clients do while other things happen: they put, append to and get a few keys, and what they see must be linearizable.
type Load struct {
	Clients int           // 0 means 4
	Gap     time.Duration // between two operations of a client, on average; 0 means 40 ms
	Keys    []string      // nil means one of each shard
	Writes  bool          // no gets

	st      *Store
	running int
	stopped bool
	worst   map[string]time.Duration // by key: the longest that an operation took
}

// Load starts clients. They go on until Stop.
func (st *Store) Load(l Load) *Load {
	l.st, l.worst = st, map[string]time.Duration{}
	if l.Clients == 0 {
		l.Clients = 4
	}
	if l.Gap == 0 {
		l.Gap = 40 * time.Millisecond
	}
	if l.Keys == nil {
		l.Keys = oneOfEach()
	}
	l.running = l.Clients
	for range l.Clients {
		ck := st.Clerk()
		st.Go(fmt.Sprint("load ", ck.client), func() {
			l.client(ck)
			st.mu.Lock()
			l.running--
			st.mu.Unlock()
		})
	}
	return &l
}

func (l *Load) client(ck *recorded) {
	r := l.st.Rand(fmt.Sprint("load ", ck.client))
	for n := 0; ; n++ {
		l.st.Sleep(time.Duration(r.Int64N(2 * int64(l.Gap))))
		l.st.mu.Lock()
		stopped := l.stopped
		l.st.mu.Unlock()
		if stopped {
			return
		}
		key, began := l.Keys[r.IntN(len(l.Keys))], l.st.Now()
		unique := fmt.Sprintf("%d.%d ", ck.client, n)
		switch k := r.IntN(10); {
		case k < 4 || l.Writes && k >= 6:
			ck.Append(key, unique)
		case k < 6:
			ck.Put(key, unique)
		default:
			ck.Get(key)
		}
		l.st.mu.Lock()
		l.worst[key] = max(l.worst[key], l.st.Now()-began)
		l.st.mu.Unlock()
	}
}

// Stop has the clients end their operations, and waits for them. All groups must be there, and well, or soon be.
func (l *Load) Stop() {
	l.st.mu.Lock()
	l.stopped = true
	l.st.mu.Unlock()
	ended := l.st.Eventually(healthy, func() bool {
		l.st.mu.Lock()
		defer l.st.mu.Unlock()
		return l.running == 0
	})
	l.st.holds(ended, "every operation comes to an end", "%v after the last fault had ended there are clients who wait for an answer: %s", healthy, l.st.moves)
}

// Worst is the longest that an operation on one of the keys has taken so far.
func (l *Load) Worst(keys ...string) (worst time.Duration) {
	l.st.mu.Lock()
	defer l.st.mu.Unlock()
	for key, d := range l.worst {
		if slices.Contains(keys, key) {
			worst = max(worst, d)
		}
	}
	return worst
}

// swarm injects a random mix of all faults into the groups, and the controller too.
func (st *Store) swarm(span time.Duration) {
	r := st.Rand("swarm")
	for _, g := range st.Groups {
		if r.IntN(2) == 0 {
			st.inject(labtest.Swarm(r, g.Names, span, st.generators()...))
		}
	}
	if r.IntN(3) == 0 {
		st.inject(labtest.Swarm(r, st.Ctrler.Names, span, st.generators()...))
	}
	if r.IntN(2) == 0 { // between the groups
		st.inject(labtest.Swarm(r, st.names(), span, "random-partitions", "one-way-cuts", "flaky-links", "duplicates", "reorder", "swizzle-clog"))
	}
}

func (st *Store) inject(s labtest.Schedule) {
	st.Add("faults", int64(len(s)))
	st.Inject(s)
}
