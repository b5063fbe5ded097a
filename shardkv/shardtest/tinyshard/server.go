// Package tinyshard is a sharded store as someone might write it for the course: on Raft directly, with one mutex, reads
// through the log, and shards that are pulled. It is here to see that package shardtest asks for what a store must do and not for
// how package shardkv does it.
package tinyshard

import (
	"bytes"
	"sync"
	"time"

	"6.824/labgob"
	"6.824/labrpc"
	"6.824/raft"
	"6.824/shardctrler"
)

const n = shardctrler.NShards

// What a shard is at a group.
const (
	absent   = iota
	pulling  // the previous owner has it
	serving  // and nobody else has it
	thanking // serving, but the previous owner has still a copy
)

// Data is what moves with a shard.
type Data struct {
	Pairs map[string]string
	Seqs  map[int64]int64 // of each client's last write
}

func (d Data) copy() Data {
	c := Data{map[string]string{}, map[int64]int64{}}
	for k, v := range d.Pairs {
		c.Pairs[k] = v
	}
	for k, v := range d.Seqs {
		c.Seqs[k] = v
	}
	return c
}

// Op is an entry of the log.
type Op struct {
	Kind        string // get, put, append; config, install, drop, thanked; nothing
	Key, Value  string
	Client, Seq int64
	Config      shardctrler.Config
	Shard, Num  int
	Data        Data
}

func init() { labgob.Register(Op{}) }

// state is what the log makes of a group.
type state struct {
	Config, Prev shardctrler.Config
	Phase        [n]int
	Data         [n]Data
	Gone         map[int]map[int]Data // by configuration and shard: what was given up and not dropped yet
	Applied      int
}

type waiter struct {
	op   Op
	done chan Reply
}

// Server is a server of a group.
type Server struct {
	rf        *raft.Raft
	gid       int
	limit     int
	persister *raft.Persister
	makeEnd   func(string) *labrpc.ClientEnd
	ctrler    *shardctrler.Clerk

	mu      sync.Mutex
	s       state
	waiters map[int]waiter // by index
	ends    map[string]*labrpc.ClientEnd
	dead    chan struct{}
}

// Start starts a server, as the course's StartServer does. Applies pass the gate.
func Start(servers []*labrpc.ClientEnd, me int, persister *raft.Persister, limit, gid int, ctrlers []*labrpc.ClientEnd,
	makeEnd func(string) *labrpc.ClientEnd, gate func(), options ...raft.Option) *Server {
	kv := &Server{gid: gid, limit: limit, persister: persister, makeEnd: makeEnd, ctrler: shardctrler.MakeClerk(ctrlers),
		waiters: map[int]waiter{}, ends: map[string]*labrpc.ClientEnd{}, dead: make(chan struct{})}
	kv.restore(persister.ReadSnapshot())
	applyCh := make(chan raft.ApplyMsg)
	kv.rf = raft.Make(servers, me, persister, applyCh, options...)
	go kv.read(applyCh, gate)
	go kv.tick()
	return kv
}

// Raft is the server's Raft.
func (kv *Server) Raft() *raft.Raft { return kv.rf }

// Kill stops the server.
func (kv *Server) Kill() {
	close(kv.dead)
	kv.rf.Kill()
}

func (kv *Server) restore(b []byte) {
	kv.s = state{}
	if len(b) > 0 && labgob.NewDecoder(bytes.NewReader(b)).Decode(&kv.s) != nil {
		panic("tinyshard: a damaged snapshot")
	}
	for i := range n {
		kv.s.Data[i] = kv.s.Data[i].copy()
	}
	if kv.s.Gone == nil {
		kv.s.Gone = map[int]map[int]Data{}
	}
}

func (kv *Server) read(applyCh chan raft.ApplyMsg, gate func()) {
	for {
		select {
		case m := <-applyCh:
			gate()
			kv.mu.Lock()
			if m.SnapshotValid && m.SnapshotIndex > kv.s.Applied {
				kv.restore(m.Snapshot)
			}
			var snapshot []byte
			if m.CommandValid && m.CommandIndex > kv.s.Applied {
				kv.s.Applied = m.CommandIndex
				op, _ := m.Command.(Op)
				reply := kv.apply(op)
				if w, ok := kv.waiters[m.CommandIndex]; ok {
					delete(kv.waiters, m.CommandIndex)
					if w.op.Client != op.Client || w.op.Seq != op.Seq || w.op.Kind != op.Kind || w.op.Shard != op.Shard {
						reply = Reply{Err: wrongLeader}
					}
					w.done <- reply
				}
				if kv.limit >= 0 && kv.persister.RaftStateSize() > kv.limit {
					var b bytes.Buffer
					labgob.NewEncoder(&b).Encode(kv.s)
					snapshot = b.Bytes()
				}
			}
			kv.mu.Unlock()
			if snapshot != nil {
				kv.rf.Snapshot(m.CommandIndex, snapshot)
			}
		case <-kv.dead:
			return
		}
	}
}

// apply executes an entry; kv.mu is held.
func (kv *Server) apply(op Op) Reply {
	s := &kv.s
	switch op.Kind {
	case "get", "put", "append":
		i := shardOf(op.Key)
		if s.Phase[i] < serving {
			return Reply{Err: wrongGroup}
		}
		d := s.Data[i]
		if op.Kind == "get" {
			return Reply{Err: ok, Value: d.Pairs[op.Key]}
		}
		if op.Seq > d.Seqs[op.Client] {
			d.Seqs[op.Client] = op.Seq
			if op.Kind == "put" {
				d.Pairs[op.Key] = ""
			}
			d.Pairs[op.Key] += op.Value
		}
	case "config":
		if op.Config.Num != s.Config.Num+1 || s.busy() {
			break
		}
		s.Prev, s.Config = s.Config, op.Config
		for i := range n {
			was, is := s.Prev.Shards[i] == kv.gid, s.Config.Shards[i] == kv.gid
			switch {
			case is && s.Prev.Shards[i] == 0:
				s.Phase[i], s.Data[i] = serving, Data{}.copy()
			case is && !was:
				s.Phase[i] = pulling
			case was && !is:
				if s.Gone[op.Config.Num] == nil {
					s.Gone[op.Config.Num] = map[int]Data{}
				}
				s.Gone[op.Config.Num][i] = s.Data[i]
				s.Phase[i], s.Data[i] = absent, Data{}.copy()
			}
		}
	case "install":
		if op.Num == s.Config.Num && s.Phase[op.Shard] == pulling {
			s.Phase[op.Shard], s.Data[op.Shard] = thanking, op.Data.copy()
		}
	case "drop":
		delete(s.Gone[op.Num], op.Shard)
		if len(s.Gone[op.Num]) == 0 {
			delete(s.Gone, op.Num)
		}
	case "thanked":
		if op.Num == s.Config.Num && s.Phase[op.Shard] == thanking {
			s.Phase[op.Shard] = serving
		}
	}
	return Reply{Err: ok}
}

func (s *state) busy() bool {
	for _, p := range s.Phase {
		if p == pulling || p == thanking {
			return true
		}
	}
	return false
}

// submit puts an entry into the log, and waits for what comes of it.
func (kv *Server) submit(op Op) Reply {
	index, term, leads := kv.rf.Start(op)
	if !leads {
		return Reply{Err: wrongLeader}
	}
	done := make(chan Reply, 1)
	kv.mu.Lock()
	if index <= kv.s.Applied { // so fast?
		kv.mu.Unlock()
		return Reply{Err: wrongLeader}
	}
	kv.waiters[index] = waiter{op, done}
	kv.mu.Unlock()
	for {
		select {
		case r := <-done:
			return r
		case <-time.After(100 * time.Millisecond):
			if now, leads := kv.rf.GetState(); now != term || !leads {
				return Reply{Err: wrongLeader}
			}
		case <-kv.dead:
			return Reply{Err: wrongLeader}
		}
	}
}

// Do is the RPC of clients.
func (kv *Server) Do(args *Op, reply *Reply) {
	switch args.Kind {
	case "get", "put", "append":
		*reply = kv.submit(*args)
	}
}

// MoveArgs names a shard that has moved.
type MoveArgs struct{ Shard, Num int }

// PullReply is a shard.
type PullReply struct {
	Err  string
	Data Data
}

// Pull is the RPC by which the new owner gets a shard.
func (kv *Server) Pull(args *MoveArgs, reply *PullReply) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	if d, found := kv.s.Gone[args.Num][args.Shard]; found {
		reply.Err, reply.Data = ok, d.copy()
	}
}

// Drop is the RPC by which the new owner says that it has the shard.
func (kv *Server) Drop(args *MoveArgs, reply *Reply) {
	kv.mu.Lock()
	_, found := kv.s.Gone[args.Num][args.Shard]
	passed := kv.s.Config.Num >= args.Num
	kv.mu.Unlock()
	if passed && !found {
		reply.Err = ok
		return
	}
	*reply = kv.submit(Op{Kind: "drop", Shard: args.Shard, Num: args.Num})
}

// tick has the leader see to whatever is to be done.
func (kv *Server) tick() {
	began := 0
	for {
		select {
		case <-time.After(40 * time.Millisecond):
		case <-kv.dead:
			return
		}
		term, leads := kv.rf.GetState()
		if !leads {
			continue
		}
		if term != began { // so that what earlier leaders have left is committed
			began = term
			kv.rf.Start(Op{})
		}
		kv.mu.Lock()
		s := kv.s
		kv.mu.Unlock()
		if !s.busy() {
			if next := kv.ctrler.Query(s.Config.Num + 1); next.Num == s.Config.Num+1 {
				kv.submit(Op{Kind: "config", Config: next})
			}
			continue
		}
		var all sync.WaitGroup
		for i, phase := range s.Phase {
			names := s.Prev.Groups[s.Prev.Shards[i]]
			switch phase {
			case pulling:
				all.Go(func() { kv.pull(i, s.Config.Num, names) })
			case thanking:
				all.Go(func() { kv.thank(i, s.Config.Num, names) })
			}
		}
		all.Wait()
	}
}

func (kv *Server) pull(i, num int, names []string) {
	for _, name := range names {
		var reply PullReply
		if kv.end(name).Call("Server.Pull", &MoveArgs{i, num}, &reply) && reply.Err == ok {
			kv.submit(Op{Kind: "install", Shard: i, Num: num, Data: reply.Data})
			return
		}
	}
}

func (kv *Server) thank(i, num int, names []string) {
	for _, name := range names {
		var reply Reply
		if kv.end(name).Call("Server.Drop", &MoveArgs{i, num}, &reply) && reply.Err == ok {
			kv.submit(Op{Kind: "thanked", Shard: i, Num: num})
			return
		}
	}
}

func (kv *Server) end(name string) *labrpc.ClientEnd {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	if kv.ends[name] == nil {
		kv.ends[name] = kv.makeEnd(name)
	}
	return kv.ends[name]
}
