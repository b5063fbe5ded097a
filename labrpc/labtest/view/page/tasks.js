// MapReduce: the tasks of a job, and which worker is at which.
lenses.push((() => {
  const lanes = statesOf(s => 'What' in s && 'Attempt' in s && s.ID && 'Phase' in s.ID);
  if (!lanes) return { name: 'Tasks', sees: () => false };
  const changes = lanes.flat().sort((a, b) => a - b);
  const laneOf = worker => { const whole = run.laneNamed(worker); return whole >= 0 ? whole : run.laneNamed(worker.replace(/\.\d+$/, '')); };
  const name = id => `${id.Phase} ${id.N}`;
  const ends = new Set(['finished', 'refused', 'failed', 'not committed']);
  return {
    name: 'Tasks', sees: () => true,
    bars: () => {
      // A worker is at one task at a time, until it crashes.
      const out = [], open = run.lanes.map(() => null);
      const end = (lane, i, how) => {
        const bar = open[lane];
        if (!bar) return;
        bar.to = i; bar.bad = how !== 'finished'; bar.label += bar.bad ? ' ' + how : '';
        open[lane] = null;
      };
      for (let i = 0; i < run.n; i++) {
        const c = run.state(i), lane = run.lane[i];
        if (lane >= 0 && run.kind(i) === 'crash') end(lane, i, 'crashed');
        if (!c || !c.What || !c.Attempt) continue;
        const worker = laneOf(c.Worker);
        if (worker < 0) continue;
        if (c.What === 'handed out') {
          end(worker, i, 'given up');
          open[worker] = { lane: worker, from: i, to: -1, label: name(c.ID), tip: `attempt ${c.Attempt}`, attempt: c.Attempt };
          out.push(open[worker]);
        } else if (ends.has(c.What) && open[worker] && open[worker].attempt === c.Attempt) end(worker, i, c.What);
      }
      return out;
    },
    say: i => { const s = run.state(i); return s && s.What && s.ID && 'Phase' in s.ID ? `${name(s.ID)} ${s.What}${s.Worker ? ', ' + s.Worker : ''}${s.Attempt !== '0.0' ? ', attempt ' + s.Attempt : ''}${s.Text ? ': ' + s.Text : ''}` : ''; },
    panel: i => {
      const tasks = new Map();
      let news = '';
      for (const j of changes.slice(0, upTo(changes, i))) {
        const c = run.state(j);
        if (c.What === 'resumed' || c.What === 'over') { news = `${c.What} ${c.Text || ''} at ${seconds(run.at[j])}`; if (c.What === 'resumed') for (const t of tasks.values()) t.running.clear(); continue; }
        if (!tasks.has(name(c.ID))) tasks.set(name(c.ID), { id: c.ID, running: new Map(), done: '', tries: 0, last: '' });
        const t = tasks.get(name(c.ID));
        t.last = `${c.What}${c.Text ? ': ' + c.Text : ''}`;
        if (c.What === 'handed out') { t.running.set(c.Attempt, c.Worker); t.tries++; t.done = ''; }
        if (ends.has(c.What)) t.running.delete(c.Attempt);
        if (c.What === 'finished') t.done = `${c.Worker} (${c.Attempt})`;
      }
      if (!tasks.size) return element('p', {}, 'No task has been handed out yet. ' + news);
      const sorted = [...tasks.values()].sort((a, b) => a.id.Phase.localeCompare(b.id.Phase) || a.id.N - b.id.N);
      return element('div', {}, news ? element('p', {}, news) : '', element('table', {},
        element('tr', {}, ...['task', 'is', 'at', 'attempts', 'last'].map(t => element('th', {}, t))),
        ...sorted.map(t => element('tr', {}, element('td', {}, name(t.id)),
          element('td', {}, element('span', { class: 'tag', style: `background:var(${t.done ? '--leader' : t.running.size ? '--candidate' : '--follower'})` }, t.done ? 'done' : t.running.size ? 'in progress' : 'idle')),
          element('td', {}, t.done || [...t.running.values()].join(', ')), element('td', {}, String(t.tries)), element('td', {}, t.last)))));
    },
  };
})());
