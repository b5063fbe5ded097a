package kvtest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Load is what clients do while other things happen: they put, append and get, and what they see must be linearizable.
type Load struct {
	Clients  int           // how many there are; 0 means 3
	Gap      time.Duration // between two operations of a client, on average; 0 means 30 ms
	Keys     int           // among how many keys they choose; 0 means 3
	Reads    float64       // the share of gets; 0 means a half
	Rich     float64       // the share of clients with the richer API, if there is one: they give up, and others take their places
	Patience time.Duration // of such a client; 0 means 2 s
	Crash    float64       // the share of their operations in which they crash

	c       *Cluster
	clerks  []*clerk // by client
	running int
	stopped bool
}

// Load starts clients. They go on until Stop.
func (c *Cluster) Load(l Load) *Load {
	l.c = c
	if l.Clients == 0 {
		l.Clients = 3
	}
	if l.Gap == 0 {
		l.Gap = 30 * time.Millisecond
	}
	if l.Keys == 0 {
		l.Keys = 3
	}
	if l.Reads == 0 {
		l.Reads = 0.5
	}
	if l.Patience == 0 {
		l.Patience = 2 * time.Second
	}
	if c.im.client == nil {
		l.Rich = 0
	}
	l.running, l.clerks = l.Clients, make([]*clerk, l.Clients)
	c.mu.Lock()
	c.done, c.worst = c.Now(), 0
	c.mu.Unlock()
	for i := range l.Clients {
		rich := float64(i) < l.Rich*float64(l.Clients)
		k := c.Clerk()
		if rich {
			k = c.Rich()
		}
		l.clerks[i] = k
		c.Go(fmt.Sprintf("client %d", i), func() {
			if rich {
				l.richClient(i)
			} else {
				l.client(i)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			l.running--
		})
	}
	return &l
}

// Stop has the clients begin no more operations.
func (l *Load) Stop() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.stopped = true
}

// wait waits until all clients are done.
func (l *Load) wait(bound time.Duration) bool {
	return l.c.Eventually(bound, func() bool {
		l.c.mu.Lock()
		defer l.c.mu.Unlock()
		return l.running == 0
	})
}

// waiting says what clients wait for.
func (l *Load) waiting() (list []string) {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	for _, k := range l.clerks {
		if k.doing != nil {
			list = append(list, fmt.Sprintf("client/%d since %v for %v", k.id, k.began, *k.doing))
		}
	}
	return list
}

// Worst is the longest time so far in which no client had an answer.
func (l *Load) Worst() time.Duration {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return max(l.c.worst, l.c.Now()-l.c.done)
}

// next waits for the next operation; false if there is to be none.
func (l *Load) next(r *rand.Rand) bool {
	l.c.Sleep(time.Duration(r.Int64N(2 * int64(l.Gap))))
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return !l.stopped
}

func (l *Load) key(r *rand.Rand) string { return fmt.Sprintf("key%d", r.IntN(l.Keys)) }

// client does one operation after the other.
func (l *Load) client(me int) {
	r := l.c.Rand(fmt.Sprintf("load %d", me))
	k := l.clerks[me]
	for l.next(r) {
		switch key := l.key(r); {
		case r.Float64() < l.Reads:
			k.Get(key)
		case r.IntN(4) == 0: // now and then, so that values don't grow without end
			k.Put(key, k.value())
		default:
			k.Append(key, k.value())
		}
	}
}

// richClient does one operation after the other, until it gives up or crashes: then another client goes on.
func (l *Load) richClient(me int) {
	r := l.c.Rand(fmt.Sprintf("load %d", me))
	versions := map[string]int64{} // as seen last
	for l.next(r) {
		k := l.clerks[me]
		op := Op{Kind: "get", Key: l.key(r)}
		if r.Float64() >= l.Reads {
			op.Kind = []string{"put", "append", "append", "putif", "putif", "delete"}[r.IntN(6)]
		}
		switch op.Kind {
		case "put", "append", "putif":
			op.Value = k.value()
		}
		switch op.Kind {
		case "delete":
			op.Version = []int64{-1, versions[op.Key]}[r.IntN(2)]
		case "putif":
			op.Version = versions[op.Key]
		}
		patience, crash := l.Patience, r.Float64() < l.Crash
		if crash {
			patience = time.Duration(r.Int64N(int64(20 * time.Millisecond)))
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		a, ok := k.do(ctx, op)
		cancel()
		if !ok {
			if crash {
				l.c.Count("clients crashed")
			}
			k.hangup()
			l.replace(me)
			continue
		}
		if a.Refused != "" {
			delete(versions, op.Key)
		} else {
			versions[op.Key] = a.Version
		}
	}
}

// replace puts another client in the place of one that is gone.
func (l *Load) replace(me int) {
	k := l.c.richAs(l.clerks[me].id + generation)
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	l.clerks = slices.Clone(l.clerks)
	l.clerks[me] = k
}
