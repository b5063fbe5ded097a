package kvraft

import (
	"context"
	"errors"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rsm"
)

// KVServer is one server of the store.
type KVServer struct {
	rf    *raft.Raft
	me    int
	store *machine
	rsm   *rsm.Server[op, result]
}

// StartKVServer starts server me of servers, with what its persister holds. A snapshot is taken when
// raft's state nears maxraftstate bytes, never if that is -1.
func StartKVServer(servers []*labrpc.ClientEnd, me int, persister *raft.Persister, maxraftstate int, options ...Option) *KVServer {
	config := rsm.Config{Servers: servers, Me: me, Persister: persister, MaxRaftState: maxraftstate}
	for _, o := range options {
		o(&config)
	}
	kv := &KVServer{me: me, store: &machine{}}
	kv.rsm = rsm.Start[op, result](kv.store, config)
	kv.rf = kv.rsm.Raft()
	return kv
}

// Option changes how a server that is being started runs.
type Option func(*rsm.Config)

// Raft is the server's Raft.
func (kv *KVServer) Raft() *raft.Raft { return kv.rf }

// Kill stops the server.
func (kv *KVServer) Kill() { kv.rsm.Kill() }

// Open is the RPC that opens a session.
func (kv *KVServer) Open(args *OpenArgs, reply *OpenReply) {
	session, err := kv.rsm.Open(context.Background())
	reply.Session, reply.Answer = session, kv.answer(err)
}

// Write is the RPC for operations that change something.
func (kv *KVServer) Write(args *WriteArgs, reply *Reply) {
	result, err := kv.rsm.Submit(context.Background(), rsm.Request{Session: args.Session, Seq: args.Seq}, args.Op)
	reply.Result, reply.Answer = result, kv.answer(err)
}

// Read is the RPC for operations that change nothing.
func (kv *KVServer) Read(args *ReadArgs, reply *Reply) {
	err := kv.rsm.Read(context.Background(), func() { reply.Result = kv.store.look(args.Op) })
	reply.Answer = kv.answer(err)
}

func (kv *KVServer) answer(err error) Answer {
	a := Answer{Err: OK, Server: kv.me, Leader: kv.rf.Status().Leader}
	switch {
	case err == nil:
	case errors.Is(err, rsm.ErrSessionExpired), errors.Is(err, rsm.ErrStale):
		a.Err = errExpired
	case errors.Is(err, rsm.ErrBusy):
		a.Err = errBusy
	case errors.Is(err, rsm.ErrBadOp):
		a.Err = errBadOp
	default:
		a.Err = ErrWrongLeader
	}
	return a
}
