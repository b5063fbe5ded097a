// The panels below the diagram: the chosen event, the state then, and the events around it.

// jump is a link to an event.
function jump(i, label = '#' + run.seq[i]) {
  return element('a', { class: 'jump', href: '#' + run.seq[i], onclick: e => { e.preventDefault(); choose(i); } }, label);
}

// tree renders a value with a line per field.
function tree(v) {
  const lines = [];
  const walk = (x, indent, name) => {
    const prefix = '  '.repeat(indent) + name;
    if (x === null || typeof x !== 'object' || brief(x, 1e9).length < 56) lines.push(prefix + (typeof x === 'string' ? x : x && typeof x === 'object' && x._ ? x._ + ' ' + brief(x, 1e9) : brief(x, 1e9)));
    else if (Array.isArray(x)) { lines.push(prefix); x.forEach((y, k) => walk(y, indent + 1, k + ': ')); }
    else { lines.push(prefix + (x._ || '')); Object.entries(x).filter(([k]) => k !== '_').forEach(([k, y]) => walk(y, indent + 1, k + ': ')); }
  };
  if (v !== null && typeof v === 'object' && !Array.isArray(v)) Object.entries(v).filter(([k]) => k !== '_').forEach(([k, y]) => walk(y, 0, k + ': '));
  else walk(v, 0, '');
  if (!lines.length) lines.push('(nothing)');
  return element('pre', {}, lines.join('\n'));
}

function eventPanel(i) {
  const panel = document.getElementById('event');
  if (i < 0) { panel.replaceChildren(element('p', {}, 'No event is chosen.')); return; }
  const rows = [], row = (name, ...value) => rows.push(element('dt', {}, name), element('dd', {}, ...value));
  row('time', seconds(run.at[i]));
  if (run.isMessage(i)) {
    const [a, b] = run.ends(i);
    row('message', `${a >= 0 ? run.lanes[a] : '?'} → ${b >= 0 ? run.lanes[b] : '?'}, ${run.method(i)}${run.isReply(i) ? ' (reply)' : ''}, call ${run.call(i)}${run.copy(i) ? ', copy ' + run.copy(i) : ''}, ${run.bytes(i)} bytes`);
  } else if (run.lane[i] >= 0) row('node', run.lanes[run.lane[i]]);
  if (run.text(i)) row('text', run.text(i));
  if (run.term(i) !== null) row('term', String(run.term(i)));
  if (run.cause[i] >= 0) row('sent', jump(run.cause[i]), ` ${seconds(run.at[run.cause[i]])}, ${((run.at[i] - run.at[run.cause[i]]) / 1e6).toFixed(3)} ms before`);
  const arrivals = run.arrivals(i);
  if (arrivals.length) row('then', ...arrivals.flatMap((j, k) => [k ? ', ' : '', jump(j, `${run.kind(j)} #${run.seq[j]}`)]));
  const active = run.bands.filter(b => b.From <= run.at[i] && b.To >= run.at[i] && (!b.Lanes || !b.Lanes.length || b.Lanes.includes(run.lane[i]) || b.Lanes.includes(run.peer[i])));
  if (active.length) row('under', active.slice(0, 6).map(b => b.Text).join('; '));
  const said = what(i), caused = ['delivered', 'returned', 'failed'].includes(run.kind(i)) ? run.consequences(i) : [];
  const content = run.isMessage(i) ? run.content(i) : null, state = run.state(i);
  panel.replaceChildren(...[
    element('h2', {}, `#${run.seq[i]} ${run.kind(i)}`), element('p', {}, said), element('dl', {}, ...rows),
    content !== null ? element('h2', {}, 'It says') : '', content !== null ? tree(content) : '',
    state !== null ? element('h2', {}, 'State') : '', state !== null ? tree(state) : '',
    caused.length ? element('h2', {}, 'It caused') : '', ...caused.map(j => element('p', {}, jump(j), ' ' + what(j))),
  ].filter(x => x !== ''));
}

// The state, seen through one of the lenses that see something.
let lens = null;
function statePanel(i) {
  const usable = lenses.filter(l => l.sees() && l.panel), tabs = document.getElementById('tabs');
  if (!lens) lens = usable.find(l => l.name === (run.footer && run.footer.check === 'linearizability' ? 'Operations' : 'Shards')) || usable[0] || null;
  if (tabs.childElementCount !== usable.length) tabs.replaceChildren(...usable.map(l => element('button', { type: 'button', role: 'tab', onclick: () => { lens = l; statePanel(view.sel); } }, l.name)));
  [...tabs.children].forEach((t, k) => t.setAttribute('aria-selected', usable[k] === lens));
  document.getElementById('lens').replaceChildren(lens && i >= 0 ? lens.panel(i) : element('p', {}, usable.length ? '' : 'The nodes of this run report nothing of their state.'));
}

// The events around the chosen one that the filter lets through.
function listPanel(i) {
  const around = 40, rows = [];
  for (let j = i - 1, k = 0; j >= run.first && k < around; j--) if (view.passes(j)) { rows.unshift(j); k++; }
  if (i >= run.first) rows.push(i);
  for (let j = i + 1, k = 0; j < run.n && k < around; j++) if (view.passes(j)) { rows.push(j); k++; }
  const list = element('ol', {}, ...rows.map(j => element('li', {
    class: [view.dims(j) ? 'dim' : '', j === run.broke ? 'broke' : ''].join(' ').trim() || null, 'aria-current': j === i ? 'true' : null, title: what(j), onclick: () => choose(j),
  }, element('i', {}, `${run.isShown(j) ? '' : run.seq[j]} ${seconds(run.at[j])} `), what(j))));
  const panel = document.getElementById('list');
  panel.replaceChildren(list);
  const current = list.querySelector('[aria-current]');
  if (current) panel.scrollTop = current.offsetTop - panel.clientHeight / 2 - panel.offsetTop;
}
