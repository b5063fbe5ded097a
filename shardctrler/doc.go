// Package shardctrler is the shard controller: a replicated service that says which
// replica group serves which of the [NShards] shards, in a numbered sequence of
// configurations.
//
// # What it promises
//
//   - Configuration 0 has no groups, and its shards belong to gid 0, which is nobody. Every
//     Join, Leave and Move that succeeds makes the next configuration. None is ever changed.
//   - After a Join or Leave no group has more than one shard more than another has, and as few
//     shards as that allows have changed hands. The result is a function of the configuration
//     before and of the set of groups alone: the same on every replica.
//   - A Move puts one shard where it is wanted, balanced or not, until the next Join or Leave.
//   - All operations are linearizable, and a request that is retried changes the configuration
//     once (package raft/rsm).
//
// A request that can't be done (a Join of a group that is there, a Leave of one that is not) makes no
// configuration. [Client] says why; [Clerk], the course's client, logs it.
//
// The suite that checks this is package ctrltest, and the balance is held against a search of
// all possible ones.
package shardctrler
