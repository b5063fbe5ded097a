package shardctrler_test

import (
	"testing"

	"6.824/shardctrler"
	"6.824/shardctrler/ctrltest"
)

var suite = ctrltest.Suite(func(p ctrltest.Peer) ctrltest.Server {
	sc := shardctrler.StartServer(p.Ends, p.Me, p.Persister, p.Simulated)
	p.Serve(sc, sc.Raft())
	return sc
}, shardctrler.MakeClerk, ctrltest.Refuses(), ctrltest.Machines())

func TestBasic(t *testing.T)        { suite.Test(t) }
func TestMulti(t *testing.T)        { suite.Test(t) }
func TestMinimalAgain(t *testing.T) { suite.Test(t) }
func TestMoveHolds(t *testing.T)    { suite.Test(t) }
func TestRefusals(t *testing.T)     { suite.Test(t) }
func TestRetriesOnce(t *testing.T)  { suite.Test(t) }
func TestLeaderCrash(t *testing.T)  { suite.Test(t) }
func TestRestart(t *testing.T)      { suite.Test(t) }
func TestLinearizable(t *testing.T) { suite.Test(t) }
