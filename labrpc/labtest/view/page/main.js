// What is chosen, and how it is changed: buttons and keys.
const view = { sel: -1, hidden: new Set(), off: new Set(), test: null, mask: null, reach: '', passes: () => true, dims: () => false };

const at = id => document.getElementById(id);

// choose makes an event the chosen one.
function choose(i, scroll = true) {
  if (i < run.first || i >= run.n) return;
  view.sel = i;
  if (view.reach) view.mask = run.reach(i, view.reach === 'past');
  history.replaceState(null, '', '#' + run.seq[i]);
  eventPanel(i); statePanel(i); listPanel(i);
  if (scroll) diagram.show(i); else diagram.draw();
}

// compile makes a test of a filter: words and node:, kind:, term:, key:, method: conditions, all of which must hold.
function compile(text) {
  const tests = [];
  for (const word of text.trim().split(/\s+/).filter(Boolean)) {
    const [, name, value] = /^(\w+):(.+)$/.exec(word) || [];
    const v = (value || '').toLowerCase();
    switch (name) {
      case 'node': tests.push(i => [run.lane[i], run.peer[i]].some(l => l >= 0 && run.lanes[l].toLowerCase().includes(v))); break;
      case 'kind': tests.push(i => v.split(',').some(k => run.kind(i).startsWith(k))); break;
      case 'method': tests.push(i => run.method(i).toLowerCase().includes(v)); break;
      case 'term': if (!/^\d+$/.test(v)) return null; tests.push(i => run.term(i) === Number(v)); break;
      case 'key': tests.push(i => hasKey(run.state(i), value) || hasKey(run.content(i), value)); break;
      default: tests.push(i => (what(i) + ' ' + run.kind(i) + ' ' + brief(run.content(i), 1e4) + ' ' + brief(run.state(i), 1e4)).toLowerCase().includes(word.toLowerCase()));
    }
  }
  return tests.length ? i => tests.every(t => t(i)) : () => true;
}

// hasKey says whether a value, or one in it, has this Key; in a log entry the operation may be text.
function hasKey(v, key) {
  if (v === null || typeof v !== 'object') return false;
  if (String(v.Key) === key || typeof v.Op === 'string' && v.Op.includes(key)) return true;
  return Object.values(v).some(x => typeof x === 'object' && hasKey(x, key));
}

function refilter() {
  const text = at('filter').value, test = compile(text);
  at('filter').classList.toggle('wrong', !test);
  const shows = i => !view.off.has(run.kind(i)) && (run.lane[i] < 0 || !view.hidden.has(run.lane[i]));
  let mask = null;
  if (text.trim() && test) { mask = new Uint8Array(run.n); for (let i = run.first; i < run.n; i++) mask[i] = test(i) ? 1 : 0; }
  view.passes = i => shows(i) && (!mask || !!mask[i]);
  view.dims = i => (view.mask ? !view.mask[i] : false) || (mask ? !mask[i] : false) || view.off.has(run.kind(i));
  let n = 0;
  if (mask) for (let i = run.first; i < run.n; i++) if (view.passes(i)) n++;
  at('matches').textContent = mask ? n.toLocaleString('en') + ' events' : '';
  diagram.layout(view.hidden);
  diagram.draw();
  listPanel(view.sel);
}

// step goes to the next event that passes and that ok accepts, by direction 1 or -1.
function step(by, ok = () => true) {
  for (let i = view.sel + by; i >= run.first && i < run.n; i += by) if (view.passes(i) && ok(i)) { choose(i); return; }
}

function setReach(kind) {
  view.reach = view.reach === kind ? '' : kind;
  view.mask = view.reach ? run.reach(view.sel, view.reach === 'past') : null;
  at('past').setAttribute('aria-pressed', view.reach === 'past'); at('future').setAttribute('aria-pressed', view.reach === 'future');
  listPanel(view.sel); diagram.draw();
}

function setTheme() {
  const dark = (document.documentElement.dataset.theme || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
  document.documentElement.dataset.theme = dark ? 'light' : 'dark';
  diagram.draw();
}

function toggleAxis() { diagram.setAxis(!diagram.byTime()); at('axis').setAttribute('aria-pressed', diagram.byTime()); }

const fit = () => { diagram.zoom(1e-9); };
const follow = () => { const a = run.arrivals(view.sel); if (a.length) choose(a[0]); };
const sameLane = by => { const l = run.lane[view.sel]; step(by, i => run.lane[i] === l); };

const keys = {
  ArrowRight: () => step(1), ArrowLeft: () => step(-1), j: () => step(1), k: () => step(-1), Enter: follow,
  Backspace: () => { if (run.cause[view.sel] >= 0) choose(run.cause[view.sel]); }, v: () => at('break').click(), p: () => setReach('past'), f: () => setReach('future'),
  t: toggleAxis, '+': () => diagram.zoom(1.4), '=': () => diagram.zoom(1.4), '-': () => diagram.zoom(1 / 1.4), 0: fit, '/': () => setTimeout(() => at('filter').focus(), 30), // when the key is over, or it stands in the filter
  d: setTheme,
  '?': () => at('keys').showModal(), Home: () => choose(run.first), End: () => choose(run.n - 1),
};

document.addEventListener('keydown', e => {
  if (e.target.matches('input, textarea')) { if (e.key === 'Escape' || e.key === 'Enter') at('scroll').focus(); return; }
  if (e.ctrlKey || e.altKey || e.metaKey || at('keys').open) return;
  if (e.target.matches('button, summary, a') && e.key === 'Enter') return;
  const f = e.shiftKey && e.key === 'ArrowRight' ? () => sameLane(1) : e.shiftKey && e.key === 'ArrowLeft' ? () => sameLane(-1) : keys[e.key];
  if (f) { e.preventDefault(); f(); }
});

for (const [id, f] of Object.entries({
  prev: () => step(-1), next: () => step(1), break: () => { choose(run.broke); diagram.show(run.broke, true); }, past: () => setReach('past'), future: () => setReach('future'),
  axis: toggleAxis, in: keys['+'], out: keys['-'], fit, theme: setTheme, help: keys['?'],
})) at(id).addEventListener('click', e => { f(); if (e.detail && id !== 'help') at('scroll').focus({ preventScroll: true }); }); // who uses the mouse goes on with keys in the diagram
at('break').disabled = run.broke < 0;
let typing = 0;
at('filter').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(refilter, 150); });
if (at('copy')) at('copy').addEventListener('click', () => navigator.clipboard.writeText(at('again').textContent));

// The menus of nodes and kinds.
function menu(id, names, set, value) {
  at(id).append(...names.map((name, k) => element('label', {}, element('input', { type: 'checkbox', checked: true, onchange: e => { e.target.checked ? set.delete(value(k)) : set.add(value(k)); refilter(); } }), ' ' + name)));
}
menu('nodes', run.lanes, view.hidden, k => k);
const kinds = [...new Set(Array.from({ length: run.n }, (_, i) => run.kind(i)))].sort();
menu('kinds', kinds, view.off, k => kinds[k]);

document.documentElement.classList.add('js');
at('app').hidden = false;
diagram.layout(view.hidden);
refilter();
(() => {
  const wanted = Number(location.hash.slice(1));
  let i = run.broke >= run.first && run.broke >= 0 ? run.broke : run.first;
  if (location.hash && Number.isInteger(wanted)) { const found = run.seq.indexOf(wanted); if (found >= run.first) i = found; }
  if (run.n) { choose(i); diagram.show(i, true); }
})();
document.documentElement.dataset.ready = 'true';
