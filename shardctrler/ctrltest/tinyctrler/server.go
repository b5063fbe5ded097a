// Package tinyctrler is a shard controller as a student of the course writes it on top of a Raft of their own, here tinyraft: one mutex,
// a list of configurations, everything through the log, and handlers that look every few milliseconds whether their request has
// been applied. It shares no code with the reference, and that is its purpose: the suite ctrltest has to accept it.
package tinyctrler

import (
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"6.824/labgob"
	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rafttest/tinyraft"
)

// NShards is how many shards there are.
const NShards = 10

// Config is the course's.
type Config struct {
	Num    int
	Shards [NShards]int
	Groups map[int][]string
}

// Args are a request: the Seq-th of a client. A client's number is the index that its first request, a Hello, had in the log.
type Args struct {
	Client, Seq int
	Kind        string // Hello, Join, Leave, Move or Query
	Groups      map[int][]string
	GIDs        []int
	Shard, GID  int
	Num         int
}

// Reply is the answer. If OK is false, the server has not done it, as far as it knows.
type Reply struct {
	OK     bool
	Client int
	Config Config
}

func init() { labgob.RegisterName("tinyctrler.Args", Args{}) }

// How long a server waits for a command to be committed, and how often it looks.
const (
	answerWithin = 300 * time.Millisecond
	look         = 5 * time.Millisecond
)

// Server is one server.
type Server struct {
	rf *tinyraft.Raft

	mu      sync.Mutex
	dead    bool
	configs []Config
	last    map[int]int  // by client: the Seq of its last request
	applied map[int]Args // by index
}

// StartServer starts a server. r is its Raft's own from now on; gate is called before each message of the Raft is applied.
func StartServer(peers []*labrpc.ClientEnd, me int, persister *raft.Persister, r *rand.Rand, gate func()) *Server {
	sc := &Server{configs: []Config{{Groups: map[int][]string{}}}, last: map[int]int{}, applied: map[int]Args{}}
	applyCh := make(chan raft.ApplyMsg)
	sc.rf = tinyraft.Make(peers, me, persister, applyCh, r)
	go sc.read(applyCh, gate)
	return sc
}

// Raft is the server's Raft.
func (sc *Server) Raft() *tinyraft.Raft { return sc.rf }

// Kill stops the server.
func (sc *Server) Kill() {
	sc.mu.Lock()
	sc.dead = true
	sc.mu.Unlock()
	sc.rf.Kill()
}

// Do is the RPC.
func (sc *Server) Do(args *Args, reply *Reply) {
	index, _, ok := sc.rf.Start(*args)
	for end := time.Now().Add(answerWithin); ok && time.Now().Before(end); time.Sleep(look) {
		if sc.look(index, args, reply) {
			return
		}
	}
}

// look looks what has been applied at index, and reports whether there is nothing more to wait for.
func (sc *Server) look(index int, args *Args, reply *Reply) bool {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	done, ok := sc.applied[index]
	if !ok {
		return sc.dead
	}
	if done.Client != args.Client || done.Seq != args.Seq || done.Kind != args.Kind {
		return true // another leader's
	}
	reply.OK, reply.Client, reply.Config = true, index, sc.at(args.Num)
	return true
}

// read applies what the Raft sends, and goes on for a while after the end: the Raft may be about to send something.
func (sc *Server) read(applyCh chan raft.ApplyMsg, gate func()) {
	for {
		select {
		case m := <-applyCh:
			gate()
			sc.apply(m.CommandIndex, m.Command.(Args))
		case <-time.After(10 * time.Second):
			sc.mu.Lock()
			dead := sc.dead
			sc.mu.Unlock()
			if dead {
				return
			}
		}
	}
}

func (sc *Server) apply(index int, args Args) {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.dead {
		return
	}
	sc.applied[index] = args
	if args.Kind == "Hello" || args.Seq <= sc.last[args.Client] {
		return
	}
	sc.last[args.Client] = args.Seq
	if args.Kind == "Query" {
		return
	}
	next := sc.at(-1)
	next.Num++
	next.Groups = maps.Clone(next.Groups)
	switch args.Kind {
	case "Join":
		maps.Copy(next.Groups, args.Groups)
		next.rebalance()
	case "Leave":
		for _, gid := range args.GIDs {
			delete(next.Groups, gid)
		}
		next.rebalance()
	case "Move":
		next.Shards[args.Shard] = args.GID
	}
	sc.configs = append(sc.configs, next)
}

func (sc *Server) at(num int) Config {
	if num < 0 || num >= len(sc.configs) {
		num = len(sc.configs) - 1
	}
	return sc.configs[num]
}

// rebalance gives shards of nobody to the poorest group, and then shards of the richest to the poorest until they are as good as equal.
func (c *Config) rebalance() {
	gids := slices.Sorted(maps.Keys(c.Groups))
	if len(gids) == 0 {
		c.Shards = [NShards]int{}
		return
	}
	owned := func(gid int) (shards []int) {
		for shard, owner := range c.Shards {
			if owner == gid {
				shards = append(shards, shard)
			}
		}
		return shards
	}
	byWealth := func(a, b int) int { return len(owned(a)) - len(owned(b)) }
	for shard, owner := range c.Shards {
		if c.Groups[owner] == nil {
			c.Shards[shard] = 0
			c.Shards[shard] = slices.MinFunc(gids, byWealth)
		}
	}
	for {
		poor, rich := slices.MinFunc(gids, byWealth), slices.MaxFunc(gids, byWealth)
		if byWealth(rich, poor) <= 1 {
			return
		}
		c.Shards[owned(rich)[0]] = poor
	}
}
