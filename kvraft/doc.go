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
// [Client] takes contexts and returns errors, and has the further operations.
package kvraft
