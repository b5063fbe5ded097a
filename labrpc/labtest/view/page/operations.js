// Operations of clients: intervals from call to answer, and the order that porcupine found for them.
lenses.push((() => {
  const ops = [], open = new Map(), byName = new Map();
  for (let i = 0; i < run.n; i++) {
    const kind = run.kind(i), id = run.lane[i] + '/' + run.call(i);
    if (kind === 'invoke') {
      const op = { lane: run.lane[i], n: run.call(i), from: i, to: -1, input: run.state(i), output: null, group: -1, rank: -1, left: false, bad: false, point: -1 };
      ops.push(op); open.set(id, op); byName.set(run.lanes[op.lane] + '#' + op.n, op);
    } else if (kind === 'return' && open.has(id)) {
      const op = open.get(id);
      op.to = i; op.output = run.state(i);
      open.delete(id);
    }
  }
  if (!ops.length) return { name: 'Operations', sees: () => false };
  run.orders.forEach((o, g) => {
    let point = 0;
    (o.order || []).forEach((x, k) => {
      const op = byName.get(x.client + '#' + x.n);
      if (!op) return;
      point = Math.max(point, op.from);
      op.group = g; op.rank = k + 1; op.point = op.to >= 0 ? Math.min(point, op.to) : point;
    });
    (o.left || []).forEach(x => { const op = byName.get(x.client + '#' + x.n); if (op) { op.group = g; op.left = true; } });
    (o.breaks || []).forEach(x => { const op = byName.get(x.client + '#' + x.n); if (op) { op.group = g; op.bad = true; } });
  });
  const unanswered = op => op.to < 0 || (op.output && typeof op.output === 'object' && Object.keys(op.output).length === 0);
  const asked = x => typeof x !== 'object' || !x ? brief(x) : 'Kind' in x && 'Key' in x ? [x.Kind, x.Key, x.Value ? JSON.stringify(x.Value) : ''].filter(s => s !== '').join(' ') : 'Put' in x && 'Key' in x ? `${x.Put ? 'put' : 'get'} ${x.Key}${x.Put ? '=' + x.Value : ''}` : 'Kind' in x ? `${x.Kind} ${brief(Object.fromEntries(Object.entries(x).filter(([k]) => k !== 'Kind')))}` : brief(x);
  const answered = op => unanswered(op) ? '…' : op.output === null ? 'ok' : typeof op.output === 'object' && op.output && 'Value' in op.output ? (op.output.Refused || JSON.stringify(op.output.Value)) : brief(op.output, 60);
  const label = op => `${asked(op.input)} → ${answered(op)}`;
  const at = new Map();
  for (const op of ops) { at.set(op.from, op); if (op.to >= 0) at.set(op.to, op); }
  return {
    name: 'Operations', sees: () => true, ops,
    key: op => op.input && typeof op.input === 'object' && 'Key' in op.input ? String(op.input.Key) : null,
    opAt: i => at.get(i),
    bars: () => ops.map(op => ({ lane: op.lane, from: op.from, to: op.to, label: label(op), bad: op.bad, faint: op.left, point: op.point, tip: op.rank > 0 ? `number ${op.rank} in the order` : '' })),
    say: i => at.has(i) ? (run.kind(i) === 'invoke' ? 'calls ' + asked(at.get(i).input) : `${asked(at.get(i).input)} is answered ${answered(at.get(i))}`) : '',
    panel: i => {
      const row = op => element('tr', op.from === i || op.to === i ? { class: 'here' } : {}, element('td', {}, op.rank > 0 ? String(op.rank) : op.bad ? element('span', { class: 'bad-text' }, 'fits nowhere') : op.left ? 'left out' : '–'),
        element('td', {}, jump(op.from, run.lanes[op.lane])), element('td', {}, asked(op.input)), element('td', { class: op.bad ? 'bad-text' : '' }, answered(op)),
        element('td', {}, seconds(run.at[op.from])), element('td', {}, op.to >= 0 ? seconds(run.at[op.to]) : '…'));
      const head = (...names) => element('tr', {}, ...names.map(t => element('th', {}, t)));
      const now = ops.filter(op => op.from <= i && (op.to < 0 || op.to > i));
      const out = [element('h2', {}, now.length ? 'Under way' : 'Nothing is under way'), now.length ? element('table', {}, head('order', 'client', 'asked', 'answer', 'from', 'to'), ...now.slice(-20).map(row)) : ''];
      // The order of those that concern each other: of the operation of this event, or else of one that fits nowhere.
      const here = at.get(i) || ops.find(op => op.bad) || now[0];
      if (here && here.group >= 0) {
        const order = run.orders[here.group], group = ops.filter(op => op.group === here.group && op.rank > 0).sort((a, b) => a.rank - b.rank), left = ops.filter(op => op.group === here.group && op.rank <= 0 && (op.bad || op.left)).sort((a, b) => b.bad - a.bad);
        const middle = here.rank > 0 ? here.rank : group.length, shown = group.filter(op => Math.abs(op.rank - middle) <= 8);
        out.push(element('h2', {}, order.legal ? 'An order in which each happens at once' : 'The longest order that fits'), element('table', {}, head('order', 'client', 'asked', 'answer', 'from', 'to'), ...shown.map(row), ...left.slice(0, 12).map(row)));
        if (group.length > shown.length) out.push(element('p', {}, `${shown.length} of ${group.length} are shown.`));
      } else if (!run.orders.length) out.push(element('p', {}, 'No order is recorded: that takes a run that failed, or was asked for by its seed.'));
      return element('div', {}, ...out);
    },
  };
})());
