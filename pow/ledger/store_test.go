package ledger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

// disk is a disk that can lose power: files with a part that is durable and a part that is not yet.
type disk struct {
	durable, files map[string][]byte
	writes         int
	crashAt        int // the write in which the power fails; 0: never
	torn           int // how far into that write it got, in thousandths; if it is an append
	down           bool
}

var errPower = errors.New("the power failed")

func newDisk() *disk { return &disk{durable: map[string][]byte{}, files: map[string][]byte{}} }

func (d *disk) write() (crash bool, err error) {
	if d.down {
		return false, errPower
	}
	d.writes++
	d.down = d.writes == d.crashAt
	return d.down, nil
}

func (d *disk) Append(file string, b []byte) error {
	crash, err := d.write()
	if err != nil {
		return err
	}
	if crash {
		b = b[:len(b)*d.torn/1000]
		err = errPower
	}
	d.files[file] = append(slices.Clone(d.files[file]), b...)
	return err
}

func (d *disk) Sync() error {
	crash, err := d.write()
	if err != nil {
		return err
	}
	if crash && d.torn < 500 {
		return errPower
	}
	maps.Copy(d.durable, d.files)
	if crash {
		return errPower
	}
	return nil
}

func (d *disk) Replace(files map[string][]byte) error {
	crash, err := d.write()
	if err != nil {
		return err
	}
	if !crash || d.torn >= 500 { // atomic: it happened or it did not
		for name, b := range files {
			d.files[name], d.durable[name] = slices.Clone(b), slices.Clone(b)
		}
	}
	if crash {
		return errPower
	}
	return nil
}

func (d *disk) Read(file string) ([]byte, bool) {
	b, ok := d.files[file]
	return b, ok
}

// restart is the disk after the power has come back: of what was not durable, keep thousandths survive, from the front.
func (d *disk) restart(keep int) *disk {
	n := newDisk()
	for name, b := range d.files {
		whole := d.durable[name]
		b = b[:len(whole)+(len(b)-len(whole))*keep/1000]
		n.files[name], n.durable[name] = slices.Clone(b), slices.Clone(b)
	}
	return n
}

// story is blocks that make a chain go through everything: growth, payments, ties, reorgs, a failed one, bodies out of order, and
// snapshots in between; with them the digest of the set at every tip there is.
type story struct {
	p       *consensus.Params
	steps   []func(c *Chain) error
	digests map[consensus.Hash]consensus.Hash // by tip
	tips    []consensus.Hash                  // after each step; the first is before any
}

func tell(t testing.TB) *story {
	w := newWorld(t)
	s := &story{p: w.p, digests: map[consensus.Hash]consensus.Hash{}}
	note := func() {
		s.tips = append(s.tips, w.chain.Tip().Hash)
		s.digests[w.chain.Tip().Hash] = w.chain.UTXO().Digest()
	}
	step := func(f func(c *Chain) error) {
		s.steps = append(s.steps, f)
		_ = f(w.chain)
		note()
	}
	block := func(b *Block) *Block {
		step(func(c *Chain) error { _, err := c.AddBlock(b, late); return err })
		return b
	}
	at := func(b *Block) consensus.Hash { return b.Hash() }
	on := func(h consensus.Hash, fee Amount, txs ...*Tx) *Block {
		return w.build(w.chain.Tree().Get(h), fee, txs...)
	}

	note()
	h := w.p.Genesis.Hash()
	var first []*Block
	for range 6 {
		b := block(on(h, 0))
		first, h = append(first, b), at(b)
	}
	spend := func(i int, to wallet) *Tx {
		return w.pay(alice, outs(OutPoint{Tx: first[i].Txs[0].ID()}), Output{50 * coin, to.key})
	}
	fork := h
	a := block(on(h, 0, spend(0, bob)))
	a = block(on(at(a), 0, spend(1, bob)))
	// A branch of three that takes over, with another use of the same coin.
	b := block(on(fork, 0, spend(0, carol)))
	b = block(on(at(b), 0))
	b = block(on(at(b), 0, spend(2, carol)))
	// And back, by two at once: the upper one comes first.
	a1 := on(at(a), 0)
	step(func(c *Chain) error { _, err := c.AddHeader(&a1.Header, late); return err })
	a2 := on(at(a1), 0)
	block(a2)
	block(a1)
	// A branch that fails in its middle: b grows, with a bad block.
	bad := block(on(at(b), 1))
	block(on(at(bad), 0))
	good := block(on(at(b), 0))
	good = block(on(at(good), 0))
	good = block(on(at(good), 0, spend(1, carol)))
	// A body that is not its header's; the header stands, and is built on.
	robbed := on(at(good), 0)
	block(&Block{Header: robbed.Header})
	above := on(at(robbed), 0)
	step(func(c *Chain) error { _, err := c.AddHeader(&above.Header, late); return err })
	return s
}

// run does the steps until one fails for the disk's sake, and says how many were done.
func (s *story) run(c *Chain) (done int) {
	for _, step := range s.steps {
		_ = step(c)
		if c.Err() != nil {
			return done
		}
		done++
	}
	return done
}

func (s *story) open(d *disk) (*Chain, error) {
	return Open(Config{Params: s.p, Disk: d, SnapshotEvery: 3})
}

// TestCrashAtEveryWrite: the power fails in each write that the story makes, at its beginning, in its middle and at its end; and then of
// what was not synced nothing, a part or all is there. The node comes back at the tip it had before that step or after it, with
// exactly that tip's coins, and lives on to the story's end.
func TestCrashAtEveryWrite(t *testing.T) {
	s := tell(t)
	end := s.tips[len(s.tips)-1]
	count := newDisk()
	c, err := s.open(count)
	require.NoError(t, err)
	require.Equal(t, len(s.steps), s.run(c))
	require.Equal(t, end, c.Tip().Hash)
	require.Greater(t, count.writes, 40)
	require.Contains(t, count.files, coinsFile)

	again := 0
	for at := 1; at <= count.writes; at++ {
		for _, torn := range []int{0, 300, 700, 999, 1000} {
			for _, keep := range []int{0, 400, 1000} {
				what := fmt.Sprintf("crash in write %d, %d‰ of it done, %d‰ of the rest kept", at, torn, keep)
				d := newDisk()
				d.crashAt, d.torn = at, torn
				done := 0
				if c, err := s.open(d); err == nil {
					done = s.run(c)
					require.ErrorIs(t, c.Err(), errPower, what)
					_, err = c.AddBlock(&Block{}, late)
					require.ErrorIs(t, err, errPower, "%s: and after that nothing more", what)
				}
				after := d.restart(keep)
				c, err := s.open(after)
				require.NoError(t, err, what)
				tip := c.Tip().Hash
				allowed := s.tips[done : done+2]
				if !slices.Contains(allowed, tip) {
					t.Fatalf("%s: in step %d the tip is neither the old %v nor the new %v but %v", what, done, allowed[0], allowed[1], tip)
				}
				if tip != allowed[0] {
					again++
				}
				require.Equal(t, s.digests[tip], c.UTXO().Digest(), what)
				require.Equal(t, len(s.steps), s.run(c), what)
				require.Equal(t, end, c.Tip().Hash, what)
				require.Equal(t, s.digests[end], c.UTXO().Digest(), what)
			}
		}
	}
	require.Greater(t, again, 0, "now and then the step was done")
}

// TestCrashWhileRecovering: twice in a row.
func TestCrashWhileRecovering(t *testing.T) {
	s := tell(t)
	end := s.tips[len(s.tips)-1]
	for at := 10; at <= 40; at += 3 {
		for second := 1; second <= 4; second++ {
			d := newDisk()
			d.crashAt, d.torn = at, 600
			c, err := s.open(d)
			require.NoError(t, err)
			done := s.run(c)
			d = d.restart(700)
			d.crashAt, d.torn = second, 600
			if c, err := s.open(d); err == nil {
				s.run(c)
			} else {
				require.ErrorIs(t, err, errPower)
				d = d.restart(300)
				c, err := s.open(d)
				require.NoError(t, err)
				require.Contains(t, s.tips[done:done+2], c.Tip().Hash)
			}
			c, err = s.open(d.restart(500))
			require.NoError(t, err)
			require.Equal(t, s.digests[c.Tip().Hash], c.UTXO().Digest())
			require.Equal(t, len(s.steps), s.run(c))
			require.Equal(t, end, c.Tip().Hash)
		}
	}
}

// TestDurableOnReturn: what AddBlock returned survives, with nothing of what was not synced.
func TestDurableOnReturn(t *testing.T) {
	s := tell(t)
	d := newDisk()
	c, err := s.open(d)
	require.NoError(t, err)
	for i, step := range s.steps {
		_ = step(c)
		back, err := s.open(d.restart(0))
		require.NoError(t, err)
		require.Equal(t, s.tips[i+1], back.Tip().Hash, "step %d", i)
		require.Equal(t, s.digests[s.tips[i+1]], back.UTXO().Digest())
	}
	// And when nothing was lost, side branches and headers are there too.
	back, err := s.open(d.restart(1000))
	require.NoError(t, err)
	require.Equal(t, c.Tree().Best().Hash, back.Tree().Best().Hash)
	require.Len(t, back.txs, len(c.txs))
	for e, b := range c.bodies {
		if !e.Failed() {
			require.Equal(t, b.block, back.Block(e.Hash))
		}
	}
}

// TestDamageIsSeen: any flipped bit in what was written is an error that says where, or at worst a record at the end that is taken to be cut off.
func TestDamageIsSeen(t *testing.T) {
	s := tell(t)
	d := newDisk()
	c, err := s.open(d)
	require.NoError(t, err)
	s.run(c)
	for name, b := range d.files {
		seen := 0
		for i := 0; i < len(b); i += 7 {
			after := d.restart(1000)
			after.files[name][i] ^= 4
			c, err := s.open(after)
			require.Error(t, err, "%s, byte %d", name, i)
			require.Nil(t, c)
			require.ErrorIs(t, err, ErrCorrupt)
			require.ErrorContains(t, err, name)
			require.ErrorContains(t, err, "byte")
			seen++
		}
		require.Greater(t, seen, 100)
	}
	cut := d.restart(1000)
	cut.files[coinsFile] = cut.files[coinsFile][:len(cut.files[coinsFile])-1]
	_, err = s.open(cut)
	require.ErrorIs(t, err, ErrCorrupt, "the coins are only ever replaced as a whole")

	_, err = Open(Config{Params: consensus.Lab(), Disk: d.restart(1000)})
	require.ErrorIs(t, err, ErrCorrupt)
	require.ErrorContains(t, err, "not of the network lab")

	// Without its coins a node begins at genesis, and comes to the same.
	lost := d.restart(1000)
	delete(lost.files, coinsFile)
	c, err = s.open(lost)
	require.NoError(t, err)
	require.Equal(t, s.tips[len(s.tips)-1], c.Tip().Hash)
	require.Equal(t, s.digests[c.Tip().Hash], c.UTXO().Digest())
}

// TestUndoOfAnotherBlock: a record that is whole, and wrong.
func TestUndoOfAnotherBlock(t *testing.T) {
	w := newWorld(t)
	b := w.build(w.chain.Tip(), 0)
	hash := b.Hash()
	log := appendRecord(networkHead(w.p), blockRecord, b.Append(nil))
	for _, v := range []struct {
		undo Undo
		good bool
	}{{Undo{}, true}, {Undo{[]Coin{{Value: 1}}}, false}} {
		d := newDisk()
		d.files[logFile] = appendRecord(appendRecord(log, undoRecord, v.undo.Append(hash[:])), tipRecord, hash[:])
		_, err := Open(Config{Params: w.p, Disk: d})
		if v.good {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, ErrCorrupt)
		}
	}
}

// FuzzOpen: a disk full of anything opens or does not; with the right checksums around it, too.
func FuzzOpen(f *testing.F) {
	p := smallNet()
	w := newWorld(f)
	b := w.build(w.chain.Tip(), 0)
	raw := b.Append(nil)
	hash := b.Hash()
	head := b.Header.Bytes()
	f.Add(byte(blockRecord), raw, byte(tipRecord), hash[:])
	f.Add(byte(headerRecord), head[:], byte(undoRecord), append(hash[:], 0))
	f.Add(byte(blockRecord), raw, byte(undoRecord), append(hash[:], 0))
	f.Add(byte(coinsRecord), append(hash[:], 0), byte(9), []byte{})
	f.Fuzz(func(t *testing.T, kind1 byte, one []byte, kind2 byte, two []byte) {
		records := appendRecord(appendRecord(networkHead(p), kind1, one), kind2, two)
		for _, files := range []map[string][]byte{{logFile: records}, {logFile: networkHead(p), coinsFile: appendRecord(networkHead(p), kind1, one)}, {logFile: one}} {
			d := newDisk()
			d.files = files
			c, err := Open(Config{Params: p, Disk: d})
			if err != nil {
				require.ErrorIs(t, err, ErrCorrupt)
				continue
			}
			require.LessOrEqual(t, c.Height(), 1)
		}
	})
}
