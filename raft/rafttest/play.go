package rafttest

import (
	"encoding/json"
	"slices"
	"time"

	"6.824/labrpc/labtest"
)

// play does what a client asked for in a run: "start" (a command), "read" (with ReadIndex), "transfer" (of the lead, to a server) and
// "recover" (see Recover; within a time). A client is an actor that asks for nothing else.
func (c *Cluster) play(l *Load, actor int, o labtest.Operation) {
	server := slices.Index(c.names, o.Node)
	switch o.Op {
	case "start":
		command := commandOf(o.Arg)
		if op, ok := command.(Op); ok {
			c.playOp(l, actor, op, server, l.submit)
		} else if server >= 0 {
			c.Start(server, command)
		}
	case "read":
		if op, ok := commandOf(o.Arg).(Op); ok && c.im.can[Reads] {
			c.playOp(l, actor, op, server, l.readIndex)
		}
	case "transfer":
		var to int
		if json.Unmarshal(o.Arg, &to) == nil && server >= 0 && to >= 0 && to < c.N && c.im.can[Transfers] {
			c.transfer(server, to)
		}
	case "recover":
		var within string
		json.Unmarshal(o.Arg, &within)
		if d, err := time.ParseDuration(within); err == nil && d > 0 {
			c.Recover(d)
		}
	default:
		c.Violate("the case makes sense", "", "clients of a Raft can't ask for %q, only for start, read, transfer and recover.", o.Op)
	}
}

// playOp has a client of its own try an operation once.
func (c *Cluster) playOp(l *Load, client int, op Op, server int, try func(server int, op Op) (int, answer)) {
	if server < 0 {
		return
	}
	returned := l.history.Invoke(client, op)
	if value, what := try(server, op); what == done {
		returned(value)
	}
}

// commandOf reads a command: a number, a text, or an Op. A text stands for any other.
func commandOf(arg json.RawMessage) any {
	var n int
	if json.Unmarshal(arg, &n) == nil {
		return n
	}
	var op Op
	if json.Unmarshal(arg, &op) == nil {
		return op
	}
	var text string
	if json.Unmarshal(arg, &text) == nil {
		return text
	}
	return string(arg)
}
