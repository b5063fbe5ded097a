// Package tinykv is a key/value service as a student of the course writes it on top of a Raft of their own, here tinyraft: one mutex,
// a map, the last request of each client, all operations through the log. It shares no code and no idea of structure with the
// reference, and that is its purpose: the suite kvtest has to accept it.
//
// Besides what the course gives to StartKVServer and MakeClerk it needs random numbers, and a gate before it applies
// something, so that a run can be had again.
package tinykv

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"time"

	"6.824/labgob"
	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rafttest/tinyraft"
)

// Args are a request: the Seq-th of a client.
type Args struct {
	Client, Seq int64
	Kind        string // Get, Put or Append
	Key, Value  string
}

// Reply is the answer. If OK is false, the server has not done it, as far as it knows.
type Reply struct {
	OK    bool
	Value string
}

func init() { labgob.RegisterName("tinykv.Args", Args{}) }

// answerWithin is how long a server waits for a command to be committed.
const answerWithin = 500 * time.Millisecond

// Server is one server.
type Server struct {
	rf        *tinyraft.Raft
	persister *raft.Persister
	limit     int // of the Raft state, -1: none
	quit      chan struct{}

	mu      sync.Mutex
	dead    bool
	data    map[string]string
	last    map[int64]last // by client
	waiting map[int]waiter // by index
}

// last is what came of a client's last request.
type last struct {
	Seq   int64
	Value string
}

type waiter struct {
	client, seq int64
	reply       chan Reply // has room for one
}

// StartServer starts a server. r is its Raft's own from now on; gate is called before each message of the Raft is applied.
func StartServer(peers []*labrpc.ClientEnd, me int, persister *raft.Persister, maxraftstate int, r *rand.Rand, gate func()) *Server {
	kv := &Server{
		persister: persister, limit: maxraftstate, quit: make(chan struct{}),
		data: map[string]string{}, last: map[int64]last{}, waiting: map[int]waiter{},
	}
	kv.load(persister.ReadSnapshot())
	applyCh := make(chan raft.ApplyMsg)
	kv.rf = tinyraft.Make(peers, me, persister, applyCh, r)
	go kv.read(applyCh, gate)
	return kv
}

// Raft is the server's Raft.
func (kv *Server) Raft() *tinyraft.Raft { return kv.rf }

// Kill stops the server.
func (kv *Server) Kill() {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	if !kv.dead {
		kv.dead = true
		close(kv.quit)
		kv.rf.Kill()
	}
}

// Do is the RPC.
func (kv *Server) Do(args *Args, reply *Reply) {
	w := waiter{args.Client, args.Seq, make(chan Reply, 1)}
	kv.mu.Lock()
	index, _, ok := kv.rf.Start(*args)
	if !ok || kv.dead {
		kv.mu.Unlock()
		return
	}
	if other, ok := kv.waiting[index]; ok { // of an earlier lead, which is lost
		other.reply <- Reply{}
	}
	kv.waiting[index] = w
	kv.mu.Unlock()

	timeout := time.NewTimer(answerWithin)
	defer timeout.Stop()
	select {
	case *reply = <-w.reply:
	case <-kv.quit:
	case <-timeout.C:
		kv.mu.Lock()
		defer kv.mu.Unlock()
		if kv.waiting[index] == w {
			delete(kv.waiting, index)
		}
	}
}

// read applies what the Raft sends. It goes on for a while after the end, for the Raft may be about to send something.
func (kv *Server) read(applyCh chan raft.ApplyMsg, gate func()) {
	var gone <-chan time.Time
	quit := kv.quit
	for {
		select {
		case m := <-applyCh:
			if gone == nil {
				gate()
				kv.apply(m)
			}
		case <-quit:
			quit, gone = nil, time.After(10*time.Second)
		case <-gone:
			return
		}
	}
}

func (kv *Server) apply(m raft.ApplyMsg) {
	kv.mu.Lock()
	defer kv.mu.Unlock()
	if kv.dead {
		return
	}
	if m.SnapshotValid {
		kv.load(m.Snapshot)
		return
	}
	args, ok := m.Command.(Args)
	if !ok {
		return
	}
	value := kv.execute(args)
	if w, ok := kv.waiting[m.CommandIndex]; ok {
		delete(kv.waiting, m.CommandIndex)
		if w.client == args.Client && w.seq == args.Seq {
			w.reply <- Reply{true, value}
		} else {
			w.reply <- Reply{}
		}
	}
	if kv.limit > 0 && kv.persister.RaftStateSize() > kv.limit {
		kv.rf.Snapshot(m.CommandIndex, kv.save())
	}
}

// execute executes a request, unless it was the client's last.
func (kv *Server) execute(args Args) string {
	if kv.last[args.Client].Seq >= args.Seq {
		return kv.last[args.Client].Value
	}
	value := ""
	switch args.Kind {
	case "Get":
		value = kv.data[args.Key]
	case "Put":
		kv.data[args.Key] = args.Value
	case "Append":
		kv.data[args.Key] += args.Value
	}
	kv.last[args.Client] = last{args.Seq, value}
	return value
}

func (kv *Server) save() []byte {
	var b bytes.Buffer
	e := labgob.NewEncoder(&b)
	for _, v := range []any{kv.data, kv.last} {
		if err := e.Encode(v); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

func (kv *Server) load(snapshot []byte) {
	if len(snapshot) == 0 {
		return
	}
	data, lasts := map[string]string{}, map[int64]last{}
	d := labgob.NewDecoder(bytes.NewReader(snapshot))
	for _, v := range []any{&data, &lasts} {
		if err := d.Decode(v); err != nil {
			panic(err)
		}
	}
	kv.data, kv.last = data, lasts
}
