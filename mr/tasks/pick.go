package tasks

import (
	"slices"
	"time"
)

// A queue is tasks in the order in which they became idle. A task may be in several queues; one that has been
// taken from another is passed over.
type queue struct {
	items []int
	head  int
}

func (q *queue) push(n int) {
	if q.head > 32 && q.head > len(q.items)/2 {
		q.items = slices.Delete(q.items, 0, q.head)
		q.head = 0
	}
	q.items = append(q.items, n)
}

// requeue makes a task idle.
func (t *Table) requeue(id ID) {
	ph, k := &t.phases[id.Phase], t.at(id)
	if k.queued {
		return
	}
	k.queued = true
	ph.idle.push(id.N)
	if id.Phase != Map || t.cfg.Hosts == nil {
		return
	}
	for _, host := range t.cfg.Hosts(id.N) {
		if ph.near[host] == nil {
			ph.near[host] = &queue{}
		}
		ph.near[host].push(id.N)
	}
}

// takeIdle takes the next idle task for a worker: one whose input is at its host, if there is any (§3.4).
func (t *Table) takeIdle(now time.Duration, p Phase, name, host string) (n int, ok bool) {
	ph := &t.phases[p]
	if q := ph.near[host]; q != nil {
		if n, ok = t.take(now, p, q, name); ok {
			t.stats.Local++
			return n, true
		}
	}
	return t.take(now, p, &ph.idle, name)
}

// take takes the first task of a queue that is idle still, and that the worker has not failed, or nobody else
// could try.
func (t *Table) take(now time.Duration, p Phase, q *queue, name string) (int, bool) {
	for i := q.head; i < len(q.items); i++ {
		n := q.items[i]
		k := &t.phases[p].tasks[n]
		idle := k.queued && len(k.runs) == 0 && k.done == 0
		if !idle {
			if k.queued && k.done != 0 {
				k.queued = false
			}
			if i == q.head {
				q.head++
			}
			continue
		}
		if slices.Contains(k.avoid, name) && t.othersThan(k.avoid) {
			continue
		}
		k.queued = false
		if i == q.head {
			q.head++
		}
		return n, true
	}
	return 0, false
}

// othersThan says whether there is a live worker that is not among these.
func (t *Table) othersThan(names []string) bool {
	for name := range t.workers {
		if !slices.Contains(names, name) {
			return true
		}
	}
	return false
}

// straggler chooses a running task of which to start a backup (§3.6): when nothing is idle, the one that has run
// longest, if that is much longer than its like have taken.
func (t *Table) straggler(now time.Duration, p Phase, name string) (n int, ok bool) {
	ph := &t.phases[p]
	median, known := ph.pace.median()
	if !known || t.cfg.NoBackups {
		return 0, false
	}
	bound := max(t.cfg.BackupAfter, time.Duration(t.cfg.BackupFactor*float64(median)))
	longest := time.Duration(-1)
	for i := range ph.active {
		k := &ph.tasks[i]
		if len(k.runs) != 1 || k.runs[0].worker == name || slices.Contains(k.avoid, name) {
			continue
		}
		if d := now - k.runs[0].since; d > bound && (d > longest || d == longest && i < n) {
			longest, n, ok = d, i, true
		}
	}
	return n, ok
}

// pace is how long the last tasks of a phase have taken.
type pace struct {
	last  [256]time.Duration
	count int
}

func (p *pace) add(d time.Duration) {
	p.last[p.count%len(p.last)] = d
	p.count++
}

// median is that of the last tasks; it is not known when none is done.
func (p *pace) median() (time.Duration, bool) {
	if p.count == 0 {
		return 0, false
	}
	s := slices.Clone(p.last[:min(p.count, len(p.last))])
	slices.Sort(s)
	return s[len(s)/2], true
}
