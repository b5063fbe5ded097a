package tasks

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestATaskIsHandedOutOnceAndReduceWaits(t *testing.T) {
	tab := New(Config{Maps: 2, Reduces: 1})
	a := tab.Ask(0, "a", "", 1)
	b := tab.Ask(0, "b", "", 1)
	require.Equal(t, ID{Map, 0}, a.ID)
	require.Equal(t, ID{Map, 1}, b.ID)
	require.Equal(t, Wait, tab.Ask(0, "c", "", 1).What, "nothing is left")
	require.True(t, tab.Finish(1, a.ID, a.Attempt, nil))
	require.Equal(t, Wait, tab.Ask(1, "c", "", 2).What, "a map task is not done")
	require.True(t, tab.Finish(2, b.ID, b.Attempt, nil))
	r := tab.Ask(2, "c", "", 3)
	require.Equal(t, Order{What: Run, ID: ID{Reduce, 0}, Attempt: r.Attempt, Inputs: []Attempt{a.Attempt, b.Attempt}}, r)
	require.False(t, tab.Over())
	require.True(t, tab.Finish(3, r.ID, r.Attempt, nil))
	require.True(t, tab.Over())
	require.Equal(t, Leave, tab.Ask(3, "a", "", 2).What)
}

func TestQuestionsThatComeAgain(t *testing.T) {
	tab := New(Config{Maps: 3, Reduces: 1})
	first := tab.Ask(0, "a", "", 7)
	require.Equal(t, first, tab.Ask(1, "a", "", 7), "the answer may have been lost")
	second := tab.Ask(2, "a", "", 8)
	require.NotEqual(t, first.Attempt, second.Attempt)
	require.False(t, tab.Beat(2, "a", first.ID, first.Attempt, 0), "who asks anew has given up what it had")
	require.Equal(t, Order{}, tab.Ask(3, "a", "", 7), "that is an old message")
	require.True(t, tab.Beat(3, "a", second.ID, second.Attempt, 0), "and must not take away what it has")
}

func TestSilentWorkers(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1, Lease: 10 * time.Second})
	a := tab.Ask(0, "a", "", 1)
	require.True(t, tab.Beat(8*time.Second, "a", a.ID, a.Attempt, 0))
	tab.Tick(17 * time.Second)
	require.Equal(t, Wait, tab.Ask(17*time.Second, "b", "", 1).What)
	tab.Tick(18 * time.Second)
	b := tab.Ask(18*time.Second, "b", "", 2)
	require.Equal(t, a.ID, b.ID)
	require.False(t, tab.Finish(19*time.Second, a.ID, a.Attempt, nil), "the first one has been replaced")
	require.True(t, tab.Finish(19*time.Second, b.ID, b.Attempt, nil))
	require.True(t, tab.Finish(19*time.Second, b.ID, b.Attempt, nil), "said twice")
	require.Equal(t, 1, tab.Stats().Expired)
}

func TestDeadWorkers(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1})
	a := tab.Ask(0, "a", "", 1)
	tab.Gone("a")
	tab.Gone("nobody")
	b := tab.Ask(1, "b", "", 1)
	require.Equal(t, a.ID, b.ID)
	require.NotEqual(t, a.Attempt, b.Attempt)
	require.False(t, tab.Finish(2, a.ID, a.Attempt, nil), "its last words come late")
	require.Equal(t, Wait, tab.Ask(3, "a", "", 2).What, "who was not dead after all may go on")
	require.True(t, tab.Finish(4, b.ID, b.Attempt, nil))
	require.Equal(t, 1, tab.Stats().Expired)
}

func TestFailures(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1, MaxFailures: 2, Name: func(ID) string { return "map task 0 (in.txt)" }})
	for n, name := range []string{"a", "b"} {
		require.NoError(t, tab.Err())
		o := tab.Ask(0, name, "", 1)
		require.Equal(t, Run, o.What, n)
		tab.Fail(0, o.ID, o.Attempt, Failure{Kind: Function, Reason: "Map panicked: oh", Record: -1})
	}
	require.EqualError(t, tab.Err(), "map task 0 (in.txt) failed 2 times: Map panicked: oh")
	require.Equal(t, Leave, tab.Ask(0, "a", "", 2).What)
}

func TestATaskIsNotGivenBackToWhoFailedIt(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1})
	o := tab.Ask(0, "a", "", 1)
	tab.Ask(0, "b", "", 1)
	tab.Fail(0, o.ID, o.Attempt, Failure{Kind: Function, Record: -1})
	require.Equal(t, Wait, tab.Ask(0, "a", "", 2).What)
	require.Equal(t, Run, tab.Ask(0, "b", "", 2).What)
}

// A worker that dies says nothing. The next one at the task says of each record that it comes next, and two deaths at one are enough.
func TestDeathsAtARecord(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1, Skip: true, Lease: time.Second})
	now := time.Duration(0)
	for n, record := range []int64{0, 8, 8} {
		name := string(rune('a' + n))
		o := tab.Ask(now, name, "", 1)
		require.Equal(t, n > 0, o.Careful)
		require.Empty(t, o.Skip)
		require.True(t, tab.Beat(now, name, o.ID, o.Attempt, record))
		require.True(t, tab.Beat(now, name, o.ID, o.Attempt, record/2), "it comes late")
		now += time.Second
		tab.Tick(now)
	}
	require.Equal(t, []int64{7}, tab.Ask(now, "z", "", 1).Skip)
	require.NoError(t, tab.Err())
	require.Equal(t, 3, tab.Stats().Expired)
	require.Equal(t, 1, tab.Stats().Skipped)
	require.Equal(t, []Record{{Op: OpSkip, Skip: 7}}, tab.Journal())
}

func TestFullDisksDoNotFailAJobAtOnce(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1, Patience: time.Minute})
	for n := range uint64(100) {
		now := time.Duration(n) * 100 * time.Millisecond
		o := tab.Ask(now, "a", "", n+1)
		require.Equal(t, Run, o.What)
		tab.Fail(now, o.ID, o.Attempt, Failure{Kind: Storage, Reason: "no space left on device"})
	}
	require.NoError(t, tab.Err())
	o := tab.Ask(70*time.Second, "a", "", 1000)
	tab.Fail(70*time.Second, o.ID, o.Attempt, Failure{Kind: Storage, Reason: "no space left on device"})
	require.ErrorContains(t, tab.Err(), "no space left on device")
}

func TestBackups(t *testing.T) {
	tab := New(Config{Maps: 3, Reduces: 1})
	for n := range uint64(2) {
		o := tab.Ask(0, "a", "", n+1)
		tab.Finish(2*time.Second, o.ID, o.Attempt, nil)
	}
	slow := tab.Ask(2*time.Second, "slow", "", 1)
	require.Equal(t, Wait, tab.Ask(8*time.Second, "a", "", 9).What, "three times the median is not more than that")
	backup := tab.Ask(9*time.Second, "a", "", 10)
	require.True(t, backup.Backup)
	require.Equal(t, slow.ID, backup.ID)
	require.Equal(t, Wait, tab.Ask(20*time.Second, "b", "", 1).What, "one backup is enough")
	require.True(t, tab.Finish(21*time.Second, slow.ID, slow.Attempt, map[string]int64{"n": 1}), "the first counts, whichever it is")
	require.False(t, tab.Finish(21*time.Second, backup.ID, backup.Attempt, map[string]int64{"n": 1}))
	require.Equal(t, map[string]int64{"n": 1}, tab.Counters())
}

// A random history, replayed from its journal at any time, leads to the same table.
func TestReplay(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 0))
		cfg := Config{Maps: 4, Reduces: 3, Skip: true, MaxFailures: 1000}
		tab := New(cfg)
		var journal []Record
		var orders []Order
		asked := map[string]uint64{}
		now := time.Duration(0)
		for range 200 {
			now += time.Duration(r.IntN(2000)) * time.Millisecond
			switch r.IntN(5) {
			case 0, 1:
				name := fmt.Sprint(r.IntN(3))
				asked[name]++
				if o := tab.Ask(now, name, "", asked[name]); o.What == Run {
					orders = append(orders, o)
				}
			case 2:
				if len(orders) > 0 {
					o := orders[r.IntN(len(orders))]
					tab.Finish(now, o.ID, o.Attempt, map[string]int64{"n": int64(o.ID.N)})
				}
			case 3:
				if len(orders) > 0 {
					o := orders[r.IntN(len(orders))]
					f := Failure{Kind: FailureKind(r.IntN(3)), Record: int64(r.IntN(3)) - 1}
					if f.Kind == Lost && o.ID.Phase == Reduce {
						m := r.IntN(cfg.Maps)
						f.Lost = []Input{{m, o.Inputs[m]}}
					}
					tab.Fail(now, o.ID, o.Attempt, f)
				}
			case 4:
				tab.Tick(now)
			}
			journal = append(journal, tab.Journal()...)
			if tab.Err() != nil {
				break
			}
			again := New(cfg)
			for _, rec := range journal {
				require.NoError(t, again.Replay(rec))
			}
			require.Equal(t, tab.Stats().Done, again.Stats().Done)
			require.Equal(t, tab.Counters(), again.Counters())
			for p, n := range [2]int{cfg.Maps, cfg.Reduces} {
				for i := range n {
					id := ID{Phase(p), i}
					require.Equal(t, tab.Done(id), again.Done(id))
				}
			}
		}
	}
}

func TestReplayRefusesWhatItDoesNotKnow(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1})
	require.Error(t, tab.Replay(Record{Op: OpDone, N: 1}))
	require.Error(t, tab.Replay(Record{Op: OpDone, N: -1}))
	require.Error(t, tab.Replay(Record{Op: "dance"}))
}

// Strangers' nonsense changes nothing.
func TestNonsense(t *testing.T) {
	tab := New(Config{Maps: 1, Reduces: 1})
	for _, id := range []ID{{Map, -1}, {Map, 1}, {Reduce, 7}, {Phase(9), 0}, {Phase(-1), 0}} {
		require.False(t, tab.Finish(0, id, 1, nil))
		require.False(t, tab.Beat(0, "nobody", id, 1, 0))
		tab.Fail(0, id, 1, Failure{Kind: Lost, Lost: []Input{{-5, 0}, {99, 1}}})
		tab.Undo(id, 1)
	}
	require.False(t, tab.Finish(0, ID{Map, 0}, 0, nil))
	require.Equal(t, Run, tab.Ask(0, "a", "", 1).What)
}

// The cost of a task must not depend on how many there are.
func BenchmarkHandOut(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("tasks=%d", n), func(b *testing.B) {
			for b.Loop() {
				tab := New(Config{Maps: n, Reduces: 1, Hosts: func(m int) []string { return []string{fmt.Sprint(m % 100)} }})
				for i := range n {
					o := tab.Ask(time.Duration(i), "w", fmt.Sprint(i%100), uint64(i+1))
					if !tab.Finish(time.Duration(i), o.ID, o.Attempt, nil) {
						b.Fatal("not accepted")
					}
					tab.Journal()
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/task")
			b.ReportMetric(0, "ns/op")
		})
	}
}
