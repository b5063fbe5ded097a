// Package consensus is Raft as a pure step function: events in; writes, messages and
// what is to be applied out. It is meant to be read with Figure 2 of "In Search of an
// Understandable Consensus Algorithm (Extended Version)" (Ongaro and Ousterhout) in
// the other hand; "dissertation" is Ongaro's "Consensus: Bridging Theory and Practice".
//
// A [Node] has no goroutine, no clock, no disk and no network. Whoever drives it
// (package raft does) calls [Node.Step] with each event and the time, then
// [Node.Take] for what is to be done: first the writes, and when they are durable the
// rest.
//
// Where to find Figure 2:
//
//	State                     node.go (Node), log.go, progress.go (nextIndex, matchIndex)
//	RequestVote RPC           election.go
//	AppendEntries RPC         replication.go
//	InstallSnapshot RPC       snapshot.go (Figure 13)
//	Rules for Servers         node.go (all servers), election.go (followers, candidates),
//	                          replication.go (leaders)
//
// and what goes beyond it:
//
//	pre-votes                 election.go       dissertation §9.6
//	stepping down             replication.go    dissertation §6.2 (checkQuorum)
//	reads without the log     read.go           dissertation §6.4
//	handing over the lead     transfer.go       dissertation §3.10
//	pipelining, flow control  progress.go       dissertation §10.2
//
// Messages may be lost, late, doubled and reordered: each says by itself what it is
// about. What can't be of any Raft is ignored, never a panic.
package consensus
