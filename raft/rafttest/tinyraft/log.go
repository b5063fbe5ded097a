package tinyraft

import (
	"bytes"

	"6.824/labgob"
)

// Entry is an entry of the log.
type Entry struct {
	Term    int
	Command any
}

// A log is what comes behind the snapshot.
type log struct {
	base    int     // the index that the snapshot ends at
	entries []Entry // the first stands for the one at base, and has only a term
}

func (l *log) last() int              { return l.base + len(l.entries) - 1 }
func (l *log) term(index int) int     { return l.entries[index-l.base].Term }
func (l *log) has(index int) bool     { return index >= l.base && index <= l.last() }
func (l *log) from(index int) []Entry { return append([]Entry(nil), l.entries[index-l.base:]...) }
func (l *log) cut(index int)          { l.entries = l.entries[: index-l.base : index-l.base] }
func (l *log) startOf(term, at int) int { // the first index of a run of entries of term that ends at index at
	for at > l.base+1 && l.term(at-1) == term {
		at--
	}
	return at
}

// rebase drops everything up to index, whose entry has the given term. If that is not in the log, all is dropped.
func (l *log) rebase(index, term int) {
	kept := []Entry{{Term: term}}
	if l.has(index) && l.term(index) == term {
		kept = append(kept, l.entries[index-l.base+1:]...)
	}
	l.base, l.entries = index, kept
}

// state encodes what has to survive a crash, all of it.
func (rf *Raft) state() []byte {
	var b bytes.Buffer
	e := labgob.NewEncoder(&b)
	for _, v := range []any{rf.term, rf.votedFor, rf.log.base, rf.log.entries} {
		if err := e.Encode(v); err != nil {
			panic(err)
		}
	}
	return b.Bytes()
}

func (rf *Raft) persist()             { rf.persister.SaveRaftState(rf.state()) }
func (rf *Raft) persistWithSnapshot() { rf.persister.SaveStateAndSnapshot(rf.state(), rf.snapshot) }

// recover reads back what persist has written.
func (rf *Raft) recover() {
	rf.log.entries = []Entry{{}}
	state := rf.persister.ReadRaftState()
	if len(state) == 0 {
		return
	}
	var term, votedFor, base int
	var entries []Entry
	d := labgob.NewDecoder(bytes.NewReader(state))
	for _, v := range []any{&term, &votedFor, &base, &entries} {
		if err := d.Decode(v); err != nil {
			panic(err)
		}
	}
	rf.term, rf.votedFor, rf.log = term, votedFor, log{base, entries}
	rf.snapshot = rf.persister.ReadSnapshot()
	rf.commit, rf.applied = base, base
}
