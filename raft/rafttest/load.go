package rafttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/anishathalye/porcupine"

	"6.824/labrpc/labtest"
)

// Load is what clients do while other things happen: they put and get registers, and what they see must be linearizable.
type Load struct {
	Clients int                   // how many there are; 0 means 3
	Gap     time.Duration         // between two operations of a client, on average; 0 means 40 ms
	Reads   float64               // the share of reads that are done with ReadIndex, not through the log, if the servers can do that
	Anyone  bool                  // ask any server for a ReadIndex, not just the one that seems to lead
	Reach   func(server int) bool // which servers clients can talk to; nil means all

	c       *Cluster
	history *labtest.History
	running int
	stopped bool
	done    time.Duration // when an operation was last answered
	worst   time.Duration // the longest time without one
}

const (
	registers   = 3
	answerBound = time.Second     // a client waits no longer for what it has given to a server
	giveUp      = 3 * time.Second // nor looks longer for a server that takes it
)

// registerModel is what the clients must see: registers, each of which a get finds as the last put has left it, 0 at first.
var registerModel = porcupine.Model{
	// By key, and without the puts that had no answer and whose value nobody has seen: values are unique, so whether such a
	// put has happened makes no difference to anybody, and porcupine's time grows with 2 to the power of their number.
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		parts := make([][]porcupine.Operation, registers)
		seen := map[int]bool{}
		for _, op := range history {
			if value, answered := op.Output.(int); answered && !op.Input.(Op).Put {
				seen[value] = true
			}
		}
		for _, op := range history {
			in := op.Input.(Op)
			if _, open := op.Output.(labtest.Unknown); open && in.Put && !seen[in.Value] {
				continue
			}
			parts[in.Key] = append(parts[in.Key], op)
		}
		return parts
	},
	Init: func() any { return 0 },
	Step: func(state, input, output any) (bool, any) {
		op := input.(Op)
		if op.Put {
			return true, op.Value
		}
		value, answered := output.(int)
		return !answered || value == state.(int), state
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%v → %v", input, output) },
}

// Load starts clients. They go on until Stop.
func (c *Cluster) Load(l Load) *Load {
	l.c, l.history, l.done = c, labtest.NewHistory(c.World, registerModel), c.Now()
	if l.Clients == 0 {
		l.Clients = 3
	}
	if l.Gap == 0 {
		l.Gap = 40 * time.Millisecond
	}
	if !c.im.can[Reads] {
		l.Reads = 0
	}
	l.running = l.Clients
	for i := range l.Clients {
		c.Go(fmt.Sprintf("client %d", i), func() {
			l.client(i)
			c.mu.Lock()
			l.running--
			c.mu.Unlock()
		})
	}
	return &l
}

// Stop has the clients end their operations, and waits for them.
func (l *Load) Stop() {
	l.c.mu.Lock()
	l.stopped = true
	l.c.mu.Unlock()
	for {
		l.c.mu.Lock()
		running := l.running
		l.c.mu.Unlock()
		if running == 0 {
			return
		}
		l.c.Sleep(agreementPoll)
	}
}

// Worst is the longest time so far in which no client had an answer.
func (l *Load) Worst() time.Duration {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return max(l.worst, l.c.Now()-l.done)
}

// client does one operation after the other.
func (l *Load) client(me int) {
	r := l.c.Rand(fmt.Sprintf("client %d", me))
	id, server := me, r.IntN(l.c.N)
	for {
		l.c.Sleep(time.Duration(r.Int64N(2 * int64(l.Gap))))
		if l.over() {
			return
		}
		op := Op{ID: l.c.nextOp(), Put: r.IntN(2) == 0, Key: r.IntN(registers)}
		op.Value = op.ID
		try := l.submit
		if !op.Put && r.Float64() < l.Reads {
			try = l.readIndex
			if l.Anyone {
				server = r.IntN(l.c.N)
			}
		}
		if !l.do(r, id, op, &server, try) { // nobody knows whether it will happen still, so whoever goes on is someone else
			id += l.Clients
		}
	}
}

func (l *Load) over() bool {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	return l.stopped
}

// answer says what came of an attempt at an operation.
type answer int

const (
	done    answer = iota // it has happened, with a result
	refused               // it has not happened and will not
	unclear               // it may happen, or may have
)

// do has an operation done. It returns false if it is unclear whether it was.
func (l *Load) do(r *rand.Rand, id int, op Op, server *int, try func(server int, op Op) (int, answer)) bool {
	returned := l.history.Invoke(id, op)
	for end := l.c.Now() + giveUp; l.c.Now() < end; l.c.Sleep(time.Duration(r.Int64N(int64(10 * time.Millisecond)))) {
		value, what := 0, refused
		if l.Reach == nil || l.Reach(*server) {
			value, what = try(*server, op)
		}
		switch what {
		case done:
			returned(value)
			l.answered()
			return true
		case unclear:
			return false
		}
		*server = (*server + 1) % l.c.N
	}
	return false
}

// answered keeps the time without an answer.
func (l *Load) answered() {
	l.c.mu.Lock()
	defer l.c.mu.Unlock()
	now := l.c.Now()
	l.worst, l.done = max(l.worst, now-l.done), now
}

// nextOp numbers operations.
func (c *Cluster) nextOp() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.lastOp++
	return c.lastOp
}

// submit gives an operation to a server, which takes it if it leads, and waits for what comes of it.
func (l *Load) submit(server int, op Op) (int, answer) {
	s := l.c.service(server)
	if s == nil {
		return 0, refused
	}
	var index int
	var ok bool
	taken := l.c.Asks("start", s.name, op)
	if !l.c.ask(func() {
		if index, _, ok = s.rf.Start(op); ok {
			taken()
		}
	}) {
		return 0, unclear // it may take it when it wakes up
	}
	if !ok {
		return 0, refused
	}
	if _, ok := s.wait(index, op.Key, answerBound); !ok {
		return 0, unclear
	}
	res, known := s.result(index)
	switch {
	case !known:
		return 0, unclear
	case res.id != op.ID:
		return 0, refused // another command has its place, so it can't be committed any more
	}
	l.c.checks.Acknowledge(index)
	return res.value, done
}

// readIndex reads a register at a server that vouches for it.
func (l *Load) readIndex(server int, op Op) (int, answer) {
	s := l.c.service(server)
	if s == nil {
		return 0, refused
	}
	l.c.Asks("read", s.name, op)()
	index, err := s.readIndex(answerBound)
	if err != nil {
		return 0, refused
	}
	value, ok := s.wait(index, op.Key, answerBound)
	if !ok {
		return 0, refused
	}
	l.c.Count("reads without the log")
	return value, done
}

// readIndex is ReadIndex of the server's Raft, but comes back in time in any case.
func (s *service) readIndex(within time.Duration) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	type result struct {
		index int
		err   error
	}
	got := make(chan result, 1)
	go func() {
		index, err := s.rf.(Reader).ReadIndex(ctx)
		got <- result{index, err}
	}()
	select {
	case r := <-got:
		return r.index, r.err
	case <-time.After(within + time.Millisecond):
		return 0, context.DeadlineExceeded
	}
}
