package main

import (
	"fmt"
	"io"
	"sort"
	"sync"
	"time"

	"6.824/pow"
	"6.824/pow/consensus"
	"6.824/pow/headers"
)

// blockTree is every block that anybody has found, and what became of it.
type blockTree struct {
	out    io.Writer
	stop   int
	enough func()
	start  time.Time

	mu      sync.Mutex
	blocks  map[consensus.Hash]*found
	order   []*found // as they were found
	genesis *found
	best    *found // with the most work, and of equals the first found
	tips    []*found
	reorgs  map[int]int // by depth: how often a node took back so many blocks
	full    bool
}

// found is one block.
type found struct {
	hash     consensus.Hash
	parent   *found
	height   int
	work     consensus.Uint256
	miner    int
	at       time.Duration
	followed int // nodes whose tip it is
	rivals   int // blocks of its height that were there before
	main     bool
	lane     int // of the picture
}

func newBlockTree(p *consensus.Params, c simulation, out io.Writer) *blockTree {
	g := &found{hash: p.Genesis.Hash(), miner: -1}
	t := &blockTree{
		out: out, stop: c.blocks, start: time.Now(), blocks: map[consensus.Hash]*found{g.hash: g}, genesis: g, best: g,
		tips: make([]*found, c.nodes), reorgs: map[int]int{},
	}
	for i := range t.tips {
		t.tips[i] = g
	}
	return t
}

// observer is that of a node.
func (t *blockTree) observer(node int) func(pow.Event) {
	return func(e pow.Event) {
		t.mu.Lock()
		defer t.mu.Unlock()
		switch e.Kind {
		case pow.Moved:
			if k := len(e.Change.Disconnected); k > 0 {
				t.reorgs[k]++
			}
			b := t.find(e.Tip, node) // its finder is the first to move to it
			t.tips[node].followed--
			b.followed++
			t.tips[node] = b
		case pow.Mined:
			if e.Err == nil {
				t.line(t.blocks[e.Tip.Hash])
			}
		}
		if !t.full && t.best.height >= t.stop {
			t.full = true
			t.enough()
		}
	}
}

func (t *blockTree) find(e *headers.Entry, node int) *found {
	if b := t.blocks[e.Hash]; b != nil {
		return b
	}
	b := &found{hash: e.Hash, parent: t.blocks[e.Header.Prev], height: e.Height, work: e.Work, miner: node, at: time.Since(t.start)}
	for i := len(t.order) - 1; i >= 0 && t.order[i].height > b.height-20; i-- {
		if t.order[i].height == b.height {
			b.rivals++
		}
	}
	t.blocks[e.Hash] = b
	t.order = append(t.order, b)
	if b.work.Cmp(t.best.work) > 0 {
		t.best = b
	}
	return b
}

// line is the live view: a line for each block that is found, indented by how many rivals it has at its height.
func (t *blockTree) line(b *found) {
	mark := "●"
	for range min(b.rivals, 8) {
		mark = "│ " + mark
	}
	note := ""
	if b.rivals > 0 {
		note = "  fork"
	}
	if b.parent != t.best && b != t.best {
		note += fmt.Sprintf("  %s leads with %s", nodeName(t.best.miner), tail(t.best.hash))
	}
	fmt.Fprintf(t.out, "%9.1fs  %5d  %-10s %s ← %s  %s%s\n", b.at.Seconds(), b.height, mark, tail(b.hash), tail(b.parent.hash), nodeName(b.miner), note)
}

// tail is the end of a hash as people write it: its beginning is zeros.
func tail(h consensus.Hash) string { s := h.String(); return s[len(s)-8:] }

// summary is what a run has come to.
type summary struct {
	span    time.Duration
	mined   int
	height  int
	forks   int // heights with more than one block
	reorgs  map[int]int
	miners  []minerShare
	confirm map[int]time.Duration // mean time until a block has so many confirmations
	agree   int                   // nodes on the best chain, but for its last block
}

type minerShare struct {
	node         int
	power        float64
	mined, kept  int
	share, stale float64
}

func (t *blockTree) summary(c simulation) summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := summary{span: t.best.at, mined: len(t.order), height: t.best.height, reorgs: t.reorgs, confirm: map[int]time.Duration{}}
	chain := make([]*found, t.best.height+1)
	for b := t.best; b != nil; b = b.parent {
		b.main = true
		chain[b.height] = b
	}
	perHeight := map[int]int{}
	miners := make([]minerShare, c.nodes)
	for i := range miners {
		miners[i] = minerShare{node: i, power: c.shares[i]}
	}
	for _, b := range t.order {
		if perHeight[b.height]++; perHeight[b.height] == 2 {
			s.forks++
		}
		miners[b.miner].mined++
		if b.main {
			miners[b.miner].kept++
		}
	}
	for i := range miners {
		m := &miners[i]
		m.share = float64(m.kept) / float64(max(1, s.height))
		if m.mined > 0 {
			m.stale = 1 - float64(m.kept)/float64(m.mined)
		}
	}
	sort.SliceStable(miners, func(i, j int) bool { return miners[i].kept > miners[j].kept })
	s.miners = miners
	for _, k := range []int{1, 3, 6} {
		var sum time.Duration
		n := 0
		for h := 1; h+k-1 <= t.best.height; h++ {
			sum += chain[h+k-1].at - chain[h-1].at // a payment made when the block before was found
			n++
		}
		if n > 0 {
			s.confirm[k] = sum / time.Duration(n)
		}
	}
	for _, tip := range t.tips {
		if tip.main && tip.height >= t.best.height-1 || tip.parent != nil && tip.parent.main && tip.height >= t.best.height-1 {
			s.agree++
		}
	}
	return s
}

func (s summary) print(out io.Writer, wall time.Duration) {
	stale := s.mined - s.height
	fmt.Fprintf(out, "\n%d blocks found in %v of virtual time (%.1f s of wall time); the best chain has %d, one in %.1f s\n",
		s.mined, s.span.Round(time.Second), wall.Seconds(), s.height, s.span.Seconds()/float64(max(1, s.height)))
	fmt.Fprintf(out, "stale %d of %d (%.2f %%), heights with forks %d, nodes within a block of the best tip %d of %d\n",
		stale, s.mined, 100*float64(stale)/float64(max(1, s.mined)), s.forks, s.agree, len(s.miners))
	fmt.Fprint(out, "reorgs by depth:")
	depths := make([]int, 0, len(s.reorgs))
	for d := range s.reorgs {
		depths = append(depths, d)
	}
	sort.Ints(depths)
	for _, d := range depths {
		fmt.Fprintf(out, "  %d: %d", d, s.reorgs[d])
	}
	if len(depths) == 0 {
		fmt.Fprint(out, "  none")
	}
	fmt.Fprint(out, "\ntime to confirmations:")
	for _, k := range []int{1, 3, 6} {
		if d, ok := s.confirm[k]; ok {
			fmt.Fprintf(out, "  %d: %.1f s", k, d.Seconds())
		}
	}
	fmt.Fprintf(out, "\n\n%-10s %8s %8s %8s %8s %8s\n", "miner", "power", "blocks", "share", "found", "stale")
	for i, m := range s.miners {
		if i == 15 {
			fmt.Fprintf(out, "… and %d others\n", len(s.miners)-i)
			break
		}
		fmt.Fprintf(out, "%-10s %7.2f%% %8d %7.2f%% %8d %7.2f%%\n", nodeName(m.node), 100*m.power, m.kept, 100*m.share, m.mined, 100*m.stale)
	}
}
