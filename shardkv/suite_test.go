package shardkv_test

import (
	"testing"

	"6.824/labrpc"
	"6.824/shardkv"
	"6.824/shardkv/shardtest"
)

var suite = shardtest.Suite(shardtest.Implementation{
	Server: func(p shardtest.Peer) shardtest.Server {
		kv := shardkv.StartServer(p.Ends, p.Me, p.Persister, p.MaxRaftState, p.GID, p.Ctrlers, p.Dial,
			shardkv.WithConfig(p.Simulated), shardkv.WithObserver(func(t shardkv.Transition) { p.Node.Report("moved", t) }))
		p.Serve(kv, kv.Raft())
		return kv
	},
	Clerk: func(ctrlers []*labrpc.ClientEnd, makeEnd func(string) *labrpc.ClientEnd) shardtest.Clerk {
		return shardkv.MakeClerk(ctrlers, makeEnd)
	},
}, shardtest.Can(shardtest.Machines, shardtest.Keeping))

func TestStaticShards(t *testing.T)         { suite.Test(t) }
func TestJoinLeave(t *testing.T)            { suite.Test(t) }
func TestSnapshot(t *testing.T)             { suite.Test(t) }
func TestMissChange(t *testing.T)           { suite.Test(t) }
func TestConcurrent1(t *testing.T)          { suite.Test(t) }
func TestConcurrent2(t *testing.T)          { suite.Test(t) }
func TestConcurrent3(t *testing.T)          { suite.Test(t) }
func TestUnreliable1(t *testing.T)          { suite.Test(t) }
func TestUnreliable2(t *testing.T)          { suite.Test(t) }
func TestUnreliable3(t *testing.T)          { suite.Test(t) }
func TestChallenge1Delete(t *testing.T)     { suite.Test(t) }
func TestChallenge1Concurrent(t *testing.T) { suite.Test(t) }
func TestChallenge2Unaffected(t *testing.T) { suite.Test(t) }
func TestChallenge2Partial(t *testing.T)    { suite.Test(t) }
func TestBackAndForth(t *testing.T)         { suite.Test(t) }
func TestControllerGone(t *testing.T)       { suite.Test(t) }
func TestGroupsRestart(t *testing.T)        { suite.Test(t) }
func TestCrashAtEachStep(t *testing.T)      { suite.Test(t) }
func TestCutOffAtEachStep(t *testing.T)     { suite.Test(t) }
func TestOneWayBetweenGroups(t *testing.T)  { suite.Test(t) }
func TestUnmoved(t *testing.T)              { suite.Test(t) }
func TestManyGroups(t *testing.T)           { suite.Test(t) }
func TestKept(t *testing.T)                 { suite.Test(t) }
func TestRetriesMove(t *testing.T)          { suite.Test(t) }
func TestReconfigurations(t *testing.T)     { suite.Test(t) }
