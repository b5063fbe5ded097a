package raft

import (
	"hash/crc32"
	"math/bits"

	"6.824/raft/consensus"
)

// A journal is the loop's hand on the disk: it turns what consensus wants durable into records. Nothing that
// depends on a change may leave the node before save has returned.
type journal struct {
	ps     *Persister
	owner  int
	hard   consensus.HardState
	base   base
	size   int   // of the state on disk, in bytes
	sizes  sizes // of the log's entries in there; the rest, but for a few bytes, is garbage
	rebase bool  // the next write has to be a new base
	buf    []byte
}

// Garbage is what later records made void: entries that were truncated, terms and votes. It may take up to
// half of the state, or this many bytes; then the state is written anew.
const minGarbage = 512

// openJournal reads back what is on the disk, and makes the caller the only one to write there from now on.
func openJournal(ps *Persister) (*journal, recovered, error) {
	j := &journal{ps: ps, owner: ps.own()}
	got, err := recoverState(ps.ReadRaftState(), ps.ReadSnapshot())
	if err != nil {
		return nil, got, err
	}
	j.hard, j.base, j.size = got.HardState, got.base, got.size
	j.sizes.reset(got.base.index + 1)
	for _, e := range got.Entries {
		j.sizes.push(entrySize(e))
	}
	j.rebase = got.size == 0 || got.torn // a torn record must go before anything is written behind it
	return j, got, nil
}

// save makes durable what out says must be, with one write. log gives the entry at an index, up to last, as
// they are after the change.
func (j *journal) save(out *consensus.Output, last int, log func(index int) consensus.Entry) error {
	if out.HardState == nil && out.Snapshot == nil && len(out.Entries) == 0 {
		return nil
	}
	if out.HardState != nil {
		j.hard = *out.HardState
	}
	if out.Snapshot != nil || j.rebase {
		return j.replace(out.Snapshot, last, log)
	}
	return j.append(out)
}

// append writes what has changed, at a cost that does not depend on what is there already.
func (j *journal) append(out *consensus.Output) error {
	rec, err := appendRecord(j.buf, out.HardState, out.First, out.Entries)
	if err != nil {
		return err
	}
	j.keep(rec)
	err = j.ps.write(j.owner, func(s Storage) error {
		if err := s.Append(rec); err != nil {
			return err
		}
		return s.Sync()
	})
	if err != nil {
		return err
	}
	j.size += len(rec)
	if len(out.Entries) > 0 {
		j.sizes.cut(out.First)
		rest := len(rec) // the first entry answers for the record's overhead
		for i := len(out.Entries) - 1; i > 0; i-- {
			rest -= entrySize(out.Entries[i])
		}
		j.sizes.push(rest)
		for _, e := range out.Entries[1:] {
			j.sizes.push(entrySize(e))
		}
	}
	garbage := j.size - j.sizes.total
	j.rebase = garbage > minGarbage && garbage > j.size/2
	return nil
}

// replace writes everything anew, with snap if it is not nil.
func (j *journal) replace(snap *consensus.Snapshot, last int, log func(index int) consensus.Entry) error {
	var snapshot []byte // nil keeps the present one
	if snap != nil {
		if snapshot = snap.Data; snapshot == nil {
			snapshot = []byte{}
		}
		j.base = base{index: snap.Index, term: snap.Term, size: len(snapshot), sum: crc32.Checksum(snapshot, castagnoli)}
	}
	j.sizes.reset(j.base.index + 1)
	rec, err := baseRecord(j.buf, j.base, j.hard, last-j.base.index, func(yield func(consensus.Entry) bool) {
		for i := j.base.index + 1; i <= last; i++ {
			e := log(i)
			j.sizes.push(entrySize(e))
			if !yield(e) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	j.keep(rec)
	if err := j.ps.write(j.owner, func(s Storage) error { return s.Replace(rec, snapshot) }); err != nil {
		return err
	}
	j.size, j.rebase = len(rec), false
	return nil
}

// keep keeps the memory of a record for the next, unless it is much more than an append needs.
func (j *journal) keep(rec []byte) {
	if j.buf = rec; cap(rec) > 1<<20 {
		j.buf = nil
	}
}

// sizes are the sizes of consecutive entries in bytes: what a truncation will make garbage. They are kept in
// chunks, so that pushing one costs the same however many there are.
type sizes struct {
	first, next int // of the entries with first ≤ index < next
	total       int
	chunks      []*[sizesPerChunk]int32 // by index / sizesPerChunk, less that of first
}

const sizesPerChunk = 1024

func (s *sizes) reset(first int) { *s = sizes{first: first, next: first} }

func (s *sizes) at(index int) *int32 {
	return &s.chunks[index/sizesPerChunk-s.first/sizesPerChunk][index%sizesPerChunk]
}

func (s *sizes) push(size int) {
	if s.next/sizesPerChunk-s.first/sizesPerChunk == len(s.chunks) {
		s.chunks = append(s.chunks, new([sizesPerChunk]int32))
	}
	*s.at(s.next) = int32(size)
	s.next++
	s.total += size
}

// cut forgets the entries from index on.
func (s *sizes) cut(index int) {
	for ; s.next > index; s.next-- {
		s.total -= int(*s.at(s.next - 1))
	}
}

// entrySize is the number of bytes that e takes in a record.
func entrySize(e consensus.Entry) int {
	return uvarintSize(uint64(e.Term)) + uvarintSize(uint64(len(e.Data))<<1) + len(e.Data)
}

func uvarintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
