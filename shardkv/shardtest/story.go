package shardtest

import (
	"fmt"
	"strings"

	"6.824/labrpc/labtest"
	"6.824/raft/rafttest"
	"6.824/shardkv"
)

// storyteller tells who leads, which configuration a group takes, and what becomes of its shards: the first server that says so speaks for
// the group.
func storyteller() func(labtest.Event) string {
	leaders := rafttest.TellLeaders()
	latest := map[int]shardkv.Transition{}
	return func(e labtest.Event) string {
		now, ok := e.State.(shardkv.Transition)
		if !ok {
			return leaders(e)
		}
		was := latest[now.GID]
		if now.Moves <= was.Moves {
			return ""
		}
		latest[now.GID] = now
		return tell(was, now)
	}
}

// tell says what is new.
func tell(was, now shardkv.Transition) string {
	var news []string
	if now.Num != was.Num {
		news = append(news, fmt.Sprintf("group %d takes configuration %d", now.GID, now.Num))
	} else {
		news = append(news, fmt.Sprintf("group %d", now.GID))
	}
	shards := map[shardkv.State][]string{}
	for i, state := range now.States {
		if state != was.States[i] {
			shards[state] = append(shards[state], fmt.Sprint(i))
		}
	}
	for state := shardkv.Absent; state <= shardkv.Kept; state++ {
		if len(shards[state]) > 0 {
			news = append(news, fmt.Sprintf("%v %s", state, strings.Join(shards[state], " ")))
		}
	}
	return strings.Join(news, ", ")
}
