// The ledger: the tree of blocks, and each node's tip in it.
lenses.push((() => {
  const lanes = statesOf(s => 'Tip' in s && 'Height' in s && 'Connected' in s);
  if (!lanes) return { name: 'Blocks', sees: () => false };
  // Every block that a node connected: its parent is what was the node's tip then.
  const blocks = new Map(), genesis = 'genesis';
  blocks.set(genesis, { parent: null, height: 0, first: 0 });
  const moves = lanes.flat().sort((a, b) => a - b), chains = run.lanes.map(() => [genesis]);
  for (const i of moves) {
    const s = run.state(i), chain = chains[run.lane[i]];
    if (s.Kind === 'started') chain.length = 1;
    if (s.Disconnected) chain.length = Math.max(1, chain.length - s.Disconnected.length);
    for (const hash of s.Connected || []) {
      if (!blocks.has(hash)) blocks.set(hash, { parent: chain[chain.length - 1], height: chain.length, first: i });
      chain.push(hash);
    }
  }
  const short = hash => hash === genesis ? hash : hash.replace(/^0+/, '').slice(0, 6);
  const tipOf = s => s.Height === 0 ? genesis : s.Tip;
  const heights = 26; // that are shown
  return {
    name: 'Blocks', sees: () => true,
    segments: lane => {
      const out = [];
      let tip = null;
      for (const i of lanes[lane]) {
        const s = run.state(i);
        if (tipOf(s) === tip || s.Kind === 'banned') continue;
        tip = tipOf(s);
        out.push({ i, fill: hue(tip), label: `${s.Height} ${short(tip)}`, strong: !!(s.Disconnected && s.Disconnected.length) });
      }
      return out;
    },
    say: i => {
      const s = run.state(i);
      if (!s || !('Tip' in s) || !('Connected' in s)) return '';
      const back = s.Disconnected ? s.Disconnected.length : 0;
      return `${s.Kind}${back ? ` (reorg: ${back} taken back)` : ''}: tip ${short(tipOf(s))} at height ${s.Height}${s.Peer ? ', ' + s.Peer : ''}${s.Err ? ': ' + s.Err : ''}`;
    },
    panel: i => {
      const tips = new Map();
      lanes.forEach((list, lane) => {
        const k = upTo(list, i);
        if (!k) return;
        const tip = tipOf(run.state(list[k - 1]));
        if (!tips.has(tip)) tips.set(tip, []);
        tips.get(tip).push(run.lanes[lane]);
      });
      const seen = [...blocks.entries()].filter(([, b]) => b.first <= i), highest = Math.max(...seen.map(([, b]) => b.height)), from = Math.max(0, highest - heights + 1);
      const shown = seen.filter(([, b]) => b.height >= from).sort((a, b) => b[1].height - a[1].height);
      // Rows: a branch keeps its row from its end to where it leaves another.
      const row = new Map();
      let rows = 0;
      for (const [hash] of shown) {
        if (row.has(hash)) continue;
        const r = rows++;
        for (let h = hash; h && !row.has(h) && blocks.get(h).height >= from; h = blocks.get(h).parent) row.set(h, r);
      }
      const X = h => 14 + (h - from) * 30, Y = r => 16 + r * 24, names = [...tips.entries()];
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      const add = (name, attributes, text) => { const e = document.createElementNS(svg.namespaceURI, name); for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v); if (text) e.textContent = text; svg.append(e); return e; };
      const width = X(highest) + 260;
      svg.setAttribute('width', width); svg.setAttribute('height', Y(rows)); svg.setAttribute('role', 'img'); svg.setAttribute('aria-label', `block tree, ${seen.length} blocks`);
      for (const [hash, b] of shown) if (b.parent && row.has(b.parent)) add('path', { d: `M${X(b.height - 1)} ${Y(row.get(b.parent))}L${X(b.height)} ${Y(row.get(hash))}`, stroke: 'var(--faint)', fill: 'none' });
      for (const [hash, b] of shown) {
        const e = add('rect', { x: X(b.height) - 8, y: Y(row.get(hash)) - 7, width: 16, height: 14, rx: 3, fill: hue(hash), stroke: tips.has(hash) ? 'var(--fore)' : 'none', 'stroke-width': 2 });
        const title = document.createElementNS(svg.namespaceURI, 'title');
        title.textContent = `height ${b.height}: ${hash}`;
        e.append(title);
      }
      for (const [tip, who] of names) if (row.has(tip)) add('text', { x: X(blocks.get(tip).height) + 13, y: Y(row.get(tip)) + 4 }, who.length > 6 ? `${who.slice(0, 5).join(' ')} and ${who.length - 5} more` : who.join(' '));
      return element('div', {}, element('div', { class: 'wide' }, svg),
        element('p', {}, `${seen.length - 1} blocks have been on some node’s chain; the names stand at the nodes’ tips.${from > 0 ? ` Heights before ${from} are not shown.` : ''}`));
    },
  };
})());
