package mrtest

import (
	"maps"
	"slices"
	"strings"
	"time"

	"6.824/labrpc"
	"6.824/labrpc/labtest"
)

// scenarios lists them all: the course's, and then by what fails.
func scenarios() []scenario {
	return slices.Concat(course(), failures(), coordinators(), refinements())
}

func journals(im Implementation) bool { return im.Journals }
func rebuilds(im Implementation) bool { return im.Rebuilds }

// course is the course's checks in virtual time. The same on real processes are those of Commands.Check.
func course() []scenario {
	return []scenario{
		{Name: "TestWordCount", Doc: "nothing fails: the output is that of a sequential run", Course: true, Run: plain},
		{Name: "TestMoreWorkersThanTasks", Doc: "one file, more workers and reduce tasks than there is work", Setup: setup{Files: 1, Reduces: 50, Workers: 6}, Seeds: 3, Run: plain},
		{Name: "TestOneOfEach", Doc: "one file, one reduce task, one worker", Setup: setup{Files: 1, Reduces: 1, Workers: 1}, Seeds: 3, Run: plain},
		{Name: "TestMapParallelism", Doc: "map tasks run side by side", Course: true, Setup: setup{Workers: 2}, Run: func(c *Cluster) { parallel(c, 0) }},
		{Name: "TestReduceParallelism", Doc: "reduce tasks run side by side", Course: true, Setup: setup{Workers: 2}, Run: func(c *Cluster) { parallel(c, 1) }},
		{Name: "TestJobCount", Doc: "8 map tasks of 2 to 5 s are called 8 times", Course: true, Setup: setup{Workers: 4}, Run: jobCount},
		{Name: "TestEarlyExit", Doc: "nobody leaves while the last reduce task runs", Course: true, Run: earlyExit},
		{Name: "TestCrash", Doc: "workers die or hang in one call of three", Course: true, Run: crash},
	}
}

func plain(c *Cluster) {
	c.AtLeast("map calls", int64(len(c.files)))
	c.Start()
	c.AwaitDone(jobBound)
}

func parallel(c *Cluster, phase int) {
	c.ReduceTime = func(int) time.Duration { return 100 * time.Millisecond }
	c.Start()
	c.AwaitDone(jobBound)
	work := []int{len(c.files), c.setup.Reduces}[phase]
	if c.most[phase] < min(2, len(c.workers), work) {
		c.Violate("tasks run side by side", "course lab 1", "there are 2 workers, and never more than %d at work in phase %d", c.most[phase], phase)
	}
}

func jobCount(c *Cluster) {
	r := c.Rand("times")
	times := map[int]time.Duration{}
	for i := range c.setup.Workers {
		times[i] = 2*time.Second + time.Duration(r.Int64N(int64(3*time.Second)))
	}
	c.MapTime = func(w int) time.Duration { return times[w] }
	c.Start()
	c.AwaitDone(jobBound)
	c.calledOnce()
}

// calledOnce requires that no map task was done twice.
func (c *Cluster) calledOnce() {
	if n := len(c.began); n != len(c.files) {
		c.Violate("a task is done once if nothing fails", "course lab 1", "there are %d map tasks, Map was called %d times", len(c.files), n)
	}
}

func earlyExit(c *Cluster) {
	c.AtLeast("workers that left", 3)
	c.ReduceTime = func(w int) time.Duration {
		if w == 0 {
			return 700 * time.Millisecond
		}
		return time.Millisecond
	}
	c.Start()
	c.AwaitDone(jobBound)
	c.Sleep(20 * time.Second)
}

func crash(c *Cluster) {
	c.AtLeastOverall("crash", 10)
	r := c.Rand("crashes") // its numbers go to calls in their order, which is one
	c.onCall = func(worker, _ int, _ string) {
		node := c.workers[worker].Name()
		switch p := r.IntN(1000); {
		case p < 60:
			c.Inject(labtest.Schedule{{Kind: "crash", For: time.Second, Nodes: []string{node}}})
		case p < 120:
			c.Inject(labtest.Schedule{{Kind: "pause", For: time.Duration(r.IntN(12000)) * time.Millisecond, Nodes: []string{node}}})
		}
		time.Sleep(time.Millisecond)
	}
	c.Start()
	c.AwaitDone(20 * time.Minute)
}

// failures are scenarios in which something of the workers fails.
func failures() []scenario {
	return []scenario{
		{Name: "TestLossyNetwork", Doc: "messages are lost, late, reordered and doubled", Paper: "MapReduce §3.3", Setup: setup{Files: 20}, Run: lossy},
		{Name: "TestCrashAtEveryWrite", Doc: "a worker dies in its n-th write, for every n: before, during and after", Paper: "MapReduce §3.3", Needs: rebuilds, Seeds: 20, Run: crashAtEveryWrite},
		{Name: "TestCrashAtEveryMessage", Doc: "a worker dies when its n-th message is delivered or answered, for every n", Paper: "MapReduce §3.3", Needs: rebuilds, Seeds: 20, Run: crashAtEveryMessage},
		{Name: "TestDoubledMessages", Doc: "every other message comes twice, the second time a little late: no task is done twice for that", Paper: "MapReduce §3.3", Setup: setup{Files: 20}, Run: doubled},
		{Name: "TestLongTasks", Doc: "tasks take longer than the lease of a worker", Paper: "MapReduce §3.3", Needs: func(im Implementation) bool { return im.Beats }, Setup: setup{Files: 6}, Run: longTasks},
		{Name: "TestZombies", Doc: "workers stand still until they were replaced, and then report", Paper: "MapReduce §3.3", Run: zombies},
		{Name: "TestLateMessages", Doc: "reports and questions come again, long after", Paper: "MapReduce §3.3", Run: lateMessages},
		{Name: "TestLostFiles", Doc: "intermediate files disappear while they are needed", Paper: "MapReduce §3.3", Needs: rebuilds, Run: func(c *Cluster) { damage(c, true) }},
		{Name: "TestTornFiles", Doc: "intermediate files are cut off, or have a byte changed", Paper: "MapReduce §3.3", Needs: rebuilds, Run: func(c *Cluster) { damage(c, false) }},
		{Name: "TestLocalDisks", Doc: "what a dead worker has mapped is gone with it", Paper: "MapReduce §3.3", Needs: rebuilds, Setup: setup{LocalDisks: true, Workers: 4}, Run: localDisks},
		{Name: "TestFullDisks", Doc: "there is no room on some disks for a while, then on all", Run: fullDisks},
		{Name: "TestSlowDisks", Doc: "writes take up to a second, the coordinator's, too", Run: slowDisks},
		{Name: "TestLostOnReport", Doc: "what a worker has just made disappears while it reports", Paper: "MapReduce §3.3", Needs: rebuilds, Run: lostOnReport},
		{Name: "TestOneWorkerLives", Doc: "all workers but one die for good", Paper: "MapReduce §3.3", Setup: setup{Workers: 5}, Run: oneLives},
		{Name: "TestSwarm", Doc: "a random mix of all faults", Paper: "MapReduce §3.3", Setup: setup{Workers: 4, Files: 12}, Needs: func(im Implementation) bool { return im.Rebuilds && im.Journals }, Seeds: 20, Run: swarm},
	}
}

func lossy(c *Cluster) {
	c.AtLeast("dropped", 3)
	c.Inject(labtest.Schedule{{Kind: "link", For: time.Minute, Nodes: []string{"*"}, Link: &labrpc.Conditions{
		DropRequest: 0.25, DropReply: 0.25, Duplicate: 0.2, Reorder: 0.2, ReorderBy: labrpc.Uniform(0, time.Second),
	}}})
	c.Start()
	c.AwaitDone(5 * time.Minute)
}

var crashModes = []labtest.CrashMode{labtest.Keep, labtest.Lose, labtest.Torn}

func crashAtEveryWrite(c *Cluster) {
	c.AtLeastOverall("crash", 40)
	c.Start()
	for k := 0; !c.Done(); k++ {
		victim := c.workers[c.rand.IntN(len(c.workers))]
		if !victim.Up() {
			victim.Start()
		}
		victim.Disk().CrashAtWrite(1+int(c.Seed())%5+k%3, crashModes[c.rand.IntN(3)])
		c.Sleep(time.Duration(200+c.rand.IntN(600)) * time.Millisecond)
		for _, n := range c.workers {
			n.Start()
		}
		if k > 12 { // so much is enough
			return
		}
	}
}

func crashAtEveryMessage(c *Cluster) {
	c.AtLeast("crashed at a message", 1)
	left, kinds := int(c.Seed())%7, []string{"delivered", "returned"}
	done := 0
	c.OnEvent(func(e labtest.Event) {
		if !slices.Contains(kinds, e.Kind) || !strings.Contains(e.Method, "Report") && left%2 == 0 {
			return
		}
		if left--; left >= 0 || done > 15 {
			return
		}
		done++
		left = 1 + c.rand.IntN(9)
		victim := e.Node // of an answer its sender is the coordinator
		if victim == coordinator {
			victim = e.To
		}
		c.Count("crashed at a message")
		c.Inject(labtest.Schedule{{Kind: "crash", For: 400 * time.Millisecond, Nodes: []string{victim}, Mode: crashModes[c.rand.IntN(3)]}})
	})
	c.Start()
	c.AwaitDone(20 * time.Minute)
}

func doubled(c *Cluster) {
	c.AtLeast("duplicated", 20)
	c.Inject(labtest.Schedule{{Kind: "link", For: time.Minute, Nodes: []string{"*"}, Link: &labrpc.Conditions{
		Duplicate: 0.5, Reorder: 0.3, ReorderBy: labrpc.Uniform(0, 2*time.Second),
	}}})
	// Much longer than messages are late, so that nobody seems slow.
	c.MapTime = func(int) time.Duration { return 5 * time.Second }
	c.ReduceTime = func(int) time.Duration { return 500 * time.Millisecond }
	c.Start()
	c.AwaitDone(jobBound)
	c.calledOnce()
	for _, key := range slices.Sorted(maps.Keys(c.reduced)) {
		if n := c.reduced[key]; n > 1 {
			c.Violate("a task is done once if nothing fails", "course lab 1", "Reduce was called %d times for the key %q", n, key)
		}
	}
}

func longTasks(c *Cluster) {
	c.MapTime = func(int) time.Duration { return 35 * time.Second }
	c.Start()
	c.AwaitDone(5 * time.Minute)
	c.calledOnce()
}

func zombies(c *Cluster) {
	c.AtLeast("pause", 1)
	done := 0
	c.onCall = func(worker, phase int, _ string) {
		if done < 4 && c.rand.IntN(4) == 0 {
			done++
			c.Inject(labtest.Schedule{{Kind: "pause", For: time.Duration(11+c.rand.IntN(20)) * time.Second, Nodes: []string{c.workers[worker].Name()}}})
			time.Sleep(time.Millisecond)
		}
	}
	c.Start()
	c.AwaitDone(5 * time.Minute)
}

func lateMessages(c *Cluster) {
	c.AtLeast("late messages", 5)
	r := c.Rand("late")
	c.Net().Hook(func(m *labrpc.Message) (v labrpc.Verdict) {
		if m.Reply {
			return v
		}
		if v.Duplicates = r.IntN(3); v.Duplicates > 0 {
			v.Delay = time.Duration(r.IntN(15000)) * time.Millisecond
			c.Count("late messages")
		}
		return v
	})
	c.Start()
	c.AwaitDone(20 * time.Minute)
}

// damage loses or spoils some intermediate files when the map tasks are nearly done.
func damage(c *Cluster, lose bool) {
	c.AtLeast("damaged", 1)
	attic := c.AddNode("attic", func(*labtest.Node) func() { return func() {} })
	c.Start()
	c.ReduceTime = func(int) time.Duration { return 100 * time.Millisecond }
	for range 6 {
		c.Sleep(time.Duration(300+c.rand.IntN(500)) * time.Millisecond)
		for _, name := range c.share.names("") {
			b, ok := c.share.read(name)
			if isOutput(name) || !ok || len(b) == 0 || c.rand.IntN(6) > 0 {
				continue
			}
			if c.Done() {
				return
			}
			c.Count("damaged")
			switch {
			case lose:
				c.share.lose(name)
			case c.rand.IntN(2) == 0:
				c.share.spoil(name, b[:c.rand.IntN(len(b))], attic)
			default:
				b[c.rand.IntN(len(b))] ^= 1 << c.rand.IntN(8)
				c.share.spoil(name, b, attic)
			}
		}
	}
}

func localDisks(c *Cluster) {
	c.AtLeast("crash", 1)
	c.ReduceTime = func(int) time.Duration { return 200 * time.Millisecond }
	c.Start()
	victim := c.workers[c.rand.IntN(len(c.workers))]
	c.Eventually(time.Minute, func() bool { c.mu.Lock(); defer c.mu.Unlock(); return len(c.mapped) == len(c.files) })
	victim.Crash(labtest.Keep)
	c.AwaitDone(5 * time.Minute)
}

func fullDisks(c *Cluster) {
	c.AtLeast("hit:failwrites", 2)
	c.Start()
	some := []string{c.workers[0].Name(), c.workers[1].Name()}
	c.Inject(labtest.Schedule{
		{Kind: "failwrites", N: -1, For: 4 * time.Second, Nodes: some},
		{Kind: "failwrites", N: -1, At: 5 * time.Second, For: 10 * time.Second, Nodes: []string{"mr/worker*"}},
	})
	c.MapTime = func(int) time.Duration { return time.Second }
	c.AwaitDone(5 * time.Minute)
}

func slowDisks(c *Cluster) {
	c.AtLeast("hit:slowdisk", 20)
	c.Inject(labtest.Schedule{{Kind: "slowdisk", For: time.Minute, Nodes: []string{"mr/*"}, Latency: labrpc.Uniform(0, time.Second)}})
	c.Start()
	c.AwaitDone(5 * time.Minute)
}

func lostOnReport(c *Cluster) {
	c.AtLeastOverall("damaged", 20)
	left := 5
	c.OnEvent(func(e labtest.Event) {
		if e.Kind != "sent" || e.To != coordinator || left == 0 {
			return
		}
		c.mu.Lock()
		mapped := len(c.mapped) == len(c.files)
		c.mu.Unlock()
		if !mapped && c.Seed()%2 == 0 { // keep it for what the reduce tasks make
			return
		}
		if name := c.share.latest(e.Node); name != "" && !isOutput(name) && c.rand.IntN(3) == 0 {
			c.share.lose(name)
			c.Count("damaged")
			left--
		}
	})
	c.Start()
	c.AwaitDone(5 * time.Minute)
}

func oneLives(c *Cluster) {
	c.AtLeast("crash", 4)
	c.Start()
	for _, i := range c.rand.Perm(c.setup.Workers)[1:] {
		c.Sleep(time.Duration(c.rand.IntN(400)) * time.Millisecond)
		c.workers[i].Crash(labtest.Torn)
	}
	c.AwaitDone(5 * time.Minute)
}

func swarm(c *Cluster) {
	c.AtLeastOverall("crash", 10)
	c.AtLeastOverall("dropped", 20)
	r := c.Rand("swarm")
	var names []string
	for _, n := range c.workers {
		names = append(names, n.Name())
	}
	const span = 10 * time.Second
	all := append(slices.Clone(names), coordinator)
	schedule := labtest.Swarm(r, all, span, slices.DeleteFunc(labtest.GeneratorNames(), func(g string) bool { return g == "disk-faults" || g == "clock-skew" })...)
	schedule = append(schedule, labtest.Swarm(r, names, span, "disk-faults")...)
	c.Inject(schedule)
	c.ReduceTime = func(int) time.Duration { return 100 * time.Millisecond }
	c.Start()
	c.Sleep(span)
}

// coordinators are scenarios in which the coordinator crashes.
func coordinators() []scenario {
	return []scenario{
		{Name: "TestCoordinatorCrash", Doc: "the coordinator dies in its n-th write, for every n, and what was done is not done again", Paper: "MapReduce §3.3", Needs: journals, Seeds: 40, Run: coordinatorCrash},
		{Name: "TestCoordinatorRestarts", Doc: "the coordinator dies at any time, again and again", Paper: "MapReduce §3.3", Needs: journals, Seeds: 30, Run: coordinatorRestarts},
	}
}

func coordinatorCrash(c *Cluster) {
	c.AtLeastOverall("coordinator crashes", 30)
	c.Start()
	c.main.Disk().CrashAtWrite(1+int(c.Seed())%20, crashModes[c.rand.IntN(3)])
	if c.Eventually(time.Minute, func() bool { return !c.main.Up() || c.Done() }) && !c.main.Up() {
		c.Count("coordinator crashes")
		c.Sleep(200 * time.Millisecond)
		c.main.Start()
	}
	c.AwaitDone(5 * time.Minute)
	// What was under way when it died is done again: an attempt per worker.
	if n := len(c.began); n > len(c.files)+c.setup.Workers {
		c.Violate("what is done stays done", "MapReduce §3.3", "there are %d map tasks and %d workers, the coordinator died once, and Map was called %d times", len(c.files), c.setup.Workers, n)
	}
}

func coordinatorRestarts(c *Cluster) {
	c.AtLeast("coordinator crashes", 3)
	c.Start()
	for range 4 {
		c.Sleep(time.Duration(50+c.rand.IntN(600)) * time.Millisecond)
		c.main.Crash(crashModes[c.rand.IntN(3)])
		c.Count("coordinator crashes")
		c.Sleep(time.Duration(c.rand.IntN(2000)) * time.Millisecond)
		c.main.Start()
	}
}

// refinements are scenarios of the paper's section 4, and of its backup tasks.
func refinements() []scenario {
	return []scenario{
		{Name: "TestStraggler", Doc: "a worker ten times slower than the others costs a job half as much again at most", Paper: "MapReduce §3.6", Needs: func(im Implementation) bool { return im.Backups }, Setup: setup{Workers: 4, Files: 24, Reduces: 8}, Run: straggler},
		{Name: "TestAttemptsDoNotMix", Doc: "all reduce tasks read the same attempt at a map task, even when Map is not deterministic", Paper: "MapReduce §3.3", Needs: func(im Implementation) bool { return im.Backups }, Setup: setup{Workers: 3, Files: 12, Reduces: 6, Nonces: true}, Run: attemptsDoNotMix},
		{Name: "TestBadRecords", Doc: "a record at which Map panics is left out", Paper: "MapReduce §4.6", Needs: func(im Implementation) bool { return im.Skips }, Setup: setup{Skip: true, Poison: true}, Run: badRecords},
		{Name: "TestDeadlyRecords", Doc: "a record that ends each worker that reads it is left out", Paper: "MapReduce §4.6", Needs: func(im Implementation) bool { return im.Skips }, Setup: setup{Skip: true, Poison: true, Deadly: true}, Run: badRecords},
		{Name: "TestLocality", Doc: "map tasks go to where their input is", Paper: "MapReduce §3.4", Needs: func(im Implementation) bool { return im.Locates }, Setup: setup{Files: 30}, Run: locality},
	}
}

func straggler(c *Cluster) {
	slow := 0
	c.MapTime = func(w int) time.Duration {
		if w == slow {
			return 10 * time.Second
		}
		return time.Second
	}
	c.ReduceTime = func(w int) time.Duration {
		if w == slow {
			return time.Second
		}
		return 100 * time.Millisecond
	}
	c.Start()
	c.AwaitDone(jobBound)
	took := c.Now()
	// What it takes if all four are fair: six rounds of map tasks, and two of reduce tasks with ten keys each.
	fair := 6*time.Second + 2*time.Second
	c.Add("straggler percent", int64(100*took/fair))
	if took > fair*3/2 {
		c.Violate("stragglers get backups", "MapReduce §3.6", "the job took %v, a fair one takes %v", took, fair)
	}
}

func attemptsDoNotMix(c *Cluster) {
	c.AtLeast("late maps", 1)
	// The slow worker comes to the end of its map task while the others, who have made it again, reduce.
	r := c.Rand("slow")
	slow := 7*time.Second + time.Duration(r.Int64N(int64(4*time.Second)))
	c.MapTime = func(w int) time.Duration {
		if w == 0 {
			return slow
		}
		return time.Second
	}
	c.ReduceTime = func(int) time.Duration { return 300 * time.Millisecond }
	c.Start()
	c.AwaitDone(jobBound)
	if len(c.began) > len(c.files) {
		c.Count("late maps")
	}
}

func badRecords(c *Cluster) {
	c.AtLeast("poison", 2)
	c.Start()
	c.AwaitDone(jobBound)
	most := int64(4)
	if c.setup.Deadly { // until the first death is noticed nobody says at which record it is, and each attempt may get a backup
		most = 6
	}
	if n := c.Counter("poison"); n > most {
		c.Violate("bad records are left out", "MapReduce §4.6", "Map was called with the same bad record %d times", n)
	}
}

func locality(c *Cluster) {
	c.Start()
	c.AwaitDone(jobBound)
	local := 0
	for _, call := range c.began {
		if slices.Index(c.files, call.file)%c.setup.Workers == call.worker {
			local++
		}
	}
	c.Add("local", int64(local))
	c.AtLeast("local", int64(len(c.files)*8/10))
}
