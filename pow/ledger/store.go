package ledger

import (
	"fmt"

	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// Disk is what a [Chain] keeps its state on: files that can be appended to, and replaced as one. labtest.Volume is one.
type Disk interface {
	// Append adds b to a file. Until a Sync has returned, a crash keeps all of what was appended, or none, or any prefix of it.
	Append(file string, b []byte) error
	// Sync makes durable what was appended.
	Sync() error
	// Replace puts new contents in place of old; it is atomic, and durable when it returns.
	Replace(files map[string][]byte) error
	// Read is a file's contents; ok is false if there is no such file.
	Read(file string) (b []byte, ok bool)
}

// The files. The log is all that ever happened, in order; a tip record in it commits all that stands before. The coins are the set at
// some tip of the past, so that a restart need not begin at genesis. Losing the coins would cost time and nothing else.
const (
	logFile   = "ledger.log"
	coinsFile = "ledger.coins"
)

// The kinds of records.
const (
	networkRecord = 'N' // in front of either file: the hash of genesis
	headerRecord  = 'H' // a header
	blockRecord   = 'B' // a block, with its header
	undoRecord    = 'U' // a block's hash, and its undo record
	tipRecord     = 'T' // the hash of the block that is the tip from here on
	coinsRecord   = 'C' // the hash of a tip, and the set of coins there
)

// store writes what a chain does. Every method does all that it has to in one step that a crash cannot take apart: what stands in the
// log without a tip record after it is only something that the node has heard of.
type store struct {
	disk Disk // nil: nothing is kept
}

func (s store) append(record []byte) error {
	if s.disk == nil {
		return nil
	}
	return s.disk.Append(logFile, record)
}

func (s store) header(h *consensus.Header) error {
	b := h.Bytes()
	return s.append(appendRecord(nil, headerRecord, b[:]))
}

// block need not be synced: it is when a tip that needs it is, and if it is lost it can be had again.
func (s store) block(b *Block) error {
	if s.disk == nil {
		return nil
	}
	return s.append(appendRecord(nil, blockRecord, b.Append(make([]byte, 0, b.Size()))))
}

// connected is a block and what it spent.
type connected struct {
	entry *headers.Entry
	undo  *Undo
}

// commit moves the tip. The undo records of the blocks that are new to the chain go in front: whoever sees the tip record after a
// crash sees them too, and all blocks, which were appended before.
func (s store) commit(newly []connected, tip consensus.Hash) error {
	if s.disk == nil {
		return nil
	}
	var b []byte
	for _, c := range newly {
		b = appendRecord(b, undoRecord, c.undo.Append(c.entry.Hash[:len(c.entry.Hash):len(c.entry.Hash)]))
	}
	if err := s.append(appendRecord(b, tipRecord, tip[:])); err != nil {
		return err
	}
	return s.disk.Sync()
}

// snapshot writes the coins at a committed tip.
func (s store) snapshot(p *consensus.Params, tip consensus.Hash, u *UTXO) error {
	if s.disk == nil {
		return nil
	}
	file := appendRecord(networkHead(p), coinsRecord, u.append(tip[:]))
	return s.disk.Replace(map[string][]byte{coinsFile: file})
}

func networkHead(p *consensus.Params) []byte {
	genesis := p.Genesis.Hash()
	return appendRecord(nil, networkRecord, genesis[:])
}

// loaded is what a disk holds.
type loaded struct {
	tip   consensus.Hash // zero: none was committed
	base  consensus.Hash // the tip that the coins are of; zero: genesis
	coins *UTXO
}

// load reads the disk, handing headers, blocks and undo records to the chain's methods in the order they were written. The remains of
// a write that a crash cut off are removed, so that what is appended next can be read again.
func (s store) load(p *consensus.Params, header func(*consensus.Header) error, block func(*Block) error,
	undo func(consensus.Hash, *Undo) error) (l loaded, err error) {
	l.coins = newUTXO()
	if s.disk == nil {
		return l, nil
	}
	log, ok := s.disk.Read(logFile)
	if !ok {
		return l, s.disk.Replace(map[string][]byte{logFile: networkHead(p)})
	}
	first := true
	whole, err := readRecords(log, func(kind byte, payload []byte) error {
		if first {
			first = false
			return checkNetwork(p, kind, payload)
		}
		r := &reader{b: payload}
		switch kind {
		case headerRecord:
			h, err := consensus.DecodeHeader(payload)
			if err != nil {
				return err
			}
			return header(&h)
		case blockRecord:
			b, err := DecodeBlock(payload)
			if err != nil {
				return err
			}
			return block(b)
		case undoRecord:
			hash, u := r.hash("block's hash"), r.undo()
			if err := r.end("undo record"); err != nil {
				return err
			}
			return undo(hash, u)
		case tipRecord:
			l.tip = r.hash("tip's hash")
			return r.end("tip's hash")
		}
		return fmt.Errorf("a record of kind %q", kind)
	})
	if err == nil && first {
		err = fmt.Errorf("%w: it says of no network that it is its own", ErrCorrupt)
	}
	if err != nil {
		return l, fmt.Errorf("%s: %w", logFile, err)
	}
	if whole < len(log) {
		if err := s.disk.Replace(map[string][]byte{logFile: log[:whole]}); err != nil {
			return l, err
		}
	}
	return l, s.loadCoins(p, &l)
}

func (s store) loadCoins(p *consensus.Params, l *loaded) error {
	file, ok := s.disk.Read(coinsFile)
	if !ok {
		return nil
	}
	n := 0
	whole, err := readRecords(file, func(kind byte, payload []byte) error {
		n++
		switch {
		case n == 1:
			return checkNetwork(p, kind, payload)
		case n == 2 && kind == coinsRecord:
			r := &reader{b: payload}
			l.base, l.coins = r.hash("tip's hash"), r.utxo()
			return r.end("coins")
		}
		return fmt.Errorf("a record of kind %q", kind)
	})
	if err == nil && (n != 2 || whole != len(file)) {
		err = fmt.Errorf("%w: it is not whole, and is only ever replaced as a whole", ErrCorrupt)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", coinsFile, err)
	}
	return nil
}

func checkNetwork(p *consensus.Params, kind byte, payload []byte) error {
	if genesis := p.Genesis.Hash(); kind != networkRecord || string(payload) != string(genesis[:]) {
		return fmt.Errorf("it is not of the network %s", p.Name)
	}
	return nil
}
