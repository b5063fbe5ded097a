package raft_test

import "testing"

func TestInitialElection2A(t *testing.T) { suite.Test(t) }
func TestReElection2A(t *testing.T)      { suite.Test(t) }
func TestManyElections2A(t *testing.T)   { suite.Test(t) }

func TestBasicAgree2B(t *testing.T)       { suite.Test(t) }
func TestRPCBytes2B(t *testing.T)         { suite.Test(t) }
func TestFollowerFailure2B(t *testing.T)  { suite.Test(t) }
func TestLeaderFailure2B(t *testing.T)    { suite.Test(t) }
func TestFailAgree2B(t *testing.T)        { suite.Test(t) }
func TestFailNoAgree2B(t *testing.T)      { suite.Test(t) }
func TestConcurrentStarts2B(t *testing.T) { suite.Test(t) }
func TestRejoin2B(t *testing.T)           { suite.Test(t) }
func TestBackup2B(t *testing.T)           { suite.Test(t) }
func TestCount2B(t *testing.T)            { suite.Test(t) }

func TestPersist12C(t *testing.T) { suite.Test(t) }
func TestPersist22C(t *testing.T) { suite.Test(t) }
func TestPersist32C(t *testing.T) { suite.Test(t) }

func TestFigure82C(t *testing.T)           { suite.Test(t) }
func TestFigure8Unreliable2C(t *testing.T) { suite.Test(t) }
func TestFigure8Exactly(t *testing.T)      { suite.Test(t) }

func TestUnreliableAgree2C(t *testing.T) { suite.Test(t) }
func TestReliableChurn2C(t *testing.T)   { suite.Test(t) }
func TestUnreliableChurn2C(t *testing.T) { suite.Test(t) }

func TestSnapshotBasic2D(t *testing.T)             { suite.Test(t) }
func TestSnapshotInstall2D(t *testing.T)           { suite.Test(t) }
func TestSnapshotInstallUnreliable2D(t *testing.T) { suite.Test(t) }
func TestSnapshotInstallCrash2D(t *testing.T)      { suite.Test(t) }
func TestSnapshotInstallUnCrash2D(t *testing.T)    { suite.Test(t) }
func TestSnapshotAllCrash2D(t *testing.T)          { suite.Test(t) }

func TestFlappingLink(t *testing.T)          { suite.Test(t) }
func TestBridge(t *testing.T)                { suite.Test(t) }
func TestStar(t *testing.T)                  { suite.Test(t) }
func TestDeafLeader(t *testing.T)            { suite.Test(t) }
func TestLeaderWithoutMajority(t *testing.T) { suite.Test(t) }
func TestHopelessCandidate(t *testing.T)     { suite.Test(t) }
func TestDeposedLeadersAppends(t *testing.T) { suite.Test(t) }
func TestLeaderWithoutClients(t *testing.T)  { suite.Test(t) }

func TestOneServer(t *testing.T)      { suite.Test(t) }
func TestFourServers(t *testing.T)    { suite.Test(t) }
func TestSevenServers(t *testing.T)   { suite.Test(t) }
func TestNineServers(t *testing.T)    { suite.Test(t) }
func TestManyCandidates(t *testing.T) { suite.Test(t) }

func TestDuplicatesAndReordering(t *testing.T) { suite.Test(t) }
func TestLateMessages(t *testing.T)            { suite.Test(t) }
func TestLongChurn(t *testing.T)               { suite.Test(t) }
func TestLateVotes(t *testing.T)               { suite.Test(t) }
func TestLostReplies(t *testing.T)             { suite.Test(t) }
func TestOneWayCuts(t *testing.T)              { suite.Test(t) }
func TestDeadPeers(t *testing.T)               { suite.Test(t) }

func TestClockSkew(t *testing.T)   { suite.Test(t) }
func TestPauses(t *testing.T)      { suite.Test(t) }
func TestSlowService(t *testing.T) { suite.Test(t) }
func TestSlowDisk(t *testing.T)    { suite.Test(t) }

func TestCrashAtEveryWrite(t *testing.T) { suite.Test(t) }
func TestPowerFailures(t *testing.T)     { suite.Test(t) }
func TestVotesAreOnDisk(t *testing.T)    { suite.Test(t) }
func TestFailingDisk(t *testing.T)       { suite.Test(t) }

func TestCrashDuringInstall(t *testing.T)       { suite.Test(t) }
func TestLeaderCrashDuringInstall(t *testing.T) { suite.Test(t) }
func TestLateSnapshots(t *testing.T)            { suite.Test(t) }
func TestSnapshotOverConflicts(t *testing.T)    { suite.Test(t) }

func TestTransferUnderLoad(t *testing.T) { suite.Test(t) }
func TestTransferToLaggard(t *testing.T) { suite.Test(t) }

func TestReadsUnderLeaderChange(t *testing.T) { suite.Test(t) }
func TestReadAtDeposedLeader(t *testing.T)    { suite.Test(t) }
func TestReadWithLateAcks(t *testing.T)       { suite.Test(t) }
func TestReadAtNewLeader(t *testing.T)        { suite.Test(t) }

func TestSwarm(t *testing.T) { suite.Test(t) }
