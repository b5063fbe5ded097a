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
