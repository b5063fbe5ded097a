package main

import (
	"bytes"
	"fmt"
	"html"
	"time"
)

// page is the block tree as one self-contained HTML page: time goes to the right, the best chain is the straight line, what was left
// behind lies below it, and a colour is a miner.
func (t *blockTree) page(c simulation, s summary) []byte {
	const dx, dy, r, left, top = 26, 24, 8, 30, 40
	lanes := t.lanes()
	width, height := left*2+dx*(t.best.height+2), top*2+dy*(lanes+1)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="en"><meta charset="utf-8"><title>Block tree, seed %d</title>
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em; color: #222; background: #fff }
.tree { overflow-x: auto; border: 1px solid #ddd; border-radius: 6px }
line { stroke: #888; stroke-width: 2 } line.main { stroke: #222; stroke-width: 3 }
circle { stroke: #222; stroke-width: 1 } .stale { opacity: .45 }
table { border-collapse: collapse; margin-top: 1.5em } td, th { padding: .15em .9em; text-align: right } th { border-bottom: 1px solid #888 }
pre { background: #f6f6f6; padding: 1em }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } line.main { stroke: #ddd } circle { stroke: #ddd } pre { background: #222 } }
</style>
<h1>%d nodes, seed %d%s</h1>
<p>Time goes to the right, a step for each height. The straight line is the best chain; what lies below it was left behind. A colour is a
miner; point at a block to see whose it is.</p>
<div class="tree"><svg width="%d" height="%d" role="img" aria-label="the block tree">
`, c.seed, c.nodes, c.seed, html.EscapeString(attackNote(c)), width, height)
	x := func(f *found) int { return left + dx*f.height }
	y := func(f *found) int { return top + dy*f.lane }
	for _, f := range t.order {
		class := ""
		if f.main {
			class = ` class="main"`
		}
		fmt.Fprintf(&b, `<line%s x1="%d" y1="%d" x2="%d" y2="%d"/>`+"\n", class, x(f.parent), y(f.parent), x(f), y(f))
	}
	fmt.Fprintf(&b, `<circle cx="%d" cy="%d" r="%d" fill="#999"><title>genesis</title></circle>`+"\n", x(t.genesis), y(t.genesis), r)
	for _, f := range t.order {
		class := ""
		if !f.main {
			class = ` class="stale"`
		}
		fmt.Fprintf(&b, `<circle%s cx="%d" cy="%d" r="%d" fill="hsl(%d 65%% 55%%)"><title>%s`+"\n"+`height %d, %s, at %v</title></circle>`+"\n",
			class, x(f), y(f), r, f.miner*137%360, f.hash, f.height, nodeName(f.miner), f.at.Round(time.Millisecond))
	}
	b.WriteString("</svg></div>\n<pre>")
	var text bytes.Buffer
	s.print(&text, 0)
	b.WriteString(html.EscapeString(text.String()))
	b.WriteString("</pre>\n</html>\n")
	return b.Bytes()
}

func attackNote(c simulation) string {
	if c.attack == "selfish" {
		return fmt.Sprintf(", %s mines selfishly with %.0f %% of the power", nodeName(0), 100*c.shares[0])
	}
	return ""
}

// lanes gives each block a lane: 0 to the best chain, and to each branch the first below that is free from its fork on. It returns
// the highest.
func (t *blockTree) lanes() (most int) {
	until := []int{} // by lane from 1 on: up to which height it is taken
	longest := map[*found]*found{}
	for i := len(t.order) - 1; i >= 0; i-- { // children come after their parents
		f := t.order[i]
		end := f
		if longest[f] != nil {
			end = longest[f]
		}
		if g := longest[f.parent]; g == nil || end.height > g.height {
			longest[f.parent] = end
		}
	}
	for _, f := range t.order {
		if f.main {
			f.lane = 0
			continue
		}
		end := f
		if longest[f] != nil {
			end = longest[f]
		}
		if f.parent != nil && !f.parent.main && longest[f.parent] == end {
			f.lane = f.parent.lane // the branch goes on
			continue
		}
		lane := -1
		for i := range until {
			if until[i] < f.height-1 {
				lane = i
				break
			}
		}
		if lane < 0 {
			until = append(until, 0)
			lane = len(until) - 1
		}
		until[lane] = end.height
		f.lane = lane + 1
		most = max(most, f.lane)
	}
	return most
}
