package rafttest

import (
	"fmt"
	"strings"

	"6.824/labrpc/labtest"
	"6.824/raft"
	"6.824/raft/rafttest/invariant"
)

// storyteller tells of what changes in a server: its role and term, its vote, its log and what of that is committed.
func storyteller() func(labtest.Event) string {
	last := map[string]raft.Transition{}
	return func(e labtest.Event) string {
		switch now := e.State.(type) {
		case raft.Transition:
			was, known := last[e.Node]
			last[e.Node] = now
			if !known {
				was = raft.Transition{VotedFor: -1, Leader: -1}
			}
			return tell(was, now)
		case invariant.Applied:
			if now.Snapshot {
				return fmt.Sprintf("takes a snapshot up to %d", now.Index)
			}
			return fmt.Sprintf("applies %v at %d", now.Command, now.Index)
		}
		return ""
	}
}

// TellLeaders tells who leads, for services on this Raft: of more, their own stories would not be seen.
func TellLeaders() func(labtest.Event) string {
	leads := map[string]bool{}
	return func(e labtest.Event) string {
		now, ok := e.State.(raft.Transition)
		if !ok {
			return ""
		}
		was := leads[e.Node]
		switch leads[e.Node] = now.Role == raft.Leader; {
		case leads[e.Node] && !was:
			return fmt.Sprintf("leads term %d", now.Term)
		case was && !leads[e.Node]:
			return fmt.Sprintf("does not lead any more, in term %d", now.Term)
		}
		return ""
	}
}

func tell(was, now raft.Transition) string {
	var news []string
	say := func(format string, args ...any) { news = append(news, fmt.Sprintf(format, args...)) }
	switch {
	case now.Role != was.Role && now.Role == raft.Leader:
		say("leads term %d", now.Term)
	case now.Role != was.Role && now.Role != raft.Follower:
		say("is a %v in term %d", now.Role, now.Term)
	case now.Role != was.Role:
		say("is a follower again, in term %d", now.Term)
	case now.Term != was.Term:
		say("is in term %d", now.Term)
	}
	if now.VotedFor >= 0 && (now.VotedFor != was.VotedFor || now.Term != was.Term) && now.Role == raft.Follower {
		say("votes for raft/%d", now.VotedFor)
	}
	if now.Log != nil && (now.LastIndex != was.LastIndex || now.LastTerm != was.LastTerm) {
		say("has a log up to %d, of term %d", now.LastIndex, now.LastTerm)
	}
	if now.CommitIndex != was.CommitIndex {
		say("commits up to %d", now.CommitIndex)
	}
	if now.SnapshotIndex != was.SnapshotIndex {
		say("has a snapshot up to %d", now.SnapshotIndex)
	}
	return strings.Join(news, ", ")
}
