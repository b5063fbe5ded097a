package consensus

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestNewRefuses: what no node can be made of gives an error that says why.
func TestNewRefuses(t *testing.T) {
	good := Config{ID: 1, Peers: 3, Rand: rand.New(rand.NewPCG(1, 1))}
	entries := func(terms ...int) (list []Entry) {
		for _, term := range terms {
			list = append(list, Entry{Term: term})
		}
		return list
	}
	for want, change := range map[string]func(*Config, *Restored){
		"node 3 of 3 peers":                                     func(c *Config, _ *Restored) { c.ID = 3 },
		"node -1 of 3 peers":                                    func(c *Config, _ *Restored) { c.ID = -1 },
		"node 1 of 0 peers":                                     func(c *Config, _ *Restored) { c.Peers = 0 },
		"no source of random numbers":                           func(c *Config, _ *Restored) { c.Rand = nil },
		"a heartbeat each 100ms does not":                       func(c *Config, _ *Restored) { c.ElectionTimeout = 100 * time.Millisecond },
		"vote for 3 of 3 peers":                                 func(_ *Config, r *Restored) { r.VotedFor = 3 },
		"snapshot of index 4 and term 0":                        func(_ *Config, r *Restored) { r.SnapshotIndex = 4 },
		"entry 2 has term 1, after term 2":                      func(_ *Config, r *Restored) { r.Term, r.Entries = 2, entries(2, 1) },
		"entry 1 has term 3, after term 0, in a node of term 2": func(_ *Config, r *Restored) { r.Term, r.Entries = 2, entries(3) },
		"snapshot has term 2 in a node of term 1":               func(_ *Config, r *Restored) { r.Term, r.SnapshotIndex, r.SnapshotTerm = 1, 1, 2 },
	} {
		cfg, restored := good, Restored{HardState: HardState{VotedFor: nobody}}
		change(&cfg, &restored)
		_, err := New(cfg, restored)
		require.ErrorContains(t, err, want)
	}
	_, err := New(good, Restored{HardState: HardState{Term: 2, VotedFor: nobody}, Entries: entries(1, 1, 2)})
	require.NoError(t, err)
}
