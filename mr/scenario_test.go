package mr_test

import "testing"

func TestWordCount(t *testing.T)            { suite.Test(t) }
func TestMoreWorkersThanTasks(t *testing.T) { suite.Test(t) }
func TestOneOfEach(t *testing.T)            { suite.Test(t) }
func TestMapParallelism(t *testing.T)       { suite.Test(t) }
func TestReduceParallelism(t *testing.T)    { suite.Test(t) }
func TestJobCount(t *testing.T)             { suite.Test(t) }
func TestEarlyExit(t *testing.T)            { suite.Test(t) }
func TestCrash(t *testing.T)                { suite.Test(t) }
func TestLossyNetwork(t *testing.T)         { suite.Test(t) }
func TestCrashAtEveryWrite(t *testing.T)    { suite.Test(t) }
func TestCrashAtEveryMessage(t *testing.T)  { suite.Test(t) }
func TestDoubledMessages(t *testing.T)      { suite.Test(t) }
func TestLongTasks(t *testing.T)            { suite.Test(t) }
func TestZombies(t *testing.T)              { suite.Test(t) }
func TestLateMessages(t *testing.T)         { suite.Test(t) }
func TestLostFiles(t *testing.T)            { suite.Test(t) }
func TestTornFiles(t *testing.T)            { suite.Test(t) }
func TestLocalDisks(t *testing.T)           { suite.Test(t) }
func TestFullDisks(t *testing.T)            { suite.Test(t) }
func TestSlowDisks(t *testing.T)            { suite.Test(t) }
func TestLostOnReport(t *testing.T)         { suite.Test(t) }
func TestOneWorkerLives(t *testing.T)       { suite.Test(t) }
func TestSwarm(t *testing.T)                { suite.Test(t) }
func TestCoordinatorCrash(t *testing.T)     { suite.Test(t) }
func TestCoordinatorRestarts(t *testing.T)  { suite.Test(t) }
func TestStraggler(t *testing.T)            { suite.Test(t) }
func TestAttemptsDoNotMix(t *testing.T)     { suite.Test(t) }
func TestBadRecords(t *testing.T)           { suite.Test(t) }
func TestDeadlyRecords(t *testing.T)        { suite.Test(t) }
func TestLocality(t *testing.T)             { suite.Test(t) }
