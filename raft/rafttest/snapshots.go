package rafttest

// snapshots are the scenarios of the course's part 2D.
func snapshots() []scenario {
	with := func(name, doc string, servers setup, run func(*Cluster)) scenario {
		servers.Snapshots = true
		return scenario{Name: name, Doc: doc, Paper: "§7", Course: true, Setup: servers, Run: run}
	}
	return []scenario{
		with("TestSnapshotBasic2D", "the log stays short", setup{}, func(c *Cluster) { compactAndFail(c, nothingFails) }),
		with("TestSnapshotInstall2D", "servers that were cut off need a snapshot", setup{}, func(c *Cluster) { compactAndFail(c, isCutOff) }),
		with("TestSnapshotInstallUnreliable2D", "the same over a network that loses messages", setup{Unreliable: true}, func(c *Cluster) { compactAndFail(c, isCutOff) }),
		with("TestSnapshotInstallCrash2D", "servers that crashed need a snapshot", setup{}, func(c *Cluster) { compactAndFail(c, crashes) }),
		with("TestSnapshotInstallUnCrash2D", "the same over a network that loses messages", setup{Unreliable: true}, func(c *Cluster) { compactAndFail(c, crashes) }),
		with("TestSnapshotAllCrash2D", "all servers crash and restart, with snapshots", setup{}, allCrash),
	}
}

// failure is what happens to one server while the others go on.
type failure int

const (
	nothingFails failure = iota
	isCutOff
	crashes
)

func compactAndFail(c *Cluster, what failure) {
	const rounds = 30
	c.AtLeast("snapshots taken", rounds)
	if what != nothingFails {
		c.AtLeastOverall("snapshots installed", c.overall(10))
	}
	c.One(c.command(), c.N, true)
	for round := range rounds {
		sender := c.Leader()
		victim := (sender + 1) % c.N
		if round%3 == 1 { // the leader itself
			sender, victim = victim, sender
		}
		expected := c.N - 1
		switch what {
		case nothingFails:
			expected = c.N
		case isCutOff:
			c.Disconnect(victim)
			c.One(c.command(), expected, true)
		case crashes:
			c.Crash(victim)
			c.One(c.command(), expected, true)
		}
		c.flood(sender, SnapshotInterval/2+c.rand.IntN(SnapshotInterval)) // perhaps enough for a snapshot
		c.One(c.command(), expected, true)

		if size := c.LogSize(); size >= MaxLogSize {
			c.Violate("the log is compacted", "Raft extended, §7", "A server's state has %d bytes, though a snapshot was taken after every %d commands; it should stay below %d.", size, SnapshotInterval, MaxLogSize)
		}
		switch what {
		case isCutOff:
			c.Connect(victim) // which may have to be sent a snapshot
			c.One(c.command(), c.N, true)
		case crashes:
			c.Restart(victim)
			c.One(c.command(), c.N, true)
		}
	}
}

func allCrash(c *Cluster) {
	const rounds = 5
	c.AtLeast("crash", rounds*int64(c.N))
	c.AtLeast("snapshots taken", rounds)
	c.One(c.command(), c.N, true)
	for range rounds {
		c.agreeOften(SnapshotInterval/2+c.rand.IntN(SnapshotInterval), c.N)
		before := c.One(c.command(), c.N, true)
		c.Reboot(c.All()...)
		if after := c.One(c.command(), c.N, true); after <= before {
			c.Violate("acknowledged entries survive", "Raft extended, §7 and Figure 2", "Before all servers crashed index %d was agreed on, and after it index %d: something was forgotten.", before, after)
		}
	}
}
