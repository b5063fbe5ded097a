package consensus

import (
	"fmt"
	"strconv"
	"strings"
)

// How transcripts write things; testdata/README.md has it for their readers.

func server(id int) string {
	if id < 0 {
		return "nobody"
	}
	return fmt.Sprintf("S%d", id+1) // as in the paper's figures
}

func entryText(index int, e Entry) string {
	s := fmt.Sprintf("%d@%d", index, e.Term)
	if e.NoOp {
		return s + " (no-op)"
	}
	if len(e.Data) > 0 {
		s += " " + string(e.Data)
	}
	return s
}

func entriesText(first int, entries []Entry) string {
	if len(entries) == 0 {
		return "nothing"
	}
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = entryText(first+i, e)
	}
	return strings.Join(list, ", ")
}

func (p packet) String() string {
	return fmt.Sprintf("%s→%s %s", server(p.from), server(p.to), messageText(p.msg, p.request))
}

func messageText(msg, request Message) string {
	switch m := msg.(type) {
	case *RequestVoteArgs:
		name, notes := "RequestVote", ""
		if m.PreVote {
			name = "RequestVote (pre-vote)"
		}
		if m.Transfer {
			notes = ", as the leader wishes"
		}
		return fmt.Sprintf("%s: term %d, last %d@%d%s", name, m.Term, m.LastLogIndex, m.LastLogTerm, notes)
	case *RequestVoteReply:
		name, answer := "vote", "denied"
		if m.PreVote {
			name = "pre-vote"
		}
		if m.VoteGranted {
			answer = "granted"
		}
		return fmt.Sprintf("%s %s: term %d", name, answer, m.Term)
	case *AppendEntriesArgs:
		s := fmt.Sprintf("AppendEntries: term %d, prev %d@%d, %s, commit %d", m.Term, m.PrevLogIndex, m.PrevLogTerm, entriesText(m.PrevLogIndex+1, m.Entries), m.LeaderCommit)
		if m.Round > 0 {
			s += fmt.Sprintf(", round %d", m.Round)
		}
		return s
	case *AppendEntriesReply:
		return appendReplyText(m, request)
	case *InstallSnapshotArgs:
		s := fmt.Sprintf("InstallSnapshot: term %d, up to %d@%d, offset %d %q", m.Term, m.LastIncludedIndex, m.LastIncludedTerm, m.Offset, m.Data)
		if m.Done {
			s += ", done"
		}
		return s
	case *InstallSnapshotReply:
		switch {
		case m.Installed:
			return fmt.Sprintf("installed: term %d, up to %d", m.Term, m.LastIncludedIndex)
		case m.LastIncludedIndex == 0:
			return fmt.Sprintf("no: term %d", m.Term)
		}
		return fmt.Sprintf("go on: term %d, up to %d, offset %d", m.Term, m.LastIncludedIndex, m.Offset)
	case *TimeoutNowArgs:
		return fmt.Sprintf("TimeoutNow: term %d", m.Term)
	case *TimeoutNowReply:
		return fmt.Sprintf("as you wish: term %d", m.Term)
	}
	return fmt.Sprintf("%#v", msg)
}

func appendReplyText(m *AppendEntriesReply, request Message) string {
	round := ""
	if m.Round > 0 {
		round = fmt.Sprintf(", round %d", m.Round)
	}
	if m.Success {
		return fmt.Sprintf("yes: term %d, match %d%s", m.Term, m.Match, round)
	}
	why := ""
	if args, ok := request.(*AppendEntriesArgs); ok && m.Term > args.Term {
		why = "that is over"
	} else if m.ConflictTerm > 0 {
		why = fmt.Sprintf("there is one of term %d, the first of which is %d", m.ConflictTerm, m.ConflictIndex)
	} else {
		why = fmt.Sprintf("the first that is missing is %d", m.ConflictIndex)
	}
	return fmt.Sprintf("no: term %d, prev %d, %s%s", m.Term, m.PrevLogIndex, why, round)
}

// consequences is what a step has changed, and what came of it but messages.
func consequences(id int, before, after Status, out *Output) (lines []string) {
	say := func(format string, args ...any) {
		lines = append(lines, server(id)+" "+fmt.Sprintf(format, args...))
	}
	if h := out.HardState; h != nil {
		say("writes term %d, vote for %s", h.Term, server(h.VotedFor))
	}
	if s := out.Snapshot; s != nil {
		say("writes a snapshot up to %d@%d %q", s.Index, s.Term, s.Data)
	}
	if out.First > 0 && out.First <= before.LastIndex {
		say("cuts its log at %d", out.First)
	}
	if len(out.Entries) > 0 {
		say("writes %s", entriesText(out.First, out.Entries))
	}
	if after.Role != before.Role || after.Term != before.Term {
		say("is %s of term %d", after.Role, after.Term)
	}
	if after.Leader != before.Leader && after.Role == Follower {
		say("follows %s", server(after.Leader))
	}
	for _, p := range out.Proposed {
		if p.Index == 0 {
			say("does not take the command")
		}
	}
	var applied []string
	for _, a := range out.Apply {
		if a.Snapshot != nil {
			applied = append(applied, fmt.Sprintf("the snapshot up to %d %q", a.Index, a.Snapshot))
		} else {
			applied = append(applied, entryText(a.Index, Entry{a.Term, a.Data, a.NoOp}))
		}
	}
	if len(applied) > 0 {
		say("applies %s", strings.Join(applied, ", "))
	}
	for _, r := range out.Reads {
		if r.OK {
			say("answers read %d when it has applied %d", r.ID, r.Index)
		} else {
			say("fails read %d", r.ID)
		}
	}
	if t := out.Transferred; t != nil {
		answer := "failed"
		if t.OK {
			answer = "done"
		}
		say("transfer to %s: %s", server(t.To), answer)
	}
	return lines
}

// logsText draws all logs as the paper's figures do: the terms of the entries, and a bar after the last
// one that the server knows to be committed. A dot stands for an entry that the snapshot covers.
func (c *cluster) logsText() string {
	var b strings.Builder
	last := 0
	for _, m := range c.hosts {
		last = max(last, m.disk.lastIndex())
	}
	if last > 0 {
		b.WriteString("  ")
		for i := 1; i <= last; i++ {
			fmt.Fprintf(&b, "%3d", i)
		}
		b.WriteString("\n")
	}
	for id, m := range c.hosts {
		b.WriteString(server(id))
		commit, state := 0, "down"
		if m.node != nil {
			commit, state = m.node.commitIndex, m.node.role.String()
		}
		for i := 1; i <= last; i++ {
			term := ""
			switch {
			case i <= m.disk.SnapshotIndex:
				term = "·"
			case i <= m.disk.lastIndex():
				term = strconv.Itoa(m.disk.Entries[i-m.disk.SnapshotIndex-1].Term)
			}
			bar := " "
			if commit > 0 && i == commit+1 {
				bar = "|"
			}
			fmt.Fprintf(&b, "%s%2s", bar, term)
		}
		bar := " "
		if commit > 0 && commit == last {
			bar = "|"
		}
		fmt.Fprintf(&b, "%s  %s, term %d\n", bar, state, m.disk.Term)
	}
	return b.String()
}
