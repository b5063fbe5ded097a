// Package rsm makes a replicated service of a plain state machine: it is the one
// layer between a service (kvraft, shardctrler, shardkv) and raft.
//
// A service provides a [Machine]: apply an operation, capture the state, restore
// it. It gets:
//
//   - [Server.Submit]: an operation goes through the log and comes back with its own
//     result, never with another's; a change of leader answers the waiter at once.
//   - Exactly once: a client opens a session ([Server.Open]) and numbers its
//     operations. A repeated number is answered from the session and not applied
//     again. Sessions are part of the replicated state and of its snapshots (Raft
//     extended §8; Ongaro's dissertation §6.3).
//   - [Server.Propose]: Submit for a machine that sees to that itself.
//   - [Server.Read]: a linearizable look at the state without a log entry, by
//     ReadIndex (dissertation §6.4).
//   - Snapshots when the raft state passes a limit. The machine captures its state in
//     no time; it is encoded while the service goes on.
//   - Back-pressure: beyond a number of operations in flight, [ErrBusy].
//
// # Sessions
//
// A session's number is the log index of the entry that opened it, so no two are
// alike and nobody needs to draw random numbers. At most Config.MaxSessions are kept:
// when one more is opened, the one whose last operation lies furthest back in the log
// is dropped, on every replica at the same point of the log. An operation of a
// session that was dropped is refused with [ErrSessionExpired] and not applied: only
// whether an earlier attempt at it was, is then unknown. So a million short-lived
// clients leave no more state behind than MaxSessions of them.
package rsm
