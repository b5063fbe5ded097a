package pow_test

import (
	"testing"

	"6.824/pow"
	"6.824/pow/powtest"
)

var suite = powtest.Suite(func(p powtest.Peer) (*pow.Node, error) { return pow.Make(p.Config) })

func TestConverge(t *testing.T)   { suite.Test(t) }
func TestRetarget(t *testing.T)   { suite.Test(t) }
func TestPartition(t *testing.T)  { suite.Test(t) }
func TestLateJoiner(t *testing.T) { suite.Test(t) }
func TestRing(t *testing.T)       { suite.Test(t) }
func TestLossy(t *testing.T)      { suite.Test(t) }
func TestTies(t *testing.T)       { suite.Test(t) }

func TestBadBlocks(t *testing.T)  { suite.Test(t) }
func TestMutated(t *testing.T)    { suite.Test(t) }
func TestTimeTooNew(t *testing.T) { suite.Test(t) }
func TestTimeWarp(t *testing.T)   { suite.Test(t) }
func TestBadBelow(t *testing.T)   { suite.Test(t) }
func TestWrongDates(t *testing.T) { suite.Test(t) }

func TestPayments(t *testing.T)       { suite.Test(t) }
func TestDoubleSpend(t *testing.T)    { suite.Test(t) }
func TestReturn(t *testing.T)         { suite.Test(t) }
func TestReplay(t *testing.T)         { suite.Test(t) }
func TestOrphanPayments(t *testing.T) { suite.Test(t) }

func TestCrash(t *testing.T)        { suite.Test(t) }
func TestCrashInReorg(t *testing.T) { suite.Test(t) }
func TestDisks(t *testing.T)        { suite.Test(t) }

func TestSwarm(t *testing.T) { suite.Test(t) }

func TestBadTxs(t *testing.T)         { suite.Test(t) }
func TestStall(t *testing.T)          { suite.Test(t) }
func TestNoBody(t *testing.T)         { suite.Test(t) }
func TestLocatorLoop(t *testing.T)    { suite.Test(t) }
func TestOrphanFlood(t *testing.T)    { suite.Test(t) }
func TestLowWorkFlood(t *testing.T)   { suite.Test(t) }
func TestTxFlood(t *testing.T)        { suite.Test(t) }
func TestFraming(t *testing.T)        { suite.Test(t) }
func TestHugeMessages(t *testing.T)   { suite.Test(t) }
func TestFalseInventory(t *testing.T) { suite.Test(t) }
func TestSybils(t *testing.T)         { suite.Test(t) }

func TestDeepReorg(t *testing.T) { suite.Test(t) }
func TestLessWork(t *testing.T)  { suite.Test(t) }
func TestTieStays(t *testing.T)  { suite.Test(t) }
func TestWithheld(t *testing.T)  { suite.Test(t) }
func TestDoublePay(t *testing.T) { suite.Test(t) }
func TestEclipse(t *testing.T)   { suite.Test(t) }
func TestStaleRate(t *testing.T) { suite.Test(t) }

func TestRace(t *testing.T)              { suite.Test(t) }
func TestNakamotoTable(t *testing.T)     { suite.Test(t) }
func TestSelfishMining(t *testing.T)     { suite.Test(t) }
func TestForksAgainstDelay(t *testing.T) { suite.Test(t) }
func TestBackbone(t *testing.T)          { suite.Test(t) }

func TestArithmetic(t *testing.T) { suite.Test(t) }
func TestHalving(t *testing.T)    { suite.Test(t) }
