// Raft: role, term, vote, log and commit index of each server, Figure 2's terms.
lenses.push((() => {
  const lanes = statesOf(s => 'Role' in s && 'Term' in s && 'LastIndex' in s);
  if (!lanes) return { name: 'Raft', sees: () => false };
  const colors = { leader: '--leader', candidate: '--candidate', 'pre-candidate': '--precandidate', precandidate: '--precandidate', follower: '--follower' };
  const color = role => colors[String(role).toLowerCase()] || '--follower';

  // logAt is the terms of a server's log by index, sparse, as of its k-th transition. The last one asked for is kept, since steps are small.
  const kept = run.lanes.map(() => ({ k: 0, log: [] }));
  const logAt = (lane, k) => {
    let c = kept[lane];
    if (c.k > k) c = kept[lane] = { k: 0, log: [] };
    for (; c.k < k; c.k++) {
      const s = run.state(lanes[lane][c.k]);
      if (!s.Log) continue;
      if (s.Event === 'Make') c.log = [];
      c.log.length = Math.min(c.log.length, s.From);
      s.Log.forEach((e, j) => { c.log[s.From + j] = e.Term; });
    }
    return c.log;
  };

  // The commands, by index and term: from what messages say.
  let commands = null;
  const command = (index, term) => {
    if (!commands) {
      commands = new Map();
      for (let i = 0; i < run.n; i++) {
        const m = run.kind(i) === 'sent' ? run.content(i) : null;
        if (!m || !Array.isArray(m.Entries) || typeof m.PrevLogIndex !== 'number') continue;
        m.Entries.forEach((e, j) => {
          if (!e || typeof e !== 'object') return;
          const { Term, NoOp, Index, ...rest } = e, fields = Object.values(rest);
          commands.set((m.PrevLogIndex + 1 + j) + '/' + Term, NoOp ? 'no-op' : brief(fields.length === 1 ? fields[0] : rest, 120));
        });
      }
    }
    return commands.get(index + '/' + term) || '';
  };

  const columns = 18; // entries that are shown

  const table = (rows, i) => {
    const lastIndex = Math.max(...rows.map(r => r.s.LastIndex)), first = Math.max(1, lastIndex - columns + 1), indexes = [];
    for (let x = first; x <= lastIndex; x++) indexes.push(x);
    const head = element('tr', {}, ...['', 'role', 'term', 'vote', 'commit', 'last'].map(t => element('th', {}, t)), ...indexes.map(x => element('th', {}, (x === first && first > 1 ? '…' : '') + x)));
    const cell = ({ s, log }, x) => {
      if (x <= s.SnapshotIndex) return element('td', { class: 'cell', title: 'in the snapshot, up to ' + s.SnapshotIndex }, '▪');
      if (x > s.LastIndex || log[x] === undefined) return element('td', {});
      return element('td', { class: 'cell' + (x <= s.CommitIndex ? ' committed' : ''), style: `background:${hue(log[x], 0.35)}`, title: `index ${x}, term ${log[x]} ${command(x, log[x])}` }, String(log[x]));
    };
    return element('div', { class: 'wide' }, element('table', {}, head, ...rows.map(r => element('tr', r.lane === run.lane[i] ? { class: 'here' } : {},
      element('td', {}, run.lanes[r.lane]),
      element('td', {}, element('span', { class: 'tag', style: `background:var(${r.down ? '--bad' : color(r.s.Role)})` }, r.down ? 'down' : String(r.s.Role))),
      element('td', {}, String(r.s.Term)), element('td', {}, r.s.VotedFor >= 0 ? String(r.s.VotedFor) : '–'),
      element('td', {}, String(r.s.CommitIndex)), element('td', {}, String(r.s.LastIndex)),
      ...indexes.map(x => cell(r, x))))));
  };

  // commandsOf lists the last entries of a server's log, with their commands as far as messages have told them.
  const commandsOf = server => {
    if (!server) return '';
    const tail = [];
    for (let x = server.s.LastIndex; x > server.s.SnapshotIndex && tail.length < 10; x--) if (server.log[x] !== undefined) tail.unshift(x);
    if (!tail.some(x => command(x, server.log[x]))) return '';
    return element('table', {}, element('tr', {}, element('th', {}, 'index'), element('th', {}, 'term'), element('th', {}, 'command in the log of ' + run.lanes[server.lane])),
      ...tail.map(x => element('tr', {}, element('td', {}, String(x)), element('td', {}, String(server.log[x])), element('td', {}, command(x, server.log[x])))));
  };

  return {
    name: 'Raft', sees: () => true,
    segments: lane => {
      const out = [];
      let role = null, term = null;
      for (const i of lanes[lane]) {
        const s = run.state(i);
        if (s.Role === role && s.Term === term) continue;
        out.push({ i, color: color(s.Role), label: 'T' + s.Term, strong: s.Role === 'leader' });
        role = s.Role; term = s.Term;
      }
      return out;
    },
    say: i => {
      const s = run.state(i);
      if (!s || typeof s !== 'object' || !('Role' in s) || !('LastIndex' in s)) return '';
      return `${s.Role} of term ${s.Term}: log up to ${s.LastIndex}, committed ${s.CommitIndex} — ${s.Event || run.text(i)}`;
    },
    panel: i => {
      // Servers of one name, up to the slash, are a cluster.
      const clusters = new Map();
      lanes.forEach((list, lane) => {
        const k = upTo(list, i), cluster = run.lanes[lane].split('/')[0];
        if (!k) return;
        if (!clusters.has(cluster)) clusters.set(cluster, []);
        clusters.get(cluster).push({ lane, s: run.state(list[k - 1]), log: logAt(lane, k).slice(), down: wentDown(lane, i) >= 0 });
      });
      if (!clusters.size) return element('p', {}, 'No server has reported yet.');
      const chosen = run.lane[i] >= 0 ? run.lanes[run.lane[i]].split('/')[0] : '';
      const sorted = [...clusters].sort(([a], [b]) => (b === chosen) - (a === chosen)); // that of the event first
      return element('div', {}, ...sorted.map(([, rows]) => table(rows, i)),
        element('p', {}, 'Cells are terms of log entries by index; what a server knows committed has a bold frame; ▪ is in its snapshot.'), commandsOf(sorted[0][1].find(r => r.lane === run.lane[i])));
    },
  };
})());
