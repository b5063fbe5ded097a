package ledger

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

// A log is records one after the other: a kind (one byte), the payload's length (4), a checksum of those five (4), the payload, and a
// checksum of it (4), little-endian. The first checksum keeps a damaged length from passing for a record that a crash cut off.
const (
	recordHead = 1 + 4 + 4
	recordTail = 4
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func appendRecord(b []byte, kind byte, payload []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(append(b, kind), uint32(len(payload)))
	b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
	b = append(b, payload...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(payload, castagnoli))
}

// readRecords hands each whole record to f, and returns how many bytes they take. What is left after them is the beginning of a
// record that a crash cut off, which is no error: appends become durable from the front. A record that is whole but does not match its
// checksums is [ErrCorrupt], with its offset; so is one that f refuses.
func readRecords(log []byte, f func(kind byte, payload []byte) error) (whole int, err error) {
	for {
		b := log[whole:]
		if len(b) < recordHead {
			return whole, nil
		}
		if crc32.Checksum(b[:5], castagnoli) != binary.LittleEndian.Uint32(b[5:]) {
			return whole, fmt.Errorf("%w: at byte %d the head of a record does not match its checksum", ErrCorrupt, whole)
		}
		n := int64(binary.LittleEndian.Uint32(b[1:]))
		if int64(len(b)) < recordHead+n+recordTail {
			return whole, nil
		}
		payload := b[recordHead : recordHead+n]
		if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(b[recordHead+n:]) {
			return whole, fmt.Errorf("%w: at byte %d a record of %d bytes does not match its checksum", ErrCorrupt, whole, n)
		}
		if err := f(b[0], payload); err != nil {
			return whole, fmt.Errorf("%w: at byte %d: %w", ErrCorrupt, whole, err)
		}
		whole += recordHead + int(n) + recordTail
	}
}
