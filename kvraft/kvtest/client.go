package kvtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"6.824/kvraft"
	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// clerk is a client whose operations are in the history.
type clerk struct {
	c      *Cluster
	id     int
	name   string // on the network
	ends   []*labrpc.ClientEnd
	ck     Clerk  // nil if it is a rich one
	rich   Client // nil if it is not
	values int    // that it has put

	began time.Duration // of the operation under way; guarded by c.mu, as the next one
	doing *Op           // nil if there is none
}

// Clerk makes a client with the course's API. Only the scenario itself may call it, as it numbers clients.
func (c *Cluster) Clerk() *clerk {
	k, d := c.dial(c.number())
	k.ck = c.im.clerk(d)
	return k
}

// Rich makes a client with the richer API. Only the scenario itself may call it.
func (c *Cluster) Rich() *clerk { return c.richAs(c.number()) }

func (c *Cluster) richAs(id int) *clerk {
	k, d := c.dial(id)
	k.rich = c.im.client(d)
	return k
}

func (c *Cluster) number() int {
	c.clients++
	return c.clients - 1
}

// generation is the distance between the numbers of clients that take each other's places.
const generation = 1000

func (c *Cluster) dial(id int) (*clerk, Dialer) {
	k := &clerk{c: c, id: id, name: fmt.Sprintf("client/%d", id)}
	r := c.World.Rand(k.name)
	for _, i := range r.Perm(c.N) {
		k.ends = append(k.ends, c.Dial(k.name, c.names[i]))
	}
	return k, Dialer{Ends: k.ends, Rand: r}
}

// hangup cuts a client off for good.
func (k *clerk) hangup() {
	for _, e := range k.ends {
		k.c.Net().Hangup(e)
	}
}

// value makes a value that nobody has put yet.
func (k *clerk) value() string {
	k.values++
	return fmt.Sprintf("<%d.%d>", k.id, k.values)
}

// invoke notes that an operation begins, which the client gives up after a time if that is not "". It returns what is to be called
// with the answer.
func (k *clerk) invoke(op Op, within string) (done func(Answer)) {
	k.c.mu.Lock()
	k.began, k.doing = k.c.Now(), &op
	k.c.mu.Unlock()
	k.c.Asks(op.Kind, k.name, asked{Key: op.Key, Value: op.Value, Version: op.Version, Within: within})()
	follow := k.follow(op)
	returned := k.c.history.Invoke(k.id, op)
	return func(a Answer) {
		returned(a)
		k.idle()
		k.c.answered()
		follow(a)
	}
}

// follow keeps up with what is known of the keys for certain, and makes sure that this is what the client reads.
func (k *clerk) follow(op Op) (answered func(Answer)) {
	if op.Kind == "get" {
		known := k.c.sequences.Read(op.Key)
		return func(a Answer) {
			if want, certain := known(); certain && a.Value != want {
				k.c.Violate("a client reads what was written", "Raft extended, §8", "%s is told that key %q is\n%s\nand it was written to be\n%s", k.name, op.Key, a.Value, want)
				k.c.Sleep(0)
			}
		}
	}
	written := k.c.sequences.Write(op.Key)
	return func(a Answer) {
		written(func(old string) (string, bool) {
			switch {
			case a.Refused != "":
				return old, false
			case op.Kind == "append":
				return old + op.Value, false
			}
			return op.Value, true // "" of a delete
		})
	}
}

// idle notes that no operation is under way.
func (k *clerk) idle() {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	k.doing = nil
}

// Get, Put and Append are the course's.

func (k *clerk) Get(key string) string {
	done := k.invoke(Op{Kind: "get", Key: key}, "")
	v := k.ck.Get(key)
	done(Answer{Value: v})
	return v
}

func (k *clerk) Put(key, value string) {
	done := k.invoke(Op{Kind: "put", Key: key, Value: value}, "")
	k.ck.Put(key, value)
	done(Answer{})
}

func (k *clerk) Append(key, value string) {
	done := k.invoke(Op{Kind: "append", Key: key, Value: value}, "")
	k.ck.Append(key, value)
	done(Answer{})
}

// do has an operation done by the richer API. ok is false if it is not clear whether it was done: then nobody may be this client any more.
func (k *clerk) do(ctx context.Context, op Op) (a Answer, ok bool) {
	op.Rich = true
	within := "forever"
	if end, ok := ctx.Deadline(); ok {
		within = time.Until(end).String()
	}
	done := k.invoke(op, within)
	var err error
	switch op.Kind {
	case "get":
		a.Value, a.Version, err = k.rich.Get(ctx, op.Key)
	case "put":
		a.Version, err = k.rich.Put(ctx, op.Key, op.Value)
	case "append":
		a.Version, err = k.rich.Append(ctx, op.Key, op.Value)
	case "putif":
		a.Version, err = k.rich.PutIf(ctx, op.Key, op.Value, op.Version)
	case "delete":
		err = k.rich.DeleteIf(ctx, op.Key, op.Version)
	}
	switch {
	case err == nil:
	case errors.Is(err, kvraft.ErrNotFound):
		a = Answer{Refused: "not found"}
	case errors.Is(err, kvraft.ErrVersion):
		a = Answer{Refused: "version"}
	case errors.Is(err, kvraft.ErrMaybe), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		k.idle()
		k.c.Count("unclear operations")
		return Answer{}, false
	default:
		k.c.Violate("operations get an answer", "", "%v failed: %v", op, err)
		return Answer{}, false
	}
	done(a)
	return a, true
}

// within has f, which works with this client, done in time.
func (k *clerk) within(bound time.Duration, when string, f func()) {
	c, over := k.c, false
	c.Go(k.name, func() {
		f()
		c.mu.Lock()
		over = true
		c.mu.Unlock()
	})
	ended := c.Eventually(bound, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return over
	})
	if !ended {
		c.Violate("operations get an answer", "Raft extended, §8", "Within %v %s has not had an answer to %v, though %s.", bound, k.name, k.now(), when)
		c.Sleep(0)
	}
}

// now is the operation that is under way.
func (k *clerk) now() Op {
	k.c.mu.Lock()
	defer k.c.mu.Unlock()
	if k.doing == nil {
		return Op{}
	}
	return *k.doing
}

// answered keeps the longest time without an answer.
func (c *Cluster) answered() {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Now()
	c.worst, c.done = max(c.worst, now-c.done), now
}

// clerkOf makes a client with the course's API that reaches only some servers, until all faults are ended.
func (c *Cluster) clerkOf(servers []int) *clerk {
	k := c.Clerk()
	k.cutOff(c.Others(servers...)...)
	return k
}

// cutOff cuts the client off from some servers, until all faults are ended.
func (k *clerk) cutOff(servers ...int) {
	if len(servers) > 0 {
		me, them := []string{k.name}, k.c.Names(servers...)
		k.c.Inject(labtest.Fault{Kind: "cut", From: me, To: them}, labtest.Fault{Kind: "cut", From: them, To: me})
	}
}
