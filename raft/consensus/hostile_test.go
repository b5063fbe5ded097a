package consensus

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// TestHostileMessages: whatever the network brings, nothing panics, and the disk can follow what is to
// be written.
func TestHostileMessages(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 7))
		number := func() int {
			switch r.IntN(12) {
			case 0:
				return -1 - r.IntN(3)
			case 1:
				return math.MaxInt - r.IntN(3)
			case 2:
				return math.MinInt + r.IntN(3)
			}
			return r.IntN(7)
		}
		c := newCluster(3, Config{SnapshotChunk: 2})
		c.boot()
		if seed%2 == 0 { // a leader with something in its log
			c.timeout(0)
			c.settle()
			c.step(0, Propose{[]byte("a")}, Propose{[]byte("b")})
			c.settle()
			c.step(0, Propose{[]byte("c")}, Compact{1, []byte("snap")})
		}
		var sent []Message
		func() {
			defer func() {
				if p := recover(); p != nil {
					k := fmt.Sprint(p)
					if !seen[k] {
						seen[k] = true
						t.Errorf("seed %d: %v; last %#v", seed, p, sent[len(sent)-1])
					}
				}
			}()
			for range 60 {
				var m Message
				switch r.IntN(9) {
				case 0:
					m = &RequestVoteArgs{number(), number(), number(), number(), r.IntN(2) == 0, r.IntN(2) == 0}
				case 1, 2:
					m = &RequestVoteReply{number(), r.IntN(2) == 0, r.IntN(2) == 0}
				case 3:
					a := &AppendEntriesArgs{Term: number(), LeaderID: number(), PrevLogIndex: number(), PrevLogTerm: number(), LeaderCommit: number(), Round: number()}
					for range r.IntN(4) {
						a.Entries = append(a.Entries, Entry{Term: number()})
					}
					m = a
				case 4, 5:
					m = &AppendEntriesReply{number(), r.IntN(2) == 0, number(), number(), number(), number(), number()}
				case 6:
					m = &InstallSnapshotArgs{number(), number(), number(), number(), number(), []byte("ab"), r.IntN(2) == 0}
				case 7:
					m = &InstallSnapshotReply{number(), number(), number(), r.IntN(2) == 0}
				case 8:
					m = &TimeoutNowArgs{number(), number()}
				}
				sent = append(sent, m)
				ev := []Event{Receive{From: 1 + r.IntN(2), Msg: m, Ref: uint64(r.IntN(9))}, Lost{number(), m}, Tick{}, Propose{[]byte("x")}, Compact{number(), []byte("snap")}, Read{1}, Transfer{number()}}
				k := r.IntN(len(ev) * 2)
				if k >= len(ev) {
					k = 0
				}
				c.now += time.Duration(r.IntN(20)) * time.Millisecond
				c.step(0, ev[k])
			}
		}()
	}
}
