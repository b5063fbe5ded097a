// Package raft is the Raft consensus algorithm with the API of the MIT 6.824 labs: a group of peers that
// agree on one sequence of commands, as long as a majority of them can talk to each other, whatever happens
// to the others and to the messages between them.
//
//	rf := raft.Make(peers, me, persister, applyCh)  // a peer that goes on where persister says
//	server.AddService(labrpc.MakeService(rf))       // through which the other peers reach it
//	index, term, isLeader := rf.Start(command)      // have a command agreed on
//	msg := <-applyCh                                // it was, and this is its place
//
// "Raft extended" is "In Search of an Understandable Consensus Algorithm (Extended Version)" by Ongaro and
// Ousterhout; "dissertation" is Ongaro's "Consensus: Bridging Theory and Practice".
//
// # What is guaranteed
//
//   - The services of all peers are sent the same commands in the same order, without gaps, on applyCh. Where
//     the log was compacted, a snapshot stands for the commands that it includes.
//   - What one service was sent, every service will be sent, also after crashes: votes and entries are on
//     disk before anybody hears of them.
//   - A command that Start took may get lost, if this leader fails. It is safe when it comes out of applyCh,
//     at the index and in the term that Start named. Another one at that index means that it is lost.
//   - A peer restarted from its disk is sent its snapshot, if there is one, and then all commands behind it
//     again.
//   - Nothing is assumed about time but for progress. (ReadIndex, too, does without.)
//   - No method but Snapshot, ReadIndex and TransferLeadership waits for the network or the disk; all return
//     at once when the peer is killed.
//
// # The map
//
// Consensus itself is in package consensus, a pure step function that can be read with Figure 2 of Raft
// extended in the other hand. This package is the thin shell around it, all that has to do with goroutines,
// time, disks and messages:
//
//	raft.go       Make, Start, Snapshot, Kill: the API
//	read.go       ReadIndex and TransferLeadership, which go beyond the course
//	options.go    what Make can be told
//	mailbox.go    everything that happens to a peer, in one order
//	loop.go       the one goroutine that handles it: step, write, send
//	rpc.go        requests to and from other peers
//	apply.go      the way to the service
//	clock.go      the peer's own time, and its one timer
//	observe.go    what can be seen from outside
//
//	persister.go  the course's Persister
//	storage.go    what it stands on, and the default: memory
//	journal.go    turns changes into writes, and keeps garbage down
//	record.go     the format on disk
//	recover.go    reading it back: what is torn, what is corrupt
//
// One event takes this way. A command (or a request, or a reply) is posted to the mailbox. The loop takes all
// that is there as a batch, steps consensus through it, and asks what is to be done: it writes term, vote and
// entries to disk, with one record and one sync; then, and only then, it sends the messages, lets the
// handlers reply, and hands what is committed to the applier, whose own goroutine waits for the service to
// read applyCh.
//
// # Determinism
//
// In a testing/synctest bubble, on a simulated network, a peer's history is a function of its seed
// ([WithRand]) and of what it is sent. A peer has one mailbox, and a loop that waits for nothing else; ticks
// are due by the clock, whatever woke the loop; and what a service does in answer to an ApplyMsg comes after
// everything else of that batch. A service keeps that up if whoever reads applyCh is the only one to call
// Snapshot, and if no two of its goroutines call Start in the same instant.
//
// # The disk
//
// The cost of a write depends on what changed, and not on the log: the state is a sequence of checksummed
// records, to which one is appended per batch. It is replaced when the log is compacted, atomically with the
// snapshot, and when half of it has become garbage. A record at the end that is not whole belongs to a write
// that a crash has cut short; it is dropped, and a warning logged. Any other damage is refused: see
// [CorruptError]. If a write fails, the peer is dead from then on, as if it had crashed; [Raft.Err] says why.
package raft
