package raft

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"iter"
	"math"

	"6.824/raft/consensus"
)

// The state on disk is a sequence of records. Each holds what one batch of events changed, so that a batch
// survives as a whole or not at all: a term without its vote, or entries without their term, are never seen.
//
//	record  = length (4 bytes, of the body) | checksum (4 bytes: CRC-32C of length and body) | body
//	body    = 'B' version base hard entries                     the base: the first record, and no other
//	        | 'A' hard first entries | 'A' hard                 an append; hard is 0 0 if it did not change
//	base    = snapshotIndex snapshotTerm snapshotSize checksum  of the snapshot (4 bytes)
//	hard    = term votedFor+1
//	entries = count, and that many of: term 2*length+noOp data
//
// Fixed-size numbers are little-endian, all others are varints. The base is written by Storage.Replace with
// everything that is known at that time, and so can't be torn; its entries begin behind the snapshot. All
// others are appended. The entries of an append take the place of any that were there from index first on.

const (
	headerSize    = 8
	kindBase      = 'B'
	kindAppend    = 'A'
	formatVersion = 1
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A base is the snapshot that a log begins behind.
type base struct {
	index, term int
	size        int    // of the snapshot, in bytes
	sum         uint32 // its CRC-32C
}

// openRecord begins a record in buf, whose memory it uses.
func openRecord(buf []byte, kind byte) []byte {
	return append(append(buf[:0], make([]byte, headerSize)...), kind)
}

// closeRecord fills in the header of the record that rec consists of.
func closeRecord(rec []byte) ([]byte, error) {
	body := rec[headerSize:]
	if len(body) > math.MaxUint32 {
		return nil, fmt.Errorf("a record of %d bytes is too long", len(body))
	}
	binary.LittleEndian.PutUint32(rec, uint32(len(body)))
	binary.LittleEndian.PutUint32(rec[4:], checksum(rec))
	return rec, nil
}

// checksum computes the checksum of the record that rec consists of.
func checksum(rec []byte) uint32 {
	return crc32.Update(crc32.Checksum(rec[:4], castagnoli), castagnoli, rec[headerSize:])
}

func appendBase(rec []byte, b base) []byte {
	rec = append(rec, formatVersion)
	rec = binary.AppendUvarint(rec, uint64(b.index))
	rec = binary.AppendUvarint(rec, uint64(b.term))
	rec = binary.AppendUvarint(rec, uint64(b.size))
	return binary.LittleEndian.AppendUint32(rec, b.sum)
}

func appendHard(rec []byte, h consensus.HardState) []byte {
	rec = binary.AppendUvarint(rec, uint64(h.Term))
	return binary.AppendUvarint(rec, uint64(h.VotedFor+1))
}

func appendEntry(rec []byte, e consensus.Entry) []byte {
	rec = binary.AppendUvarint(rec, uint64(e.Term))
	n := uint64(len(e.Data)) << 1
	if e.NoOp {
		n |= 1
	}
	rec = binary.AppendUvarint(rec, n)
	return append(rec, e.Data...)
}

// baseRecord returns the record of a whole state, in buf if it has the room.
func baseRecord(buf []byte, b base, h consensus.HardState, n int, entries iter.Seq[consensus.Entry]) ([]byte, error) {
	rec := appendHard(appendBase(openRecord(buf, kindBase), b), h)
	rec = binary.AppendUvarint(rec, uint64(n))
	for e := range entries {
		rec = appendEntry(rec, e)
	}
	return closeRecord(rec)
}

// appendRecord returns the record of a change, in buf if it has the room. h is nil if term and vote did not
// change.
func appendRecord(buf []byte, h *consensus.HardState, first int, entries []consensus.Entry) ([]byte, error) {
	rec := openRecord(buf, kindAppend)
	if h == nil {
		rec = append(rec, 0, 0)
	} else {
		rec = appendHard(rec, *h)
	}
	if len(entries) > 0 {
		rec = binary.AppendUvarint(rec, uint64(first))
		rec = binary.AppendUvarint(rec, uint64(len(entries)))
		for _, e := range entries {
			rec = appendEntry(rec, e)
		}
	}
	return closeRecord(rec)
}

// A record is a record that was read.
type record struct {
	kind    byte
	base    base                 // of a base record
	hard    *consensus.HardState // nil: unchanged
	first   int                  // index of the first entry; for a base, behind the snapshot
	entries []consensus.Entry    // their data shares the memory of the record
}

var (
	errIncomplete = errors.New("the state ends in the middle of the record")
	errChecksum   = errors.New("the checksum does not match")
)

// readRecord reads the first record of b and says how long it is. The length is meaningless if err is
// errIncomplete.
func readRecord(b []byte) (r record, size int, err error) {
	if len(b) < headerSize {
		return r, 0, errIncomplete
	}
	n := int64(binary.LittleEndian.Uint32(b))
	if n > int64(len(b)-headerSize) {
		return r, 0, errIncomplete
	}
	size = headerSize + int(n)
	if checksum(b[:size]) != binary.LittleEndian.Uint32(b[4:]) {
		return r, size, errChecksum
	}
	r, err = readBody(b[headerSize:size])
	return r, size, err
}

func readBody(b []byte) (r record, err error) {
	in := reader{b: b}
	r.kind = in.byte()
	switch r.kind {
	case kindBase:
		if v := in.byte(); v != formatVersion {
			return r, fmt.Errorf("format version %d, want %d", v, formatVersion)
		}
		r.base = base{index: in.int(), term: in.int(), size: in.int(), sum: in.uint32()}
		r.first = r.base.index + 1
	case kindAppend:
	default:
		return r, fmt.Errorf("unknown kind of record %q", r.kind)
	}
	if term, vote := in.int(), in.int(); r.kind == kindBase || term != 0 || vote != 0 {
		r.hard = &consensus.HardState{Term: term, VotedFor: vote - 1}
	}
	if r.kind == kindAppend && len(in.b) > 0 {
		r.first = in.int()
	}
	if r.first > 0 {
		r.entries = in.entries()
	}
	if in.bad || len(in.b) > 0 {
		return r, fmt.Errorf("the body does not parse, %d bytes before its end", len(in.b))
	}
	return r, nil
}

// A reader takes a record's body apart. Once something is missing, it is bad and gives zeros.
type reader struct {
	b   []byte
	bad bool
}

func (in *reader) take(n int) []byte {
	if in.bad || n > len(in.b) {
		in.bad = true
		return nil
	}
	b := in.b[:n:n]
	in.b = in.b[n:]
	return b
}

func (in *reader) byte() byte {
	if b := in.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (in *reader) uint32() uint32 {
	if b := in.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (in *reader) int() int {
	v, n := binary.Uvarint(in.b)
	if in.bad || n <= 0 || v > math.MaxInt {
		in.bad = true
		return 0
	}
	in.b = in.b[n:]
	return int(v)
}

func (in *reader) entries() []consensus.Entry {
	n := in.int()
	if n > len(in.b)/2 { // an entry has two bytes at least
		in.bad = true
		return nil
	}
	entries := make([]consensus.Entry, 0, n)
	for range n {
		term, size := in.int(), in.int()
		entries = append(entries, consensus.Entry{Term: term, Data: in.take(size >> 1), NoOp: size&1 != 0})
	}
	return entries
}
