package consensus

import "sort"

// Entry is an entry of the log: a command and the term in which a leader received it. Data is
// never changed.
type Entry struct {
	Term int
	Data []byte
	NoOp bool // made by the leader itself, to have committed something in its term
}

// log is the log: a snapshot of everything up to an index, and the entries after it. The first
// index of all is 1.
type log struct {
	snapshotIndex int
	snapshotTerm  int
	snapshot      []byte
	entries       []Entry // entries[0] has index snapshotIndex+1

	changed int // the first index that was written since the last Take; 0 if none was
}

func (l *log) lastIndex() int { return l.snapshotIndex + len(l.entries) }

func (l *log) lastTerm() int { return l.term(l.lastIndex()) }

// term is the term of the entry at index i, -1 if it is not known (beyond the end, or inside
// the snapshot).
func (l *log) term(i int) int {
	switch {
	case i == l.snapshotIndex:
		return l.snapshotTerm
	case i < l.snapshotIndex || i > l.lastIndex():
		return -1
	}
	return l.entries[i-l.snapshotIndex-1].Term
}

// slice returns the entries from index i to j, both included.
func (l *log) slice(i, j int) []Entry {
	return l.entries[i-l.snapshotIndex-1 : j-l.snapshotIndex : j-l.snapshotIndex]
}

// firstOf is the first index, above the snapshot, of the run of entries of one term that ends at
// index i.
func (l *log) firstOf(i int) int {
	term := l.term(i)
	n := sort.Search(i-l.snapshotIndex, func(k int) bool { return l.entries[k].Term >= term })
	return l.snapshotIndex + 1 + n
}

// lastOf is the last index of an entry of the given term, 0 if there is none. Terms never fall
// along the log.
func (l *log) lastOf(term int) int {
	n := sort.Search(len(l.entries), func(k int) bool { return l.entries[k].Term > term })
	if i := l.snapshotIndex + n; l.term(i) == term {
		return i
	}
	return 0
}

// write puts entries at index i and after it; what was there is gone.
func (l *log) write(i int, entries []Entry) {
	keep := i - l.snapshotIndex - 1
	if keep < len(l.entries) {
		// Messages and the disk may still hold slices of what is cut off: don't write over it.
		l.entries = l.entries[:keep:keep]
	}
	l.entries = append(l.entries, entries...)
	if l.changed == 0 || i < l.changed {
		l.changed = i
	}
}

// upToDate says whether a log that ends in (index, term) is at least as up-to-date as this one
// (§5.4.1).
func (l *log) upToDate(index, term int) bool {
	return term > l.lastTerm() || term == l.lastTerm() && index >= l.lastIndex()
}

// compact replaces everything up to index i by a snapshot. The entries after it stay if the log
// has the snapshot's last entry.
func (l *log) compact(i, term int, snapshot []byte) {
	var rest []Entry
	if l.term(i) == term {
		rest = append(rest, l.entries[i-l.snapshotIndex:]...) // copied, so that the others' memory is free
	}
	l.snapshotIndex, l.snapshotTerm, l.snapshot, l.entries = i, term, snapshot, rest
	if l.changed > 0 {
		l.changed = max(l.changed, i+1)
	}
	if l.changed > l.lastIndex() { // it was dropped before it was written
		l.changed = 0
	}
}
