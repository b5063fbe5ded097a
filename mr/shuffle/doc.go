// Package shuffle is what lies between map and reduce: it groups, combines, sorts
// and partitions what a map task emits, in bounded memory, and merges the outputs
// of all map tasks into one stream of keys in order (MapReduce, OSDI'04, §3.1, §4.1–4.3).
//
// The output of a map task is one file. It has a section per reduce task, sorted by
// key, and at its end an index of the sections with a checksum of each, so that a torn
// file is never mistaken for a whole one:
//
//	section of reduce task 0 … section of reduce task R-1
//	R × (offset uint64, length uint64, CRC-32C uint32)   little-endian
//	R uint32, CRC-32C of the index uint32, "6.824mr1"
//
// A section is records: a key and some of its values. Equal neighbours among the
// values are stored as one and a count, which makes lists of "1" small.
//
//	len(key) uvarint, key, runs uvarint, runs × (count uvarint, len(value) uvarint, value)
package shuffle
