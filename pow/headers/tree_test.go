package headers

import (
	"testing"

	"github.com/stretchr/testify/require"

	"6.824/pow/consensus"
)

// on makes a header on parent; salt tells siblings apart.
func on(t testing.TB, tree *Tree, parent *Entry, salt byte) *consensus.Header {
	at := tree.Next(parent, 1<<40)
	h := &consensus.Header{Version: 4, Prev: at.Prev, MerkleRoot: consensus.Hash{salt}, Time: at.PrevTime + 10, Bits: at.Bits}
	solve(t, h, at.Target)
	return h
}

func add(t testing.TB, tree *Tree, parent *Entry, salt byte) *Entry {
	e, err := tree.Add(on(t, tree, parent, salt), 1<<40)
	require.NoError(t, err)
	return e
}

// TestBestIsMostWork: work, not length; and a tie stays with the first seen.
func TestBestIsMostWork(t *testing.T) {
	p := consensus.Lab()
	tree := NewTree(p)
	// Two chains of one period: the one is slow, the other fast, so its second period is harder.
	slow, fast := tree.Genesis(), tree.Genesis()
	step := func(e *Entry, gap uint32, salt byte) *Entry {
		at := tree.Next(e, 1<<40)
		h := &consensus.Header{Prev: at.Prev, MerkleRoot: consensus.Hash{salt}, Time: max(at.PrevTime+gap, at.MedianTime+1), Bits: at.Bits}
		solve(t, h, at.Target)
		e, err := tree.Add(h, 1<<40)
		require.NoError(t, err)
		return e
	}
	for range 19 {
		slow = step(slow, 40, 1)
		require.Same(t, slow, tree.Best())
	}
	for range 19 {
		fast = step(fast, 1, 2)
		require.Same(t, slow, tree.Best(), "not yet more work: a tie stays with the first seen")
	}
	require.Equal(t, slow.Work, fast.Work)
	for range 6 {
		slow = step(slow, 40, 1)
	}
	require.Same(t, slow, tree.Best())
	for range 2 {
		fast = step(fast, 10, 2)
	}
	require.Less(t, fast.Height, slow.Height)
	require.Positive(t, fast.Work.Cmp(slow.Work))
	require.Same(t, fast, tree.Best(), "a shorter chain with more work is the best")
	require.Same(t, tree.Genesis(), Fork(slow, fast))
}

func TestAddRefuses(t *testing.T) {
	tree := NewTree(consensus.RegTest())
	a := add(t, tree, tree.Genesis(), 1)
	again, err := tree.Add(&a.Header, 1<<40)
	require.NoError(t, err)
	require.Same(t, a, again)
	require.Equal(t, 2, tree.Len())
	require.Same(t, a, tree.Get(a.Hash))

	h := on(t, tree, a, 2)
	h.Prev[0] ^= 1
	_, err = tree.Add(h, 1<<40)
	require.ErrorIs(t, err, consensus.ErrOrphan)
	class, _ := consensus.ClassOf(err)
	require.Equal(t, consensus.Orphan, class)

	h = on(t, tree, a, 2)
	_, err = tree.Add(h, int64(h.Time)-7201)
	require.ErrorIs(t, err, consensus.ErrTimeTooNew)
	_, err = tree.Add(h, int64(h.Time)-7200)
	require.NoError(t, err, "later it is welcome")
	require.Equal(t, 3, tree.Len())
}

func TestMarkFailed(t *testing.T) {
	tree := NewTree(consensus.RegTest())
	a := add(t, tree, tree.Genesis(), 1)
	b1 := add(t, tree, a, 1)
	b2 := add(t, tree, a, 2)
	c1 := add(t, tree, b1, 1)
	d1 := add(t, tree, c1, 1)
	d2 := add(t, tree, c1, 2)
	require.Same(t, d1, tree.Best())
	onD := on(t, tree, d1, 9)

	require.Equal(t, []*Entry{d1}, tree.MarkFailed(d1))
	require.Same(t, d2, tree.Best())
	require.Equal(t, []*Entry{c1, d2}, tree.MarkFailed(c1), "descendants too, each once")
	require.Same(t, b1, tree.Best(), "the first seen of two equals")
	for e, failed := range map[*Entry]bool{a: false, b1: false, b2: false, c1: true, d1: true, d2: true} {
		require.Equal(t, failed, e.Failed())
	}
	_, err := tree.Add(onD, 1<<40)
	require.ErrorIs(t, err, consensus.ErrBadPrev)
	again, err := tree.Add(&c1.Header, 1<<40)
	require.NoError(t, err)
	require.True(t, again.Failed())
	require.Empty(t, tree.MarkFailed(c1))
	require.Empty(t, tree.MarkFailed(tree.Genesis()))
	require.Equal(t, []*Entry{b1, b2}, a.Children())
}

// TestWalks: ancestors, forks and locators against plain walks along parents.
func TestWalks(t *testing.T) {
	tree := NewTree(consensus.RegTest())
	line := []*Entry{tree.Genesis()}
	for range 300 {
		line = append(line, add(t, tree, line[len(line)-1], 1))
	}
	side := line[:200:200]
	for range 150 {
		side = append(side, add(t, tree, side[len(side)-1], 2))
	}
	for _, chain := range [][]*Entry{line, side} {
		for h := 0; h < len(chain); h += 7 {
			e := chain[h]
			for below := range h + 1 {
				require.Same(t, chain[below], e.Ancestor(below))
			}
			require.Nil(t, e.Ancestor(h+1))
			require.Nil(t, e.Ancestor(-1))
		}
	}
	for _, i := range []int{0, 1, 199, 200, 250, 300} {
		for _, j := range []int{0, 1, 199, 200, 250, 349} {
			require.Same(t, line[min(i, j, 199)], Fork(line[i], side[j]), "%d, %d", i, j)
		}
	}

	locator := line[300].Locator()
	require.Equal(t, line[300].Hash, locator[0])
	require.Equal(t, line[290].Hash, locator[10])
	require.Equal(t, line[288].Hash, locator[11])
	require.Equal(t, line[284].Hash, locator[12])
	require.Equal(t, tree.Genesis().Hash, locator[len(locator)-1])
	require.Less(t, len(locator), 22)
	require.Equal(t, []consensus.Hash{tree.Genesis().Hash}, tree.Genesis().Locator())

	common := tree.Locate(line[300].Locator(), side[349])
	require.LessOrEqual(t, common.Height, 199)
	require.Greater(t, common.Height, 100)
	require.Same(t, line[250], tree.Locate(line[250].Locator(), line[300]))
	require.Same(t, tree.Genesis(), tree.Locate([]consensus.Hash{{1}, {2}}, line[300]))
	require.Same(t, tree.Genesis(), tree.Locate(nil, line[300]))
	flood := make([]consensus.Hash, MaxLocator, MaxLocator+1)
	require.Same(t, tree.Genesis(), tree.Locate(append(flood, line[5].Hash), line[300]), "a flood is not read to its end")

	require.Equal(t, side[200:210], After(line[199], side[349], 10))
	require.Equal(t, side[340:350], After(side[339], side[349], 1000))
	require.Empty(t, After(side[349], side[349], 10))
	require.Empty(t, After(side[349], side[349], -1))
}
