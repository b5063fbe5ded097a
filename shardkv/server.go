package shardkv

import (
	"context"
	"sync"
	"sync/atomic"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rsm"
	"6.824/raft/rsm/clerk"
	"6.824/shardctrler"
)

// ShardKV is one server of a replica group.
type ShardKV struct {
	rf      *raft.Raft
	me      int
	gid     int
	machine *machine
	rsm     *rsm.Server[op, result]
	view    atomic.Pointer[view] // of the last entry applied that moved anything

	ctx     context.Context // ends with Kill
	stop    context.CancelFunc
	ctrler  *shardctrler.Client
	makeEnd func(string) *labrpc.ClientEnd
	news    chan struct{}             // holds a token when there may be a new configuration to take
	parting [nShards]chan struct{}    // holds a token when the shard may have begun to leave
	mu      sync.Mutex                // guards the next
	groups  map[string]*clerk.Servers // by their servers' names
}

// StartServer starts server me of the group gid, whose servers are servers, with what its persister holds. A snapshot is
// taken when raft's state nears maxraftstate bytes, never if that is -1. The group is told what to serve by the
// controller behind ctrlers. makeEnd turns a server's name, as it is in a configuration, into an end to it.
func StartServer(servers []*labrpc.ClientEnd, me int, persister *raft.Persister, maxraftstate int, gid int,
	ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd, opts ...Option) *ShardKV {
	o := options{Config: rsm.Config{Servers: servers, Me: me, Persister: persister, MaxRaftState: maxraftstate}}
	for _, opt := range opts {
		opt(&o)
	}
	if o.MaxSessions == 0 {
		o.MaxSessions = maxClients
	}
	kv := &ShardKV{me: me, gid: gid, ctrler: shardctrler.NewClient(ctrlers), makeEnd: makeEnd, news: make(chan struct{}, 1), groups: map[string]*clerk.Servers{}}
	kv.ctx, kv.stop = context.WithCancel(context.Background())
	for i := range kv.parting {
		kv.parting[i] = make(chan struct{}, 1)
	}
	kv.view.Store(&view{})
	kv.machine = newMachine(gid, o.MaxSessions, func(v view) {
		kv.view.Store(&v)
		if o.observe != nil {
			o.observe(Transition{gid, v.moves, v.config.Num, v.states})
		}
		notify(kv.news)
		for i := range v.states {
			if v.states[i] == Leaving {
				notify(kv.parting[i])
			}
		}
	})
	kv.rsm = rsm.Start[op, result](kv.machine, o.Config)
	kv.rf = kv.rsm.Raft()
	go kv.follow()
	for i := range nShards {
		go kv.handOver(i)
	}
	return kv
}

// maxClients is how many clients a shard remembers.
const maxClients = 1 << 16

// Option changes how a server that is being started runs.
type Option func(*options)

type options struct {
	rsm.Config
	observe func(Transition)
}

// WithConfig has f change how the server's replicated state machine runs. MaxSessions is the number of clients that a shard
// remembers.
func WithConfig(f func(*rsm.Config)) Option { return func(o *options) { f(&o.Config) } }

// WithObserver has f called with every Transition of the server. It must not block.
func WithObserver(f func(Transition)) Option { return func(o *options) { o.observe = f } }

// Transition is what a server's shards look like after an entry that moved something. All servers of a group go through the
// same ones.
type Transition struct {
	GID    int
	Moves  int64 // it is the transition of this number
	Num    int   // of the configuration
	States [nShards]State
}

// notify leaves a token for whoever waits.
func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// Raft is the server's Raft.
func (kv *ShardKV) Raft() *raft.Raft { return kv.rf }

// Kill stops the server.
func (kv *ShardKV) Kill() {
	kv.stop()
	kv.rsm.Kill()
}

// leads says whether this server believes that it leads.
func (kv *ShardKV) leads() bool {
	_, leads := kv.rf.GetState()
	return leads
}

// Write is the RPC for operations that change something. What it has heard that this group does not serve does not go into the log:
// if it has heard too little, the client is told to try again, or that it lost the lead.
func (kv *ShardKV) Write(args *OpArgs, reply *OpReply) {
	var err error
	switch v := kv.view.Load(); {
	case args.Op.Kind < put || args.Op.Kind > remove || args.Op.Client <= 0 || args.Op.Seq <= 0:
		err = rsm.ErrBadOp
	case !kv.leads():
		err = rsm.ErrWrongLeader
	case v.states[key2shard(args.Op.Key)] != Serving:
		reply.Result = result{Err: v.states[key2shard(args.Op.Key)].refusal(), Num: v.config.Num}
	default:
		reply.Result, err = kv.rsm.Propose(context.Background(), args.Op)
	}
	reply.Answer = clerk.AnswerOf(err, kv.me, kv.rf)
}

// Read is the RPC for operations that change nothing.
func (kv *ShardKV) Read(args *OpArgs, reply *OpReply) {
	err := kv.rsm.Read(context.Background(), func() { reply.Result = kv.machine.look(args.Op.Key) })
	reply.Answer = clerk.AnswerOf(err, kv.me, kv.rf)
}

// Install is the RPC by which another group hands over a shard.
func (kv *ShardKV) Install(args *InstallArgs, reply *InstallReply) {
	reply.Answer = clerk.AnswerOf(nil, kv.me, kv.rf)
	v := kv.view.Load()
	switch {
	case args.Shard < 0 || args.Shard >= nShards:
		reply.Refusal = clerk.BadOp
		return
	case v.config.Num > args.Num || v.config.Num == args.Num && v.states[args.Shard] != Awaiting:
		reply.Err = OK // it was installed, or else this group could not have gone on
		return
	case !kv.leads():
		reply.Refusal = clerk.WrongLeader
		return
	case v.config.Num < args.Num:
		reply.Err = errNotYet
		notify(kv.news)
		return
	}
	if _, err := decodeShard(args.Content); err != nil {
		reply.Refusal = clerk.BadOp
		return
	}
	r, err := kv.rsm.Propose(context.Background(), op{Kind: install, Shard: args.Shard, Num: args.Num, Content: args.Content})
	reply.Err, reply.Answer = r.Err, clerk.AnswerOf(err, kv.me, kv.rf)
}
