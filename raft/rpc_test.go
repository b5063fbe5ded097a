package raft

import (
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/labrpc"
	"6.824/raft/consensus"
)

// Every request has an end, and exactly one: the reply, or that it is lost. What a dead peer says is nothing.
func TestEveryRequestHasAnEnd(t *testing.T) {
	net := labrpc.MakeNetwork()
	defer net.Cleanup()
	serve := func(id int, rf *Raft) {
		srv := labrpc.MakeServer()
		srv.AddService(labrpc.MakeService(rf))
		net.AddServer(id, srv)
	}
	const alive, dead, missing, noEnd = 1, 2, 3, 4
	peer := Make(make([]*labrpc.ClientEnd, 5), alive, MakePersister(), make(chan ApplyMsg), quiet)
	defer peer.Kill()
	serve(alive, peer)
	serve(dead, Make(nil, dead, MakePersister(), make(chan ApplyMsg), quiet))

	l := stillLoop(t, MakePersister())
	l.rf.peers = make([]*labrpc.ClientEnd, 5)
	for to := range noEnd {
		l.rf.peers[to] = net.Dial(0, to)
	}
	for _, x := range [][2]consensus.Message{
		{&consensus.RequestVoteArgs{Term: 1}, &consensus.RequestVoteReply{}},
		{&consensus.AppendEntriesArgs{Term: 1}, &consensus.AppendEntriesReply{}},
		{&consensus.InstallSnapshotArgs{Term: 1}, &consensus.InstallSnapshotReply{}},
		{&consensus.TimeoutNowArgs{Term: 1}, &consensus.TimeoutNowReply{}},
	} {
		msg, reply := x[0], x[1]
		for _, to := range []int{alive, dead, missing, noEnd} {
			l.rf.send(to, msg)
			<-l.rf.box.wake
			events, _ := l.rf.box.take(nil)
			require.Len(t, events, 1)
			if to == alive {
				got := events[0].Event.(consensus.Receive)
				require.Equal(t, to, got.From)
				require.IsType(t, reply, got.Msg)
			} else {
				require.Equal(t, consensus.Lost{To: to, Msg: msg}, events[0].Event)
			}
		}
	}
}
