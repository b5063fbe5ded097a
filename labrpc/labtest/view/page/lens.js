// A lens sees a run in the terms of one lab. It is an object with
//   name      of its tab
//   sees()    whether there is anything for it in this run
//   segments(lane)  the lane's state over time: {i, color, label}, each until the next
//   bars()    what takes time: {lane, from, to, label, bad, point, tip}; to is -1 if it never ended
//   panel(i)  an element: the state after event i
//   say(i)    an event in the lab's words, or ''; asked of operations, and of events whose state is an object
// All but name and sees may be missing.
const lenses = [];

// element makes one: attributes by name, children as text or elements.
function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [k, v] of Object.entries(attributes)) {
    if (k.startsWith('on')) e.addEventListener(k.slice(2), v);
    else if (v === true) e.setAttribute(k, '');
    else if (v !== false && v !== null && v !== undefined) e.setAttribute(k, v);
  }
  e.append(...children.flat().filter(c => c !== null && c !== undefined && c !== ''));
  return e;
}

// hue is a colour of its own for a number or text, readable in light and dark.
function hue(x, alpha = 1) {
  let h = 0;
  for (const c of String(x)) h = (h * 31 + c.charCodeAt(0)) >>> 0;
  return `hsl(${(typeof x === 'number' ? x * 67 : h) % 360} 55% 50% / ${alpha})`;
}

// statesOf finds the events whose state fits, per lane in their order.
function statesOf(fits) {
  const lanes = run.lanes.map(() => []);
  let any = false;
  for (let i = 0; i < run.n; i++) {
    const s = run.state(i);
    if (s && typeof s === 'object' && run.lane[i] >= 0 && fits(s, i)) { lanes[run.lane[i]].push(i); any = true; }
  }
  return any ? lanes : null;
}

// upTo is how many of a sorted list are not after i.
function upTo(list, i) {
  let a = 0, b = list.length;
  while (a < b) { const m = (a + b) >> 1; if (list[m] <= i) a = m + 1; else b = m; }
  return a;
}

// wentDown is the last time before i at which a lane's node crashed, if it has not started again; -1 if it is up.
const wentDown = (() => {
  const crashes = run.lanes.map(() => []);
  for (let i = 0; i < run.n; i++) if (run.lane[i] >= 0 && ['crash', 'start', 'restart'].includes(run.kind(i))) crashes[run.lane[i]].push(i);
  return (lane, i) => {
    const k = upTo(crashes[lane], i);
    return k && run.kind(crashes[lane][k - 1]) === 'crash' ? crashes[lane][k - 1] : -1;
  };
})();
