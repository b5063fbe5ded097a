// The space-time diagram, and the overview above it, on canvases: only what is in sight is drawn.
const diagram = (() => {
  const scroll = document.getElementById('scroll'), spacer = document.getElementById('spacer'), canvas = document.getElementById('diagram'), overview = document.getElementById('overview');
  const margin = 118, top = 24, laneHeight = 40, longest = 2e7; // px
  const arrowsAtOnce = 5000, reachBeyond = 4000; // events
  let byTime = false, perEvent = 13, perNs = 1e-7, order = [], rowOf = new Int32Array(0), faultRows = [], arrows = 0;
  let segments = [], bars = [];

  const last = Math.max(run.first, run.n - 1), t0 = run.at[run.first] || 0, t1 = Math.max(run.at[last] || 0, t0 + 1);
  const x = i => byTime ? (run.at[i] - t0) * perNs + 20 : (i - run.first) * perEvent + 20;
  const xAt = t => byTime ? (t - t0) * perNs + 20 : x(Math.min(last, Math.max(run.first, run.since(t))));
  const width = () => x(last) + 60;
  const head = () => top + faultRows.length * 15;
  const y = lane => head() + rowOf[lane] * laneHeight + laneHeight / 2;
  const style = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  // Network faults in rows of their own, as few as will do.
  for (const b of run.bands.filter(b => !b.Down).sort((a, b) => a.From - b.From)) {
    let row = faultRows.find(r => r[r.length - 1].To <= b.From);
    if (!row && faultRows.length < 4) faultRows.push(row = []);
    if (row) row.push(b);
  }

  function layout(hidden) {
    order = run.lanes.map((_, l) => l).filter(l => !hidden.has(l));
    rowOf = new Int32Array(run.lanes.length).fill(-1);
    order.forEach((l, r) => { rowOf[l] = r; });
    if (!segments.length) {
      const lens = lenses.find(l => l.sees() && l.segments);
      segments = run.lanes.map((_, l) => lens ? lens.segments(l) : []);
      scroll.style.height = `min(52vh, ${head() + order.length * laneHeight + 26}px)`;
      bars = lenses.filter(l => l.sees() && l.bars).flatMap(l => l.bars()).filter(b => b.lane >= 0).sort((a, b) => a.from - b.from);
    }
    size();
  }

  function size() {
    spacer.style.width = Math.min(longest, margin + width()) + 'px';
    spacer.style.height = head() + order.length * laneHeight + 8 + 'px';
    for (const [c, w, h] of [[canvas, scroll.clientWidth, scroll.clientHeight], [overview, overview.clientWidth, 46]]) {
      const r = window.devicePixelRatio || 1;
      if (c.width !== Math.round(w * r) || c.height !== Math.round(h * r)) { c.width = Math.round(w * r); c.height = Math.round(h * r); c.style.height = h + 'px'; if (c === canvas) c.style.width = w + 'px'; }
      c.getContext('2d').setTransform(r, 0, 0, r, 0, 0);
    }
  }

  // inSight is the range of events whose columns are seen.
  function inSight() {
    const a = scroll.scrollLeft, b = a + scroll.clientWidth - margin;
    if (byTime) return [Math.max(run.first, run.since(t0 + (a - 40) / perNs)), Math.min(run.n, run.since(t0 + (b + 20) / perNs) + 1)];
    return [Math.max(run.first, Math.floor((a - 20) / perEvent) + run.first - 1), Math.min(run.n, Math.ceil(b / perEvent) + run.first + 1)];
  }

  let asked = false;
  function draw() { if (!asked) { asked = true; requestAnimationFrame(() => { asked = false; paint(); }); } }

  const lost = new Set(['dropped', 'reply-dropped']);
  function paint() {
    const g = canvas.getContext('2d'), W = scroll.clientWidth, H = scroll.clientHeight, sx = scroll.scrollLeft - margin, sy = scroll.scrollTop;
    const color = {};
    for (const c of ['back', 'fore', 'faint', 'line', 'bad', 'fault', 'down', 'request', 'reply', 'extra', 'accent', 'warn', 'follower', 'leader', 'candidate', 'precandidate', 'panel']) color['--' + c] = style('--' + c);
    g.fillStyle = color['--back']; g.fillRect(0, 0, W, H);
    g.font = '11px ui-monospace, monospace'; g.textBaseline = 'middle';
    const [a, b] = inSight(), dim = i => view.dims(i);
    const X = i => x(i) - sx, Y = lane => y(lane) - sy;

    // Bands: nodes that are down, faults at nodes. However many there are at a time, a lane has the colour of one.
    const until = new Map();
    for (const band of run.bands) {
      const from = Math.max(margin, xAt(band.From) - sx), to = Math.min(W, Math.max(xAt(band.To) - sx, xAt(band.From) - sx + 2));
      if (to < margin || from > W) continue;
      g.fillStyle = color[band.Down ? '--down' : '--fault'];
      for (const l of band.Lanes || []) {
        if (rowOf[l] < 0) continue;
        const key = (band.Down ? 'down ' : '') + l, start = Math.max(from, until.get(key) ?? 0);
        if (to > start) { g.fillRect(start, Y(l) - laneHeight / 2 + 1, to - start, laneHeight - 2); until.set(key, to); }
      }
    }

    // Lanes, and on them the states.
    for (const l of order) {
      g.strokeStyle = color['--line']; g.lineWidth = 1;
      g.beginPath(); g.moveTo(margin, Y(l)); g.lineTo(Math.min(W, x(last) - sx), Y(l)); g.stroke();
      const list = segments[l];
      let k = 0;
      for (let lo = 0, hi = list.length; lo < hi;) { const m = (lo + hi) >> 1; if (list[m].i < a) { k = m; lo = m + 1; } else hi = m; }
      for (; k < list.length && list[k].i < b; k++) {
        const s = list[k], from = Math.max(margin, X(Math.max(s.i, run.first))), to = k + 1 < list.length ? X(list[k + 1].i) : x(last) - sx;
        if (to < from) continue;
        g.fillStyle = s.fill || color[s.color]; g.fillRect(from, Y(l) - (s.strong ? 3.5 : 2), Math.min(W, to) - from, s.strong ? 7 : 4);
        if (to - from > 8 * s.label.length) { g.fillStyle = color['--faint']; g.fillText(s.label, from + 3, Y(l) + 13); }
      }
    }

    // What takes time.
    for (const bar of bars) {
      if (bar.from >= b) break;
      if (rowOf[bar.lane] < 0 || (bar.to >= 0 && bar.to < a)) continue;
      const from = Math.max(margin, X(Math.max(bar.from, run.first))), to = bar.to >= 0 ? X(bar.to) : x(last) - sx;
      if (to < margin || from > W) continue;
      g.globalAlpha = dim(bar.from) ? 0.25 : 1;
      g.fillStyle = color['--panel']; g.strokeStyle = color[bar.bad ? '--bad' : bar.faint ? '--faint' : '--accent']; g.lineWidth = bar.bad ? 2 : 1;
      g.beginPath(); g.roundRect(from, Y(bar.lane) - 9, Math.max(3, Math.min(W + 9, to) - from), 18, 4); g.fill(); g.stroke();
      if (bar.point >= 0) { g.fillStyle = color['--accent']; g.beginPath(); g.arc(X(bar.point), Y(bar.lane) - 9, 3, 0, 7); g.fill(); }
      const room = Math.min(W, to) - from;
      if (room > 6.6 * Math.min(10, bar.label.length)) {
        g.save(); g.beginPath(); g.rect(from, Y(bar.lane) - 9, room, 18); g.clip();
        g.fillStyle = color[bar.bad ? '--bad' : bar.faint ? '--faint' : '--fore'];
        g.fillText(bar.label, from + (X(bar.from) >= margin ? 18 : 4), Y(bar.lane)); // right of the first events
        g.restore();
      }
      g.globalAlpha = 1;
    }

    // Messages: from where they left to where they arrived, or half of the way.
    arrows = 0;
    let undrawn = 0;
    const till = Math.min(run.n, b + reachBeyond), every = Math.max(1, Math.ceil((till - a) / 2 / arrowsAtOnce / 1.5));
    for (let i = a; i < till; i++) {
      const c = run.cause[i];
      if (c < run.first || c >= b) continue;
      const [from, to] = run.ends(c), kind = run.kind(i);
      if (from < 0 || to < 0 || rowOf[from] < 0 || rowOf[to] < 0 || kind === 'held') continue;
      const isLost = lost.has(kind), special = isLost || i === view.sel || c === view.sel || run.copy(i) > 0 || run.kind(c) !== (run.isReply(c) ? 'replied' : 'sent');
      if (every > 1 && !special && c % every) { undrawn++; continue; }
      arrows++;
      let x1 = X(c), y1 = Y(from), x2 = X(i), y2 = Y(to);
      if (isLost) { y2 = y1 + (y2 - y1) * 0.6; x2 = Math.max(x2, x1 + 6); }
      g.globalAlpha = dim(c) && dim(i) ? 0.12 : 1;
      g.strokeStyle = color[isLost ? '--bad' : run.copy(i) > 0 || run.kind(c) === 'tampered' ? '--extra' : run.isReply(i) ? '--reply' : '--request'];
      g.lineWidth = i === view.sel || c === view.sel ? 2.5 : 1;
      g.setLineDash(run.copy(i) > 0 ? [2, 3] : run.isReply(i) ? [5, 3] : []);
      g.beginPath(); g.moveTo(x1, y1); g.lineTo(x2, y2); g.stroke(); g.setLineDash([]);
      if (isLost) { g.beginPath(); g.moveTo(x2 - 4, y2 - 4); g.lineTo(x2 + 4, y2 + 4); g.moveTo(x2 + 4, y2 - 4); g.lineTo(x2 - 4, y2 + 4); g.lineWidth = 2; g.stroke(); }
      else if (every < 3) {
        const d = Math.atan2(y2 - y1, x2 - x1);
        g.fillStyle = g.strokeStyle; g.beginPath(); g.moveTo(x2, y2);
        g.lineTo(x2 - 8 * Math.cos(d - 0.35), y2 - 8 * Math.sin(d - 0.35)); g.lineTo(x2 - 8 * Math.cos(d + 0.35), y2 - 8 * Math.sin(d + 0.35)); g.fill();
      }
    }
    g.globalAlpha = 1;

    // Events.
    const pixel = new Map(), dense = b - a > 2 * W;
    for (let i = a; i < b; i++) {
      const l = run.lane[i];
      if (l < 0 || rowOf[l] < 0) continue;
      const px = Math.round(X(i));
      if (byTime && i !== view.sel && pixel.get(l) === px) continue;
      pixel.set(l, px);
      const kind = run.kind(i), start = kind === 'start' || kind === 'restart';
      g.globalAlpha = dim(i) ? 0.18 : 1;
      g.fillStyle = color[kind === 'crash' || kind === 'violation' || kind === 'failed' ? '--bad' : kind === 'report' || kind === 'shown' ? '--faint' : '--fore'];
      g.beginPath();
      if (kind === 'crash') { g.fillRect(px - 1.5, Y(l) - 12, 3, 24); }
      else if (start) { g.moveTo(px - 4, Y(l) - 5); g.lineTo(px + 5, Y(l)); g.lineTo(px - 4, Y(l) + 5); g.fill(); }
      else { g.arc(px, Y(l), dense ? 1.2 : kind === 'report' || kind === 'shown' ? 2 : 2.8, 0, 7); g.fill(); }
    }
    g.globalAlpha = 1;

    // The step in which it broke, and the chosen event.
    const rule = (i, c, dash) => {
      if (i < run.first) return;
      g.strokeStyle = color[c]; g.lineWidth = 1.5; g.setLineDash(dash); g.beginPath(); g.moveTo(X(i), head()); g.lineTo(X(i), H); g.stroke(); g.setLineDash([]);
    };
    if (run.broke >= 0) rule(run.broke, '--bad', []);
    if (view.sel >= 0) {
      rule(view.sel, '--accent', [3, 3]);
      const l = run.lane[view.sel];
      if (l >= 0 && rowOf[l] >= 0) { g.strokeStyle = color['--accent']; g.lineWidth = 2.5; g.beginPath(); g.arc(X(view.sel), Y(l), 7, 0, 7); g.stroke(); }
    }

    // Above: time, and the faults. Left: names.
    g.fillStyle = color['--back']; g.fillRect(0, 0, W, head());
    faultRows.forEach((row, r) => row.forEach(band => {
      const from = Math.max(margin, xAt(band.From) - sx), to = Math.min(W, xAt(band.To) - sx);
      if (to < margin || from > W) return;
      g.fillStyle = color['--fault']; g.fillRect(from, top + r * 15, Math.max(2, to - from), 13);
      g.save(); g.beginPath(); g.rect(from, top + r * 15, to - from, 13); g.clip(); g.fillStyle = color['--fore']; g.fillText(band.Text.replace(/^\S+ /, ''), from + 3, top + r * 15 + 7); g.restore();
    }));
    g.fillStyle = color['--faint'];
    let free = margin;
    const ticks = byTime ? timeTicks(sx, W) : [...Array(Math.max(0, b - a)).keys()].map(k => a + k).filter(i => i === a || run.at[i] !== run.at[i - 1]).map(i => [X(i), run.at[i]]);
    for (const [px, t] of ticks) if (px >= free && px < W - 60) { const label = byTime ? (t / 1e9).toFixed(byTime && perNs > 1e-5 ? 6 : 3) + 's' : seconds(t); g.fillText(label, px, 10); g.fillRect(px, 17, 1, 5); free = px + 90; }
    if (run.broke >= 0 && X(run.broke) >= margin && X(run.broke) < W) { g.fillStyle = color['--bad']; g.fillText('▼ broken', Math.min(W - 60, X(run.broke) - 4), 18); }
    g.fillStyle = color['--panel']; g.fillRect(0, head(), margin - 8, H);
    for (const l of order) {
      if (Y(l) < head()) continue;
      g.fillStyle = color[view.sel >= 0 && run.lane[view.sel] === l ? '--accent' : '--fore'];
      g.fillText(run.lanes[l].length > 15 ? '…' + run.lanes[l].slice(-14) : run.lanes[l], 6, Y(l));
    }
    g.fillStyle = color['--panel']; g.fillRect(0, 0, margin - 8, head());
    g.fillStyle = color['--faint']; g.fillText(byTime ? 'virtual time' : 'event by event', 6, 10); if (faultRows.length) g.fillText('faults', 6, top + 7);
    document.getElementById('undrawn').textContent = undrawn ? `At this zoom ${undrawn.toLocaleString('en')} of the messages in sight are not drawn; those that were lost, doubled or changed are.` : '';
    paintOverview(color);
  }

  function timeTicks(sx, W) {
    const step = 10 ** Math.ceil(Math.log10(90 / perNs)), out = [];
    const unit = [step / 10, step / 5, step / 2, step].find(s => s * perNs >= 90) || step;
    for (let t = Math.floor((t0 + (sx + margin) / perNs) / unit) * unit; ; t += unit) {
      const px = xAt(t) - sx;
      if (px > W) return out;
      out.push([px, t]);
    }
  }

  // The overview: all of the run in virtual time.
  function paintOverview(color) {
    const g = overview.getContext('2d'), W = overview.clientWidth, H = 46, X = t => (t - t0) / (t1 - t0) * (W - 2);
    const told = order.filter(l => segments[l].length), rows = told.length ? told : order, h = H / Math.max(1, rows.length), rowOf = run.lanes.map((_, l) => rows.indexOf(l));
    g.fillStyle = color['--back']; g.fillRect(0, 0, W, H);
    const until = new Map();
    for (const b of run.bands) {
      g.fillStyle = color[b.Down ? '--down' : '--fault'];
      for (const l of b.Lanes && b.Lanes.length ? b.Lanes : rows) {
        const key = (b.Down ? 'down ' : '') + l, at = Math.max(0, X(b.From), until.get(key) ?? 0), to = Math.max(X(b.To), X(b.From) + 1);
        if (rowOf[l] >= 0 && to > at) { g.fillRect(at, rowOf[l] * h, to - at, h); until.set(key, to); }
      }
    }
    for (const l of rows) {
      let until = -1;
      segments[l].forEach((s, k) => {
        const from = X(run.at[Math.max(s.i, run.first)]), to = k + 1 < segments[l].length ? X(run.at[segments[l][k + 1].i]) : W;
        if (to <= until) return;
        until = to;
        g.fillStyle = s.fill || color[s.color]; g.fillRect(from, rowOf[l] * h + h * 0.3, Math.max(1, to - from), Math.max(1, h * 0.4));
      });
    }
    const [a, b] = inSight();
    g.strokeStyle = color['--accent']; g.lineWidth = 1.5; g.strokeRect(Math.max(1, X(run.at[a])), 1, Math.max(3, X(run.at[Math.max(a, b - 1)]) - X(run.at[a])), H - 2);
    if (run.broke >= 0) { g.fillStyle = color['--bad']; g.fillRect(X(run.at[run.broke]) - 1, 0, 2.5, H); }
  }

  // hit is the event at a place of the canvas, or -1: one that is there, or the arrival of a message whose line is.
  function hit(px, py) {
    const sx = scroll.scrollLeft - margin, sy = scroll.scrollTop, [a, b] = inSight();
    let best = -1, least = 100;
    for (let i = a; i < b; i++) {
      const l = run.lane[i];
      if (l < 0 || rowOf[l] < 0) continue;
      const d = (x(i) - sx - px) ** 2 + (y(l) - sy - py) ** 2;
      if (d < least) { least = d; best = i; }
    }
    if (best >= 0) return best;
    const till = Math.min(run.n, b + reachBeyond);
    least = 5;
    for (let i = a; i < till; i++) {
      const c = run.cause[i];
      if (c < run.first || c >= b) continue;
      const [from, to] = run.ends(c);
      if (from < 0 || to < 0 || rowOf[from] < 0 || rowOf[to] < 0) continue;
      const x1 = x(c) - sx, y1 = y(from) - sy, dx = x(i) - sx - x1, dy = y(to) - sy - y1, k = ((px - x1) * dx + (py - y1) * dy) / (dx * dx + dy * dy);
      if (k < 0 || k > 1) continue;
      const d = Math.hypot(x1 + k * dx - px, y1 + k * dy - py);
      if (d < least) { least = d; best = i; }
    }
    if (best >= 0) return best;
    const bar = bars.find(q => rowOf[q.lane] >= 0 && Math.abs(y(q.lane) - sy - py) < 10 && x(q.from) - sx <= px && (q.to < 0 || x(q.to) - sx >= px));
    return bar ? bar.from : -1;
  }

  // show scrolls an event into sight.
  function show(i, middle = false) {
    const px = x(i), W = scroll.clientWidth - margin;
    if (middle || px < scroll.scrollLeft + 60 || px > scroll.scrollLeft + W - 60) scroll.scrollLeft = px - W / 2;
    const l = run.lane[i];
    if (l >= 0 && rowOf[l] >= 0) {
      const py = y(l);
      if (py < scroll.scrollTop + head() + 20) scroll.scrollTop = py - head() - 40;
      else if (py > scroll.scrollTop + scroll.clientHeight - 30) scroll.scrollTop = py - scroll.clientHeight + 50;
    }
    draw();
  }

  function zoom(by, at = scroll.clientWidth / 2) {
    const anchor = (scroll.scrollLeft + at - margin - 20) / (width() - 80);
    if (byTime) perNs = Math.min(longest / (t1 - t0), Math.max((scroll.clientWidth - margin - 80) / (t1 - t0), perNs * by));
    else perEvent = Math.min(60, longest / Math.max(1, run.n - run.first), Math.max((scroll.clientWidth - margin - 80) / Math.max(1, run.n - run.first), perEvent * by));
    size();
    scroll.scrollLeft = anchor * (width() - 80) - at + margin + 20;
    draw();
  }

  function setAxis(time) {
    byTime = time;
    if (time && view.sel >= 0) perNs = Math.min(longest / (t1 - t0), Math.max((scroll.clientWidth - margin - 80) / (t1 - t0), 60 / 1e6));
    size();
    show(Math.max(view.sel, run.first), true);
  }

  scroll.addEventListener('scroll', draw);
  new ResizeObserver(() => { size(); draw(); }).observe(scroll);
  canvas.addEventListener('click', e => { const i = hit(e.offsetX, e.offsetY); if (i >= 0) choose(i); });
  canvas.addEventListener('mousemove', e => { const i = hit(e.offsetX, e.offsetY); canvas.title = i >= 0 ? `#${run.seq[i]} ${seconds(run.at[i])} ${what(i)}` : ''; canvas.style.cursor = i >= 0 ? 'pointer' : ''; });
  canvas.addEventListener('wheel', e => { if (e.ctrlKey) { e.preventDefault(); zoom(e.deltaY < 0 ? 1.25 : 0.8, e.offsetX); } }, { passive: false });
  overview.addEventListener('click', e => { const i = Math.min(last, run.since(t0 + e.offsetX / overview.clientWidth * (t1 - t0))); show(i, true); choose(i, false); });
  window.addEventListener('beforeprint', () => { size(); paint(); });

  const place = i => [x(i) - scroll.scrollLeft + margin, y(run.lane[i]) - scroll.scrollTop]; // of an event on the canvas
  return { layout, draw, show, zoom, setAxis, size, place, byTime: () => byTime, drawn: () => arrows };
})();
