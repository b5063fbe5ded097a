package kvraft_test

import (
	"testing"

	"6.824/kvraft"
	"6.824/kvraft/kvtest"
)

// suite tries the reference. It can do everything that the suite knows of.
var suite = kvtest.Suite(
	func(p kvtest.Peer) *kvraft.KVServer {
		kv := kvraft.StartKVServer(p.Ends, p.Me, p.Persister, p.MaxRaftState, p.Options()...)
		p.Serve(kv, kv.Raft())
		return kv
	},
	func(d kvtest.Dialer) *kvraft.Clerk { return kvraft.MakeClerk(d.Ends) },
	kvtest.WithClient(func(d kvtest.Dialer) *kvraft.Client { return kvraft.NewClient(d.Ends) }),
	kvtest.Can(kvtest.Expiry, kvtest.Machines),
)

func TestBasic3A(t *testing.T)                                                    { suite.Test(t) }
func TestSpeed3A(t *testing.T)                                                    { suite.Test(t) }
func TestConcurrent3A(t *testing.T)                                               { suite.Test(t) }
func TestUnreliable3A(t *testing.T)                                               { suite.Test(t) }
func TestUnreliableOneKey3A(t *testing.T)                                         { suite.Test(t) }
func TestOnePartition3A(t *testing.T)                                             { suite.Test(t) }
func TestManyPartitionsOneClient3A(t *testing.T)                                  { suite.Test(t) }
func TestManyPartitionsManyClients3A(t *testing.T)                                { suite.Test(t) }
func TestPersistOneClient3A(t *testing.T)                                         { suite.Test(t) }
func TestPersistConcurrent3A(t *testing.T)                                        { suite.Test(t) }
func TestPersistConcurrentUnreliable3A(t *testing.T)                              { suite.Test(t) }
func TestPersistPartition3A(t *testing.T)                                         { suite.Test(t) }
func TestPersistPartitionUnreliable3A(t *testing.T)                               { suite.Test(t) }
func TestPersistPartitionUnreliableLinearizable3A(t *testing.T)                   { suite.Test(t) }
func TestSnapshotRPC3B(t *testing.T)                                              { suite.Test(t) }
func TestSnapshotSize3B(t *testing.T)                                             { suite.Test(t) }
func TestSpeed3B(t *testing.T)                                                    { suite.Test(t) }
func TestSnapshotRecover3B(t *testing.T)                                          { suite.Test(t) }
func TestSnapshotRecoverManyClients3B(t *testing.T)                               { suite.Test(t) }
func TestSnapshotUnreliable3B(t *testing.T)                                       { suite.Test(t) }
func TestSnapshotUnreliableRecover3B(t *testing.T)                                { suite.Test(t) }
func TestSnapshotUnreliableRecoverConcurrentPartition3B(t *testing.T)             { suite.Test(t) }
func TestSnapshotUnreliableRecoverConcurrentPartitionLinearizable3B(t *testing.T) { suite.Test(t) }

func TestDuplicatedRequests(t *testing.T)    { suite.Test(t) }
func TestLostReplies(t *testing.T)           { suite.Test(t) }
func TestRetryAtNewLeader(t *testing.T)      { suite.Test(t) }
func TestLeaderChangeIsNoticed(t *testing.T) { suite.Test(t) }
func TestClientsCrash(t *testing.T)          { suite.Test(t) }
func TestSessionsExpire(t *testing.T)        { suite.Test(t) }

func TestReadAtDeposedLeader(t *testing.T) { suite.Test(t) }
func TestReadAtPausedLeader(t *testing.T)  { suite.Test(t) }
func TestReadAtNewLeader(t *testing.T)     { suite.Test(t) }
func TestReadWithLateAcks(t *testing.T)    { suite.Test(t) }

func TestCrashAtEveryWrite(t *testing.T) { suite.Test(t) }
func TestPowerFailures(t *testing.T)     { suite.Test(t) }
func TestFarBehindFollower(t *testing.T) { suite.Test(t) }
func TestSnapshotReplaces(t *testing.T)  { suite.Test(t) }

func TestHotKey(t *testing.T)          { suite.Test(t) }
func TestHundredClients(t *testing.T)  { suite.Test(t) }
func TestTenThousandKeys(t *testing.T) { suite.Test(t) }
func TestAnyBytes(t *testing.T)        { suite.Test(t) }

func TestCounters(t *testing.T)  { suite.Test(t) }
func TestLocks(t *testing.T)     { suite.Test(t) }
func TestScans(t *testing.T)     { suite.Test(t) }
func TestDeadlines(t *testing.T) { suite.Test(t) }

func TestSwarm(t *testing.T) { suite.Test(t) }
