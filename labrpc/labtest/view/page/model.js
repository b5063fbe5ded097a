'use strict';
// The run: the columns that the page holds, and what follows from them. An event is its index; -1 is none.
const run = (() => {
  const p = JSON.parse(document.getElementById('data').textContent);
  const n = p.seq.length;
  const sums = (a, out) => { let x = 0; for (let i = 0; i < n; i++) out[i] = x += a[i]; return out; };
  const seq = sums(p.seq, new Int32Array(n)), at = sums(p.at, new Float64Array(n));
  const cause = Int32Array.from(p.cause), lane = Int32Array.from(p.lane), peer = Int32Array.from(p.peer);

  // Neighbours on the lane, and arrivals of what an event has sent.
  const before = new Int32Array(n).fill(-1), after = new Int32Array(n).fill(-1), last = new Int32Array(p.lanes.length).fill(-1);
  const arrivals = new Map();
  for (let i = 0; i < n; i++) {
    const l = lane[i];
    if (l >= 0) {
      before[i] = last[l];
      if (last[l] >= 0) after[last[l]] = i;
      last[l] = i;
    }
    if (cause[i] >= 0) {
      if (!arrivals.has(cause[i])) arrivals.set(cause[i], []);
      arrivals.get(cause[i]).push(i);
    }
  }
  const kind = i => p.strings[p.kind[i]], method = i => p.strings[p.method[i]], text = i => p.strings[p.text[i]];
  const state = i => p.values[p.state[i]];
  const isMessage = i => peer[i] >= 0 || method(i) !== '';
  // What the message says that an event is of.
  const content = i => p.says[i] ? p.values[p.says[i]] : cause[i] >= 0 && p.says[cause[i]] ? p.values[p.says[cause[i]]] : null;
  const from = i => (p.reply[i] ? 'to' : 'from');

  // The lanes between which the message of an event goes.
  const ends = i => {
    if (lane[i] < 0) return cause[i] >= 0 ? ends(cause[i]) : [-1, peer[i]];
    const leaves = ['sent', 'replied', 'duplicated', 'tampered'].includes(kind(i));
    return leaves ? [lane[i], peer[i]] : [peer[i], lane[i]];
  };

  const term = i => {
    for (const x of [content(i), state(i)]) if (x && typeof x === 'object' && typeof x.Term === 'number') return x.Term;
    return null;
  };

  // reach marks the events that lead to one, or that it may have led to.
  const reach = (i, back) => {
    const seen = new Uint8Array(n), todo = [i];
    const visit = j => { if (j >= 0 && !seen[j]) { seen[j] = 1; todo.push(j); } };
    seen[i] = 1;
    while (todo.length) {
      const j = todo.pop();
      if (back) { visit(lane[j] >= 0 ? before[j] : -1); visit(cause[j]); }
      else { visit(lane[j] >= 0 ? after[j] : -1); (arrivals.get(j) || []).forEach(visit); }
    }
    return seen;
  };

  // What a node did in the instant of an event, until something else happened to it.
  const consequences = i => {
    const out = [];
    for (let j = after[i]; j >= 0 && at[j] === at[i] && cause[j] < 0 && out.length < 40; j = after[j]) out.push(j);
    return out;
  };

  return {
    n, first: p.first, broke: p.break, header: p.header, footer: p.footer, orders: p.orders || [], bands: p.bands || [], lanes: p.lanes,
    seq, at, lane, peer, cause, before, after, kind, method, text, state, content, isMessage, ends, term, reach, consequences, from,
    arrivals: i => arrivals.get(i) || [], call: i => p.n[i], copy: i => p.copy[i], bytes: i => p.bytes[i], isReply: i => !!p.reply[i],
    isShown: i => kind(i) === 'shown',
    laneNamed: name => p.lanes.indexOf(name),
    // The first event that is not before a time.
    since: t => { let a = 0, b = n; while (a < b) { const m = (a + b) >> 1; if (at[m] < t) a = m + 1; else b = m; } return a; },
  };
})();

const seconds = ns => (ns / 1e9).toFixed(6) + 's';

// brief is a value in a line, without the names of types.
function brief(v, most = 80) {
  const say = x => {
    if (x === null || typeof x === 'number' || typeof x === 'boolean') return String(x);
    if (typeof x === 'string') return JSON.stringify(x);
    if (Array.isArray(x)) return '[' + x.map(say).join(' ') + ']';
    return '{' + Object.entries(x).filter(([k]) => k !== '_').map(([k, y]) => k + ':' + say(y)).join(' ') + '}';
  };
  const s = say(v);
  return s.length > most ? s.slice(0, most - 1) + '…' : s;
}

// what is an event in a few words.
function what(i) {
  const [a, b] = run.isMessage(i) ? run.ends(i) : [-1, -1], kind = run.kind(i);
  if (run.method(i)) {
    const way = (a >= 0 ? run.lanes[a] : '') + '→' + (b >= 0 ? run.lanes[b] : '');
    return `${kind} ${way} ${run.method(i)}${run.isReply(i) ? ' reply' : ''} #${run.call(i)}${run.copy(i) ? ' copy ' + run.copy(i) : ''}${run.text(i) ? ' (' + run.text(i) + ')' : ''}`;
  }
  const who = run.lane[i] >= 0 ? run.lanes[run.lane[i]] + ' ' : '';
  const state = run.state(i);
  const said = state !== null && typeof state === 'object' || kind === 'invoke' || kind === 'return' ? lenses.map(l => l.say && l.say(i)).find(s => s) : '';
  if (said) return `${who}${said}`;
  return `${who}${run.isShown(i) ? '' : kind + ' '}${run.text(i)}${state !== null ? ' ' + brief(state) : ''}`;
}
