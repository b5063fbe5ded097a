// Package shardkv is a key/value store whose keys are spread over many replica groups. Package
// shardctrler says which group serves which shard; groups come and go, and shards move between
// them while clients go on reading and writing.
//
// # What it promises
//
//   - Linearizability, of each key, across all moves of its shard. Reads don't go through the log.
//   - Exactly once: a write that is retried takes effect once, even if the first try was executed by
//     one group and the retry reaches another. What a shard remembers of its clients moves with it.
//   - Nothing is lost: a shard is at one group, or on its way from one to another; the old owner keeps its copy until the
//     new one has it in its log, and no longer. A shard that a configuration gives to nobody is kept.
//   - A change holds up only the shards that move, each until it has arrived, whatever becomes of the others.
//   - A bounded log: when raft's state passes maxraftstate a snapshot takes its place.
//
// # A shard's life
//
// A group takes the configurations one at a time, in order, each by an entry of its log, and the
// next one when all shards have come and gone as the last one has it. In between each shard
// is in one of five states at each group:
//
//	             given to us, was nobody's
//	       ┌────────────────────────────────────┐
//	       │                                    ▼
//	   ┌────────┐ given to us ┌──────────┐ installed ┌─────────┐
//	─▶ │ Absent │ ──────────▶ │ Awaiting │ ────────▶ │ Serving │
//	   └────────┘             └──────────┘           └─────────┘
//	       ▲                                          │   │  ▲
//	       │ forgotten: they                          │   │  │ given to us again
//	       │ have it           ┌─────────┐   given to │   │  │
//	       └────────────────── │ Leaving │ ◀──────────┘   │  │
//	                           └─────────┘    another     ▼  │
//	                                ▲                  ┌──────┐
//	                                └───────────────── │ Kept │
//	                                 given to another  └──────┘
//
// The arrows are entries of the group's log and nothing else: a configuration, the installation of a shard, and
// that one was forgotten. An entry that comes twice, or too late, finds another state or another
// configuration's number, and does nothing.
//
// Shards are pushed. The leader of a group with a Leaving shard sends it to the new owner until that
// says that it has it installed, which ends it for both: the new owner owes nobody an answer afterwards. A leader that dies
// is followed by one that sends it again. The new owner refuses a shard of a configuration that it has not taken yet, and learns
// by the way that there is one.
//
// No two groups can wait for each other for ever. Of all groups, those with the lowest configuration n are
// waiting only for others that have it or a later one: which send them what they await, or have done so before they went
// on, and take what they send.
//
// # Checks
//
// Package shardtest is the suite; `lab mutants shardkv` shows which bugs it finds.
package shardkv
