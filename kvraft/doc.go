// Package kvraft is a key/value store replicated by raft: clients talk to whichever
// server leads, and every acknowledged operation survives the crash of any minority.
//
// # What it promises
//
//   - Linearizability: each operation takes effect at one instant between its call and
//     its answer, the same for all clients. Reads included: they go through ReadIndex,
//     not the log, and see everything that was acknowledged before they were asked.
//   - Exactly once: a write that is retried, because an answer was lost or a leader
//     died, takes effect once (package raft/rsm).
//   - A bounded log: when raft's state passes maxraftstate a snapshot takes its place.
//
// Keys and values are any bytes, in strings; the empty ones too. A key is at most
// [MaxKey] bytes, a value [MaxValue].
//
// Every value has a version: 1 when it is created, one more with each change, 0 for a
// key that is not there. [Client.PutIf] writes only if the version is the expected one;
// [Lock] is made of that.
//
// # Clients
//
// [Clerk] is the course's: Get, Put, Append, which block until they have succeeded.
// [Client] takes contexts and returns errors, and has the further operations. Either
// remembers who led last, follows the hints of servers that don't lead, and pauses for
// 5 to 100 ms when it has asked them all in vain.
//
// A client's writes are made once by virtue of its session. A store keeps 65,536 of
// these and drops the one that was used least recently; a client opens another when it
// has been idle for 10 s. If a session is dropped while a write is under way, which
// takes that many other clients in the meantime, nobody knows any more whether it was
// executed: Client says [ErrMaybe], and Clerk, which can't, logs it and goes on.
//
// # How it is checked
//
// By the scenarios of package kvtest, each over many seeds, and `lab mutants kvraft`
// shows that each finds the bug that it is for:
//
//   - Linearizability: porcupine decides every history of every scenario. Stale reads in
//     particular: TestReadAtDeposedLeader, TestReadAtPausedLeader, TestReadAtNewLeader,
//     TestReadWithLateAcks.
//   - Exactly once: TestDuplicatedRequests, TestLostReplies, TestRetryAtNewLeader,
//     TestSessionsExpire.
//   - Nothing acknowledged is lost: TestCrashAtEveryWrite, TestPowerFailures, TestSwarm.
//   - A bounded log, and snapshots that replace what they should: TestSnapshotSize3B,
//     TestFarBehindFollower, TestSnapshotReplaces, TestTenThousandKeys.
//   - Nothing is completed in a minority, and clients go on when a majority is there
//     again: TestOnePartition3A, TestLeaderChangeIsNoticed, TestDeposedLeaderAnswers.
//   - Versions, locks, scans and contexts: TestCounters, TestLocks, TestScans,
//     TestDeadlines.
package kvraft
