// Shards: which group's servers have which shards, and in what state.
lenses.push((() => {
  const lanes = statesOf(s => 'GID' in s && Array.isArray(s.States) && 'Num' in s);
  if (!lanes) return { name: 'Shards', sees: () => false };
  const colors = { serving: '--leader', awaiting: '--candidate', leaving: '--extra', kept: '--reply' };
  const held = s => s.States.map((x, k) => [x, k]).filter(([x]) => x === 'serving').map(([, k]) => k);
  return {
    name: 'Shards', sees: () => true,
    bars: () => {
      const out = [];
      lanes.forEach((list, lane) => list.forEach((i, k) => {
        const s = run.state(i), moving = s.States.some(x => x === 'awaiting' || x === 'leaving');
        if (moving) out.push({ lane, from: i, to: k + 1 < list.length ? list[k + 1] : -1, label: `configuration ${s.Num}: moving`, tip: brief(s.States, 200) });
      }));
      return out;
    },
    say: i => {
      const s = run.state(i);
      return s && s.States && 'GID' in s ? `group ${s.GID} at configuration ${s.Num} serves ${held(s).join(' ') || 'nothing'}` : '';
    },
    panel: i => {
      const rows = [];
      let most = 0;
      lanes.forEach((list, lane) => {
        const k = upTo(list, i);
        if (!k) return;
        const s = run.state(list[k - 1]);
        rows.push([lane, s]);
        most = Math.max(most, s.States.length);
      });
      if (!rows.length) return element('p', {}, 'No shard has moved yet.');
      const head = element('tr', {}, ...['', 'group', 'config', 'moves'].map(t => element('th', {}, t)), ...[...Array(most).keys()].map(x => element('th', {}, String(x))));
      return element('div', {}, element('div', { class: 'wide' }, element('table', {}, head, ...rows.map(([lane, s]) => element('tr', lane === run.lane[i] ? { class: 'here' } : {},
        element('td', {}, run.lanes[lane] + (wentDown(lane, i) >= 0 ? ' (down)' : '')), element('td', {}, String(s.GID)), element('td', {}, String(s.Num)), element('td', {}, String(s.Moves)),
        ...s.States.map(x => colors[x] ? element('td', { class: 'cell', title: x }, element('span', { class: 'tag', style: `background:var(${colors[x]})` }, x[0].toUpperCase())) : element('td', {})))))),
        element('p', {}, 'S serving, A awaiting, L leaving (the next owner does not have it for certain), K kept (nobody’s).'));
    },
  };
})());
