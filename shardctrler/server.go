package shardctrler

import (
	"context"

	"6.824/labrpc"
	"6.824/raft"
	"6.824/raft/rsm"
	"6.824/raft/rsm/clerk"
)

// ShardCtrler is one server of the controller.
type ShardCtrler struct {
	rf      *raft.Raft
	me      int
	configs *machine
	rsm     *rsm.Server[op, result]
}

// snapshotAt is the size of raft's state in bytes at which a snapshot is taken.
const snapshotAt = 1 << 18

// StartServer starts server me of servers, with what its persister holds.
func StartServer(servers []*labrpc.ClientEnd, me int, persister *raft.Persister, options ...Option) *ShardCtrler {
	config := rsm.Config{Servers: servers, Me: me, Persister: persister, MaxRaftState: snapshotAt}
	for _, o := range options {
		o(&config)
	}
	sc := &ShardCtrler{me: me, configs: newMachine()}
	sc.rsm = rsm.Start[op, result](sc.configs, config)
	sc.rf = sc.rsm.Raft()
	return sc
}

// Option changes how a server that is being started runs.
type Option func(*rsm.Config)

// Raft is the server's Raft.
func (sc *ShardCtrler) Raft() *raft.Raft { return sc.rf }

// Kill stops the server.
func (sc *ShardCtrler) Kill() { sc.rsm.Kill() }

// Open is the RPC that opens a session.
func (sc *ShardCtrler) Open(args *OpenArgs, reply *OpenReply) {
	session, err := sc.rsm.Open(context.Background())
	reply.Session, reply.Answer = session, clerk.AnswerOf(err, sc.me, sc.rf)
}

// Change is the RPC for requests that make a configuration.
func (sc *ShardCtrler) Change(args *ChangeArgs, reply *ChangeReply) {
	result, err := sc.rsm.Submit(context.Background(), rsm.Request{Session: args.Session, Seq: args.Seq}, args.Op)
	reply.Result, reply.Answer = result, clerk.AnswerOf(err, sc.me, sc.rf)
}

// Query is the RPC that reads a configuration.
func (sc *ShardCtrler) Query(args *QueryArgs, reply *QueryReply) {
	err := sc.rsm.Read(context.Background(), func() { reply.Config = sc.configs.at(args.Num) })
	reply.Answer = clerk.AnswerOf(err, sc.me, sc.rf)
}
